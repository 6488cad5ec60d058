//! The conversations vocabulary.

use quintet_domain::{Code, Command, Event, Message, Refusal, Reply, Target, User, UserId};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{Answer, Decoded, Outgoing, json as shared};

pub(crate) fn decode(name: &str, fields: &Fields) -> Result<Decoded, Refusal> {
    let conversation = || fields.conversation("conversationId");
    let command = match name {
        "join_conversations" => Command::Listen { conversations: fields.conversations("") },
        "send_message" => Command::Send(fields.new_text(Target::Conversation(conversation()), "content", "type")?),
        "typing" => Command::Typing { target: Target::Conversation(conversation()), typing: fields.flag("isTyping") },
        "mark_read" => Command::Read { conversation: Some(conversation()), messages: fields.messages("messageIds")? },
        "edit_message" => Command::Edit { message: fields.message("messageId"), content: fields.edited("newContent")? },
        "delete_message" => Command::Delete { message: fields.message("messageId") },
        "upload_file" => Command::Upload {
            conversation: conversation(),
            name: fields.text("fileName").to_owned(),
            attachment: fields.attachment("data"),
        },
        _ => Command::Authenticate { token: fields.text("token").to_owned() },
    };
    Ok(Decoded { command, claims: None })
}

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

/// A message for one reader, or for all of them at once.
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

/// The document has one word for an edit or a deletion that one may not do; what is wrong stands beside it.
pub(crate) fn refused(name: &str, refusal: &Refusal, ack: &mut Value) {
    let changes = matches!(name, "edit_message" | "delete_message");
    if changes && matches!(refusal.code, Code::Forbidden | Code::NotFound) {
        ack["message"] = "Unauthorized".into();
        ack["detail"] = refusal.message.as_str().into();
    }
}

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
