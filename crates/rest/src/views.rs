//! The shapes of resources: camelCase, times as ISO 8601 UTC with milliseconds.

use quintet_domain::{Conversation, Meetup, Message, Notification, Timestamp, User, UserId};
use quintet_service::{Account, Service, Session};
use serde_json::{Value, json};

fn time(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).into()
}

/// Writes resources; knows who is online.
pub(crate) struct Views<'s>(pub(crate) &'s Service);

impl Views<'_> {
    pub(crate) fn user(&self, user: &User) -> Value {
        let mut object = json!({
            "id": user.id.as_str(),
            "username": user.username,
            "name": user.name,
            "avatar": user.avatar,
            "online": self.0.presence().is_online(&user.id),
            "lastSeen": time(user.last_seen),
            "createdAt": user.created_at.to_string(),
        });
        if user.is_guest() {
            object["guest"] = true.into();
        }
        object
    }

    /// A user as itself sees it.
    pub(crate) fn own(&self, account: &Account) -> Value {
        let mut object = self.user(&account.user);
        object["email"] = account.email.as_deref().into();
        object
    }

    pub(crate) fn session(&self, session: &Session) -> Value {
        json!({
            "token": session.token,
            "expiresAt": session.expires_at.to_string(),
            "user": self.own(&session.account),
        })
    }

    pub(crate) fn message(&self, message: &Message) -> Value {
        let file = message.file.as_ref().map(|file| json!({ "url": file.url, "name": file.name }));
        json!({
            "id": message.id.as_str(),
            "conversationId": message.place.id.as_str(),
            "sequence": message.sequence,
            "sender": self.user(&message.sender),
            "type": message.kind.as_str(),
            "content": message.content,
            "file": file,
            "clientMessageId": message.client_message_id.as_ref().map(|id| id.as_str()),
            "createdAt": message.created_at.to_string(),
            "editedAt": time(message.edited_at),
            "deletedAt": time(message.deleted_at),
        })
    }

    pub(crate) fn conversation(&self, conversation: &Conversation) -> Value {
        let members: Vec<Value> = conversation
            .members
            .iter()
            .map(|member| {
                json!({
                    "user": self.user(&member.user),
                    "role": member.role.as_str(),
                    "joinedAt": member.joined_at.to_string(),
                    "readSequence": member.read_sequence,
                })
            })
            .collect();
        json!({
            "id": conversation.place.id.as_str(),
            "kind": conversation.place.kind.as_str(),
            "name": conversation.place.name,
            "open": conversation.open,
            "ownerId": conversation.owner.as_ref().map(UserId::as_str),
            "members": members,
            "lastMessage": conversation.last_message.as_ref().map(|message| self.message(message)),
            "unreadCount": conversation.unread_count,
            "sequence": conversation.sequence,
            "createdAt": conversation.created_at.to_string(),
            "updatedAt": conversation.updated_at.to_string(),
        })
    }

    pub(crate) fn meetup(&self, meetup: &Meetup) -> Value {
        let requests: Vec<Value> = meetup
            .requests
            .iter()
            .map(|request| json!({ "user": self.user(&request.user), "createdAt": request.created_at.to_string() }))
            .collect();
        json!({
            "id": meetup.id.as_str(),
            "chatId": meetup.chat_id.as_str(),
            "host": self.user(&meetup.host),
            "activity": meetup.activity,
            "location": meetup.location,
            "startsAt": meetup.starts_at.to_string(),
            "expiresAt": meetup.expires_at.to_string(),
            "capacity": meetup.capacity,
            "status": meetup.status.as_str(),
            "participants": meetup.participants.iter().map(|user| self.user(user)).collect::<Vec<_>>(),
            "requests": requests,
        })
    }
}

pub(crate) fn notification(notification: &Notification) -> Value {
    json!({
        "id": notification.id.as_str(),
        "title": notification.title,
        "message": notification.message,
        "timestamp": notification.timestamp.to_string(),
        "readAt": time(notification.read_at),
    })
}

/// A page of a list.
pub(crate) fn page(items: Vec<Value>, next: impl Into<Value>) -> Value {
    json!({ "items": items, "next": next.into() })
}
