//! Rules that add and remove members, and that pass ownership on when the owner leaves.
//!
//! What must stay true: the member count of a conversation and the conversation count of a user change with every
//! membership row.

use std::sync::Arc;

use quintet_domain::limits::{CONVERSATIONS_OF_USER_MAX, HISTORY_ON_JOIN, MEMBERS_MAX};
use quintet_domain::permissions::Action;
use quintet_domain::{
    Act, Actor, AddMember, ConversationKind, ConversationRef, Departure, JoinConversation, Joined, LeaveConversation,
    Overview, Profile, Refusal, RemoveMember, RestrictionKind, Role, UserId,
};

use crate::ledger::Cost;
use crate::log::Change;
use crate::ownership::owns;
use crate::rows::{AuditRow, ConversationHead, ConversationRow, MemberFilter, MemberRow, MemberSettings, UserCounts};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{RuleResult, UserKey, audit, blocks, contact, guests, message_views, overviews, reach, restrictions};

/// The actor's row. A guest's row is created, or updated to the profile that the guest sent.
pub(crate) fn actor_with_profile(tx: &mut Transaction<'_>, actor: &Actor, profile: &Profile) -> RuleResult<ActingUser> {
    if !actor.guest {
        return tx.actor(actor);
    }
    tx.bill(actor, None)?;
    guests::upsert(tx, actor, profile)
}

pub(crate) fn join(tx: &mut Transaction<'_>, write: &JoinConversation) -> RuleResult<Joined> {
    let user = actor_with_profile(tx, &write.actor, &write.profile)?;
    let mut conversation = tx.conversation(&write.conversation)?;
    let new = tx.member(conversation.key, user.key)?.is_none();
    if new {
        tx.check(Action::Join, &conversation, &user, false)?;
        guests::may_enter_another(tx, &user)?;
        contact::note_joined(tx, &conversation, &user)?;
        insert(tx, Some(&write.actor), &mut conversation, &user, Role::Member)?;
    } else {
        tx.check(Action::Use, &conversation, &user, false)?;
        guests::show_as_owner(tx, &mut conversation, &user)?;
    }
    let history = match write.history {
        true => message_views::newest(tx, &conversation, HISTORY_ON_JOIN as usize)?,
        false => Vec::new(),
    };
    let members = if write.history { overviews::people(tx, &conversation)? } else { Vec::new() };
    Ok(Joined { conversation: conversation.reference, new, history, members })
}

pub(crate) fn add(tx: &mut Transaction<'_>, write: &AddMember) -> RuleResult<Joined> {
    let AddMember { actor, conversation: id, user, role, reason } = write;
    let by = tx.actor(actor)?;
    let mut conversation = tx.conversation(id)?;
    if *role == Some(Role::Owner) {
        return Err(Refusal::invalid("role", "must be `admin` or `member`").into());
    }
    if *user == actor.user && tx.member(conversation.key, by.key)?.is_none() {
        let (actor, profile) = (actor.clone(), Profile::default());
        return join(tx, &JoinConversation { actor, conversation: id.clone(), profile, history: false });
    }
    tx.check(Action::Use, &conversation, &by, false)?;
    let user = ActingUser::plain(tx.registered(user)?);
    let standing = tx.member(conversation.key, user.key)?;
    if standing.is_some_and(|member| role.is_none_or(|role| member.role == role)) {
        // A user who may not add members learns nothing by asking for a membership that exists.
        return Ok(added(conversation, false));
    }
    let role = role.unwrap_or(Role::Member);
    if role == Role::Admin || standing.is_some() {
        tx.check(Action::MakeAdmin, &conversation, &by, false)?;
    }
    match standing {
        Some(member) if member.role == Role::Owner => {
            return Err(Refusal::forbidden("The owner's role passes on only when the owner leaves.").into());
        }
        Some(member) => {
            tx.update_member(conversation.key, user.key, &MemberRow { role, ..member })?;
            tx.conversation_changed(&mut conversation, Some(actor))?;
        }
        None => {
            tx.check(Action::Add, &conversation, &by, false)?;
            blocks::may_add(tx, &by, &[user.key])?;
            reach::may_add(tx, &by, &[user.key])?;
            reach::add_people(tx, &by, 1)?;
            if contact::is_invited(tx, &by, &user, Some(&conversation))? {
                restrictions::refuse_banned(tx, &conversation, &user, false)?;
                contact::invite(tx, &by, &user, &conversation, role)?;
            } else {
                contact::note_joined(tx, &conversation, &user)?;
                insert(tx, Some(actor), &mut conversation, &user, role)?;
            }
        }
    }
    if standing.is_some() || role == Role::Admin {
        let noted = AuditRow {
            user: Some(user.key),
            conversation: Some(conversation.key),
            reason: reason.clone(),
            detail: Some(Arc::from(role.as_str())),
            ..audit::act(tx, Act::ChangeRole, Some(by.key))
        };
        audit::note(tx, &noted)?;
    }
    Ok(added(conversation, standing.is_none()))
}

