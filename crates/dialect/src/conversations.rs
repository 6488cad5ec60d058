//! The conversations dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use quintet_domain::{Code, Command, Event, LocalCommand, Message, Refusal, Reply, Target, User, UserId, WriteCommand};
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
    Type::{self, Binary, ClientId, Content, Flag, Id, Ids, Kind, Name, Time, Url},
    optional, required,
};
use crate::shared;

const OBJECT: Type = Type::Object;

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("join_conversations", Document, Bare(Ids), listen),
    from_client(
        "send_message",
        Document,
        Object(&[
            required("conversationId", Id),
            required("content", Content),
            optional("type", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send,
    ),
    from_client("typing", Document, Object(&[required("conversationId", Id), required("isTyping", Flag)]), typing),
    from_client(
        "mark_read",
        Document,
        Object(&[required("conversationId", Id), required("messageIds", Ids)]),
        |fields| shared::read(fields, "conversationId"),
    ),
    from_client(
        "edit_message",
        Document,
        Object(&[required("messageId", Id), required("newContent", Content)]),
        |fields| shared::edit(fields, "newContent"),
    ),
    from_client("delete_message", Document, IdOrObject(&[required("messageId", Id)]), shared::delete),
    from_client(
        "upload_file",
        Quintet,
        Object(&[required("conversationId", Id), required("fileName", Name), required("data", Binary)]),
        upload,
    ),
    shared::authenticate(Document),
    to_client("receive_message", Document, Object(&[required("message", OBJECT), required("conversationId", Id)])),
    to_client(
        "typing_status",
        Document,
        Object(&[
            required("userId", Id),
            required("username", Name),
            required("conversationId", Id),
            required("isTyping", Flag),
            optional("guest", Flag),
        ]),
    ),
    to_client(
        "messages_read",
        Document,
        Object(&[required("conversationId", Id), required("messageIds", Ids), required("readBy", Id)]),
    ),
    to_client(
        "message_edited",
        Document,
        Object(&[
            required("messageId", Id),
            required("newContent", Content),
            required("editedAt", Time),
            required("conversationId", Id),
        ]),
    ),
    to_client("message_deleted", Document, Object(&[required("messageId", Id), required("conversationId", Id)])),
    to_client("user_online", Document, Object(&[required("userId", Id), required("username", Name)])),
    to_client(
        "user_offline",
        Document,
        Object(&[required("userId", Id), required("username", Name), required("lastSeen", Time)]),
    ),
    to_client("member_joined", Quintet, Object(&[required("conversationId", Id), required("user", OBJECT)])),
    to_client("member_left", Quintet, Object(&[required("conversationId", Id), required("userId", Id)])),
    to_client("error", Document, shared::ERROR_FIELDS),
];

fn listen(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Listen { conversations: fields.conversations("") }))
}

fn send(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("conversationId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn typing(fields: &Fields) -> Result<Decoded, Refusal> {
    let target = Target::Conversation(fields.conversation("conversationId"));
    Ok(Decoded::new(LocalCommand::Typing { target, typing: fields.flag("isTyping") }))
}

fn upload(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(Command::Upload {
        conversation: fields.conversation("conversationId"),
        name: fields.text("fileName").to_owned(),
        attachment: fields.attachment("data"),
    }))
}

/// Encodes a user.
fn user_object(user: &User) -> Value {
    shared::user(
        user,
        &[
            ("_id", user.id.as_str().into()),
            ("id", user.id.as_str().into()),
            ("username", user.username.as_str().into()),
            ("avatar", user.avatar.as_deref().into()),
        ],
    )
}

/// Encodes a message for one reader, or for all recipients of an event.
pub(crate) fn message(message: &Message, viewer: Option<&UserId>) -> Value {
    let mut object = json!({
        "_id": message.id.as_str(),
        "id": message.id.as_str(),
        "conversationId": message.conversation.id.as_str(),
        "sender": user_object(&message.sender),
        "content": message.content,
        "type": message.kind.as_str(),
        "fileUrl": null,
        "fileName": null,
        "status": if message.is_read_for(viewer) { "read" } else { "sent" },
        "edited": message.edited_at.is_some(),
        "deleted": message.deleted_at.is_some(),
        "readBy": shared::readers(&message.readers),
        "createdAt": message.created_at.to_string(),
    });
    if let Some(at) = message.edited_at {
        object["editedAt"] = at.to_string().into();
    }
    shared::extras(&mut object, message);
    object
}

