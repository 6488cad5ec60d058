//! The messenger vocabulary.

use quintet_domain::{Command, ConversationRef, Event, Message, Profile, Refusal, Reply, Target, User, UserId};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{Answer, Decoded, Outgoing, Perspective, json as shared};

pub(crate) fn decode(name: &str, fields: &Fields) -> Result<Decoded, Refusal> {
    let group = || fields.conversation("groupId");
    let command = match name {
        "privateMessage" => {
            Command::Send(fields.new_text(Target::Direct(fields.user("recipientId")), "content", "type")?)
        }
        "groupMessage" => Command::Send(fields.new_text(Target::Conversation(group()), "content", "type")?),
        "joinGroup" => Command::Join { conversation: group(), profile: Profile::default(), guest_secret: None },
        "leaveGroup" => Command::Leave { conversation: group() },
        "updateMessage" => Command::Edit { message: fields.message("messageId"), content: fields.edited("content")? },
        "removeMessage" => Command::Delete { message: fields.message("messageId") },
        "readMessages" => Command::Read { conversation: None, messages: fields.messages("messageIds")? },
        "startTyping" | "stopTyping" => {
            let target = match (fields.optional("recipientId"), fields.optional("groupId")) {
                (Some(_), None) => Target::Direct(fields.user("recipientId")),
                (None, Some(_)) => Target::Conversation(group()),
                _ => {
                    return Err(Refusal::invalid("recipientId", format!("or `groupId` is needed in {name}, not both")));
                }
            };
            Command::Typing { target, typing: name == "startTyping" }
        }
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
            ("firstName", user.first_name().into()),
            ("lastName", user.last_name().into()),
            ("avatar", user.avatar.as_deref().into()),
        ],
    )
}

/// `recipient` and `group` of what `user` did somewhere: one of them is null.
fn whereto(conversation: &ConversationRef, user: &UserId) -> (Value, Value) {
    match conversation.other(user) {
        Some(other) => (other.as_str().into(), Value::Null),
        None => (Value::Null, conversation.id.as_str().into()),
    }
}

/// A message for one reader, or for all of them at once.
pub(crate) fn message(message: &Message, viewer: Option<&UserId>) -> Value {
    let (recipient, group) = whereto(&message.conversation, &message.sender.id);
    let mut object = json!({
        "_id": message.id.as_str(),
        "id": message.id.as_str(),
        "sender": user_object(&message.sender),
        "recipient": recipient,
        "group": group,
        "content": message.content,
        "isRead": message.is_read_for(viewer),
        "createdAt": message.created_at.to_string(),
        "updatedAt": message.updated_at().to_string(),
        "type": message.kind.as_str(),
    });
    shared::extras(&mut object, message);
    object
}

/// The name of a place, the empty text where it has none.
fn named(conversation: &ConversationRef) -> Value {
    json!({ "groupId": conversation.id.as_str(), "name": conversation.name.as_deref().unwrap_or_default() })
}

pub(crate) fn encode(event: &Event, side: Perspective) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => {
            let name = match (&sent.conversation.pair, side) {
                (None, _) => "groupMessage",
                (Some(_), Perspective::Actor) => "messageSent",
                (Some(_), Perspective::Other) => "privateMessage",
            };
            (name, message(sent, None))
        }
        Event::MessageEdited(edited) => ("messageUpdated", message(edited, None)),
        Event::MessageDeleted(deleted) => {
            let (recipient, group) = whereto(&deleted.conversation, &deleted.sender.id);
            ("messageRemoved", json!({ "_id": deleted.id.as_str(), "recipient": recipient, "group": group }))
        }
        Event::MessagesRead { conversation, reader, messages, .. } => {
            let (recipient, group) = whereto(conversation, &reader.id);
            let ids: Vec<_> = messages.iter().map(|id| id.as_str()).collect();
            (
                "messagesSeen",
                json!({ "messageIds": ids, "userId": reader.id.as_str(), "recipient": recipient, "group": group }),
            )
        }
        Event::MemberJoined { conversation, user, .. } => {
            ("userJoinedGroup", json!({ "groupId": conversation.id.as_str(), "user": user_object(user) }))
        }
        Event::MemberLeft { conversation, user, .. } => {
            ("userLeftGroup", json!({ "groupId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::ConversationDeleted { conversation } => ("leftGroup", named(conversation)),
        Event::Typing { conversation, user, typing } => {
            let (recipient, group) = whereto(conversation, &user.id);
            (
                if *typing { "typingStarted" } else { "typingStopped" },
                shared::marked(
                    user,
                    json!({
                        "userId": user.id.as_str(),
                        "username": user.username,
                        "recipient": recipient,
                        "group": group,
                    }),
                ),
            )
        }
        Event::Presence { user, online, .. } => {
            (if *online { "userOnline" } else { "userOffline" }, user.id.as_str().into())
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

pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message: sent, repeated } => {
            let object = message(sent, None);
            let answer = Answer::ack(&json!({ "success": true, "message": object }));
            // The first answer of a direct message was this event; a repeat hears it again, here alone.
            if *repeated && sent.conversation.pair.is_some() { answer.or_else("messageSent", &object) } else { answer }
        }
        Reply::Edited(changed) | Reply::Deleted(changed) => {
            Answer::ack(&json!({ "success": true, "message": message(changed, None) }))
        }
        Reply::Joined { conversation, .. } => {
            let group = named(conversation);
            Answer::ack(&json!({ "success": true, "message": group })).with("joinedGroup", &group)
        }
        Reply::Left { conversation } => {
            let group = named(conversation);
            Answer::ack(&json!({ "success": true, "message": group })).with("leftGroup", &group)
        }
        Reply::Authenticated { user } => Answer::ack(&json!({ "success": true, "userId": user.id.as_str() })),
        Reply::Read
        | Reply::Uploaded { .. }
        | Reply::Typing
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&json!({ "success": true })),
    }
}

pub(crate) fn greet(online: &[UserId]) -> Vec<Outgoing> {
    let ids: Vec<_> = online.iter().map(UserId::as_str).collect();
    vec![Outgoing::new("onlineUsers", &ids.into())]
}
