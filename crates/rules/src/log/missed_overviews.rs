//! The conversations that a replay shows whole: those that were created, joined or changed.
//!
//! What must stay true: they are shown as they are now, like all texts of a replay, and therefore not to a user who has
//! left them since; what is read for them, and what they add to the replay with each change, is taken from its budget.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::limits::MEMBERS_TOLD_MAX;
use quintet_domain::{Member, Message, Overview, members_told};

use super::budget::Budget;
use super::missed::{MissedChange, MissedKind, ReplayRows};
use super::receivable::Departures;
use super::record::ChangeRecord;
use crate::ledger::{MEMBER_BYTES, overview_bytes};
use crate::message_details::details_of;
use crate::message_views::shown;
use crate::overviews::{assembled, member, unaccepting_member};
use crate::rows::{ConversationRow, ConversationTexts, UserRow};
use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// Whether the event of a change, or its announcement, shows the conversation whole to a user; to any user if `None`.
fn shows_conversation(missed: &MissedChange, user: Option<UserKey>) -> bool {
    match &missed.change {
        MissedKind::Created => false,
        MissedKind::Recorded(record) => match record {
            ChangeRecord::ConversationCreated { .. } | ChangeRecord::ConversationChanged => true,
            ChangeRecord::MemberJoined { member, announced, .. } => {
                *announced && user.is_none_or(|user| user == *member)
            }
            ChangeRecord::ConversationShown { member } => user.is_none_or(|user| user == *member),
            ChangeRecord::MessageAppeared { .. }
            | ChangeRecord::MessageEdited { .. }
            | ChangeRecord::MessageDeleted { .. }
            | ChangeRecord::MessageReacted { .. }
            | ChangeRecord::MessagePinned { .. }
            | ChangeRecord::MessagesRead { .. }
            | ChangeRecord::ConversationHidden { .. }
            | ChangeRecord::SettingsChanged { .. }
            | ChangeRecord::BlocksChanged { .. }
            | ChangeRecord::ConversationDeleted { .. }
            | ChangeRecord::MemberLeft { .. }
            | ChangeRecord::MeetupChanged { .. }
            | ChangeRecord::Notified { .. }
            | ChangeRecord::MessagesPurged { .. }
            | ChangeRecord::UserChanged { .. }
            | ChangeRecord::MessageReported { .. }
            | ChangeRecord::Revoked { .. }
            | ChangeRecord::SessionEnded { .. } => false,
        },
    }
}

/// Reads the conversations that a user's missed changes show whole, without those that the user has left since; `None`
/// if they exceed the budget.
pub(super) fn read(
    rows: &dyn ReplayRows,
    user: Option<UserKey>,
    (changes, departures): (&[MissedChange], &Departures),
    conversations: &HashMap<ConversationKey, ConversationRow>,
    budget: &mut Budget,
) -> RowResult<Option<HashMap<ConversationKey, Arc<Overview>>>> {
    let showing = changes.iter().filter(|missed| shows_conversation(missed, user));
    let showing = showing.filter(|missed| !departures.contains(missed.conversation));
    let mut times: HashMap<ConversationKey, usize> = HashMap::new();
    showing.for_each(|missed| *times.entry(missed.conversation).or_default() += 1);
    if times.is_empty() {
        return Ok(Some(HashMap::new()));
    }
    let shown_rows: Vec<&ConversationRow> = times.keys().filter_map(|key| conversations.get(key)).collect();
    for row in &shown_rows {
        // As many rows are read for a large conversation, although it shows fewer.
        if !budget.take(MEMBERS_TOLD_MAX.min(row.head.member_count as usize) * MEMBER_BYTES) {
            return Ok(None);
        }
    }
    let keys: BTreeSet<ConversationKey> = shown_rows.iter().map(|row| row.key).collect();
    let (mut texts, mut fits) = (HashMap::new(), true);
    rows.conversation_texts(&keys, &mut |key, read| {
        fits = budget.take(read.size_bytes());
        texts.insert(key, read);
        fits
    })?;
    if !fits {
        return Ok(None);
    }
    let members = rows.first_members(&keys, MEMBERS_TOLD_MAX)?;
    let last: BTreeSet<MessageKey> = shown_rows.iter().filter_map(|row| row.head.last_message).collect();
    let (mut messages, mut fits) = (Vec::new(), true);
    rows.messages(&last, &mut |row| {
        fits = budget.take(row.content.len());
        messages.push(row);
        fits
    })?;
    if !fits {
        return Ok(None);
    }
    let mut details = details_of(rows, &messages)?;
    let people = members.iter().map(|(_, user, _)| *user).chain(messages.iter().map(|row| row.sender));
    let pairs = shown_rows.iter().filter_map(|row| row.pair).flat_map(|(first, second)| [first, second]);
    let people: BTreeSet<UserKey> = people.chain(shown_rows.iter().filter_map(|row| row.owner)).chain(pairs).collect();
    let users: HashMap<UserKey, UserRow> = rows.users(&people)?.into_iter().map(|row| (row.key, row)).collect();
    let mut members_of: HashMap<ConversationKey, Vec<Member>> = HashMap::new();
    for (conversation, key, row) in members {
        let Some(user) = users.get(&key) else { continue };
        members_of.entry(conversation).or_default().push(member(Arc::clone(&user.user), &row));
    }
    let overview = |row: &&ConversationRow| {
        let mut members = members_of.remove(&row.key).unwrap_or_default();
        members.truncate(members_told(row.head.member_count));
        if let (Some((first, second)), [only]) = (row.pair, &members[..]) {
            let both = [first, second].into_iter().filter_map(|key| users.get(&key));
            let other = both.map(|other| &other.user).find(|other| other.id != only.user.id);
            members.extend(other.map(|other| unaccepting_member(other, row.created_at)));
        }
        let last = messages.iter().find(|message| Some(message.key) == row.head.last_message);
        let last = last.and_then(|last| {
            let mut message: Message = shown(last, &row.reference, &users.get(&last.sender)?.user);
            message.details = details.remove(&last.key);
            Some(Arc::new(message))
        });
        let owner = row.owner.and_then(|owner| users.get(&owner));
        let ConversationTexts { description, picture, metadata } = texts.remove(&row.key).unwrap_or_default();
        let whole = ConversationRow { description, picture, metadata, ..ConversationRow::clone(row) };
        (row.key, assembled(&whole, owner, members, row.head.member_count, last))
    };
    let overviews: HashMap<ConversationKey, Arc<Overview>> = shown_rows.iter().map(overview).collect();
    let added = |(key, overview): (&ConversationKey, &Arc<Overview>)| {
        overview_bytes(overview).saturating_mul(times.get(key).copied().unwrap_or(1))
    };
    let added = overviews.iter().map(added).fold(0, usize::saturating_add);
    Ok(budget.take(added).then_some(overviews))
}
