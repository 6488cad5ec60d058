//! Joining, leaving, adding, removing; and guests, who come and go.

use std::collections::HashSet;
use std::sync::Arc;

use quintet_domain::limits::{CONVERSATIONS_OF_USER_MAX, GUEST_ROOM_EMPTY_SECONDS_MAX, HISTORY_ON_JOIN, MEMBERS_MAX};
use quintet_domain::permissions::Action;
use quintet_domain::{
    ConversationId, ConversationKind, ConversationRef, Departure, Event, Profile, Refusal, Role, Timestamp, UserId,
};
use rusqlite::{OptionalExtension, params};

use super::conversations;
use super::ledger::Cost;
use super::rows::{self, ConversationRow, USER, UserRow};
use super::tx::{About, Tx, Written};
use super::{guests, queries, reach};
use crate::{Actor, Joined, Left, PageOf};

/// The actor's row; a guest's is made, or brought up to date with what it says of itself.
pub(super) fn actor_with_profile(tx: &mut Tx<'_>, actor: &Actor, profile: &Profile) -> Written<UserRow> {
    if !actor.guest {
        return tx.actor(actor);
    }
    tx.bill(actor, None)?;
    guests::upsert(tx, actor, profile)
}

pub(super) fn join(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &ConversationId,
    profile: &Profile,
    history: bool,
) -> Written<Joined> {
    let user = actor_with_profile(tx, actor, profile)?;
    let conversation = tx.conversation(id)?;
    let new = tx.member(conversation.pk, user.pk)?.is_none();
    if new {
        tx.check(Action::Join, &conversation, &user, false)?;
        guests::may_enter_another(tx, &user)?;
        insert(tx, Some(actor), &conversation, &user, Role::Member)?;
    } else {
        tx.check(Action::Use, &conversation, &user, false)?;
        guests::show_as_owner(tx, &conversation, &user)?;
    }
    let history = if history {
        queries::messages_of(tx.conn, &conversation, PageOf::Newest, HISTORY_ON_JOIN)?.items
    } else {
        Vec::new()
    };
    Ok(Joined { conversation: conversation.conversation, new, history, position: tx.position })
}

pub(super) fn add(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &ConversationId,
    user: &UserId,
    role: Option<Role>,
) -> Written<Joined> {
    let by = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    if role == Some(Role::Owner) {
        return Err(Refusal::invalid("role", "must be `admin` or `member`").into());
    }
    if *user == actor.user && tx.member(conversation.pk, by.pk)?.is_none() {
        return join(tx, actor, id, &Profile::default(), false);
    }
    tx.check(Action::Use, &conversation, &by, false)?;
    let user = tx.registered(user)?;
    let standing = tx.member(conversation.pk, user.pk)?;
    if standing.as_ref().is_some_and(|member| role.is_none_or(|role| member.role == role)) {
        // Who may not add still learns nothing new from asking for what is.
        return Ok(Joined {
            conversation: conversation.conversation,
            new: false,
            history: Vec::new(),
            position: tx.position,
        });
    }
    let role = role.unwrap_or(Role::Member);
    if role == Role::Admin || standing.is_some() {
        tx.check(Action::MakeAdmin, &conversation, &by, false)?;
    }
    match standing {
        Some(member) if member.role == Role::Owner => {
            return Err(Refusal::forbidden("The owner's role passes on only when the owner leaves.").into());
        }
        Some(_) => {
            tx.conn
                .prepare_cached("UPDATE member SET role = ?3 WHERE conversation_pk = ?1 AND user_pk = ?2")?
                .execute(params![conversation.pk, user.pk, role.as_str()])?;
            tx.place_changed(&conversation, Some(actor))?;
        }
        None => {
            tx.check(Action::Add, &conversation, &by, false)?;
            reach::add_people(tx, &by, 1)?;
            insert(tx, Some(actor), &conversation, &user, role)?;
        }
    }
    let new = standing.is_none();
    Ok(Joined { conversation: conversation.conversation, new, history: Vec::new(), position: tx.position })
}

/// Makes a user a member, and tells it. A conversation's owner comes back as its owner.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    conversation: &ConversationRow,
    user: &UserRow,
    role: Role,
) -> Written<()> {
    let role = if inherits(tx, conversation, user)? { Role::Owner } else { role };
    let sequence = tx.next_sequence(conversation.pk)?;
    let member_count = insert_row(tx, conversation.pk, user.pk, role, sequence)?;
    let about = About {
        conversation: Some(conversation.pk),
        sequence: Some(sequence),
        actor: Some(user.pk),
        ..About::default()
    };
    // The join itself is not the connection's to hear; an added user's connections are told like the others'.
    let own = actor.filter(|actor| actor.user == user.user.id);
    let detail = member_count.to_string();
    let about = About { detail: Some(&detail), hearers: member_count, ..about };
    let event = Event::MemberJoined {
        conversation: Arc::clone(&conversation.conversation),
        user: Arc::clone(&user.user),
        member_count,
    };
    tx.record("member_joined", about, own, event)
}

