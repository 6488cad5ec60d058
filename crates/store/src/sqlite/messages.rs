//! Sending, editing, deleting and reading messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::limits::READ_AUDIENCE_MEMBERS_MAX;
use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    ConnectionId, ConversationId, DELETED_CONTENT, Event, Message, MessageId, NewText, Refusal, Target, UserId,
    is_blank,
};
use rusqlite::{OptionalExtension, params};

use super::ledger::Cost;
use super::rows::{self, ConversationRow, MESSAGE, MESSAGE_COLUMNS, USER, UserRow};
use super::tx::{About, Tx, Written};
use super::writer::Scope;
use super::{conversations, files, queries};
use crate::{Actor, SendMessage, Sent, StoreError};

/// Messages of somebody who is erased that are deleted in one turn: others write in between.
const ERASED_AT_ONCE: usize = 200;

struct MessageRow {
    pk: i64,
    conversation: ConversationRow,
    message: Message,
    sender_pk: i64,
    /// The connection through which a guest wrote it.
    guest_origin: Option<ConnectionId>,
    /// The secret that the guest who wrote it had.
    guest_secret: Option<i64>,
}

impl MessageRow {
    /// Whether the user wrote it. Of a guest's messages, only those of the same connection, or of the same secret, are
    /// its own: anybody can claim its id.
    fn is_by(&self, user: &UserRow, actor: &Actor) -> bool {
        let same_connection = self.guest_origin.is_some() && self.guest_origin == actor.origin;
        let same_secret = self.guest_secret.is_some() && self.guest_secret == user.secret;
        self.sender_pk == user.pk && (!user.user.is_guest() || same_connection || same_secret)
    }
}

/// What a send may write. A file may be refused after the message was written, and the first message of two people
/// makes their conversation.
pub(super) fn scope(send: &SendMessage) -> Scope {
    match (&send.text.target, &send.text.file) {
        (Target::Direct(_), _) => Scope::All,
        (Target::Conversation(_), Some(_)) => Scope::Messages,
        (Target::Conversation(_), None) => Scope::Checked,
    }
}

pub(super) fn send(tx: &mut Tx<'_>, send: SendMessage) -> Written<Sent> {
    let SendMessage { actor, text } = send;
    let sender = tx.actor(&actor)?;
    let conversation = match &text.target {
        Target::Conversation(id) => tx.conversation(id)?,
        Target::Direct(recipient) => conversations::direct(tx, &actor, &sender, recipient)?.0,
    };
    tx.check(Action::Use, &conversation, &sender, true)?;
    if let Some(first) = first_answer(tx, &conversation, &sender, &text)? {
        return Ok(Sent { message: first, repeated: true });
    }

    let sequence = conversation.sequence + 1;
    let id = MessageId::trusted(&tx.new_id());
    tx.conn
        .prepare_cached(
            "INSERT INTO message (id, conversation_pk, sequence, sender_pk, kind, content, file_url, file_name,
                 client_message_id, created_at, guest_origin, guest_secret_pk)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id.as_str(),
            conversation.pk,
            sequence as i64,
            sender.pk,
            text.kind.as_str(),
            text.content,
            text.file.as_ref().map(|file| &file.url),
            text.file.as_ref().and_then(|file| file.name.as_ref()),
            text.client_message_id.as_ref().map(quintet_domain::ClientMessageId::as_str),
            tx.now.0,
            actor.origin.filter(|_| sender.user.is_guest()).map(|origin| origin.0 as i64),
            sender.secret
        ])?;
    let pk = tx.conn.last_insert_rowid();
    if let Some(file) = &text.file {
        files::carry(tx, &file.url, pk)?;
    }
    tx.conn
        .prepare_cached("UPDATE conversation SET sequence = ?2, updated_at = ?3, last_message_pk = ?4 WHERE pk = ?1")?
        .execute(params![conversation.pk, sequence as i64, tx.now.0, pk])?;
    tx.conversation_changed(conversation.pk, |row, now| {
        row.sequence = sequence;
        row.updated_at = now;
        row.last_message_pk = Some(pk);
    });
    let message = Arc::new(Message {
        id,
        conversation: Arc::clone(&conversation.conversation),
        sequence,
        sender: sender.user,
        kind: text.kind,
        content: text.content,
        file: text.file,
        client_message_id: text.client_message_id,
        created_at: tx.now,
        edited_at: None,
        deleted_at: None,
        readers: Vec::new(),
    });
    let about = About {
        conversation: Some(conversation.pk),
        sequence: Some(sequence),
        actor: Some(sender.pk),
        message: Some(pk),
        detail: None,
        hearers: conversation.member_count,
    };
    tx.charge(Cost::Rows, 1);
    charge_text(tx, &message);
    tx.record("message_created", about, Some(&actor), Event::MessageCreated(Arc::clone(&message)))?;
    Ok(Sent { message, repeated: false })
}

