//! Making, changing and deleting conversations.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{OWNED_MAX, TOLD_EACH_MAX};
use quintet_domain::permissions::Action;
use quintet_domain::{ConversationId, ConversationKind, ConversationRef, Event, Refusal, Role, UserId};
use rusqlite::{OptionalExtension, params};

use super::guests;
use super::ledger::Cost;
use super::members::{self, actor_with_profile};
use super::reach;
use super::rows::{self, CONVERSATION, ConversationRow, UserRow};
use super::tx::{About, Tx, Written};
use crate::{Actor, ConversationChange, Created, NewConversation};

/// The conversation of two, and whether it is new.
pub(super) fn direct(
    tx: &mut Tx<'_>,
    actor: &Actor,
    user: &UserRow,
    other: &UserId,
) -> Written<(ConversationRow, bool)> {
    if user.user.is_guest() {
        return Err(Refusal::unauthenticated("direct messages need an account").into());
    }
    if *other == user.user.id {
        return Err(Refusal::invalid("recipientId", "must be another user").into());
    }
    let other = tx.registered(other)?;
    let (first, second) = (user.pk.min(other.pk), user.pk.max(other.pk));
    let found = tx
        .conn
        .prepare_cached(&format!(
            "SELECT {CONVERSATION} FROM conversation c WHERE c.first_pk = ?1 AND c.second_pk = ?2"
        ))?
        .query_row([first, second], |row| rows::conversation_at(row, 0))
        .optional()?;
    if let Some(found) = found {
        return Ok((found, false));
    }
    reach::begin_direct(tx, user, &other)?;
    let pk = insert(tx, ConversationKind::Direct, None, false, None, Some((first, second)))?;
    for member in [first, second] {
        members::insert_row(tx, pk, member, Role::Member, 0)?;
    }
    let conversation = rows::conversation_by_pk(tx.conn, pk)?;
    told_created(tx, actor, user, &conversation, vec![user.user.id.clone(), other.user.id.clone()])?;
    Ok((conversation, true))
}

/// The row alone.
pub(super) fn insert(
    tx: &Tx<'_>,
    kind: ConversationKind,
    name: Option<&str>,
    open: bool,
    owner: Option<i64>,
    pair: Option<(i64, i64)>,
) -> Written<i64> {
    tx.conn
        .prepare_cached(
            "INSERT INTO conversation (id, kind, name, open, owner_pk, first_pk, second_pk, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        )?
        .execute(params![
            tx.new_id(),
            kind.as_str(),
            name,
            open,
            owner,
            pair.map(|pair| pair.0),
            pair.map(|pair| pair.1),
            tx.now.0
        ])?;
    Ok(tx.conn.last_insert_rowid())
}

pub(super) fn told_created(
    tx: &mut Tx<'_>,
    actor: &Actor,
    user: &UserRow,
    conversation: &ConversationRow,
    members: Vec<UserId>,
) -> Written<()> {
    let about = About { conversation: Some(conversation.pk), actor: Some(user.pk), ..About::default() };
    let event = Event::ConversationCreated { conversation: Arc::clone(&conversation.conversation), members };
    tx.record("conversation_created", about, Some(actor), event)
}

pub(super) fn create(tx: &mut Tx<'_>, actor: &Actor, new: NewConversation) -> Written<Created> {
    if actor.guest && new.kind != ConversationKind::Room {
        return Err(Refusal::unauthenticated("guests make rooms only").into());
    }
    let mut maker = actor_with_profile(tx, actor, &new.profile)?;
    if maker.user.is_guest() {
        maker = guests::with_secret(tx, maker, actor)?;
    }
    let user = match &new.owner {
        None => maker.clone(),
        // What two say to each other is theirs alone: nobody opens it, or looks into it, for them.
        Some(_) if new.kind == ConversationKind::Direct => {
            return Err(Refusal::invalid("ownerId", "cannot be given for a direct conversation").into());
        }
        Some(owner) if maker.user.is_service() => tx.person(owner)?,
        Some(_) => return Err(Refusal::forbidden("Only a service names another as the owner.").into()),
    };
    if new.kind == ConversationKind::Direct {
        let [other] = &new.members[..] else {
            return Err(Refusal::invalid("memberIds", "must name exactly one other user").into());
        };
        let (conversation, new) = direct(tx, actor, &user, other)?;
        return Ok(Created { conversation: conversation.conversation, created_at: conversation.created_at, new });
    }
    if new.kind == ConversationKind::Meetup {
        return Err(Refusal::invalid("kind", "must be `direct`, `group` or `room`").into());
    }
    if new.kind == ConversationKind::Room && !new.members.is_empty() {
        return Err(Refusal::invalid("memberIds", "cannot be given for a room: everybody joins for itself").into());
    }
    let open = new.open || new.kind == ConversationKind::Room;
    may_own_another(tx, &user, new.kind)?;
    let pk = insert(tx, new.kind, new.name.as_deref(), open, Some(user.pk), None)?;
    if let Some(description) = &new.description {
        let mut describe = tx.conn.prepare_cached("UPDATE conversation SET description = ?2 WHERE pk = ?1")?;
        describe.execute(params![pk, description])?;
        tx.charge(Cost::Stored, description.len() as u64);
    }
    if let Some(secret) = user.secret {
        tx.conn.prepare_cached("UPDATE conversation SET owner_secret_pk = ?2 WHERE pk = ?1")?.execute([pk, secret])?;
    }
    let mut at_birth = Vec::new();
    if new.join {
        members::insert_row(tx, pk, user.pk, Role::Owner, 0)?;
        at_birth.push(user.user.id.clone());
    } else if user.user.is_guest() {
        tx.conn
            .prepare_cached("UPDATE conversation SET empty_since = ?2, made_by_guest = 1 WHERE pk = ?1")?
            .execute([pk, tx.now.0])?;
    }
    let mut added = Vec::new();
    for id in &new.members {
        added.push(tx.registered(id)?);
    }
    let others: BTreeSet<i64> = added.iter().map(|member| member.pk).filter(|pk| *pk != user.pk).collect();
    reach::add_people(tx, &maker, others.len())?;
    // Each told of each other's coming: of very many that would be the square. They hear of it by its first word.
    if added.len() > TOLD_EACH_MAX {
        for member in added.drain(..) {
            if tx.member(pk, member.pk)?.is_none() {
                members::insert_row(tx, pk, member.pk, Role::Member, 0)?;
                at_birth.push(member.user.id.clone());
            }
        }
    }
    let conversation = rows::conversation_by_pk(tx.conn, pk)?;
    told_created(tx, actor, &user, &conversation, at_birth)?;
    for member in added {
        if tx.member(pk, member.pk)?.is_none() {
            members::insert(tx, Some(actor), &conversation, &member, Role::Member)?;
        }
    }
    Ok(Created { conversation: conversation.conversation, created_at: conversation.created_at, new: true })
}

/// Refuses a group or room too many of one owner, and rooms that come too fast.
fn may_own_another(tx: &Tx<'_>, owner: &UserRow, kind: ConversationKind) -> Written<()> {
    if owner.user.is_service() {
        return Ok(());
    }
    if kind == ConversationKind::Room {
        tx.afford(&[Cost::Rooms])?;
        tx.charge(Cost::Rooms, 1);
    }
    let owned: i64 = tx
        .conn
        .prepare_cached("SELECT count(*) FROM conversation WHERE owner_pk = ?1 AND deleted_at IS NULL")?
        .query_row([owner.pk], |row| row.get(0))?;
    if owned >= OWNED_MAX {
        return Err(Refusal::conflict(format!("A user owns at most {OWNED_MAX} groups and rooms.")).into());
    }
    Ok(())
}

pub(super) fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &ConversationId,
    change: ConversationChange,
) -> Written<Arc<ConversationRef>> {
    let user = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    tx.check(Action::Change, &conversation, &user, false)?;
    if change.open.is_some_and(|open| open != conversation.open)
        && conversation.conversation.kind != ConversationKind::Group
    {
        return Err(Refusal::conflict("Only a group can be opened or closed; rooms are always open.").into());
    }
    tx.conn
        .prepare_cached("UPDATE conversation SET name = coalesce(?2, name), open = coalesce(?3, open) WHERE pk = ?1")?
        .execute(params![conversation.pk, change.name, change.open])?;
    let conversation = rows::conversation_by_pk(tx.conn, conversation.pk)?;
    tx.place_changed(&conversation, Some(actor))?;
    Ok(conversation.conversation)
}

