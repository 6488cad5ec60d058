//! Who is shown to type, and whether that can be.
//!
//! What must stay true: no start is shown before a message that its user sent before it, and what was shown to start
//! ends.

use std::collections::{BTreeMap, BTreeSet};

use quintet_domain::{ConversationId, UserId};

use super::Check;

/// Something that a user did in a conversation, in the order in which its one client asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It sent a message, with this text.
    Sent(String),
    /// It started to type.
    Started,
}

/// What users of one client did, by conversation.
#[derive(Debug, Default)]
pub(crate) struct Typists(BTreeMap<(ConversationId, UserId), Vec<Act>>);

impl Typists {
    /// A client asks for something. A message that it sends again counts as sent then, since an earlier attempt may have
    /// come to nothing.
    pub(crate) fn act(&mut self, conversation: &ConversationId, user: &UserId, act: Act) {
        let acts = self.0.entry((conversation.clone(), user.clone())).or_default();
        if act != Act::Started {
            acts.retain(|earlier| *earlier != act);
        }
        acts.push(act);
    }

    /// Checks a start that is shown to somebody who comes to the messages at and beyond `next`, and was shown `before`
    /// others: as many were asked for before the first of these messages. `position` gives where a text was stored.
    pub(crate) fn may_start(
        &self,
        (conversation, user): (&ConversationId, &UserId),
        next: u64,
        before: usize,
        position: impl Fn(&str) -> Option<u64>,
    ) -> Check {
        let Some(acts) = self.0.get(&(conversation.clone(), user.clone())) else { return Ok(()) };
        // What was not stored ends no typing.
        let comes = |act: &&Act| !matches!(act, Act::Sent(text) if position(text).is_some_and(|at| at >= next));
        let asked = acts.iter().take_while(comes).filter(|act| **act == Act::Started).count();
        if before < asked {
            return Ok(());
        }
        Err(format!("{user} was shown to type in {conversation} before the message that it had sent before it typed"))
    }
}

/// Who is shown to type to one client.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    typing: BTreeSet<(ConversationId, UserId)>,
    /// How many starts were shown since the client exists.
    starts: BTreeMap<(ConversationId, UserId), usize>,
}

impl Shown {
    /// A start or stop was heard.
    pub(crate) fn hear(&mut self, conversation: &ConversationId, user: &UserId, typing: bool) {
        let key = (conversation.clone(), user.clone());
        if typing {
            *self.starts.entry(key.clone()).or_default() += 1;
            self.typing.insert(key);
        } else {
            self.typing.remove(&key);
        }
    }

    /// How many starts of a user were shown.
    pub(crate) fn starts(&self, conversation: &ConversationId, user: &UserId) -> usize {
        self.starts.get(&(conversation.clone(), user.clone())).copied().unwrap_or(0)
    }

    /// A conversation is not heard any more.
    pub(crate) fn forget(&mut self, conversation: &ConversationId) {
        self.typing.retain(|(of, _)| of != conversation);
    }

    /// A client that comes back does not know who types.
    pub(crate) fn clear(&mut self) {
        self.typing.clear();
    }

    /// Nobody types any more.
    pub(crate) fn ended(&self) -> Check {
        match self.typing.first() {
            Some((conversation, user)) => Err(format!("{user} is shown to type in {conversation} for ever")),
            None => Ok(()),
        }
    }
}
