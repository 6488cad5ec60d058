//! Rules that send, edit, delete and read messages.
//!
//! What must stay true: a message keeps its sequence number when its content is deleted; a read cursor never moves
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::limits::{READ_AUDIENCE_MEMBERS_MAX, READ_IDS_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    Act, Actor, ConversationId, DeleteMessage, EditMessage, MarkRead, Message, MessageId, NewText, Reading, Refusal,
    Screening, SendMessage, SendRewritten, Sent, Target, UserId, is_blank,
};

use crate::given_digest::GivenDigest;
use crate::ledger::Cost;
use crate::log::{Change, ReadSpan};
use crate::message_details::add_details;
use crate::message_views::{add_readers, complete};
use crate::ownership::standing;
use crate::rows::{
    AuditRow, ConversationHead, ConversationRow, ErasureProgress, MemberRow, MessageRow, ScanLimits, UserRow,
};
use crate::screening::{self, Screened};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{
    ConversationKey, MessageKey, RuleError, RuleResult, UserKey, acceptance, audit, conversations, files,
    message_content, new_details, reports, restrictions, settings, threads,
};

/// The most that one write does for the erasure of a person's messages; other writes run in between.
const ERASED_AT_ONCE: ScanLimits = ScanLimits { found_max: 200, examined_max: 2_000 };

/// A message that is looked up to be changed.
struct Found {
    row: MessageRow,
    conversation: ConversationRow,
    message: Message,
}

impl Found {
    /// Whether the user wrote the message. Since anybody can claim a guest's id, a guest's messages are only those of
    /// the same connection or the same secret.
    fn is_by(&self, user: &ActingUser, actor: &Actor) -> bool {
        let same_connection = self.row.origin.is_some() && self.row.origin == actor.origin;
        let same_secret = self.row.guest_secret.is_some() && self.row.guest_secret == user.secret;
        self.row.sender == user.key && (!user.user.is_guest() || same_connection || same_secret)
    }
}

pub(crate) fn send(tx: &mut Transaction<'_>, write: SendMessage) -> RuleResult<Sent> {
    send_as(tx, &write.actor, write.text, None, write.screening)
}

pub(crate) fn send_rewritten(tx: &mut Transaction<'_>, write: SendRewritten) -> RuleResult<Sent> {
    send_as(tx, &write.actor, write.text, Some(&write.given), write.screening)
}

