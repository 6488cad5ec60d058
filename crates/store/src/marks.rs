//! Reads of the reactions to a message and of the pinned messages of a conversation, over the rows of any store.
//!
//! What must stay true: the number of statements does not depend on the number of reactions or pins; a user reads only
//! what the permission table allows it to use.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use quintet_domain::limits::{PINS_MAX, REACTION_USERS_SHOWN_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ConversationId, Emoji, Message, MessageId, Refusal, User, UserId};
use quintet_rules::log::ReplayRows;
use quintet_rules::message_details::add_details;
use quintet_rules::message_views::{add_readers, shown};
use quintet_rules::restrictions::standing_of_reader;
use quintet_rules::rows::{ConversationRow, MessageRow, Rows, ShownPin, ShownReaction, UserRow};
use quintet_rules::{MessageKey, UserKey, standing};

use crate::error::Read;
use crate::{PinnedMessage, Reaction};

/// What these reads need of the rows of a store.
pub(crate) trait MarkedRows: Rows {}

impl<R: Rows> MarkedRows for R {}

fn known(rows: &impl MarkedRows, id: &UserId) -> Read<UserRow> {
    Ok(rows.user(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

fn may_use(rows: &impl MarkedRows, user: &UserRow, conversation: &ConversationRow) -> Read<bool> {
    let member = rows.member(conversation.key, user.key)?;
    Ok(permissions::allows(Action::Use, standing(conversation, user, member.as_ref(), false)))
}

/// The reactions to a message that a user can see.
pub(crate) fn reactions(rows: &impl MarkedRows, user: &UserId, id: &MessageId) -> Read<Vec<Reaction>> {
    let unseen = || Refusal::not_found("message", id);
    let user = known(rows, user)?;
    let message = rows.message(id)?.ok_or_else(unseen)?;
    let conversation = rows.conversation_by_key(message.conversation)?.ok_or_else(unseen)?;
    if !may_use(rows, &user, &conversation)? {
        return Err(unseen().into());
    }
    if message.deleted_at.is_some() {
        return Ok(Vec::new());
    }
    let own: HashSet<Emoji> = rows.reactions_by(message.key, user.key)?.into_iter().collect();
    let shown = rows.shown_reactions(&BTreeSet::from([message.key]), REACTION_USERS_SHOWN_MAX)?;
    let reaction = |shown: ShownReaction| {
        let mine = own.contains(&shown.emoji);
        Reaction { emoji: shown.emoji, count: shown.count, users: shown.users, mine }
    };
    Ok(shown.into_iter().map(reaction).collect())
}

/// The reactions of a user among some messages, which the user was shown.
pub(crate) fn own_reactions(
    rows: &impl MarkedRows,
    user: &UserId,
    messages: &[MessageId],
) -> Read<Vec<(MessageId, Emoji)>> {
    let user = known(rows, user)?;
    Ok(rows.reactions_among(messages, user.key)?)
}

/// The pinned messages of a conversation, the newest pin first. `sets` reads the same rows, many at a time.
pub(crate) fn pins(
    rows: &impl MarkedRows,
    sets: &dyn ReplayRows,
    user: &UserId,
    id: &ConversationId,
) -> Read<Vec<PinnedMessage>> {
    let user = known(rows, user)?;
    let conversation = rows.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = rows.member(conversation.key, user.key)?;
    permissions::check(Action::Use, standing_of_reader(rows, &conversation, &user, member.as_ref())?, id)?;
    let order = rows.pins_of_conversation(conversation.key, PINS_MAX)?;
    let keys: BTreeSet<MessageKey> = order.iter().copied().collect();
    let mut found = Vec::with_capacity(keys.len());
    sets.messages(&keys, &mut |row| {
        found.push(row);
        true
    })?;
    found.sort_unstable_by_key(|row| row.sequence);
    let senders: BTreeSet<UserKey> = found.iter().map(|row| row.sender).collect();
    let senders: HashMap<UserKey, Arc<User>> =
        sets.users(&senders)?.into_iter().map(|row| (row.key, row.user)).collect();
    // A message that an older version of the server deleted keeps its pin.
    found.retain(|row| row.deleted_at.is_none() && senders.contains_key(&row.sender));
    let message = |row: &MessageRow| Some(shown(row, &conversation.reference, senders.get(&row.sender)?));
    let mut messages: Vec<Message> = found.iter().filter_map(message).collect();
    add_readers(rows, conversation.key, &mut messages)?;
    add_details(rows, &found, &mut messages)?;
    let messages = messages.into_iter().map(Arc::new);
    let mut messages: HashMap<MessageKey, Arc<Message>> = found.iter().map(|row| row.key).zip(messages).collect();
    let mut pins: HashMap<MessageKey, ShownPin> =
        rows.shown_pins(&keys)?.into_iter().map(|pin| (pin.message, pin)).collect();
    let pinned = order.iter().filter_map(|key| {
        let ShownPin { by, at, .. } = pins.remove(key)?;
        Some(PinnedMessage { message: messages.remove(key)?, by, at })
    });
    Ok(pinned.collect())
}
