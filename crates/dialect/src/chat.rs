//! The chat dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use quintet_domain::{Event, LocalCommand, Message, Profile, Refusal, Reply, Target, User, WriteCommand};
use serde_json::{Value, json};

use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::outgoing::{Answer, Online, Outgoing};
use crate::payload::{
    Payload::{IdOrObject, Object},
    Type::{self, ClientId, Content, Flag, Id, Ids, Kind, Name, Text, Time, Url},
    optional, required,
};
use crate::shared;

const OBJECT: Type = Type::Object;

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("chat:join", Document, IdOrObject(&[required("chatId", Id)]), join),
    from_client("chat:leave", Document, IdOrObject(&[required("chatId", Id)]), mute),
    from_client(
        "message:send",
        Document,
        Object(&[
            required("chatId", Id),
            required("content", Content),
            optional("messageType", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send,
    ),
    from_client("message:read", Document, Object(&[required("messageId", Id), required("chatId", Id)]), read),
    from_client("typing:start", Document, IdOrObject(&[required("chatId", Id)]), |fields| Ok(typing(fields, true))),
    from_client("typing:stop", Document, IdOrObject(&[required("chatId", Id)]), |fields| Ok(typing(fields, false))),
    from_client(
        "message:edit",
        Quintet,
        Object(&[required("messageId", Id), required("content", Content)]),
        |fields| shared::edit(fields, "content"),
    ),
    from_client("message:delete", Quintet, IdOrObject(&[required("messageId", Id)]), shared::delete),
    shared::authenticate(Quintet),
    to_client("chat:joined", Document, Object(&[required("chatId", Id)])),
    to_client("chat:left", Document, Object(&[required("chatId", Id)])),
    to_client(
        "message:new",
        Document,
        Object(&[
            required("id", Id),
            required("chat_id", Id),
            required("sender_id", Id),
            required("content", Content),
            required("message_type", Kind),
            required("created_at", Time),
            required("sender", OBJECT),
        ]),
    ),
    to_client(
        "message:read",
        Document,
        Object(&[
            required("messageId", Id),
            required("messageIds", Ids),
            required("userId", Id),
            required("chatId", Id),
        ]),
    ),
    to_client(
        "typing:start",
        Document,
        Object(&[required("chatId", Id), required("userId", Id), required("username", Name), optional("guest", Flag)]),
    ),
    to_client("typing:stop", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("user:status", Document, Object(&[required("userId", Id), required("status", Text)])),
    to_client(
        "message:edited",
        Quintet,
        Object(&[required("id", Id), required("chat_id", Id), required("sender_id", Id), required("content", Content)]),
    ),
    to_client("message:deleted", Quintet, Object(&[required("messageId", Id), required("chatId", Id)])),
    to_client("member:joined", Quintet, Object(&[required("chatId", Id), required("user", OBJECT)])),
    to_client("member:left", Quintet, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("error", Document, shared::ERROR_FIELDS),
];

fn join(fields: &Fields) -> Result<Decoded, Refusal> {
    let conversation = fields.conversation("chatId");
    Ok(Decoded::new(WriteCommand::Join { conversation, profile: Profile::default(), guest_secret: None }))
}

/// In this dialect, leaving a chat only ends what this connection receives; the membership stays.
fn mute(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Mute { conversation: fields.conversation("chatId") }))
}

fn send(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("chatId")), "content", "messageType")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn read(fields: &Fields) -> Result<Decoded, Refusal> {
    let conversation = Some(fields.conversation("chatId"));
    Ok(Decoded::new(WriteCommand::Read { conversation, messages: vec![fields.message("messageId")] }))
}

fn typing(fields: &Fields, typing: bool) -> Decoded {
    Decoded::new(LocalCommand::Typing { target: Target::Conversation(fields.conversation("chatId")), typing })
}

/// Encodes a user.
fn user_object(user: &User, online: Online<'_>) -> Value {
    shared::user(
        user,
        &[
            ("id", user.id.as_str().into()),
            ("username", user.username.as_str().into()),
            ("avatar_url", user.avatar.as_deref().into()),
            ("status", if online(&user.id) { "online" } else { "offline" }.into()),
        ],
    )
}

/// Encodes a message.
pub(crate) fn message(message: &Message, online: Online<'_>) -> Value {
    let mut object = json!({
        "id": message.id.as_str(),
        "chat_id": message.conversation.id.as_str(),
        "chatId": message.conversation.id.as_str(),
        "sender_id": message.sender.id.as_str(),
        "content": message.content,
        "message_type": message.kind.as_str(),
        "is_edited": message.edited_at.is_some(),
        "is_deleted": message.deleted_at.is_some(),
        "created_at": message.created_at.to_string(),
        "updated_at": message.updated_at().to_string(),
        "sender": user_object(&message.sender, online),
    });
    shared::extras(&mut object, message);
    object
}

/// Encodes an event; the result is empty if the dialect has no event for it.
pub(crate) fn encode(event: &Event, online: Online<'_>) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => ("message:new", message(sent, online)),
        Event::MessageEdited(edited) => ("message:edited", message(edited, online)),
        Event::MessageDeleted(deleted) => {
            ("message:deleted", json!({ "messageId": deleted.id.as_str(), "chatId": deleted.conversation.id.as_str() }))
        }
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "message:read",
            json!({
                "messageId": messages.last().map(|id| id.as_str()),
                "messageIds": messages.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
                "userId": reader.id.as_str(),
                "chatId": conversation.id.as_str(),
            }),
        ),
        Event::MemberJoined { conversation, user, .. } => {
            ("member:joined", json!({ "chatId": conversation.id.as_str(), "user": user_object(user, online) }))
        }
        Event::MemberLeft { conversation, user, .. } => {
            ("member:left", json!({ "chatId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::ConversationDeleted { conversation } => ("chat:left", json!({ "chatId": conversation.id.as_str() })),
        Event::Typing { conversation, user, typing: true } => (
            "typing:start",
            shared::marked(
                user,
                json!({ "chatId": conversation.id.as_str(), "userId": user.id.as_str(), "username": user.username }),
            ),
        ),
        Event::Typing { conversation, user, typing: false } => {
            ("typing:stop", json!({ "chatId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::Presence { user, online, .. } => {
            ("user:status", json!({ "userId": user.id.as_str(), "status": if *online { "online" } else { "offline" } }))
        }
        Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::RoomPresence { .. } => return Vec::new(),
    };
    vec![Outgoing::new(name, &payload)]
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply, online: Online<'_>) -> Answer {
    match reply {
        Reply::Sent { message: sent, .. } | Reply::Edited(sent) | Reply::Deleted(sent) => {
            Answer::ack(&json!({ "success": true, "message": message(sent, online) }))
        }
        Reply::Joined { conversation, .. } => {
            let chat_id = conversation.id.as_str();
            Answer::ack(&json!({ "success": true, "chatId": chat_id }))
                .with("chat:joined", &json!({ "chatId": chat_id }))
        }
        Reply::Muted { conversation } => {
            let chat_id = conversation.as_str();
            Answer::ack(&json!({ "success": true, "chatId": chat_id })).with("chat:left", &json!({ "chatId": chat_id }))
        }
        Reply::Authenticated { user } => Answer::ack(&json!({ "success": true, "userId": user.id.as_str() })),
        Reply::Read
        | Reply::Uploaded { .. }
        | Reply::Typing
        | Reply::Left { .. }
        | Reply::Listening { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&json!({ "success": true })),
    }
}