/// Charges for the text that a message has.
fn charge_text(tx: &Tx<'_>, message: &Message) {
    let file = message.file.as_ref().map_or(0, |file| file.url.len() + file.name.as_ref().map_or(0, String::len));
    tx.charge(Cost::Stored, (message.content.len() + file) as u64);
}

/// The message that an earlier send of the same client message id made.
fn first_answer(
    tx: &Tx<'_>,
    conversation: &ConversationRow,
    sender: &UserRow,
    text: &NewText,
) -> Written<Option<Arc<Message>>> {
    let Some(client_message_id) = &text.client_message_id else { return Ok(None) };
    let first = tx
        .conn
        .prepare_cached(&format!(
            "SELECT {MESSAGE} FROM message m
             WHERE m.conversation_pk = ?1 AND m.sender_pk = ?2 AND m.client_message_id = ?3"
        ))?
        .query_row(params![conversation.pk, sender.pk, client_message_id.as_str()], |row| {
            rows::message_at(row, 0, &conversation.conversation, Arc::clone(&sender.user))
        })
        .optional()?;
    let Some(first) = first else { return Ok(None) };
    let mut first = [first];
    queries::add_readers(tx.conn, conversation, &mut first)?;
    let [first] = first;
    // What was edited or deleted since is still the answer; only an untouched message can be compared.
    let touched = first.edited_at.is_some() || first.deleted_at.is_some();
    if !touched && (first.content != text.content || first.kind != text.kind || first.file != text.file) {
        return Err(Refusal::conflict(format!(
            "`clientMessageId` {client_message_id} was used for another message of yours in this conversation."
        ))
        .into());
    }
    Ok(Some(Arc::new(first)))
}

fn find(tx: &Tx<'_>, id: &MessageId) -> Written<Option<MessageRow>> {
    let found = tx
        .conn
        .prepare_cached("SELECT pk, conversation_pk, guest_origin, guest_secret_pk FROM message WHERE id = ?1")?
        .query_row([id.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((pk, conversation_pk, origin, guest_secret)) = found else { return Ok(None) };
    let conversation = rows::conversation_by_pk(tx.conn, conversation_pk)?;
    let (sender, message) = tx
        .conn
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {USER} FROM message m JOIN user u ON u.pk = m.sender_pk WHERE m.pk = ?1"
        ))?
        .query_row([pk], |row| {
            let sender = rows::user_at(row, MESSAGE_COLUMNS)?;
            let message = rows::message_at(row, 0, &conversation.conversation, Arc::clone(&sender.user))?;
            Ok((sender, message))
        })?;
    let guest_origin = origin.map(|origin| ConnectionId(origin as u64));
    Ok(Some(MessageRow { pk, conversation, message, sender_pk: sender.pk, guest_origin, guest_secret }))
}

