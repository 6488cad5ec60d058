//! The objects in the payloads of the conversations dialect.
//!
//! What must stay true: an object has the same fields in every event, answer and call over HTTP.

use quintet_domain::{ClientMessageId, Message, Reader, User, UserId};
use serde::{Serialize, Serializer};

use crate::details::Details;
use crate::shared::{Moment, is_false};

/// A user.
#[derive(Serialize)]
pub(super) struct UserObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    username: &'a str,
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> UserObject<'a> {
    pub(super) fn of(user: &'a User) -> Self {
        Self {
            object_id: user.id.as_str(),
            id: user.id.as_str(),
            username: &user.username,
            avatar: user.avatar.as_deref(),
            guest: user.is_guest(),
        }
    }
}

/// A user who read a message, with the moment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReaderObject<'a> {
    user: &'a str,
    read_at: Moment,
}

impl<'a> ReaderObject<'a> {
    fn of(reader: &'a Reader) -> Self {
        Self { user: reader.user.as_str(), read_at: Moment(reader.read_at) }
    }
}

/// The users who read a message.
struct Readers<'a>(&'a [Reader]);

impl Serialize for Readers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ReaderObject::of))
    }
}

/// A message for one reader, or for all recipients of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    conversation_id: &'a str,
    sender: UserObject<'a>,
    content: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    file_url: Option<&'a str>,
    file_name: Option<&'a str>,
    status: &'static str,
    edited: bool,
    deleted: bool,
    read_by: Readers<'a>,
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
    sequence: u64,
    #[serde(flatten)]
    details: Option<Details<'a>>,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn of(message: &'a Message, viewer: Option<&UserId>) -> Self {
        Self {
            object_id: message.id.as_str(),
            id: message.id.as_str(),
            conversation_id: message.conversation.id.as_str(),
            sender: UserObject::of(&message.sender),
            content: &message.content,
            kind: message.kind.as_str(),
            file_url: message.file.as_ref().map(|file| file.url.as_str()),
            file_name: message.file.as_ref().and_then(|file| file.name.as_deref()),
            status: status(message, viewer),
            edited: message.edited_at.is_some(),
            deleted: message.deleted_at.is_some(),
            read_by: Readers(&message.readers),
            created_at: Moment(message.created_at),
            edited_at: message.edited_at.map(Moment),
            client_message_id: message.client_message_id.as_ref().map(ClientMessageId::as_str),
            sequence: message.sequence,
            details: Details::of(message),
        }
    }
}

/// How far a message has come: it is read, or its sender is told that it was delivered, or it is sent.
fn status(message: &Message, viewer: Option<&UserId>) -> &'static str {
    match (message.is_read_for(viewer), message.is_delivered_for(viewer)) {
        (true, _) => "read",
        (false, true) => "delivered",
        (false, false) => "sent",
    }
}