/// Sends a message. `given` is what the client sent, if that is something else.
fn send_as(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    text: NewText,
    given: Option<&NewText>,
    screening: Option<Box<Screening>>,
) -> RuleResult<Sent> {
    let sender = tx.actor(actor)?;
    let mut conversation = match &text.target {
        Target::Conversation(id) => tx.conversation(id)?,
        Target::Direct(recipient) => conversations::direct(tx, actor, &sender, recipient)?.0,
    };
    let member = tx.check(Action::Send, &conversation, &sender, true)?;
    if let Some(first) = first_result(tx, &conversation, &sender, given.unwrap_or(&text))? {
        return Ok(Sent { message: first, repeated: true });
    }
    restrictions::may_write(tx, &conversation, &sender, member.as_ref())?;
    let slow = restrictions::may_send_now(tx, &conversation, &sender, member.as_ref())?;
    let Screened { masked, flagged } = screening::apply(&sender.user, screening)?;
    // Only a message with an id of its client can be repeated.
    let is_changed = given.is_some() || masked.is_some();
    let given = (is_changed && text.client_message_id.is_some()).then(|| GivenDigest::of(given.unwrap_or(&text)));
    let text = NewText { content: masked.unwrap_or(text.content), ..text };
    // Before the first row is written, so that refusing the file needs no savepoint.
    let file = text.file.as_ref().map(|file| files::row_of_link(tx, "fileUrl", &file.url)).transpose()?.flatten();
    let mut resolved = new_details::resolve(tx, (&conversation, &sender), &text, file.as_ref())?;
    if given.is_some() {
        resolved.extra.get_or_insert_default().given = given;
    }
    acceptance::before_message(tx, &sender, &mut conversation)?;
    conversations::show_again(tx, &conversation)?;

    let row = MessageRow {
        key: tx.next_message_key(),
        id: MessageId::trusted(&tx.new_id()),
        conversation: conversation.key,
        sequence: conversation.head.sequence + 1,
        sender: sender.key,
        kind: text.kind,
        content: text.content,
        file: text.file,
        client_message_id: text.client_message_id,
        created_at: tx.now,
        edited_at: None,
        deleted_at: None,
        origin: actor.origin,
        acked: actor.acked,
        guest_secret: sender.secret,
        marks: resolved.marks(),
        extra: resolved.extra,
    };
    tx.messages().insert_message(&row)?;
    tx.note_author(sender.key, conversation.key)?;
    if slow {
        let now = tx.now;
        tx.moderation().note_slow_send(sender.key, conversation.key, now)?;
    }
    if let Some(file) = file {
        tx.files().carry_file(file.key, row.key)?;
    }
    for file in resolved.carried {
        tx.files().carry_file(file, row.key)?;
    }
    if let Some(root) = resolved.root {
        threads::add(tx, root, &row)?;
    }
    let head = ConversationHead {
        sequence: row.sequence,
        last_message: Some(row.key),
        updated_at: tx.now,
        ..conversation.head
    };
    tx.update_head(&mut conversation, head)?;
    let message = Arc::new(complete(tx, &row, &conversation, &sender.user)?);
    tx.charge(Cost::Rows, 1);
    charge_text(tx, &message);
    let change = Change::MessageCreated { message: Arc::clone(&message) };
    tx.record(&change, About::numbered(&conversation, row.sequence), Some(actor))?;
    if let Some(reason) = &flagged {
        reports::flag(tx, &row, &conversation, reason)?;
    }
    Ok(Sent { message, repeated: false })
}

/// Charges for the text of a message.
fn charge_text(tx: &mut Transaction<'_>, message: &Message) {
    let file = message.file.as_ref().map_or(0, |file| file.url.len() + file.name.as_ref().map_or(0, String::len));
    let details = message.details.as_ref().map_or(0, |details| details.size_bytes());
    tx.charge(Cost::Stored, (message.content.len() + file + details) as u64);
}

/// The message that an earlier send with the same client message id created. `text` is what the client sent.
fn first_result(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    sender: &UserRow,
    text: &NewText,
) -> RuleResult<Option<Arc<Message>>> {
    let Some(client_message_id) = &text.client_message_id else { return Ok(None) };
    let found = tx.messages().message_by_client_id(conversation.key, sender.key, client_message_id)?;
    let Some(row) = found else { return Ok(None) };
    let mut first = complete(tx, &row, conversation, &sender.user)?;
    add_readers(tx.member_lists(), conversation.key, std::slice::from_mut(&mut first))?;
    // A message that was edited or deleted since is still the result; only an unchanged one can be compared.
    let touched = first.edited_at.is_some() || first.deleted_at.is_some();
    let same = match row.extra.as_ref().and_then(|extra| extra.given) {
        // What is stored is not what the client sent.
        Some(given) => given == GivenDigest::of(text),
        None => {
            first.content == text.content
                && first.kind == text.kind
                && first.file == text.file
                && new_details::is_same(&first, &row, text.details.as_deref())
        }
    };
    if !touched && !same {
        return Err(Refusal::conflict(format!(
            "`clientMessageId` {client_message_id} was used for another message of yours in this conversation."
        ))
        .into());
    }
    Ok(Some(Arc::new(first)))
}

fn with_conversation(tx: &mut Transaction<'_>, row: MessageRow) -> RuleResult<Found> {
    let conversation = tx.conversation_by_key(row.conversation)?;
    let sender = tx.user_by_key(row.sender)?;
    let message = complete(tx, &row, &conversation, &sender.user)?;
    Ok(Found { row, conversation, message })
}

