//! Reactions to messages: what was committed, and what one client was told of it.
//!
//! Reactions that come fast are told together and late, and a replay tells the present state: what is held against the
//! history is that every event tells the truth, that what a client knows never goes back, and that in the end it knows
//! how it is.
//!
//! What must stay true: a reaction is given once before it is taken back; its count is the number of users who give it.

use std::collections::BTreeMap;

use quintet_domain::{MessageId, Reacted, UserId};
use serde_json::Value;

use super::Check;

/// A message and an emoji.
type Key = (MessageId, String);

/// One reaction that was given or taken back.
#[derive(Clone, Debug)]
struct Given {
    position: u64,
    user: UserId,
    active: bool,
    /// The number of those who give the reaction from then on.
    count: u32,
}

/// The reactions with one emoji to one message, the oldest first.
#[derive(Debug, Default)]
struct OfEmoji(Vec<Given>);

impl OfEmoji {
    /// Whether a user gave the reaction at a position.
    fn is_given(&self, user: &UserId, at: u64) -> bool {
        self.0.iter().rev().find(|one| one.position <= at && one.user == *user).is_some_and(|one| one.active)
    }

    fn count(&self) -> u32 {
        self.0.last().map_or(0, |last| last.count)
    }
}

/// All reactions that were committed.
#[derive(Debug, Default)]
pub(crate) struct Reactions(BTreeMap<Key, OfEmoji>);

impl Reactions {
    /// A reaction was committed.
    pub(crate) fn add(&mut self, position: u64, reacted: &Reacted) -> Check {
        let Reacted { message, emoji, user, active, count, changes, .. } = reacted;
        let of_emoji = self.0.entry((message.clone(), emoji.to_string())).or_default();
        if of_emoji.is_given(user, position) == *active || !changes.is_empty() {
            return Err(format!(
                "{user} changed nothing with {emoji} on {message}, and it was committed at {position}"
            ));
        }
        let before = of_emoji.count();
        let expected = if *active { before + 1 } else { before.saturating_sub(1) };
        if *count != expected {
            return Err(format!("{emoji} on {message} is given by {count} at {position}, and {expected} give it"));
        }
        of_emoji.0.push(Given { position, user: user.clone(), active: *active, count: *count });
        Ok(())
    }

    /// What is given to a message, by emoji, with the number of those who do.
    pub(crate) fn given_to(&self, message: &MessageId) -> BTreeMap<String, u32> {
        let of_message = self.0.iter().filter(|((of, _), all)| of == message && all.count() > 0);
        of_message.map(|((_, emoji), all)| (emoji.clone(), all.count())).collect()
    }
}

/// What was heard last of an emoji on a message.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The oldest position that it can have been at.
    position: u64,
    count: u32,
    /// Who gives the reaction, as far as it was told.
    users: BTreeMap<UserId, bool>,
}

/// What one client was told of reactions since it started afresh.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeMap<Key, Known>);

/// An event about reactions, as a client reads it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) message: MessageId,
    emoji: String,
    user: UserId,
    active: bool,
    count: u32,
    changes: Vec<(UserId, bool)>,
}

impl Heard {
    /// Reads the payload of an event; none if it is not about reactions.
    pub(crate) fn read(payload: &Value) -> Option<Self> {
        let text = |key: &str| payload.get(key).and_then(Value::as_str);
        let change = |change: &Value| {
            let user = UserId::trusted(change.get("userId")?.as_str()?);
            Some((user, change.get("active")?.as_bool()?))
        };
        let changes = payload.get("changes").and_then(Value::as_array);
        Some(Self {
            message: MessageId::trusted(text("messageId").or_else(|| text("_id")).or_else(|| text("id"))?),
            emoji: text("emoji")?.to_owned(),
            user: UserId::trusted(text("userId")?),
            active: payload.get("active")?.as_bool()?,
            count: u32::try_from(payload.get("count")?.as_u64()?).ok()?,
            changes: changes.into_iter().flatten().filter_map(change).collect(),
        })
    }
}

impl Told {
    /// An event was heard: in its place if it has a position, and late otherwise. `may_hear` says whether the client may
    /// hear of what was committed at a position; `resumed` is whether earlier events may come again.
    pub(crate) fn hear(
        &mut self,
        reactions: &Reactions,
        heard: &Heard,
        at: Option<u64>,
        (resumed, may_hear): (bool, impl Fn(u64) -> bool),
    ) -> Check {
        let Heard { message, emoji, user, active, count, changes } = heard;
        let key = (message.clone(), emoji.clone());
        let known = self.0.entry(key.clone()).or_default();
        let fits = |one: &&Given| {
            let is_next = one.position > known.position || resumed && one.position == known.position;
            let is_it = one.user == *user && one.active == *active && one.count == *count;
            is_next && is_it && at.is_none_or(|at| at == one.position) && may_hear(one.position)
        };
        let all = reactions.0.get(&key);
        let Some(found) = all.and_then(|all| all.0.iter().find(fits)) else {
            return Err(format!("it heard at {at:?} of {heard:?}, which was not so behind {}", known.position));
        };
        for (user, active) in changes {
            // Of several positions that fit, the oldest was taken, and it may be a later one.
            let was_so = all.is_some_and(|all| {
                all.is_given(user, found.position) == *active
                    || all
                        .0
                        .iter()
                        .any(|one| one.position > found.position && one.user == *user && one.active == *active)
            });
            if !was_so {
                return Err(format!("it heard that {user} changed {emoji} on {message} to {active}, which was not so"));
            }
            known.users.insert(user.clone(), *active);
        }
        known.users.insert(user.clone(), *active);
        (known.position, known.count) = (found.position, *count);
        Ok(())
    }

    /// Everything was told: the client knows of all that was committed behind a position how it is. `knows_all` says
    /// whether the client has to have heard of a message since a position.
    pub(crate) fn complete(
        &self,
        reactions: &Reactions,
        behind: u64,
        knows_all: impl Fn(&MessageId, u64) -> bool,
    ) -> Check {
        for (key, all) in &reactions.0 {
            let (message, emoji) = key;
            let Some(last) = all.0.last().filter(|last| last.position > behind) else { continue };
            if knows_all(message, last.position) && self.0.get(key).map(|known| known.count) != Some(last.count) {
                return Err(format!("it was never told that {} give {emoji} to {message}", last.count));
            }
            for one in all.0.iter().filter(|one| one.position > behind && knows_all(message, one.position)) {
                let (user, is_given) = (&one.user, all.is_given(&one.user, u64::MAX));
                let known = self.0.get(key).and_then(|known| known.users.get(user));
                if known != Some(&is_given) {
                    return Err(format!("it was never told that {user} gives {emoji} to {message}: {is_given}"));
                }
            }
        }
        Ok(())
    }
}
