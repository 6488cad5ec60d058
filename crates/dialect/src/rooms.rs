//! The rooms dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use quintet_domain::{Departure, Event, LocalCommand, Message, Profile, Refusal, Reply, Target, User, WriteCommand};
use serde_json::{Value, json};

use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::outgoing::{Answer, Outgoing};
use crate::payload::{
    Payload::{IdOrObject, Object, Value as Bare},
    Type::{self, ClientId, Content, Flag, Id, Ids, Kind, Name, Objects, Text, Time, Url},
    optional, required,
};
use crate::shared;

const OBJECT: Type = Type::Object;

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client(
        "create_room",
        Document,
        Object(&[required("name", Name), required("userId", Id), optional("username", Name), optional("avatar", Text)]),
        create,
    ),
    from_client(
        "join_room",
        Document,
        Object(&[
            required("roomId", Id),
            required("userId", Id),
            required("username", Name),
            optional("avatar", Text),
            optional("guestSecret", Text),
        ]),
        join,
    ),
    from_client(
        "send_message",
        Document,
        Object(&[
            required("roomId", Id),
            required("userId", Id),
            required("content", Content),
            optional("type", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send,
    ),
    from_client(
        "typing",
        Document,
        Object(&[required("roomId", Id), required("userId", Id), required("isTyping", Flag)]),
        typing,
    ),
    from_client("leave_room", Document, Object(&[required("roomId", Id), required("userId", Id)]), leave),
    from_client(
        "update_message",
        Quintet,
        Object(&[required("messageId", Id), required("content", Content)]),
        |fields| shared::edit(fields, "content"),
    ),
    from_client("remove_message", Quintet, IdOrObject(&[required("messageId", Id)]), shared::delete),
    from_client("read_messages", Quintet, Object(&[required("roomId", Id), required("messageIds", Ids)]), |fields| {
        shared::read(fields, "roomId")
    }),
    shared::authenticate(Quintet),
    to_client(
        "room_created",
        Document,
        Object(&[
            required("id", Id),
            required("name", Name),
            required("createdAt", Time),
            optional("guestSecret", Text),
        ]),
    ),
    to_client("history", Document, Bare(Objects)),
    to_client(
        "message_received",
        Document,
        Object(&[
            required("id", Id),
            required("roomId", Id),
            required("content", Content),
            required("type", Kind),
            required("userId", Id),
            required("user", OBJECT),
            required("createdAt", Time),
        ]),
    ),
    to_client(
        "user_joined",
        Document,
        Object(&[required("userId", Id), required("username", Name), required("roomId", Id)]),
    ),
    to_client("user_left", Document, Object(&[required("userId", Id), required("roomId", Id)])),
    to_client(
        "user_typing",
        Document,
        Object(&[
            required("userId", Id),
            required("username", Name),
            required("roomId", Id),
            required("isTyping", Flag),
            optional("guest", Flag),
        ]),
    ),
    to_client(
        "message_updated",
        Quintet,
        Object(&[required("id", Id), required("roomId", Id), required("content", Content), required("editedAt", Time)]),
    ),
    to_client("message_removed", Quintet, Object(&[required("id", Id), required("roomId", Id)])),
    to_client(
        "messages_seen",
        Quintet,
        Object(&[required("roomId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client("error", Document, shared::ERROR_FIELDS),
];

/// Creates the result for a command whose payload names the sender in `userId`.
fn claimed(fields: &Fields, command: impl Into<quintet_domain::Command>) -> Decoded {
    Decoded::new(command).claiming(fields.user("userId"))
}

/// Returns the profile that a guest claims; a blank name counts as none.
fn profile(fields: &Fields) -> Profile {
    Profile {
        username: fields.optional("username").filter(|name| !name.trim().is_empty()).map(str::to_owned),
        avatar: fields.optional("avatar").map(str::to_owned),
    }
}

fn create(fields: &Fields) -> Result<Decoded, Refusal> {
    let name = fields.text("name").to_owned();
    Ok(claimed(fields, WriteCommand::CreateRoom { name, profile: profile(fields) }))
}

fn join(fields: &Fields) -> Result<Decoded, Refusal> {
    let guest_secret = fields.optional("guestSecret").map(str::to_owned);
    let conversation = fields.conversation("roomId");
    Ok(claimed(fields, WriteCommand::Join { conversation, profile: profile(fields), guest_secret }))
}

fn leave(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(claimed(fields, WriteCommand::Leave { conversation: fields.conversation("roomId") }))
}

fn send(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("roomId")), "content", "type")?;
    Ok(claimed(fields, WriteCommand::Send(text)))
}

fn typing(fields: &Fields) -> Result<Decoded, Refusal> {
    let target = Target::Conversation(fields.conversation("roomId"));
    Ok(claimed(fields, LocalCommand::Typing { target, typing: fields.flag("isTyping") }))
}

/// The acknowledgement of a refused event, without its code and message.
pub(crate) fn refused() -> Value {
    json!({ "ok": false })
}

/// Encodes a user.
fn user_object(user: &User) -> Value {
    shared::user(
        user,
        &[
            ("id", user.id.as_str().into()),
            ("username", user.username.as_str().into()),
            ("avatar", user.avatar.as_deref().into()),
        ],
    )
}

/// Encodes a message.
pub(crate) fn message(message: &Message) -> Value {
    let mut object = json!({
        "id": message.id.as_str(),
        "roomId": message.conversation.id.as_str(),
        "content": message.content,
        "type": message.kind.as_str(),
        "userId": message.sender.id.as_str(),
        "user": user_object(&message.sender),
        "createdAt": message.created_at.to_string(),
    });
    if let Some(at) = message.edited_at {
        object["editedAt"] = at.to_string().into();
    }
    if message.deleted_at.is_some() {
        object["deleted"] = true.into();
    }
    shared::extras(&mut object, message);
    object
}

/// Encodes an event; the result is empty if the dialect has no event for it.
pub(crate) fn encode(event: &Event) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => ("message_received", message(sent)),
        Event::MessageEdited(edited) => (
            "message_updated",
            json!({
                "id": edited.id.as_str(),
                "roomId": edited.conversation.id.as_str(),
                "content": edited.content,
                "editedAt": edited.updated_at().to_string(),
            }),
        ),
        Event::MessageDeleted(deleted) => {
            ("message_removed", json!({ "id": deleted.id.as_str(), "roomId": deleted.conversation.id.as_str() }))
        }
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messages_seen",
            json!({
                "roomId": conversation.id.as_str(),
                "messageIds": messages.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
                "userId": reader.id.as_str(),
            }),
        ),
        Event::MemberJoined { conversation, user, .. } | Event::RoomPresence { conversation, user, online: true } => (
            "user_joined",
            json!({
                "userId": user.id.as_str(),
                "username": user.username,
                "roomId": conversation.id.as_str(),
                "user": user_object(user),
            }),
        ),
        // Clients of this dialect were notified when the guest's last connection ended.
        Event::MemberLeft { departure: Departure::GuestGone, .. } => return Vec::new(),
        Event::MemberLeft { conversation, user, .. } | Event::RoomPresence { conversation, user, online: false } => {
            ("user_left", json!({ "userId": user.id.as_str(), "roomId": conversation.id.as_str() }))
        }
        Event::Typing { conversation, user, typing } => (
            "user_typing",
            shared::marked(
                user,
                json!({
                    "userId": user.id.as_str(),
                    "username": user.username,
                    "roomId": conversation.id.as_str(),
                    "isTyping": typing,
                }),
            ),
        ),
        Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::ConversationDeleted { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::Presence { .. } => return Vec::new(),
    };
    vec![Outgoing::new(name, &payload)]
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message: sent, .. } => Answer::ack(&json!({ "ok": true, "message": message(sent) })),
        Reply::Edited(changed) | Reply::Deleted(changed) => {
            Answer::ack(&json!({ "ok": true, "message": message(changed) }))
        }
        Reply::Joined { conversation, history, .. } => {
            let history: Value = history.iter().map(|sent| message(sent)).collect();
            Answer::ack(&json!({ "ok": true, "roomId": conversation.id.as_str() })).with("history", &history)
        }
        Reply::Left { conversation } => Answer::ack(&json!({ "ok": true, "roomId": conversation.id.as_str() })),
        Reply::RoomCreated { conversation, created_at, guest_secret } => {
            let mut room = json!({
                "id": conversation.id.as_str(),
                "name": conversation.name.as_deref().unwrap_or_default(),
                "createdAt": created_at.to_string(),
            });
            if let Some(secret) = guest_secret {
                room["guestSecret"] = secret.as_str().into();
            }
            let mut ack = json!({ "ok": true });
            for (key, value) in room.as_object().into_iter().flatten() {
                ack[key] = value.clone();
            }
            Answer::ack(&ack).with("room_created", &room)
        }
        Reply::Authenticated { user } => Answer::ack(&json!({ "ok": true, "userId": user.id.as_str() })),
        Reply::Read
        | Reply::Typing
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::Uploaded { .. }
        | Reply::Identified { .. } => Answer::ack(&json!({ "ok": true })),
    }
}