/// The result of an addition, which shows neither messages nor members.
fn added(conversation: ConversationRow, new: bool) -> Joined {
    Joined { conversation: conversation.reference, new, history: Vec::new(), members: Vec::new() }
}

/// Adds a member and records the join. The owner of a conversation who joins again becomes owner again.
pub(crate) fn insert(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    conversation: &mut ConversationRow,
    user: &ActingUser,
    role: Role,
) -> RuleResult<()> {
    insert_showing(tx, actor, conversation, user, role, None)
}

/// Adds a member and records the join. The new member is shown the conversation in the given state, or as it is then.
pub(crate) fn insert_showing(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    conversation: &mut ConversationRow,
    user: &ActingUser,
    role: Role,
    shown: Option<Arc<Overview>>,
) -> RuleResult<()> {
    let asks = actor.is_some_and(|actor| actor.user == user.user.id);
    restrictions::refuse_banned(tx, conversation, user, asks)?;
    let role = if inherits(tx, conversation, user)? { Role::Owner } else { role };
    let sequence = tx.next_sequence(conversation)?;
    insert_row(tx, conversation, user.key, role, sequence)?;
    // A connection receives no event of its own join; the connections of a user who is added do.
    let own = actor.filter(|actor| actor.user == user.user.id);
    let shown = match shown {
        Some(shown) => shown,
        None => overviews::of(tx, conversation)?,
    };
    let appeared = Change::ConversationAppeared { conversation: shown, user: user.user.id.clone() };
    tx.record(&appeared, About { conversation: Some(conversation.key), ..About::default() }, own)?;
    let change = Change::MemberJoined {
        conversation: Arc::clone(&conversation.reference),
        member: (user.key, Arc::clone(&user.user)),
        member_count: conversation.head.member_count,
    };
    tx.record(&change, About::numbered(conversation, sequence), own)
}

/// Whether a new member is the owner: it was the owner before, which a guest has to prove, or the owner is erased and
/// no other member has an account.
fn inherits(tx: &mut Transaction<'_>, conversation: &mut ConversationRow, user: &ActingUser) -> RuleResult<bool> {
    let Some(owner) = conversation.owner else { return Ok(false) };
    if owner == user.key {
        return Ok(owns(conversation, user));
    }
    if user.user.is_guest() || user.user.is_service() {
        return Ok(false);
    }
    let people = MemberFilter { role: None, service: false };
    let inherits =
        tx.user_by_key(owner)?.erased && tx.member_lists().oldest_member(conversation.key, people)?.is_none();
    if inherits {
        conversation.owner = Some(user.key);
        tx.update_conversation(conversation)?;
    }
    Ok(inherits)
}

/// Inserts a membership's row and counts it. Messages up to `joined_sequence` count as read.
pub(crate) fn insert_row(
    tx: &mut Transaction<'_>,
    conversation: &mut ConversationRow,
    user: UserKey,
    role: Role,
    joined_sequence: u64,
) -> RuleResult<()> {
    let row = MemberRow {
        role,
        joined_at: tx.now,
        joined_sequence,
        read_sequence: joined_sequence,
        read_at: None,
        hidden_sequence: None,
        settings: MemberSettings::default(),
        silenced_until: restrictions::find(tx, conversation, RestrictionKind::Silence, user)?.and_then(|row| row.until),
    };
    tx.insert_member(conversation.key, user, &row)?;
    tx.charge(Cost::Rows, 1);
    let head = ConversationHead { member_count: conversation.head.member_count + 1, ..conversation.head };
    if conversation.empty_since.take().is_some() {
        conversation.head = head;
        tx.update_conversation(conversation)?;
    } else {
        tx.update_head(conversation, head)?;
    }
    if head.member_count > MEMBERS_MAX {
        return Err(Refusal::conflict(format!("A conversation has at most {MEMBERS_MAX} members.")).into());
    }
    let one = UserCounts { conversations: 1, ..UserCounts::default() };
    if tx.user_details().add_user_counts(user, one)?.conversations > CONVERSATIONS_OF_USER_MAX {
        return Err(too_many_conversations(&tx.user_by_key(user)?.user.id).into());
    }
    Ok(())
}

/// Refuses a further membership of a user who has the most.
pub(crate) fn too_many_conversations(user: &UserId) -> Refusal {
    Refusal::conflict(format!("User `{user}` is in {CONVERSATIONS_OF_USER_MAX} conversations, which is the most."))
}

/// Deletes a membership's row and counts it. The caller updates the conversation's own count.
pub(crate) fn delete_row(tx: &mut Transaction<'_>, conversation: &ConversationRow, user: UserKey) -> RuleResult<()> {
    tx.delete_member(conversation.key, user)?;
    let one = UserCounts { conversations: -1, ..UserCounts::default() };
    tx.user_details().add_user_counts(user, one)?;
    Ok(())
}