/// Deletes for all, or hides a direct conversation from the one who asked.
pub(super) fn delete(tx: &mut Tx<'_>, actor: &Actor, id: &ConversationId) -> Written<Arc<ConversationRef>> {
    let user = tx.actor(actor)?;
    let conversation = tx.conversation(id)?;
    if conversation.conversation.kind == ConversationKind::Direct {
        tx.check(Action::Use, &conversation, &user, false)?;
        tx.conn
            .prepare_cached("UPDATE member SET hidden_sequence = ?3 WHERE conversation_pk = ?1 AND user_pk = ?2")?
            .execute(params![conversation.pk, user.pk, conversation.sequence as i64])?;
        return Ok(conversation.conversation);
    }
    tx.check(Action::Delete, &conversation, &user, false)?;
    erase(tx, Some(actor), &conversation)?;
    Ok(conversation.conversation)
}

/// Ends a conversation and all its memberships.
pub(super) fn erase(tx: &mut Tx<'_>, actor: Option<&Actor>, conversation: &ConversationRow) -> Written<()> {
    let sequence = tx.next_sequence(conversation.pk)?;
    tx.conn
        .prepare_cached("UPDATE conversation SET deleted_at = ?2, member_count = 0, empty_since = NULL WHERE pk = ?1")?
        .execute([conversation.pk, tx.now.0])?;
    let hearers = conversation.member_count;
    let about = About { conversation: Some(conversation.pk), sequence: Some(sequence), hearers, ..About::default() };
    let event = Event::ConversationDeleted { conversation: Arc::clone(&conversation.conversation) };
    tx.record("conversation_deleted", about, actor, event)?;
    tx.conn
        .prepare_cached(
            "INSERT INTO departed (user_pk, position, conversation_pk)
             SELECT user_pk, ?2, ?1 FROM member WHERE conversation_pk = ?1",
        )?
        .execute([conversation.pk, tx.position as i64])?;
    tx.charge(Cost::Rows, u64::from(hearers));
    tx.conn.prepare_cached("DELETE FROM member WHERE conversation_pk = ?1")?.execute([conversation.pk])?;
    Ok(())
}
