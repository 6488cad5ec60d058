//! Reports of messages: who makes them, and how they are shown.
//!
//! What must stay true: a report shows its reader nothing but its snapshot, which is taken in the write that reports; a
//! report that is too old counts as gone, whether or not anybody has removed it; what was reported before an edit keeps
//! nobody from reporting what the message has become.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::limits::{
    FLAGS_OPEN_OF_USER_MAX, GUEST_REPORTS_OF_MESSAGE_MAX, REPORTS_KEPT_DAYS, REPORTS_OF_MESSAGE_MAX,
    REPORTS_OPEN_OF_USER_MAX,
};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{Actor, ConversationId, Refusal, Report, ReportMessage, Resolution, Snapshot, Timestamp, User};

use crate::ledger::Cost;
use crate::log::{Change, ReplayRows};
use crate::ownership::standing;
use crate::rows::{ConversationRow, MessageRow, ReportRow, StoredResolution};
use crate::transaction::{About, Transaction};
use crate::{ConversationKey, RowResult, RuleResult, UserKey};

/// The most reports of each kind whose texts one write removes.
const TEXTS_AT_ONCE: usize = 200;
/// The most reports by users of one message, between two of its edits.
const OF_VERSION_MAX: usize = (REPORTS_OF_MESSAGE_MAX + GUEST_REPORTS_OF_MESSAGE_MAX) as usize;

/// The time since which reports are kept.
#[must_use]
pub fn kept_since(now: Timestamp) -> Timestamp {
    now.minus_days(REPORTS_KEPT_DAYS)
}

/// Removes reports that have been kept long enough. Returns how many.
pub(crate) fn prune(tx: &mut Transaction<'_>, limit: usize) -> RuleResult<usize> {
    let since = kept_since(tx.now);
    Ok(tx.reports().prune_reports(since, limit)?)
}