/// A message that the actor can see and may perform `action` on.
fn find_for(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: &MessageId,
    action: Action,
) -> RuleResult<(ActingUser, Found)> {
    let user = tx.actor(actor)?;
    let unseen = || Refusal::not_found("message", id);
    let row = tx.messages().message(id)?.ok_or_else(unseen)?;
    let mut found = with_conversation(tx, row)?;
    let member = tx.member(found.conversation.key, user.key)?;
    if !permissions::allows(Action::Use, standing(&found.conversation, &user, member.as_ref(), false)) {
        return Err(unseen().into());
    }
    let author = found.is_by(&user, actor);
    let allowed = tx.check(action, &found.conversation, &user, author);
    if matches!(allowed, Err(RuleError::Refused(_))) && found.row.sender == user.key && !author {
        let why = "Unauthorized: a guest changes what it wrote on the same connection, or with its `guestSecret`.";
        return Err(Refusal::forbidden(why).into());
    }
    allowed?;
    add_readers(tx.member_lists(), found.conversation.key, std::slice::from_mut(&mut found.message))?;
    Ok((user, found))
}

/// A message that the actor may edit as it is now.
pub(crate) fn editable(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: &MessageId,
) -> RuleResult<(ActingUser, Arc<Message>)> {
    let (user, found) = find_for(tx, actor, id, Action::Edit)?;
    restrictions::member_may_write(tx, &found.conversation, &user)?;
    Ok((user, Arc::new(found.message)))
}

pub(crate) fn edit(tx: &mut Transaction<'_>, write: EditMessage) -> RuleResult<Arc<Message>> {
    let EditMessage { actor, message: id, content, details, screening } = write;
    let (user, found) = find_for(tx, &actor, &id, Action::Edit)?;
    restrictions::member_may_write(tx, &found.conversation, &user)?;
    if found.row.deleted_at.is_some() {
        return Err(Refusal::conflict("A deleted message cannot be edited.").into());
    }
    let Screened { masked, flagged } = screening::apply(&user.user, screening)?;
    // A message that was edited is compared with no send that is repeated, so that no digest is needed.
    let content = masked.unwrap_or(content);
    if is_blank(&content) && found.row.file.is_none() {
        return Err(Refusal::invalid("content", "must not be blank").into());
    }
    let extra = match &details {
        Some(details) => new_details::edited(tx, (&found.conversation, &user), &found.row, details)?,
        None => found.row.extra.clone(),
    };
    let Found { row, mut conversation, mut message } = found;
    let row = MessageRow { content, edited_at: Some(tx.now), extra, ..row };
    tx.messages().update_message(&row)?;
    if details.is_some() {
        message.details = None;
        add_details(tx.details(), std::slice::from_ref(&row), std::slice::from_mut(&mut message))?;
    }
    let message = Arc::new(Message { content: row.content, edited_at: row.edited_at, ..message });
    charge_text(tx, &message);
    let sequence = tx.next_sequence(&mut conversation)?;
    let change = Change::MessageEdited { key: row.key, by: user.key, message: Arc::clone(&message) };
    tx.record(&change, About::numbered(&conversation, sequence), Some(&actor))?;
    if let Some(reason) = &flagged {
        let row = MessageRow { content: message.content.clone(), ..row };
        reports::flag(tx, &row, &conversation, reason)?;
    }
    Ok(message)
}

pub(crate) fn delete(tx: &mut Transaction<'_>, write: &DeleteMessage) -> RuleResult<Arc<Message>> {
    let (user, found) = find_for(tx, &write.actor, &write.message, Action::DeleteMessage)?;
    if found.row.deleted_at.is_some() {
        return Ok(Arc::new(found.message));
    }
    if found.row.sender != user.key {
        note_deletion(tx, user.key, &found.row, None)?;
    }
    erase(tx, Some(&write.actor), user.key, found)
}

/// Deletes a message because a moderator of the server decides so. One that is deleted stays as it is.
pub(crate) fn delete_reported(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    by: &ActingUser,
    (key, reason): (MessageKey, &Option<Arc<str>>),
) -> RuleResult<()> {
    let Some(row) = tx.messages().message_by_key(key)?.filter(|row| row.deleted_at.is_none()) else { return Ok(()) };
    let mut found = with_conversation(tx, row)?;
    add_readers(tx.member_lists(), found.conversation.key, std::slice::from_mut(&mut found.message))?;
    note_deletion(tx, by.key, &found.row, reason.clone())?;
    erase(tx, Some(actor), by.key, found)?;
    Ok(())
}

