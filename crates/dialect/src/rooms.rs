//! The rooms vocabulary.

use quintet_domain::{Command, Departure, Event, Message, Profile, Refusal, Reply, Target, User};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{Answer, Decoded, Outgoing, json as shared};

pub(crate) fn decode(name: &str, fields: &Fields) -> Result<Decoded, Refusal> {
    let room = || fields.conversation("roomId");
    let profile = || Profile {
        username: fields.optional("username").filter(|name| !name.trim().is_empty()).map(str::to_owned),
        avatar: fields.optional("avatar").map(str::to_owned),
    };
    let (command, names_user) = match name {
        "create_room" => (Command::CreateRoom { name: fields.text("name").to_owned(), profile: profile() }, true),
        "join_room" => {
            let guest_secret = fields.optional("guestSecret").map(str::to_owned);
            (Command::Join { conversation: room(), profile: profile(), guest_secret }, true)
        }
        "leave_room" => (Command::Leave { conversation: room() }, true),
        "send_message" => (Command::Send(fields.new_text(Target::Conversation(room()), "content", "type")?), true),
        "typing" => (Command::Typing { target: Target::Conversation(room()), typing: fields.flag("isTyping") }, true),
        "update_message" => {
            (Command::Edit { message: fields.message("messageId"), content: fields.edited("content")? }, false)
        }
        "remove_message" => (Command::Delete { message: fields.message("messageId") }, false),
        "read_messages" => {
            (Command::Read { conversation: Some(room()), messages: fields.messages("messageIds")? }, false)
        }
        _ => (Command::Authenticate { token: fields.text("token").to_owned() }, false),
    };
    Ok(Decoded { command, claims: names_user.then(|| fields.user("userId")) })
}

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
        // Who listens to rooms saw the guest go when its last connection ended.
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