pub(crate) fn leave(tx: &mut Transaction<'_>, write: &LeaveConversation) -> RuleResult<Arc<ConversationRef>> {
    let user = tx.actor(&write.actor)?;
    let mut conversation = tx.conversation(&write.conversation)?;
    tx.check(Action::Leave, &conversation, &user, false)?;
    depart(tx, Some(&write.actor), &mut conversation, &user, (write.departure, None))?;
    if write.departure == Departure::Left {
        contact::note_left(tx, &conversation, &user)?;
    }
    Ok(conversation.reference)
}

pub(crate) fn remove(tx: &mut Transaction<'_>, write: &RemoveMember) -> RuleResult<Arc<ConversationRef>> {
    let RemoveMember { actor, conversation: id, user, reason } = write;
    if *user == actor.user {
        let (actor, conversation) = (actor.clone(), id.clone());
        return leave(tx, &LeaveConversation { actor, conversation, departure: Departure::Left });
    }
    let by = tx.actor(actor)?;
    let mut conversation = tx.conversation(id)?;
    let own = tx.check(Action::Remove, &conversation, &by, false)?;
    let user = ActingUser::plain(tx.user(user)?);
    let Some(member) = tx.member(conversation.key, user.key)? else {
        return Err(Refusal::not_found("member", &user.user.id).into());
    };
    let host = member.role == Role::Owner && conversation.reference.kind == ConversationKind::Meetup;
    if host || !by.user.is_service() && own.is_none_or(|own| own.role <= member.role) {
        return Err(Refusal::forbidden("Only a member of a lower role than your own can be removed.").into());
    }
    depart(tx, None, &mut conversation, &user, (Departure::Removed, None))?;
    let noted = AuditRow {
        user: Some(user.key),
        conversation: Some(conversation.key),
        reason: reason.clone(),
        ..audit::act(tx, Act::RemoveMember, Some(by.key))
    };
    audit::note(tx, &noted)?;
    Ok(conversation.reference)
}

/// Ends a membership, passes ownership on, and records the departure, with the reason that was given for it.
pub(crate) fn depart(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    conversation: &mut ConversationRow,
    user: &ActingUser,
    (departure, reason): (Departure, Option<Arc<str>>),
) -> RuleResult<()> {
    let sequence = tx.next_sequence(conversation)?;
    delete_row(tx, conversation, user.key)?;
    let left = conversation.head.member_count.saturating_sub(1);
    let head = ConversationHead { member_count: left, ..conversation.head };
    // A guest's memberships end when it goes offline, which anybody who claims its id can cause. It therefore gives up
    // ownership only by leaving with proof.
    let gives_away = !user.user.is_guest() || departure == Departure::Left;
    let heir = match gives_away && owns(conversation, user) {
        true => heir(tx, conversation)?,
        false => None,
    };
    let now_empty = left == 0 && conversation.reference.kind == ConversationKind::Room && conversation.made_by_guest;
    if heir.is_some() || now_empty {
        conversation.head = head;
        if now_empty {
            conversation.empty_since = Some(tx.now);
        }
        if let Some(heir) = heir {
            conversation.owner = Some(heir);
            conversation.owner_secret = None;
        }
        tx.update_conversation(conversation)?;
    } else {
        tx.update_head(conversation, head)?;
    }
    if let Some(heir) = heir
        && let Some(member) = tx.member(conversation.key, heir)?
    {
        tx.update_member(conversation.key, heir, &MemberRow { role: Role::Owner, ..member })?;
    }
    let change = Change::MemberLeft {
        conversation: Arc::clone(&conversation.reference),
        member: (user.key, Arc::clone(&user.user)),
        departure,
        reason,
        member_count: left,
    };
    tx.record(&change, About::numbered(conversation, sequence), actor)?;
    let position = tx.position();
    tx.log().insert_departure(user.key, position, conversation.key)?;
    if user.user.is_guest() {
        tx.messages().note_author_left(user.key, conversation.key, sequence)?;
    }
    tx.charge(Cost::Rows, 1);
    if heir.is_some() {
        tx.conversation_changed(conversation, None)?;
    }
    Ok(())
}

/// The member who becomes owner: the longest-standing admin, else member; people before services; no guests, because
/// anybody can claim their ids. `None` if no other member has an account: the owner then stays owner.
fn heir(tx: &Transaction<'_>, conversation: &ConversationRow) -> RuleResult<Option<UserKey>> {
    for service in [false, true] {
        for role in [Some(Role::Admin), None] {
            if let Some(heir) = tx.member_lists().oldest_member(conversation.key, MemberFilter { role, service })? {
                return Ok(Some(heir));
            }
        }
    }
    Ok(None)
}
