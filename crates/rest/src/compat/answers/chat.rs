//! The answers for clients of the chat dialect: names in snake case, and `data` next to a message for people.
//!
//! What must stay true: fields keep the names and types that existing backends give them.

use std::collections::BTreeMap;

use http::StatusCode;
use quintet_domain::{Refusal, User};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::views::Moment;

/// A failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatFailure {
    error: &'static str,
    message: String,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

impl ChatFailure {
    pub(crate) fn of(status: StatusCode, refusal: &Refusal) -> Self {
        Self {
            error: Self::error(status),
            message: refusal.message.clone(),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }

    /// Returns the `error` text of a failure with this status.
    pub(crate) fn error(status: StatusCode) -> &'static str {
        status.canonical_reason().unwrap_or("Error")
    }
}

/// A user as chat's clients read it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatUser {
    pub(crate) id: String,
    pub(crate) username: String,
    #[schema(required)]
    pub(crate) avatar_url: Option<String>,
    pub(crate) status: &'static str,
    /// The email address, present only for the caller itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) email: Option<Option<String>>,
    /// The time of registration, present when one user is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    pub(crate) created_at: Option<Moment>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(crate) guest: bool,
    /// The custom data of the profile, present when one user is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub(crate) metadata: Option<Box<RawValue>>,
}

impl ChatUser {
    pub(crate) fn of(user: &User, status: &'static str) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.clone(),
            avatar_url: user.avatar.clone(),
            status,
            email: None,
            created_at: None,
            guest: user.is_guest(),
            metadata: None,
        }
    }
}

/// A member of a chat.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ChatParticipant {
    id: String,
    username: String,
    /// The email address of the caller; an empty text for others.
    email: String,
    #[schema(required)]
    avatar_url: Option<String>,
    status: String,
    role: String,
    #[schema(format = DateTime)]
    joined_at: String,
    #[schema(format = DateTime, required)]
    last_read_at: Option<String>,
    #[schema(required = false)]
    guest: bool,
}

/// A chat as one of its members sees it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct Chat {
    id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(rename = "type")]
    kind: String,
    #[schema(required)]
    created_by: Option<String>,
    /// A link to the picture, if there is one.
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The custom data, if there is any.
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<()>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime, required)]
    last_read_at: Option<String>,
    unread_count: u64,
    #[schema(required)]
    last_message: Option<ChatMessage>,
    participants: Vec<ChatParticipant>,
}

/// A chat that was requested by its id. Some clients read it from `chat`.
#[derive(Serialize)]
pub(crate) struct OneChat {
    #[serde(flatten)]
    pub(crate) fields: BTreeMap<String, Box<RawValue>>,
    pub(crate) chat: Box<RawValue>,
}

/// A token and its owner.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    pub(crate) message: &'static str,
    pub(crate) user: ChatUser,
    pub(crate) token: String,
}

/// A user that was requested by its id.
#[derive(Serialize, ToSchema)]
pub(crate) struct One {
    pub(crate) user: ChatUser,
}

/// The users that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Users {
    pub(crate) users: Vec<ChatUser>,
    pub(crate) count: usize,
}

/// The caller's chats.
#[derive(Serialize, ToSchema)]
pub(crate) struct Chats {
    #[schema(value_type = Vec<Chat>)]
    pub(crate) chats: Vec<Box<RawValue>>,
    pub(crate) count: usize,
}

/// A chat that was created or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changed {
    pub(crate) message: &'static str,
    #[schema(value_type = Chat)]
    pub(crate) data: Box<RawValue>,
}

/// The answer to a request that has no other result.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    pub(crate) message: &'static str,
}

/// A page of messages, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    #[schema(value_type = Vec<ChatMessage>)]
    pub(crate) messages: Vec<Box<RawValue>>,
    pub(crate) count: usize,
}

/// A message that was sent or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    pub(crate) message: &'static str,
    #[schema(value_type = ChatMessage)]
    pub(crate) data: Box<RawValue>,
}

/// A message as chat's clients read it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ChatMessage {
    id: String,
    chat_id: String,
    #[schema(rename = "chatId")]
    same_chat_id: String,
    sender_id: String,
    content: String,
    message_type: String,
    is_edited: bool,
    is_deleted: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    sender: ChatUser,
    sequence: u64,
    #[schema(rename = "fileUrl", nullable = false)]
    file_url: Option<String>,
    #[schema(rename = "fileName")]
    file_name: Option<String>,
}
