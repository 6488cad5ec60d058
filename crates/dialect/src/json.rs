//! Pieces of payloads that several dialects share.

use quintet_domain::{FileLink, Message, Reader, User};
use serde_json::{Map, Value, json};

/// Adds what every dialect's message carries beyond its document, where there is any.
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

/// A user object with these names for id, username and avatar, marked where it is a guest.
pub(crate) fn user(user: &User, fields: &[(&str, Value)]) -> Value {
    let object: Map<String, Value> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    marked(user, Value::Object(object))
}

/// Marks an object that names a guest, so that readers know that the name proves nothing.
pub(crate) fn marked(user: &User, mut object: Value) -> Value {
    if user.is_guest() {
        object["guest"] = true.into();
    }
    object
}

/// The plain user object of the dialects that have none of their own: id, username, name, avatar.
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

pub(crate) fn readers(readers: &[Reader]) -> Value {
    readers.iter().map(|reader| json!({ "user": reader.user.as_str(), "readAt": reader.read_at.to_string() })).collect()
}