/// Encodes an event; the result is empty if the dialect has no event for it.
pub(crate) fn encode(event: &Event) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => (
            "receive_message",
            json!({ "message": message(sent, None), "conversationId": sent.conversation.id.as_str() }),
        ),
        Event::MessageEdited(edited) => (
            "message_edited",
            json!({
                "messageId": edited.id.as_str(),
                "newContent": edited.content,
                "editedAt": edited.updated_at().to_string(),
                "conversationId": edited.conversation.id.as_str(),
            }),
        ),
        Event::MessageDeleted(deleted) => (
            "message_deleted",
            json!({ "messageId": deleted.id.as_str(), "conversationId": deleted.conversation.id.as_str() }),
        ),
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messages_read",
            json!({
                "conversationId": conversation.id.as_str(),
                "messageIds": messages.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
                "readBy": reader.id.as_str(),
            }),
        ),
        Event::MemberJoined { conversation, user, .. } => {
            ("member_joined", json!({ "conversationId": conversation.id.as_str(), "user": user_object(user) }))
        }
        Event::MemberLeft { conversation, user, .. } => {
            ("member_left", json!({ "conversationId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::Typing { conversation, user, typing } => (
            "typing_status",
            shared::marked(
                user,
                json!({
                    "userId": user.id.as_str(),
                    "username": user.username,
                    "conversationId": conversation.id.as_str(),
                    "isTyping": typing,
                }),
            ),
        ),
        Event::Presence { user, online: true, .. } => {
            ("user_online", json!({ "userId": user.id.as_str(), "username": user.username }))
        }
        Event::Presence { user, online: false, last_seen } => (
            "user_offline",
            json!({ "userId": user.id.as_str(), "username": user.username, "lastSeen": last_seen.to_string() }),
        ),
        Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::ConversationDeleted { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::RoomPresence { .. } => return Vec::new(),
    };
    vec![Outgoing::new(name, &payload)]
}

/// Completes the acknowledgement of a refused event. For a forbidden edit or deletion the document prescribes the
/// message `Unauthorized`, so the reason is added as `detail`.
pub(crate) fn complete_refusal(name: &str, refusal: &Refusal, ack: &mut Value) {
    let changes = matches!(name, "edit_message" | "delete_message");
    if changes && matches!(refusal.code, Code::Forbidden | Code::NotFound) {
        ack["message"] = "Unauthorized".into();
        ack["detail"] = refusal.message.as_str().into();
    }
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message: sent, .. } => Answer::ack(&json!({ "success": true, "message": message(sent, None) })),
        Reply::Listening { joined, refused } => {
            let text = |ids: &[quintet_domain::ConversationId]| -> Vec<String> {
                ids.iter().map(ToString::to_string).collect()
            };
            let ack = json!({ "success": refused.is_empty(), "joined": text(joined), "refused": text(refused) });
            let answer = Answer::ack(&ack);
            if refused.is_empty() {
                return answer;
            }
            let message = format!("You are not a member of: {}.", text(refused).join(", "));
            answer.with(
                "error",
                &json!({
                    "code": Code::NotFound.as_str(),
                    "message": message,
                    "event": "join_conversations",
                    "conversationIds": text(refused),
                }),
            )
        }
        Reply::Uploaded { url, name } => Answer::ack(&json!({ "success": true, "fileUrl": url, "fileName": name })),
        Reply::Authenticated { user } => Answer::ack(&json!({ "success": true, "userId": user.id.as_str() })),
        Reply::Edited(_)
        | Reply::Deleted(_)
        | Reply::Read
        | Reply::Typing
        | Reply::Joined { .. }
        | Reply::Left { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&json!({ "success": true })),
    }
}
