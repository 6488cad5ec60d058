//! Who bans and silences whom, and who lifts it.
//!
//! What must stay true: nobody restricts an equal or itself, and what is done is noted in the write that does it; what was
//! decided for the server is changed and lifted by those who look after it, and by nobody else.

use std::sync::Arc;

use quintet_domain::limits::RESTRICTIONS_MAX;
use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    Act, Departure, LiftRestriction, Refusal, Restrict, Restriction, RestrictionKind, Role, ServerRole, Timestamp,
    UserId,
};

use crate::ledger::Cost;
use crate::restrictions::find;
use crate::rows::{AuditRow, ConversationRow, MemberRow, RestrictionRow, UserRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{ConversationKey, RuleResult, UserKey, audit, members};

/// The role that counts against being banned or silenced: that of the membership, or of the owner who has left.
fn role_of(conversation: &ConversationRow, user: UserKey, member: Option<&MemberRow>) -> Option<Role> {
    if conversation.owner == Some(user) { Some(Role::Owner) } else { member.map(|member| member.role) }
}

/// Refuses to ban, silence or release a service or the owner, whoever decides so.
fn refuse_untouchable(user: &UserRow, role: Option<Role>) -> Result<(), Refusal> {
    if user.user.is_service() {
        return Err(Refusal::forbidden("A service can be neither banned nor silenced."));
    }
    if role == Some(Role::Owner) {
        return Err(Refusal::forbidden("The owner of a conversation can be neither banned nor silenced."));
    }
    Ok(())
}

/// Whether a user looks after the whole server: its moderators do, and services, whose keys the caller has checked.
pub(crate) fn looks_after_server(user: &UserRow) -> bool {
    user.user.is_service() || user.server_role >= ServerRole::Moderator
}

fn oneself() -> Refusal {
    Refusal::forbidden("Nobody bans, silences or releases oneself.")
}

fn decided_for_server() -> Refusal {
    Refusal::forbidden("A moderator of the server decided this, and only moderators of the server change it.")
}

/// Refuses to ban, silence or release somebody whom the actor may not.
fn refuse_equals(
    (by, own): (&UserRow, Option<&MemberRow>),
    conversation: &ConversationRow,
    (user, member): (&UserRow, Option<&MemberRow>),
) -> Result<(), Refusal> {
    if user.key == by.key {
        return Err(oneself());
    }
    let role = role_of(conversation, user.key, member);
    refuse_untouchable(user, role)?;
    if !permissions::outranks(by.user.kind, own.map(|own| own.role), role) {
        return Err(Refusal::forbidden("Only somebody of a lower role than your own can be banned or silenced."));
    }
    Ok(())
}

/// Checks the end of a ban or a silence.
fn valid_end(kind: RestrictionKind, until: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    match (kind, until) {
        (RestrictionKind::Silence, None) => Err(Refusal::invalid("until", "is missing")),
        (_, Some(until)) if until <= now => Err(Refusal::invalid("until", "must be in the future")),
        (RestrictionKind::Ban, None) | (_, Some(_)) => Ok(()),
    }
}

/// Bans a user, who leaves if it is a member, or silences a member.
pub(crate) fn restrict(tx: &mut Transaction<'_>, write: &Restrict) -> RuleResult<Restriction> {
    let Restrict { actor, conversation: id, user, kind, until, reason } = write;
    let by = tx.actor(actor)?;
    let mut conversation = tx.conversation(id)?;
    let own = tx.check(Action::Moderate, &conversation, &by, false)?;
    let user = ActingUser::plain(tx.user(user)?);
    if user.erased {
        return Err(Refusal::not_found("user", &user.user.id).into());
    }
    let member = tx.member(conversation.key, user.key)?;
    refuse_equals((&by, own.as_ref()), &conversation, (&user, member.as_ref()))?;
    valid_end(*kind, *until, tx.now)?;
    if *kind == RestrictionKind::Silence && member.is_none() {
        return Err(Refusal::not_found("member", &user.user.id).into());
    }
    let by_server = find(tx, &conversation, *kind, user.key)?.is_some_and(|held| held.by_server);
    if by_server && !looks_after_server(&by) {
        return Err(decided_for_server().into());
    }
    put(tx, (by.key, by_server), &mut conversation, (&user, member), (*kind, *until, reason))?;
    Ok(Restriction {
        user: Arc::clone(&user.user),
        until: *until,
        reason: reason.clone(),
        by: by.user.id.clone(),
        at: tx.now,
        by_server,
    })
}

/// Silences a member of a conversation until a moment, because a moderator of the server decides so, whatever its role in the
/// conversation is.
pub(crate) fn silence_reported(
    tx: &mut Transaction<'_>,
    by: UserKey,
    (conversation, user): (ConversationKey, UserKey),
    until: Option<Timestamp>,
    reason: &Option<Arc<str>>,
) -> RuleResult<()> {
    let mut conversation = tx.conversation_by_key(conversation)?;
    let user = ActingUser::plain(tx.user_by_key(user)?);
    valid_end(RestrictionKind::Silence, until, tx.now)?;
    let member = tx.member(conversation.key, user.key)?;
    refuse_untouchable(&user, role_of(&conversation, user.key, member.as_ref()))?;
    if member.is_none() {
        return Err(Refusal::conflict("Its sender is not a member of the conversation any more.").into());
    }
    put(tx, (by, true), &mut conversation, (&user, member), (RestrictionKind::Silence, until, reason))
}

/// Stores a ban or a silence that was decided, does what follows from it, and notes the act.
fn put(
    tx: &mut Transaction<'_>,
    (by, by_server): (UserKey, bool),
    conversation: &mut ConversationRow,
    (user, member): (&ActingUser, Option<MemberRow>),
    (kind, until, reason): (RestrictionKind, Option<Timestamp>, &Option<Arc<str>>),
) -> RuleResult<()> {
    let row = RestrictionRow {
        conversation: conversation.key,
        kind,
        user: user.key,
        until,
        reason: reason.clone(),
        by,
        at: tx.now,
        by_server,
    };
    let before = tx.moderation().restriction(conversation.key, kind, user.key)?;
    if before.is_none() && tx.moderation().restriction_count(conversation.key, kind)? >= RESTRICTIONS_MAX {
        let what = match kind {
            RestrictionKind::Ban => "banned from",
            RestrictionKind::Silence => "silenced in",
        };
        return Err(Refusal::conflict(format!("At most {RESTRICTIONS_MAX} users are {what} one conversation.")).into());
    }
    tx.moderation().put_restriction(&row)?;
    tx.charge(Cost::Rows, 1);
    tx.charge(Cost::Stored, reason.as_ref().map_or(0, |reason| reason.len()) as u64);
    if !conversation.restricted {
        conversation.restricted = true;
        tx.update_conversation(conversation)?;
    }
    let act = match kind {
        RestrictionKind::Ban => Act::Ban,
        RestrictionKind::Silence => Act::Silence,
    };
    match (kind, member) {
        (RestrictionKind::Silence, Some(member)) => {
            tx.update_member(conversation.key, user.key, &MemberRow { silenced_until: until, ..member })?;
        }
        (RestrictionKind::Ban, Some(_)) => {
            members::depart(tx, None, conversation, user, (Departure::Banned, reason.clone()))?;
        }
        (_, None) => {}
    }
    let noted = AuditRow {
        user: Some(user.key),
        conversation: Some(conversation.key),
        until,
        reason: reason.clone(),
        ..audit::act(tx, act, Some(by))
    };
    audit::note(tx, &noted)
}

/// Lifts a ban or a silence. What was decided for the server is lifted by those who look after it, members or not: nobody else
/// leads a direct conversation.
pub(crate) fn lift(tx: &mut Transaction<'_>, write: &LiftRestriction) -> RuleResult<()> {
    let LiftRestriction { actor, conversation: id, user, kind, reason } = write;
    let by = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    let user = match looks_after_server(&by) {
        true => lifted_for_server(tx, &by, &conversation, (user, *kind))?,
        false => None,
    };
    let user = match user {
        Some(user) => user,
        None => match lifted_there(tx, &by, &conversation, (&write.user, *kind))? {
            Some(user) => user,
            None => return Ok(()),
        },
    };
    tx.moderation().delete_restriction(conversation.key, *kind, user.key)?;
    let act = match kind {
        RestrictionKind::Ban => Act::LiftBan,
        RestrictionKind::Silence => Act::LiftSilence,
    };
    if let (RestrictionKind::Silence, Some(member)) = (kind, tx.member(conversation.key, user.key)?) {
        tx.update_member(conversation.key, user.key, &MemberRow { silenced_until: None, ..member })?;
    }
    let noted = AuditRow {
        user: Some(user.key),
        conversation: Some(conversation.key),
        reason: reason.clone(),
        ..audit::act(tx, act, Some(by.key))
    };
    audit::note(tx, &noted)
}

/// The user of a ban or silence that was decided for the server, which somebody lifts who looks after it.
fn lifted_for_server(
    tx: &mut Transaction<'_>,
    by: &UserRow,
    conversation: &ConversationRow,
    (user, kind): (&UserId, RestrictionKind),
) -> RuleResult<Option<Arc<UserRow>>> {
    let Some(user) = tx.find_user(user)? else { return Ok(None) };
    let held = find(tx, conversation, kind, user.key)?;
    if !held.is_some_and(|held| held.by_server) {
        return Ok(None);
    }
    if user.key == by.key {
        return Err(oneself().into());
    }
    Ok(Some(user))
}

/// The user of a ban or silence that somebody lifts who leads the conversation; none if there is nothing to lift.
fn lifted_there(
    tx: &mut Transaction<'_>,
    by: &ActingUser,
    conversation: &ConversationRow,
    (user, kind): (&UserId, RestrictionKind),
) -> RuleResult<Option<Arc<UserRow>>> {
    let own = tx.check(Action::Moderate, conversation, by, false)?;
    let user = tx.user(user)?;
    let Some(held) = find(tx, conversation, kind, user.key)? else { return Ok(None) };
    let member = tx.member(conversation.key, user.key)?;
    refuse_equals((by, own.as_ref()), conversation, (&user, member.as_ref()))?;
    if held.by_server {
        return Err(decided_for_server().into());
    }
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_in_the_future_and_a_silence_has_one() {
        let now = Timestamp(1_000);
        for (kind, until, refusal) in [
            (RestrictionKind::Ban, None, None),
            (RestrictionKind::Ban, Some(Timestamp(1_001)), None),
            (RestrictionKind::Silence, Some(Timestamp(1_001)), None),
            (RestrictionKind::Ban, Some(now), Some("`until` must be in the future.")),
            (RestrictionKind::Silence, Some(now), Some("`until` must be in the future.")),
            (RestrictionKind::Silence, None, Some("`until` is missing.")),
        ] {
            let found = valid_end(kind, until, now).err().map(|refusal| refusal.message);
            assert_eq!(found.as_deref(), refusal, "{kind:?} {until:?}");
        }
    }
}