/// Removes some of what reports keep of a person's messages, and of the reasons that it gave for its own. Returns whether there
/// may be more.
pub(crate) fn remove_some_texts_of(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<bool> {
    Ok(tx.reports().remove_texts_of(user, TEXTS_AT_ONCE)? >= TEXTS_AT_ONCE)
}

/// Reports a message. Every user who can read a message may report it.
pub(crate) fn report(tx: &mut Transaction<'_>, write: &ReportMessage) -> RuleResult<()> {
    let user = tx.actor(&write.actor)?;
    let unseen = || Refusal::not_found("message", &write.message);
    let message = tx.messages().message(&write.message)?.ok_or_else(unseen)?;
    let conversation = tx.conversation_by_key(message.conversation)?;
    let member = tx.member(conversation.key, user.key)?;
    if !permissions::allows(Action::Use, standing(&conversation, &user, member.as_ref(), false)) {
        return Err(unseen().into());
    }
    // The messages of a person who is erased are deleted in portions, after the snapshots of them.
    if message.deleted_at.is_some() || tx.user_by_key(message.sender)?.erased {
        return Err(Refusal::conflict("A deleted message cannot be reported.").into());
    }
    let since = kept_since(tx.now);
    let earlier = tx.reports().reports_of_version((message.key, message.edited_at), since, OF_VERSION_MAX)?;
    if earlier.iter().any(|row| row.reporter == Some(user.key)) || are_enough(tx, &earlier, user.user.is_guest())? {
        return Ok(());
    }
    if tx.reports().open_reports_by(user.key, since)? >= REPORTS_OPEN_OF_USER_MAX {
        let why = format!("{REPORTS_OPEN_OF_USER_MAX} reports of yours wait for a moderator, which is the most.");
        return Err(Refusal::conflict(why).into());
    }
    insert(tx, (&message, &conversation), Some((user.key, &write.actor)), &write.reason)
}

/// Whether as many guests, or as many others, have reported the same as can.
fn are_enough(tx: &mut Transaction<'_>, earlier: &[ReportRow], by_guest: bool) -> RuleResult<bool> {
    let mut alike = 0;
    for reporter in earlier.iter().filter_map(|row| row.reporter) {
        // Nobody but a guest is ever gone.
        let is_guest = tx.find_user_by_key(reporter)?.is_none_or(|reporter| reporter.user.is_guest());
        alike += i64::from(is_guest == by_guest);
    }
    Ok(alike >= if by_guest { GUEST_REPORTS_OF_MESSAGE_MAX } else { REPORTS_OF_MESSAGE_MAX })
}

/// Reports a message because a list of words or links says so. The message is as it was just stored.
pub(crate) fn flag(
    tx: &mut Transaction<'_>,
    message: &MessageRow,
    conversation: &ConversationRow,
    reason: &Arc<str>,
) -> RuleResult<()> {
    let since = kept_since(tx.now);
    if tx.reports().has_open_flag(message.key, since)?
        || tx.reports().open_flags_of(message.sender, since)? >= FLAGS_OPEN_OF_USER_MAX
    {
        return Ok(());
    }
    insert(tx, (message, conversation), None, reason)
}

fn insert(
    tx: &mut Transaction<'_>,
    (message, conversation): (&MessageRow, &ConversationRow),
    reporter: Option<(UserKey, &Actor)>,
    reason: &Arc<str>,
) -> RuleResult<()> {
    let sender = tx.user_by_key(message.sender)?;
    let snapshot = snapshot(message, conversation, &sender.user);
    tx.charge(Cost::Rows, 1);
    tx.charge(Cost::Stored, (reason.len() + snapshot.content.len()) as u64);
    let row = ReportRow {
        number: 0,
        at: tx.now,
        message: message.key,
        message_id: message.id.clone(),
        edited_at: message.edited_at,
        conversation: conversation.key,
        sender: message.sender,
        reporter: reporter.map(|(key, _)| key),
        reason: Arc::clone(reason),
        snapshot: Some(Box::new(snapshot)),
        resolution: None,
    };
    let report = tx.reports().insert_report(&row)?;
    let change = Change::MessageReported {
        conversation: (conversation.key, Arc::clone(&conversation.reference)),
        message: message.id.clone(),
        report,
        by_server: reporter.is_none(),
    };
    // No change of the conversation, whose members are not told.
    tx.record(&change, About::default(), reporter.map(|(_, actor)| actor))
}

fn snapshot(message: &MessageRow, conversation: &ConversationRow, sender: &User) -> Snapshot {
    let listed = message.extra.as_ref().map_or(&[][..], |extra| &extra.files);
    let all = listed.iter().map(|file| (&file.name, &file.url));
    let first = message.file.iter().filter(|_| listed.is_empty()).map(|file| (&file.name, &file.url));
    let named = |(name, url): (&Option<String>, &String)| {
        let end = || url.rsplit('/').next().unwrap_or_default().to_owned();
        name.clone().unwrap_or_else(end)
    };
    Snapshot {
        content: message.content.clone(),
        kind: message.kind,
        files: first.chain(all).map(named).collect(),
        username: sender.username.clone(),
        name: sender.name.clone(),
        conversation_kind: conversation.reference.kind,
        conversation_name: conversation.reference.name.as_deref().map(str::to_owned),
        sent_at: message.created_at,
        edited_at: message.edited_at,
    }
}

/// A report as moderators see it, with the users and conversations that it names.
pub(crate) fn shown(
    row: ReportRow,
    users: &HashMap<UserKey, Arc<User>>,
    conversations: &HashMap<ConversationKey, ConversationId>,
) -> Report {
    let resolution = row.resolution.map(|StoredResolution { by, at, action }| Resolution {
        by: users.get(&by).map(|user| user.id.clone()),
        at,
        action,
    });
    Report {
        number: row.number,
        at: row.at,
        reason: row.reason,
        by_server: row.reporter.is_none(),
        reporter: row.reporter.and_then(|key| users.get(&key).cloned()),
        message: row.message_id,
        conversation: conversations.get(&row.conversation).cloned(),
        sender: users.get(&row.sender).cloned(),
        snapshot: row.snapshot.map(|snapshot| *snapshot),
        resolution,
    }
}

/// Reports as moderators see them, read by as many statements as there are kinds of rows.
///
/// # Errors
/// An error of the store.
pub fn all_shown(sets: &dyn ReplayRows, rows: Vec<ReportRow>) -> RowResult<Vec<Report>> {
    let of_row = |row: &ReportRow| [Some(row.sender), row.reporter, row.resolution.map(|resolution| resolution.by)];
    let users: BTreeSet<UserKey> = rows.iter().flat_map(of_row).flatten().collect();
    let users = sets.people_by_keys(&users)?.into_iter().collect();
    let conversations: BTreeSet<ConversationKey> = rows.iter().map(|row| row.conversation).collect();
    let conversations =
        sets.conversations(&conversations)?.into_iter().map(|row| (row.key, row.reference.id.clone())).collect();
    Ok(rows.into_iter().map(|row| shown(row, &users, &conversations)).collect())
}
