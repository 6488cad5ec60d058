//! Rules about invitations: who may make and revoke them, and what becomes of those who accept one.
//!
//! What must stay true: uses are counted in the write that lets somebody in, so that of two at once on the last use one
//! wins; an invitation is good only while the one who made it is not disabled, and a link into a group only while that one
//! may add members there.

use std::sync::Arc;

use quintet_domain::limits::{INVITATION_CONVERSATIONS_MAX, INVITATIONS_OF_USER_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    AcceptInvitation, AcceptedInvitation, Act, Actor, Code, ConversationKind, Invitation, InvitationState, Invited,
    MakeInvitation, Refusal, RevokeInvitation, Role,
};

use crate::rows::{AuditRow, ConversationRow, ConversationRows, InvitationRow, InvitationRows, MemberRows, UserRows};
use crate::transaction::{ActingUser, Transaction};
use crate::{RowResult, RuleResult, UserKey, audit, contact, members, standing};

/// An invitation as it is shown.
///
/// # Errors
/// An error of the store.
pub fn shown<R>(rows: &R, row: InvitationRow) -> RowResult<Invitation>
where
    R: ConversationRows + UserRows + ?Sized,
{
    let mut conversations = Vec::with_capacity(row.conversations.len());
    for id in &row.conversations {
        let found = rows.conversation(id)?.filter(|found| found.deleted_at.is_none());
        conversations.extend(found.map(|found| found.reference));
    }
    let made_by = match row.made_by {
        Some(key) => rows.user_by_key(key)?.map(|found| found.user),
        None => None,
    };
    let InvitationRow { id, admits, created_at, bounds, state, .. } = row;
    Ok(Invitation { id, admits, conversations, made_by, created_at, bounds, state })
}