/// Notes that somebody deletes the message of another.
fn note_deletion(tx: &mut Transaction<'_>, by: UserKey, row: &MessageRow, reason: Option<Arc<str>>) -> RuleResult<()> {
    let noted = AuditRow {
        user: Some(row.sender),
        conversation: Some(row.conversation),
        reason,
        detail: Some(Arc::from(row.id.as_str())),
        ..audit::act(tx, Act::DeleteMessage, Some(by))
    };
    audit::note(tx, &noted)
}

/// Removes the content of a message; its sequence number stays.
fn erase(tx: &mut Transaction<'_>, actor: Option<&Actor>, by: UserKey, found: Found) -> RuleResult<Arc<Message>> {
    let Found { row, mut conversation, message } = found;
    let row = message_content::remove(tx, row)?;
    if let Some(root) = row.thread() {
        threads::remove(tx, root, 1)?;
    }
    let mut message = Message { file: None, deleted_at: row.deleted_at, details: None, ..message };
    add_details(tx.details(), std::slice::from_ref(&row), std::slice::from_mut(&mut message))?;
    let message = Arc::new(Message { content: row.content, ..message });
    let sequence = tx.next_sequence(&mut conversation)?;
    let change = Change::MessageDeleted { key: row.key, by, message: Arc::clone(&message) };
    tx.record(&change, About::numbered(&conversation, sequence), actor)?;
    Ok(message)
}

/// Deletes some of a user's messages, whether or not it is still a member, as if the user had deleted them itself.
/// Returns where to continue, if there may be more.
pub(crate) fn delete_some_of(
    tx: &mut Transaction<'_>,
    user: &ActingUser,
    progress: ErasureProgress,
) -> RuleResult<Option<ErasureProgress>> {
    let Some(conversation) = tx.messages().authored_conversation(user.key, progress.conversation)? else {
        return Ok(None);
    };
    let scan = tx.messages().messages_of_sender(conversation, user.key, progress.sequence, ERASED_AT_ONCE)?;
    for key in scan.found {
        let Some(row) = tx.messages().message_by_key(key)? else { continue };
        // The id that the sender's client gave it is removed too.
        let row = MessageRow { client_message_id: None, ..row };
        if row.deleted_at.is_none() {
            let found = with_conversation(tx, row)?;
            erase(tx, None, user.key, found)?;
        } else {
            tx.messages().update_message(&row)?;
        }
    }
    if let Some(sequence) = scan.continue_after {
        return Ok(Some(ErasureProgress { conversation, sequence }));
    }
    let next = tx.messages().authored_conversation(user.key, ConversationKey(conversation.0 + 1))?;
    Ok(next.map(|conversation| ErasureProgress { conversation, sequence: 0 }))
}

pub(crate) fn mark_read(tx: &mut Transaction<'_>, write: &MarkRead) -> RuleResult<()> {
    let user = tx.actor(&write.actor)?;
    for (conversation, newest) in newest_of(tx, &user, &write.reading)? {
        move_cursor(tx, &write.actor, &user, &conversation, newest)?;
    }
    Ok(())
}

/// The conversations that a user has read or received something in, each with the number of the newest message there.
pub(crate) fn newest_of(
    tx: &mut Transaction<'_>,
    user: &ActingUser,
    reading: &Reading,
) -> RuleResult<Vec<(ConversationRow, u64)>> {
    match reading {
        Reading::Messages { conversation, messages } => newest_of_messages(tx, user, conversation.as_ref(), messages),
        Reading::Everything(target) => Ok(newest_in(tx, user, target)?.into_iter().collect()),
    }
}

