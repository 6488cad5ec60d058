//! The delivery cursors of members: how far messages have reached a device of theirs.
//!
//! What must stay true: a cursor is never behind the read cursor, and never moves back; authors alone are told, each of
//! its own messages, once by each node. Cursors that are not stored yet are bounded, and moving one by itself writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::limits::READ_IDS_MAX;
use quintet_domain::permissions::Action;
use quintet_domain::{Event, MessageId, NoteDelivery, NotedBy, Refusal};

use crate::ledger::{Cost, weight};
use crate::messages::newest_of;
use crate::rows::ConversationRow;
use crate::transaction::{ActingUser, Transaction};
use crate::{ConversationKey, RuleResult, UserKey};

/// A cursor that moves.
struct Move {
    conversation: ConversationRow,
    from: u64,
    to: u64,
}

/// Moves the delivery cursors of a user. Returns the events for the authors of what it received.
pub(crate) fn note(tx: &mut Transaction<'_>, write: &NoteDelivery) -> RuleResult<Vec<Event>> {
    let user = match write.noted_by {
        NotedBy::Client => tx.actor(&write.actor)?,
        NotedBy::Node => ActingUser { row: tx.registered(&write.actor.user)?, secret: None },
    };
    let mut moves = Vec::new();
    // All refusals come before the first cursor moves.
    for (conversation, newest) in newest_of(tx, &user, &write.received)? {
        let Some(member) = tx.check(Action::Use, &conversation, &user, false)? else {
            return Err(Refusal::not_found("conversation", &conversation.reference.id).into());
        };
        if write.noted_by == NotedBy::Node && !is_small(&conversation) {
            continue;
        }
        let stored = tx.member_lists().delivered(conversation.key, user.key)?;
        let unsaved = tx.state.deliveries.get((conversation.key, user.key));
        let from = member.read_sequence.max(stored).max(unsaved);
        if newest > from {
            moves.push(Move { conversation, from, to: newest });
        }
    }
    let mut events = Vec::new();
    for one in &moves {
        remember(tx, (one.conversation.key, user.key), one.to, write.noted_by)?;
        events.extend(told(tx, &user, one)?);
    }
    tx.charge(Cost::Rows, moves.len() as u64);
    tx.charge(Cost::Bytes, events.iter().map(weight).sum());
    Ok(events)
}

/// Whether what is written to a connection counts as delivered in a conversation.
fn is_small(conversation: &ConversationRow) -> bool {
    conversation.reference.kind.delivers_by_itself(conversation.head.member_count)
}

/// Moves a cursor, in memory if there is room. What a client has said is stored at once where there may be other nodes,
/// so that none of them tells the authors again.
fn remember(tx: &mut Transaction<'_>, key: (ConversationKey, UserKey), to: u64, noted_by: NotedBy) -> RuleResult<()> {
    let in_memory = !tx.state.is_shared || noted_by == NotedBy::Node;
    if in_memory && tx.state.deliveries.put(key, to) {
        return Ok(());
    }
    Ok(tx.delivery_cursors().deliver(&[(key.0, key.1, to)])?)
}

/// One event for each author of the messages that a cursor has passed, if the author is still a member.
fn told(tx: &mut Transaction<'_>, user: &ActingUser, one: &Move) -> RuleResult<Vec<Event>> {
    let key = one.conversation.key;
    let mut authors: BTreeMap<UserKey, Vec<MessageId>> = BTreeMap::new();
    for (message, author) in tx.messages().messages_passed(key, (one.from, one.to), user.key, READ_IDS_MAX)? {
        authors.entry(author).or_default().push(message);
    }
    let mut events = Vec::new();
    for (author, messages) in authors {
        if tx.member(key, author)?.is_some() {
            let author = tx.user_by_key(author)?.user.id.clone();
            let conversation = Arc::clone(&one.conversation.reference);
            events.push(Event::MessagesDelivered { conversation, user: user.user.id.clone(), messages, author });
        }
    }
    Ok(events)
}

/// Stores the cursors that have moved. Returns their number.
pub(crate) fn save(tx: &mut Transaction<'_>) -> RuleResult<u64> {
    let moved = tx.state.deliveries.take();
    if !moved.is_empty() {
        tx.delivery_cursors().deliver(&moved)?;
    }
    Ok(moved.len() as u64)
}