/// Whether a new member is the owner: it was before, which a guest has to prove, or the owner is erased and nobody with an account is there.
fn inherits(tx: &Tx<'_>, conversation: &ConversationRow, user: &UserRow) -> Written<bool> {
    let Some(owner) = conversation.owner_pk else { return Ok(false) };
    if owner == user.pk {
        return Ok(rows::owns(conversation, user));
    }
    if user.user.is_guest() || user.user.is_service() {
        return Ok(false);
    }
    let inherits = tx
        .conn
        .prepare_cached(
            "SELECT o.erased AND NOT EXISTS (
                 SELECT 1 FROM member m JOIN user u ON u.pk = m.user_pk
                 WHERE m.conversation_pk = ?1 AND u.kind = 'registered' AND u.service = 0)
             FROM user o WHERE o.pk = ?2",
        )?
        .query_row([conversation.pk, owner], |row| row.get(0))?;
    if inherits {
        let mut pass = tx.conn.prepare_cached("UPDATE conversation SET owner_pk = ?2 WHERE pk = ?1")?;
        pass.execute([conversation.pk, user.pk])?;
    }
    Ok(inherits)
}

/// The row alone; what is older than `sequence` counts as read. Gives the number of members.
pub(super) fn insert_row(tx: &Tx<'_>, conversation: i64, user: i64, role: Role, sequence: u64) -> Written<u32> {
    tx.conn
        .prepare_cached(
            "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        )?
        .execute(params![conversation, user, role.as_str(), tx.now.0, sequence as i64])?;
    tx.charge(Cost::Rows, 1);
    let members: u32 = tx
        .conn
        .prepare_cached(
            "UPDATE conversation SET member_count = member_count + 1, empty_since = NULL WHERE pk = ?1
             RETURNING member_count",
        )?
        .query_row([conversation], |row| row.get(0))?;
    if members > MEMBERS_MAX {
        return Err(Refusal::conflict(format!("A conversation has at most {MEMBERS_MAX} members.")).into());
    }
    let (conversations, id): (i64, String) = tx
        .conn
        .prepare_cached("SELECT conversations, id FROM user WHERE pk = ?1")?
        .query_row([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if conversations > CONVERSATIONS_OF_USER_MAX {
        let message = format!("User `{id}` is in {CONVERSATIONS_OF_USER_MAX} conversations, which is the most.");
        return Err(Refusal::conflict(message).into());
    }
    Ok(members)
}

pub(super) fn leave(tx: &mut Tx<'_>, actor: &Actor, id: &ConversationId, departure: Departure) -> Written<Left> {
    let user = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    tx.check(Action::Leave, &conversation, &user, false)?;
    depart(tx, Some(actor), &conversation, &user, departure)?;
    Ok(Left { conversation: conversation.conversation, position: tx.position })
}

pub(super) fn remove(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &ConversationId,
    user: &UserId,
) -> Written<Arc<ConversationRef>> {
    if *user == actor.user {
        return leave(tx, actor, id, Departure::Left).map(|left| left.conversation);
    }
    let by = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    let seat = tx.check(Action::Remove, &conversation, &by, false)?;
    let user = tx.user(user)?;
    let Some(member) = tx.member(conversation.pk, user.pk)? else {
        return Err(Refusal::not_found("member", &user.user.id).into());
    };
    let host = member.role == Role::Owner && conversation.conversation.kind == ConversationKind::Meetup;
    if host || !by.user.is_service() && seat.is_none_or(|seat| seat.role <= member.role) {
        return Err(Refusal::forbidden("Only a member of a lower role than your own can be removed.").into());
    }
    depart(tx, None, &conversation, &user, Departure::Removed)?;
    Ok(conversation.conversation)
}

/// Ends a membership, passes ownership on, and tells it.
pub(super) fn depart(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    conversation: &ConversationRow,
    user: &UserRow,
    departure: Departure,
) -> Written<()> {
    let sequence = tx.next_sequence(conversation.pk)?;
    tx.conn
        .prepare_cached("DELETE FROM member WHERE conversation_pk = ?1 AND user_pk = ?2")?
        .execute([conversation.pk, user.pk])?;
    let left: u32 = tx
        .conn
        .prepare_cached("UPDATE conversation SET member_count = member_count - 1 WHERE pk = ?1 RETURNING member_count")?
        .query_row([conversation.pk], |row| row.get(0))?;
    // A guest is out of its rooms whenever it is offline, and by anybody who claims its id: it gives away what is its own
    // only by leaving with the proof that it is.
    let gives_away = !user.user.is_guest() || departure == Departure::Left;
    if gives_away && rows::owns(conversation, user) {
        pass_ownership(tx, conversation)?;
    }
    if left == 0 {
        tx.conn
            .prepare_cached(
                "UPDATE conversation SET empty_since = ?2 WHERE pk = ?1 AND kind = 'room' AND made_by_guest = 1",
            )?
            .execute([conversation.pk, tx.now.0])?;
    }
    let about = About {
        conversation: Some(conversation.pk),
        sequence: Some(sequence),
        actor: Some(user.pk),
        ..About::default()
    };
    let detail = format!("{left} {}", departure.as_str());
    let about = About { detail: Some(&detail), hearers: left, ..about };
    let event = Event::MemberLeft {
        conversation: Arc::clone(&conversation.conversation),
        user: Arc::clone(&user.user),
        departure,
        member_count: left,
    };
    tx.record("member_left", about, actor, event)?;
    tx.conn
        .prepare_cached("INSERT INTO departed (user_pk, position, conversation_pk) VALUES (?1, ?2, ?3)")?
        .execute(params![user.pk, tx.position as i64, conversation.pk])?;
    tx.charge(Cost::Rows, 1);
    Ok(())
}

/// The longest-standing admin, else member, becomes owner, but no guest, whose id anybody could claim. Where nobody else
/// is there the owner stays who it was.
fn pass_ownership(tx: &Tx<'_>, conversation: &ConversationRow) -> Written<()> {
    let heir: Option<i64> = tx
        .conn
        .prepare_cached(
            "SELECT m.user_pk FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1 AND u.kind = 'registered'
             ORDER BY u.service, m.role = 'admin' DESC, m.joined_sequence, m.user_pk LIMIT 1",
        )?
        .query_row([conversation.pk], |row| row.get(0))
        .optional()?;
    let Some(heir) = heir else { return Ok(()) };
    tx.conn
        .prepare_cached("UPDATE member SET role = 'owner' WHERE conversation_pk = ?1 AND user_pk = ?2")?
        .execute([conversation.pk, heir])?;
    tx.conn
        .prepare_cached("UPDATE conversation SET owner_pk = ?2, owner_secret_pk = NULL WHERE pk = ?1")?
        .execute([conversation.pk, heir])?;
    Ok(())
}

/// Guests' memberships, and their rooms, that end in one turn: others write in between.
const SWEPT_AT_ONCE: usize = 200;

/// Ends some older memberships of guests who are not present, and deletes some guests' rooms that are empty for too
/// long. Says whether there is more.
pub(super) fn sweep(tx: &mut Tx<'_>, present: &HashSet<UserId>, joined_before: Timestamp) -> Written<bool> {
    let seats: Vec<(i64, UserRow)> = tx
        .conn
        .prepare_cached(&format!(
            "SELECT m.conversation_pk, {USER} FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE u.kind = 'guest' AND m.joined_at < ?1 ORDER BY m.conversation_pk, m.user_pk"
        ))?
        .query_map([joined_before.0], |row| Ok((row.get(0)?, rows::user_at(row, 1)?)))?
        .filter(|row| row.as_ref().map_or(true, |(_, user)| !present.contains(&user.user.id)))
        .take(SWEPT_AT_ONCE)
        .collect::<Result<_, _>>()?;
    for (conversation, user) in &seats {
        let conversation = rows::conversation_by_pk(tx.conn, *conversation)?;
        depart(tx, None, &conversation, user, Departure::GuestGone)?;
    }
    let before = tx.now.0 - (GUEST_ROOM_EMPTY_SECONDS_MAX as i64) * 1_000;
    let empty: Vec<i64> = tx
        .conn
        .prepare_cached("SELECT pk FROM conversation WHERE empty_since < ?1 AND deleted_at IS NULL LIMIT ?2")?
        .query_map([before, SWEPT_AT_ONCE as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for pk in &empty {
        let conversation = rows::conversation_by_pk(tx.conn, *pk)?;
        conversations::erase(tx, None, &conversation)?;
    }
    Ok(seats.len() == SWEPT_AT_ONCE || empty.len() == SWEPT_AT_ONCE)
}
