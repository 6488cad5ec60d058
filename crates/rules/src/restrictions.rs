//! What limits members: bans, silences, slow mode, and who writes at all.
//!
//! What must stay true: whether a ban or a silence holds is decided by the clock, inside the write that it would refuse;
//! where a conversation limits nothing and nobody is silenced, a message asks for no further row.

use std::sync::Arc;

use quintet_domain::limits::SLOW_MODE_SECONDS_MAX;
use quintet_domain::permissions::{Action, Standing};
use quintet_domain::{Act, Code, Moderation, ModerationChange, Refusal, RestrictionKind, Role, Timestamp};

use crate::ownership::{in_effect, standing};
use crate::rows::{AuditRow, ConversationRow, MemberRow, ModerationRows, RestrictionRow, UserRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{RowResult, RuleResult, UserKey, audit};

// --- what holds ---

/// The ban or silence of a user that holds now.
pub(crate) fn find(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    kind: RestrictionKind,
    user: UserKey,
) -> RuleResult<Option<RestrictionRow>> {
    let now = tx.now;
    Ok(in_force(tx.moderation(), conversation, (kind, user), now)?)
}

/// The ban or silence of a user that holds at a moment.
fn in_force<R: ModerationRows + ?Sized>(
    rows: &R,
    conversation: &ConversationRow,
    (kind, user): (RestrictionKind, UserKey),
    now: Timestamp,
) -> RowResult<Option<RestrictionRow>> {
    if !conversation.restricted {
        return Ok(None);
    }
    Ok(rows.restriction(conversation.key, kind, user)?.filter(|row| row.holds(now)))
}

/// The ban of a user that holds now.
pub(crate) fn ban(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    user: UserKey,
) -> RuleResult<Option<RestrictionRow>> {
    find(tx, conversation, RestrictionKind::Ban, user)
}

/// Whether a user is banned from a conversation, for reads.
///
/// # Errors
/// An error of the store.
pub fn is_banned<R: ModerationRows + ?Sized>(
    rows: &R,
    conversation: &ConversationRow,
    user: UserKey,
    now: Timestamp,
) -> RowResult<bool> {
    Ok(in_force(rows, conversation, (RestrictionKind::Ban, user), now)?.is_some())
}

/// The relation of a user to a conversation that it asks to read. Nobody but a member reads one, so that a ban that has
/// ended counts until it is removed: it only keeps the refusal from telling that an open conversation is there.
///
/// # Errors
/// An error of the store.
pub fn standing_of_reader<R: ModerationRows + ?Sized>(
    rows: &R,
    conversation: &ConversationRow,
    user: &UserRow,
    member: Option<&MemberRow>,
) -> RowResult<Standing> {
    let is_outside = member.is_none() && conversation.restricted;
    let banned = is_outside && rows.restriction(conversation.key, RestrictionKind::Ban, user.key)?.is_some();
    Ok(Standing { banned, ..standing(conversation, user, member, false) })
}

/// Refuses a new member who is banned. `asks` says whether it is the one who asked.
pub(crate) fn refuse_banned(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    user: &UserRow,
    asks: bool,
) -> RuleResult<()> {
    let Some(ban) = ban(tx, conversation, user.key)? else { return Ok(()) };
    let who = if asks { "You are".to_owned() } else { format!("User `{}` is", user.user.id) };
    let end = ban.until.map_or_else(String::new, |until| format!(" until {until}"));
    Err(Refusal::forbidden(format!("{who} banned from this conversation{end}.")).into())
}

/// Refuses a member who may not write now: who is silenced, or does not lead a conversation in which only its admins
/// write. `member` is its membership, with the effective role.
pub(crate) fn may_write(
    tx: &Transaction<'_>,
    conversation: &ConversationRow,
    user: &UserRow,
    member: Option<&MemberRow>,
) -> RuleResult<()> {
    let silenced_until = member.and_then(|member| member.silenced_until);
    if (silenced_until.is_none() && !conversation.moderation.only_admins_write) || user.user.is_service() {
        return Ok(());
    }
    let role = member.map(|member| member.role);
    if let Some(until) = silenced_until.filter(|until| *until > tx.now && role != Some(Role::Owner)) {
        return Err(Refusal::forbidden(format!("You are silenced in this conversation until {until}.")).into());
    }
    if conversation.moderation.only_admins_write && role < Some(Role::Admin) {
        return Err(Refusal::forbidden("Only its owner and admins write in this conversation.").into());
    }
    Ok(())
}

/// Refuses a member who may not write now, as [`may_write`] does, whose membership is looked up.
pub(crate) fn member_may_write(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    user: &ActingUser,
) -> RuleResult<()> {
    let member = tx.member(conversation.key, user.key)?.map(|member| in_effect(conversation, user, member));
    may_write(tx, conversation, user, member.as_ref())
}

/// Whether slow mode limits what a member sends.
fn is_slowed(conversation: &ConversationRow, user: &UserRow, member: Option<&MemberRow>) -> bool {
    conversation.moderation.slow_mode_s > 0
        && !user.user.is_service()
        && member.map(|member| member.role) < Some(Role::Admin)
}

/// Refuses a member whose last message in slow mode is too new. Returns whether the next one is to be noted.
pub(crate) fn may_send_now(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    user: &UserRow,
    member: Option<&MemberRow>,
) -> RuleResult<bool> {
    if !is_slowed(conversation, user, member) {
        return Ok(false);
    }
    let pause_ms = i64::from(conversation.moderation.slow_mode_s) * 1_000;
    let now = tx.now;
    let next = tx.moderation().last_slow_send(user.key, conversation.key)?.map(|at| at.plus_ms(pause_ms));
    match next.map(|next| next.0.saturating_sub(now.0)).filter(|wait| *wait > 0) {
        // A clock that was set back keeps nobody longer than one pause.
        Some(wait) => Err(slow_down(wait.min(pause_ms)).into()),
        None => Ok(true),
    }
}

fn slow_down(wait_ms: i64) -> Refusal {
    let wait_ms = wait_ms.unsigned_abs();
    let message = format!("This conversation is in slow mode: you can write again in {} s.", wait_ms.div_ceil(1_000));
    Refusal { retry_after_ms: Some(wait_ms), ..Refusal::new(Code::RateLimited, message) }
}

// --- what is decided ---

/// Changes how a conversation limits what its members may write. Returns whether that changes anything; the caller stores
/// the row and tells of it.
pub(crate) fn change_limits(
    tx: &mut Transaction<'_>,
    conversation: &mut ConversationRow,
    by: &ActingUser,
    change: &ModerationChange,
) -> RuleResult<bool> {
    if !change.is_asked() {
        return Ok(false);
    }
    tx.check(Action::Moderate, conversation, by, false)?;
    if change.slow_mode_s.is_some_and(|seconds| seconds > SLOW_MODE_SECONDS_MAX) {
        let what = format!("must be a number of seconds from 0 to {SLOW_MODE_SECONDS_MAX}");
        return Err(Refusal::invalid("slowModeS", what).into());
    }
    let before = conversation.moderation;
    let after = Moderation {
        slow_mode_s: change.slow_mode_s.unwrap_or(before.slow_mode_s),
        only_admins_write: change.only_admins_write.unwrap_or(before.only_admins_write),
    };
    if after == before {
        return Ok(false);
    }
    conversation.moderation = after;
    let detail = format!("slowModeS={}, onlyAdminsWrite={}", after.slow_mode_s, after.only_admins_write);
    let noted = AuditRow {
        conversation: Some(conversation.key),
        reason: change.reason.clone(),
        detail: Some(Arc::from(detail)),
        ..audit::act(tx, Act::ChangeModeration, Some(by.key))
    };
    audit::note(tx, &noted)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_mode_says_how_long_to_wait() {
        for (wait, seconds) in [(1, 1), (1_000, 1), (1_001, 2), (30_000, 30)] {
            let refusal = slow_down(wait);
            assert_eq!(refusal.retry_after_ms, Some(wait.unsigned_abs()));
            assert_eq!(
                refusal.message,
                format!("This conversation is in slow mode: you can write again in {seconds} s.")
            );
        }
    }
}