/// A message that the actor can see, with leave to do `action` to it.
fn find_for(tx: &Tx<'_>, actor: &Actor, id: &MessageId, action: Action) -> Written<(UserRow, MessageRow)> {
    let user = tx.actor(actor)?;
    let unseen = || Refusal::not_found("message", id);
    let mut row = find(tx, id)?.ok_or_else(unseen)?;
    let member = tx.member(row.conversation.pk, user.pk)?;
    if !permissions::allows(Action::Use, rows::standing(&row.conversation, &user, member.as_ref(), false)) {
        return Err(unseen().into());
    }
    let author = row.is_by(&user, actor);
    let allowed = tx.check(action, &row.conversation, &user, author);
    if matches!(allowed, Err(StoreError::Refused(_))) && row.sender_pk == user.pk && !author {
        let why = "Unauthorized: a guest changes what it wrote on the same connection, or with its `guestSecret`.";
        return Err(Refusal::forbidden(why).into());
    }
    allowed?;
    queries::add_readers(tx.conn, &row.conversation, std::slice::from_mut(&mut row.message))?;
    Ok((user, row))
}

pub(super) fn edit(tx: &mut Tx<'_>, actor: &Actor, id: &MessageId, content: String) -> Written<Arc<Message>> {
    let (user, row) = find_for(tx, actor, id, Action::Edit)?;
    if row.message.deleted_at.is_some() {
        return Err(Refusal::conflict("A deleted message cannot be edited.").into());
    }
    if is_blank(&content) && row.message.file.is_none() {
        return Err(Refusal::invalid("content", "must not be blank").into());
    }
    tx.conn
        .prepare_cached("UPDATE message SET content = ?2, edited_at = ?3 WHERE pk = ?1")?
        .execute(params![row.pk, content, tx.now.0])?;
    let message = Arc::new(Message { content, edited_at: Some(tx.now), ..row.message });
    charge_text(tx, &message);
    changed(
        tx,
        Some(actor),
        &user,
        &row.conversation,
        row.pk,
        "message_edited",
        Event::MessageEdited(Arc::clone(&message)),
    )?;
    Ok(message)
}

pub(super) fn delete(tx: &mut Tx<'_>, actor: &Actor, id: &MessageId) -> Written<Arc<Message>> {
    let (user, row) = find_for(tx, actor, id, Action::DeleteMessage)?;
    if row.message.deleted_at.is_some() {
        return Ok(Arc::new(row.message));
    }
    erase(tx, Some(actor), &user, row)
}

/// The content goes, the number stays.
fn erase(tx: &mut Tx<'_>, actor: Option<&Actor>, user: &UserRow, row: MessageRow) -> Written<Arc<Message>> {
    tx.conn
        .prepare_cached(
            "UPDATE message SET content = ?2, file_url = NULL, file_name = NULL, deleted_at = ?3 WHERE pk = ?1",
        )?
        .execute(params![row.pk, DELETED_CONTENT, tx.now.0])?;
    let message =
        Arc::new(Message { content: DELETED_CONTENT.to_owned(), file: None, deleted_at: Some(tx.now), ..row.message });
    let event = Event::MessageDeleted(Arc::clone(&message));
    changed(tx, actor, user, &row.conversation, row.pk, "message_deleted", event)?;
    Ok(message)
}

fn changed(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    user: &UserRow,
    conversation: &ConversationRow,
    message: i64,
    kind: &str,
    event: Event,
) -> Written<()> {
    let about = About {
        conversation: Some(conversation.pk),
        sequence: Some(tx.next_sequence(conversation.pk)?),
        actor: Some(user.pk),
        message: Some(message),
        detail: None,
        hearers: conversation.member_count,
    };
    tx.record(kind, about, actor, event)
}