/// Invitations as they are shown, the newest first, with the key of the last one if there may be more.
///
/// # Errors
/// An error of the store.
pub fn listed<R>(rows: &R, of: Option<UserKey>, before: i64, limit: usize) -> RowResult<(Vec<Invitation>, Option<i64>)>
where
    R: ConversationRows + UserRows + InvitationRows + ?Sized,
{
    let mut found = rows.invitations_before(of, before, limit.saturating_add(1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.key);
    Ok((found.into_iter().map(|row| shown(rows, row)).collect::<RowResult<_>>()?, next))
}

fn unknown() -> Refusal {
    Refusal::new(Code::NotFound, "There is no such invitation.")
}

pub(crate) fn make(tx: &mut Transaction<'_>, write: MakeInvitation) -> RuleResult<Invitation> {
    let MakeInvitation { actor, hash, admits, conversations, bounds } = write;
    if conversations.len() > INVITATION_CONVERSATIONS_MAX {
        let message = format!("has more than {INVITATION_CONVERSATIONS_MAX} conversations");
        return Err(Refusal::invalid("conversationIds", message).into());
    }
    let by = actor.as_ref().map(|actor| tx.actor(actor)).transpose()?;
    let mut references = Vec::with_capacity(conversations.len());
    for id in &conversations {
        let conversation = tx.conversation(id)?;
        match &by {
            // A link into a group is for those who may add members. An invitation to the server may lead into rooms too.
            Some(by) if !admits => drop(tx.check(Action::Add, &conversation, by, false)?),
            Some(_) | None => may_lead_into(&conversation)?,
        }
        references.push(conversation.reference);
    }
    let made_by = by.as_ref().map(|by| by.key);
    if let Some(by) = by.as_ref().filter(|by| !by.user.is_service()) {
        refuse_too_many(tx, by)?;
    }
    let row = InvitationRow {
        key: 0,
        id: tx.new_id(),
        hash,
        admits,
        conversations,
        made_by,
        created_at: tx.now,
        bounds,
        state: InvitationState::default(),
    };
    tx.invitations().insert_invitation(&row)?;
    note_act(tx, Act::MakeInvitation, made_by, &row)?;
    Ok(Invitation {
        id: row.id,
        admits,
        conversations: references,
        made_by: by.map(|by| Arc::clone(&by.user)),
        created_at: row.created_at,
        bounds,
        state: row.state,
    })
}

/// Refuses a conversation that nobody can be invited into.
fn may_lead_into(conversation: &ConversationRow) -> Result<(), Refusal> {
    match conversation.reference.kind {
        ConversationKind::Group | ConversationKind::Room => Ok(()),
        ConversationKind::Direct | ConversationKind::Meetup => {
            Err(Refusal::invalid("conversationIds", "must be groups and rooms"))
        }
    }
}

/// Refuses another invitation of a user who has very many that are good.
fn refuse_too_many(tx: &mut Transaction<'_>, by: &ActingUser) -> RuleResult<()> {
    let now = tx.now;
    let own = tx.invitations().invitations_before(Some(by.key), i64::MAX, INVITATIONS_OF_USER_MAX * 2)?;
    let good = own.iter().filter(|row| row.bounds.check(row.state, now).is_ok()).count();
    if good >= INVITATIONS_OF_USER_MAX || own.len() >= INVITATIONS_OF_USER_MAX * 2 {
        let message =
            format!("You have {INVITATIONS_OF_USER_MAX} invitations already, which is the limit; revoke one.");
        return Err(Refusal::conflict(message).into());
    }
    Ok(())
}

/// Notes what somebody, or the operator if there is nobody, has done with an invitation. A link into a group is noted as
/// an act in the group.
fn note_act(tx: &mut Transaction<'_>, act: Act, by: Option<UserKey>, row: &InvitationRow) -> RuleResult<()> {
    let conversation = match &row.conversations[..] {
        [id] if !row.admits => tx.find_conversation(id)?.map(|found| found.key),
        _ => None,
    };
    let until = row.bounds.expires_at.filter(|_| act == Act::MakeInvitation);
    let detail = Some(Arc::from(row.id.as_str()));
    let noted = AuditRow { conversation, until, detail, ..audit::act(tx, act, by) };
    audit::note(tx, &noted)
}

pub(crate) fn revoke(tx: &mut Transaction<'_>, write: &RevokeInvitation) -> RuleResult<()> {
    let row = tx.invitations().invitation(&write.id)?.ok_or_else(unknown)?;
    let by = write.actor.as_ref().map(|actor| tx.actor(actor)).transpose()?;
    if let Some(by) = &by
        && !may_revoke(tx, &row, by)?
    {
        // As if there were none, so that ids tell nothing.
        return Err(unknown().into());
    }
    if row.state.revoked_at.is_none() {
        let state = InvitationState { revoked_at: Some(tx.now), ..row.state };
        tx.invitations().set_invitation_state(row.key, state)?;
        note_act(tx, Act::RevokeInvitation, by.map(|by| by.key), &row)?;
    }
    Ok(())
}

fn may_revoke(tx: &mut Transaction<'_>, row: &InvitationRow, by: &ActingUser) -> RuleResult<bool> {
    if by.user.is_service() || row.made_by == Some(by.key) {
        return Ok(true);
    }
    let [id] = &row.conversations[..] else { return Ok(false) };
    if row.admits {
        return Ok(false);
    }
    match tx.find_conversation(id)? {
        Some(conversation) => Ok(tx.check(Action::Add, &conversation, by, false).is_ok()),
        None => Ok(false),
    }
}

/// An invitation that is good now.
fn good(tx: &mut Transaction<'_>, hash: &str) -> RuleResult<InvitationRow> {
    let row = tx.invitations().invitation_by_hash(hash)?.ok_or_else(unknown)?;
    row.bounds.check(row.state, tx.now)?;
    // So that the codes of a key that was lost end with the key.
    if let Some(key) = row.made_by
        && tx.user_by_key(key)?.disabled
    {
        return Err(maker_disabled().into());
    }
    Ok(row)
}

fn maker_disabled() -> Refusal {
    Refusal::forbidden("This invitation is not good any more: who made it was disabled.")
}

fn right_lost() -> Refusal {
    Refusal::forbidden("This invitation is not good any more: who made it may no longer add members to the group.")
}

/// Why an invitation is not good any more because of the one who made it; `None` if it is.
///
/// # Errors
/// An error of the store.
pub fn lost_right<R>(rows: &R, row: &InvitationRow) -> RowResult<Option<Refusal>>
where
    R: ConversationRows + MemberRows + UserRows + ?Sized,
{
    let Some(key) = row.made_by else { return Ok(None) };
    let Some(maker) = rows.user_by_key(key)? else { return Ok(None) };
    if maker.disabled {
        return Ok(Some(maker_disabled()));
    }
    for id in row.conversations.iter().filter(|_| !row.admits) {
        let Some(conversation) = rows.conversation(id)? else { continue };
        let member = rows.member(conversation.key, key)?;
        let standing = standing(&conversation, &maker, member.as_ref(), false);
        if permissions::check(Action::Add, standing, id).is_err() {
            return Ok(Some(right_lost()));
        }
    }
    Ok(None)
}

pub(crate) fn accept(tx: &mut Transaction<'_>, write: &AcceptInvitation) -> RuleResult<AcceptedInvitation> {
    let user = tx.actor(&write.actor)?;
    if user.user.is_service() {
        return Err(Refusal::forbidden("Invitations are for people; a service adds itself.").into());
    }
    let row = good(tx, &write.hash)?;
    let (conversations, entered) = enter(tx, Some(&write.actor), &row, &user)?;
    if conversations.is_empty() {
        let message = match row.conversations.is_empty() {
            true => "You have an account already, and this invitation leads into no group.",
            false => "The groups that this invitation leads into do not exist any more.",
        };
        return Err(Refusal::conflict(message).into());
    }
    if entered {
        count(tx, &row)?;
    }
    Ok(AcceptedInvitation { conversations })
}

/// Finds the invitation by which somebody registers.
pub(crate) fn for_registration(tx: &mut Transaction<'_>, invited: &Invited) -> RuleResult<InvitationRow> {
    let row = good(tx, &invited.hash)?;
    if invited.to_server && !row.admits {
        let message = "This link leads into a group, for people who have an account; to register here, an invitation \
                       to the server is needed.";
        return Err(Refusal::forbidden(message).into());
    }
    Ok(row)
}

/// Lets somebody in who has just registered.
pub(crate) fn registered(tx: &mut Transaction<'_>, row: &InvitationRow, user: &ActingUser) -> RuleResult<()> {
    enter(tx, None, row, user)?;
    count(tx, row)
}

fn count(tx: &mut Transaction<'_>, row: &InvitationRow) -> RuleResult<()> {
    let state = InvitationState { uses: row.state.uses.saturating_add(1), ..row.state };
    Ok(tx.invitations().set_invitation_state(row.key, state)?)
}

/// Makes a user a member of the conversations of an invitation. Returns those that there are, and whether the user became a
/// member of any.
fn enter(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    row: &InvitationRow,
    user: &ActingUser,
) -> RuleResult<(Vec<Arc<quintet_domain::ConversationRef>>, bool)> {
    let (mut found, mut entered) = (Vec::new(), false);
    for id in &row.conversations {
        let Some(mut conversation) = tx.find_conversation(id)? else { continue };
        if tx.member(conversation.key, user.key)?.is_none() {
            if !row.admits {
                refuse_lost_right(tx, row, &conversation)?;
            }
            contact::note_joined(tx, &conversation, user)?;
            members::insert(tx, actor, &mut conversation, user, Role::Member)?;
            entered = true;
        }
        found.push(conversation.reference);
    }
    Ok((found, entered))
}

/// Refuses a link whose maker may not add members to its group any more.
fn refuse_lost_right(tx: &mut Transaction<'_>, row: &InvitationRow, conversation: &ConversationRow) -> RuleResult<()> {
    let Some(key) = row.made_by else { return Ok(()) };
    let maker = tx.user_by_key(key)?;
    match tx.check(Action::Add, conversation, &ActingUser::plain(maker), false) {
        Ok(_) => Ok(()),
        Err(_) => Err(right_lost().into()),
    }
}
