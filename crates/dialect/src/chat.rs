//! The chat vocabulary.

use quintet_domain::{Command, Event, Message, Profile, Refusal, Reply, Target, User};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{Answer, Decoded, Online, Outgoing, json as shared};

pub(crate) fn decode(name: &str, fields: &Fields) -> Result<Decoded, Refusal> {
    let chat = || fields.conversation("chatId");
    let typing = |typing| Command::Typing { target: Target::Conversation(chat()), typing };
    let command = match name {
        "chat:join" => Command::Join { conversation: chat(), profile: Profile::default(), guest_secret: None },
        "chat:leave" => Command::Mute { conversation: chat() },
        "message:send" => Command::Send(fields.new_text(Target::Conversation(chat()), "content", "messageType")?),
        "message:read" => Command::Read { conversation: Some(chat()), messages: vec![fields.message("messageId")] },
        "typing:start" => typing(true),
        "typing:stop" => typing(false),
        "message:edit" => Command::Edit { message: fields.message("messageId"), content: fields.edited("content")? },
        "message:delete" => Command::Delete { message: fields.message("messageId") },
        _ => Command::Authenticate { token: fields.text("token").to_owned() },
    };
    Ok(Decoded { command, claims: None })
}

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
