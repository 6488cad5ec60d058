//! The meetup vocabulary.

use quintet_domain::{Command, Event, Message, Refusal, Reply, Target, User};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{Answer, Decoded, Outgoing, json as shared};

pub(crate) fn decode(name: &str, fields: &Fields) -> Result<Decoded, Refusal> {
    let typing = |typing| Command::Typing { target: Target::Conversation(fields.conversation("chatId")), typing };
    let (command, claims) = match name {
        "connect" => (Command::Identify, Some("userId")),
        "sendMessage" => {
            let target = Target::Conversation(fields.conversation("chatId"));
            (Command::Send(fields.new_text(target, "message", "type")?), Some("senderId"))
        }
        "userTyping" => (typing(true), Some("userId")),
        "userStoppedTyping" => (typing(false), Some("userId")),
        "editMessage" => {
            (Command::Edit { message: fields.message("messageId"), content: fields.edited("message")? }, None)
        }
        "deleteMessage" => (Command::Delete { message: fields.message("messageId") }, None),
        "markRead" => {
            let conversation = Some(fields.conversation("chatId"));
            (Command::Read { conversation, messages: fields.messages("messageIds")? }, None)
        }
        _ => (Command::Authenticate { token: fields.text("token").to_owned() }, None),
    };
    Ok(Decoded { command, claims: claims.map(|name| fields.user(name)) })
}

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
            // The answer to a `connect` frame is a `connect` frame, as the document writes it.
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

pub(crate) fn greet(user: &User) -> Vec<Outgoing> {
    vec![Outgoing::new("connected", &json!({ "status": "connected", "userId": user.id.as_str() }))]
}
