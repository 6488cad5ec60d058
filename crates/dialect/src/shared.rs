//! What several dialects share: rows of the catalogue, decoders, and parts of payloads.
//!
//! What must stay true: nothing here depends on which dialect uses it.

use quintet_domain::{Command, FileLink, Message, Reader, Refusal, User, WriteCommand};
use serde_json::{Map, Value, json};

use crate::event_spec::{Decoded, EventSpec, Origin, from_client};
use crate::fields::Fields;
use crate::payload::{Payload, Type, optional, required};

/// The payload of the `error` event.
pub(crate) const ERROR_FIELDS: Payload =
    Payload::Object(&[required("code", Type::Text), required("message", Type::Text), optional("event", Type::Text)]);

const TOKEN: Payload = Payload::Object(&[required("token", Type::Text)]);

/// The event by which a client sends a new token.
pub(crate) const fn authenticate(origin: Origin) -> EventSpec {
    from_client("authenticate", origin, TOKEN, |fields| {
        Ok(Decoded::new(Command::Authenticate { token: fields.text("token").to_owned() }))
    })
}

/// Decodes an edit of the message `messageId`, whose new text is in the field `content`.
pub(crate) fn edit(fields: &Fields, content: &str) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Edit { message: fields.message("messageId"), content: fields.edited(content)? }))
}

/// Decodes a deletion of the message `messageId`.
pub(crate) fn delete(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Delete { message: fields.message("messageId") }))
}

/// Decodes a read receipt for `messageIds` in the conversation that the field `conversation` names.
pub(crate) fn read(fields: &Fields, conversation: &str) -> Result<Decoded, Refusal> {
    let conversation = Some(fields.conversation(conversation));
    Ok(Decoded::new(WriteCommand::Read { conversation, messages: fields.messages("messageIds")? }))
}

/// The acknowledgement of a refused event, without its code and message, in the dialects that use `success`.
pub(crate) fn unsuccessful() -> Value {
    json!({ "success": false })
}

/// Adds the fields that Quintet adds to the messages of every dialect.
pub(crate) fn extras(target: &mut Value, message: &Message) {
    if let Some(FileLink { url, name }) = &message.file {
        target["fileUrl"] = url.as_str().into();
        target["fileName"] = name.as_deref().into();
    }
    if let Some(id) = &message.client_message_id {
        target["clientMessageId"] = id.as_str().into();
    }
    target["sequence"] = message.sequence.into();
}

/// Encodes a user with these fields, marked if the user is a guest.
pub(crate) fn user(user: &User, fields: &[(&str, Value)]) -> Value {
    let object: Map<String, Value> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    marked(user, Value::Object(object))
}

/// Marks an object that names a guest, so that clients can show that the name is not verified.
pub(crate) fn marked(user: &User, mut object: Value) -> Value {
    if user.is_guest() {
        object["guest"] = true.into();
    }
    object
}

/// Encodes a user for the dialects whose documents have no user object: id, username, name and avatar.
pub(crate) fn plain_user(who: &User) -> Value {
    user(
        who,
        &[
            ("id", who.id.as_str().into()),
            ("username", who.username.as_str().into()),
            ("name", who.name.as_str().into()),
            ("avatar", who.avatar.as_deref().into()),
        ],
    )
}

/// Encodes the users who read a message, each with the moment.
pub(crate) fn readers(readers: &[Reader]) -> Value {
    readers.iter().map(|reader| json!({ "user": reader.user.as_str(), "readAt": reader.read_at.to_string() })).collect()
}
