//! What moderators of the server decide about reports.
//!
//! What must stay true: what is decided is done, and noted, in the write that decides it.

use std::collections::HashMap;
use std::sync::Arc;

use quintet_domain::{Act, Refusal, Report, ReportAction, ResolveReport, User};

use crate::reports::{kept_since, shown};
use crate::rows::{AuditRow, ReportRow, StoredResolution, UserRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{RuleResult, UserKey, audit, messages, moderation, users};

/// Refuses users who may not decide about reports.
fn may_moderate(user: &UserRow) -> Result<(), Refusal> {
    match moderation::looks_after_server(user) {
        true => Ok(()),
        false => Err(Refusal::forbidden("Only services and moderators of the server look after reports.")),
    }
}

/// Decides about a report, does what is decided, and notes both.
pub(crate) fn resolve(tx: &mut Transaction<'_>, write: &ResolveReport) -> RuleResult<Report> {
    let ResolveReport { actor, report, action, until, reason } = write;
    let by = tx.actor(actor)?;
    may_moderate(&by)?;
    let since = kept_since(tx.now);
    let unseen = || Refusal::not_found("report", report);
    let row = tx.reports().report(*report)?.filter(|row| row.at >= since).ok_or_else(unseen)?;
    if row.sender == by.key && !by.user.is_service() {
        return Err(Refusal::forbidden("A report about yourself is for others to resolve.").into());
    }
    if row.resolution.is_some() {
        return Err(Refusal::conflict(format!("Report {report} was resolved before.")).into());
    }
    let sender_is_erased = tx.find_user_by_key(row.sender)?.is_some_and(|sender| sender.erased);
    if until.is_some() && *action != ReportAction::Silence {
        return Err(Refusal::invalid("until", "is for a silence alone").into());
    }
    match action {
        ReportAction::Dismiss => {}
        ReportAction::Delete => messages::delete_reported(tx, actor, &by, (row.message, reason))?,
        ReportAction::Silence => {
            moderation::silence_reported(tx, by.key, (row.conversation, row.sender), *until, reason)?;
        }
        ReportAction::Disable => disable(tx, &by, row.sender, reason)?,
    }
    // Nothing is kept of what was said about somebody who is erased.
    let reason = reason.clone().filter(|_| !sender_is_erased);
    let resolution = StoredResolution { by: by.key, at: tx.now, action: *action };
    tx.reports().resolve_report(row.number, resolution)?;
    let noted = AuditRow {
        user: Some(row.sender),
        conversation: Some(row.conversation),
        until: *until,
        reason,
        detail: Some(Arc::from(format!("report {}: {}", row.number, action.as_str()))),
        ..audit::act(tx, Act::ResolveReport, Some(by.key))
    };
    audit::note(tx, &noted)?;
    let resolved = ReportRow { snapshot: None, resolution: Some(resolution), ..row };
    shown_alone(tx, &by, resolved)
}

/// Disables the sender of a reported message.
fn disable(tx: &mut Transaction<'_>, by: &ActingUser, sender: UserKey, reason: &Option<Arc<str>>) -> RuleResult<()> {
    let sender = tx.user_by_key(sender)?;
    if sender.user.is_guest() {
        return Err(Refusal::conflict("A guest has no account that could be disabled.").into());
    }
    if sender.user.is_service() {
        return Err(Refusal::forbidden("Only the operator can disable a service.").into());
    }
    if !by.user.is_service() && sender.server_role >= by.server_role {
        return Err(Refusal::forbidden("Only somebody of a lower role than your own can be disabled.").into());
    }
    if sender.disabled {
        return Ok(());
    }
    users::bar(tx, &sender.user.id, true, (Some(by.key), reason.clone()))
}

/// A report that was just decided about.
fn shown_alone(tx: &mut Transaction<'_>, by: &ActingUser, row: ReportRow) -> RuleResult<Report> {
    let mut users: HashMap<UserKey, Arc<User>> = HashMap::from([(by.key, Arc::clone(&by.user))]);
    for key in [Some(row.sender), row.reporter].into_iter().flatten() {
        if let Some(user) = tx.find_user_by_key(key)? {
            users.insert(key, Arc::clone(&user.user));
        }
    }
    let conversation = tx.conversation_by_key(row.conversation)?;
    let conversations = HashMap::from([(conversation.key, conversation.reference.id.clone())]);
    Ok(shown(row, &users, &conversations))
}