/// The newest message of a conversation; none if it does not exist yet.
fn newest_in(
    tx: &mut Transaction<'_>,
    user: &ActingUser,
    target: &Target,
) -> RuleResult<Option<(ConversationRow, u64)>> {
    let conversation = match target {
        Target::Conversation(id) => tx.conversation(id)?,
        Target::Direct(other) => match conversations::existing_direct(tx, user, other)? {
            Some(conversation) => conversation,
            // Nobody has written yet, so there is nothing to read.
            None => return Ok(None),
        },
    };
    tx.check(Action::Use, &conversation, user, false)?;
    let newest = match conversation.head.last_message {
        Some(key) => tx.messages().message_by_key(key)?.map_or(0, |row| row.sequence),
        None => 0,
    };
    Ok(Some((conversation, newest)))
}

/// The newest of some messages in each of their conversations.
fn newest_of_messages(
    tx: &mut Transaction<'_>,
    user: &ActingUser,
    conversation: Option<&ConversationId>,
    messages: &[MessageId],
) -> RuleResult<Vec<(ConversationRow, u64)>> {
    let named = conversation.map(|id| tx.conversation(id)).transpose()?;
    if let Some(conversation) = &named {
        tx.check(Action::Use, conversation, user, false)?;
    }
    // The newest message of each conversation. If the command names a conversation, all messages are in it.
    let mut newest: BTreeMap<ConversationKey, u64> = BTreeMap::new();
    for id in messages {
        let unseen = || Refusal::not_found("message", id);
        let row = tx.messages().message(id)?.ok_or_else(unseen)?;
        // A user who is not a member learns nothing.
        let elsewhere = named.as_ref().is_some_and(|conversation| conversation.key != row.conversation);
        if elsewhere || tx.member(row.conversation, user.key)?.is_none() {
            return Err(unseen().into());
        }
        let newest = newest.entry(row.conversation).or_default();
        *newest = (*newest).max(row.sequence);
    }
    newest.into_iter().map(|(key, newest)| Ok((tx.conversation_by_key(key)?, newest))).collect()
}

/// Moves the read cursor forward, and records which messages of others it passed.
fn move_cursor(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    user: &ActingUser,
    conversation: &ConversationRow,
    newest: u64,
) -> RuleResult<()> {
    let Some(member) = tx.check(Action::Use, conversation, user, false)? else {
        return Err(Refusal::not_found("conversation", &conversation.reference.id).into());
    };
    settings::end_mark(tx, actor, user, conversation)?;
    if newest <= member.read_sequence {
        return Ok(());
    }
    let Some(stored) = tx.member(conversation.key, user.key)? else { return Ok(()) };
    let moved = MemberRow { read_sequence: newest, read_at: Some(tx.now), ..stored };
    tx.move_cursor(conversation.key, user.key, &moved)?;
    let span = ReadSpan { from: member.read_sequence, to: newest };
    let passed = tx.messages().messages_passed(conversation.key, (span.from, span.to), user.key, READ_IDS_MAX)?;
    if passed.is_empty() {
        return Ok(());
    }
    let audience = match conversation.head.member_count > READ_AUDIENCE_MEMBERS_MAX {
        true => Some(concerned(tx, conversation.key, user.key, &passed)?),
        false => None,
    };
    let change = Change::MessagesRead {
        conversation: Arc::clone(&conversation.reference),
        reader: (user.key, Arc::clone(&user.user)),
        span,
        messages: passed.into_iter().map(|(id, _)| id).collect(),
        audience,
    };
    let about =
        About { conversation: Some(conversation.key), sequence: None, recipients: conversation.head.member_count };
    tx.record(&change, about, Some(actor))
}

/// The members of a large conversation who receive a read: the reader, and the senders who are still members.
fn concerned(
    tx: &mut Transaction<'_>,
    conversation: ConversationKey,
    reader: UserKey,
    passed: &[(MessageId, UserKey)],
) -> RuleResult<Vec<UserId>> {
    let mut keys: Vec<UserKey> = passed.iter().map(|(_, sender)| *sender).chain([reader]).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut ids = Vec::new();
    for key in keys {
        if tx.member(conversation, key)?.is_some() {
            ids.push(tx.user_by_key(key)?.user.id.clone());
        }
    }
    Ok(ids)
}
