//! The meetup dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use quintet_domain::{Event, LocalCommand, Message, Refusal, Reply, Target, User, WriteCommand};
use serde_json::{Value, json};

use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::outgoing::{Answer, Outgoing};
use crate::payload::{
    Payload::{IdOrObject, Object},
    Type::{self, ClientId, Content, Id, Ids, Kind, Name, Text, Time, Url},
    optional, required,
};
use crate::shared;

const OBJECT: Type = Type::Object;

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("connect", Document, Object(&[required("userId", Id)]), identify),
    from_client(
        "sendMessage",
        Document,
        Object(&[
            required("chatId", Id),
            required("senderId", Id),
            required("message", Content),
            optional("type", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send,
    ),
    from_client("userTyping", Document, Object(&[required("chatId", Id), required("userId", Id)]), |fields| {
        Ok(typing(fields, true))
    }),
    from_client("userStoppedTyping", Document, Object(&[required("chatId", Id), required("userId", Id)]), |fields| {
        Ok(typing(fields, false))
    }),
    from_client("editMessage", Quintet, Object(&[required("messageId", Id), required("message", Content)]), |fields| {
        shared::edit(fields, "message")
    }),
    from_client("deleteMessage", Quintet, IdOrObject(&[required("messageId", Id)]), shared::delete),
    from_client("markRead", Quintet, Object(&[required("chatId", Id), required("messageIds", Ids)]), |fields| {
        shared::read(fields, "chatId")
    }),
    shared::authenticate(Quintet),
    to_client("connected", Document, Object(&[required("status", Text), required("userId", Id)])),
    to_client(
        "sendMessage",
        Document,
        Object(&[required("status", Text), required("messageId", Id), required("timestamp", Time)]),
    ),
    to_client("receiveMessage", Document, Object(&[required("chatId", Id), required("message", OBJECT)])),
    to_client("userTyping", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("userStoppedTyping", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("newNotification", Document, Object(&[required("userId", Id), required("notification", OBJECT)])),
    to_client(
        "meetupStatusUpdate",
        Document,
        Object(&[required("meetupId", Id), required("status", Text), required("updatedBy", Name)]),
    ),
    to_client(
        "messageEdited",
        Quintet,
        Object(&[
            required("chatId", Id),
            required("messageId", Id),
            required("message", Content),
            required("editedAt", Time),
        ]),
    ),
    to_client("messageDeleted", Quintet, Object(&[required("chatId", Id), required("messageId", Id)])),
    to_client(
        "messagesRead",
        Quintet,
        Object(&[required("chatId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client(
        "userPresence",
        Quintet,
        Object(&[required("userId", Id), required("status", Text), required("lastSeen", Time)]),
    ),
    to_client("memberJoined", Quintet, Object(&[required("chatId", Id), required("user", OBJECT)])),
    to_client("memberLeft", Quintet, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("error", Quintet, shared::ERROR_FIELDS),
];

fn chat(fields: &Fields) -> Target {
    Target::Conversation(fields.conversation("chatId"))
}

fn identify(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Identify).claiming(fields.user("userId")))
}

fn send(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(chat(fields), "message", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)).claiming(fields.user("senderId")))
}

fn typing(fields: &Fields, typing: bool) -> Decoded {
    Decoded::new(LocalCommand::Typing { target: chat(fields), typing }).claiming(fields.user("userId"))
}

/// The acknowledgement of a refused event, without its code and message.
pub(crate) fn refused() -> Value {
    json!({ "status": "error" })
}

/// Encodes a message.
pub(crate) fn message(message: &Message) -> Value {
    let object = json!({
        "messageId": message.id.as_str(),
        "senderId": message.sender.id.as_str(),
        "message": message.content,
        "timestamp": message.created_at.to_string(),
        "type": message.kind.as_str(),
        "senderName": message.sender.name,
    });
    let mut object = shared::marked(&message.sender, object);
    shared::extras(&mut object, message);
    object
}

/// Encodes an event; the result is empty if the dialect has no event for it.
pub(crate) fn encode(event: &Event) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => {
            ("receiveMessage", json!({ "chatId": sent.conversation.id.as_str(), "message": message(sent) }))
        }
        Event::MessageEdited(edited) => (
            "messageEdited",
            json!({
                "chatId": edited.conversation.id.as_str(),
                "messageId": edited.id.as_str(),
                "message": edited.content,
                "editedAt": edited.updated_at().to_string(),
            }),
        ),
        Event::MessageDeleted(deleted) => {
            ("messageDeleted", json!({ "chatId": deleted.conversation.id.as_str(), "messageId": deleted.id.as_str() }))
        }
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messagesRead",
            json!({
                "chatId": conversation.id.as_str(),
                "messageIds": messages.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
                "userId": reader.id.as_str(),
            }),
        ),
        Event::MemberJoined { conversation, user, .. } => {
            ("memberJoined", json!({ "chatId": conversation.id.as_str(), "user": shared::plain_user(user) }))
        }
        Event::MemberLeft { conversation, user, .. } => {
            ("memberLeft", json!({ "chatId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::MeetupChanged { meetup, status, updated_by, .. } => (
            "meetupStatusUpdate",
            json!({ "meetupId": meetup.as_str(), "status": status.as_str(), "updatedBy": updated_by }),
        ),
        Event::Notified { user, notification } => (
            "newNotification",
            json!({
                "userId": user.as_str(),
                "notification": {
                    "title": notification.title,
                    "message": notification.message,
                    "timestamp": notification.timestamp.to_string(),
                    "id": notification.id.as_str(),
                },
            }),
        ),
        Event::Typing { conversation, user, typing } => {
            let name = if *typing { "userTyping" } else { "userStoppedTyping" };
            (name, json!({ "chatId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::Presence { user, online, last_seen } => (
            "userPresence",
            json!({
                "userId": user.id.as_str(),
                "status": if *online { "online" } else { "offline" },
                "lastSeen": last_seen.to_string(),
            }),
        ),
        Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::ConversationDeleted { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::RoomPresence { .. } => return Vec::new(),
    };
    vec![Outgoing::new(name, &payload)]
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message, .. } => {
            let sent = json!({
                "status": "sent",
                "messageId": message.id.as_str(),
                "timestamp": message.created_at.to_string(),
            });
            Answer::ack(&sent).or_else("sendMessage", &sent)
        }
        Reply::Edited(message) => Answer::ack(&json!({ "status": "edited", "messageId": message.id.as_str() })),
        Reply::Deleted(message) => Answer::ack(&json!({ "status": "deleted", "messageId": message.id.as_str() })),
        Reply::Read => Answer::ack(&json!({ "status": "read" })),
        Reply::Authenticated { user } => Answer::ack(&json!({ "status": "authenticated", "userId": user.id.as_str() })),
        Reply::Identified { user } => {
            // The document prescribes that a `connect` event is answered by a `connect` event.
            let connected = json!({ "status": "connected", "userId": user.as_str() });
            Answer::ack(&connected).or_else("connect", &connected)
        }
        Reply::Typing
        | Reply::Uploaded { .. }
        | Reply::Joined { .. }
        | Reply::Left { .. }
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. } => Answer::ack(&json!({ "status": "ok" })),
    }
}

/// Encodes the first event for a new connection: the confirmation that it is connected as this user.
pub(crate) fn greet(user: &User) -> Vec<Outgoing> {
    vec![Outgoing::new("connected", &json!({ "status": "connected", "userId": user.id.as_str() }))]
}