/// Deletes some of what a user wrote behind a mark, wherever it is still a member or not, as if it had done so itself.
/// Gives where to go on, if there is more.
pub(super) fn delete_some_of(tx: &mut Tx<'_>, user: &UserRow, from: i64) -> Written<Option<i64>> {
    let those: Vec<(i64, String)> = tx
        .conn
        .prepare_cached("SELECT pk, id FROM message WHERE sender_pk = ?1 AND pk > ?2 ORDER BY pk LIMIT ?3")?
        .query_map(params![user.pk, from, ERASED_AT_ONCE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (pk, id) in &those {
        if let Some(row) = find(tx, &MessageId::trusted(id))?
            && row.message.deleted_at.is_none()
        {
            erase(tx, None, user, row)?;
        }
        // What the sender called it is gone as well.
        tx.conn.prepare_cached("UPDATE message SET client_message_id = NULL WHERE pk = ?1")?.execute([pk])?;
    }
    Ok(those.last().filter(|_| those.len() == ERASED_AT_ONCE).map(|(pk, _)| *pk))
}

pub(super) fn mark_read(
    tx: &mut Tx<'_>,
    actor: &Actor,
    conversation: Option<ConversationId>,
    ids: &[MessageId],
) -> Written<()> {
    let user = tx.actor(actor)?;
    let place = conversation.map(|id| tx.conversation(&id)).transpose()?;
    if let Some(place) = &place {
        tx.check(Action::Use, place, &user, false)?;
    }
    // The newest of each conversation; where the dialect names one, all are in it.
    let mut newest: BTreeMap<i64, u64> = BTreeMap::new();
    for id in ids {
        let unseen = || Refusal::not_found("message", id);
        let found = tx
            .conn
            .prepare_cached("SELECT conversation_pk, sequence FROM message WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        let (pk, sequence) = found.ok_or_else(unseen)?;
        // Who is not there learns nothing.
        if place.as_ref().is_some_and(|place| place.pk != pk) || tx.member(pk, user.pk)?.is_none() {
            return Err(unseen().into());
        }
        let newest = newest.entry(pk).or_default();
        *newest = (*newest).max(sequence as u64);
    }
    for (pk, newest) in newest {
        let place = rows::conversation_by_pk(tx.conn, pk)?;
        move_cursor(tx, actor, &user, &place, newest)?;
    }
    Ok(())
}

/// Moves the cursor forward, and tells which messages of others became read by it.
fn move_cursor(tx: &mut Tx<'_>, actor: &Actor, user: &UserRow, place: &ConversationRow, newest: u64) -> Written<()> {
    let Some(member) = tx.check(Action::Use, place, user, false)? else {
        return Err(Refusal::not_found("conversation", &place.conversation.id).into());
    };
    if newest <= member.read_sequence {
        return Ok(());
    }
    tx.conn
        .prepare_cached(
            "UPDATE member SET read_sequence = ?3, read_at = ?4 WHERE conversation_pk = ?1 AND user_pk = ?2",
        )?
        .execute(params![place.pk, user.pk, newest as i64, tx.now.0])?;
    tx.cursor_moved(place.pk, user.pk);
    let read = queries::passed(tx.conn, place.pk, member.read_sequence as i64, newest as i64, user.pk)?;
    if read.is_empty() {
        return Ok(());
    }
    let audience = if place.member_count > READ_AUDIENCE_MEMBERS_MAX {
        let mut authors: Vec<i64> = read.iter().map(|(_, sender)| *sender).chain([user.pk]).collect();
        authors.sort_unstable();
        authors.dedup();
        let mut ids: Vec<UserId> = Vec::new();
        for pk in authors {
            // Who has left hears nothing of it.
            if tx.member(place.pk, pk)?.is_some() {
                ids.push(rows::user_by_pk(tx.conn, pk)?.user.id.clone());
            }
        }
        Some(ids)
    } else {
        None
    };
    let told = if audience.is_some() { "some" } else { "all" };
    let detail = format!("{} {newest} {told}", member.read_sequence);
    let (detail, hearers) = (Some(detail.as_str()), place.member_count);
    let about = About { conversation: Some(place.pk), actor: Some(user.pk), detail, hearers, ..About::default() };
    let event = Event::MessagesRead {
        conversation: Arc::clone(&place.conversation),
        reader: Arc::clone(&user.user),
        messages: read.into_iter().map(|(id, _)| id).collect(),
        audience,
    };
    tx.record("messages_read", about, Some(actor), event)
}
