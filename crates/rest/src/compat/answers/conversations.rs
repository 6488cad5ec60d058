//! The answers for clients of the conversations dialect. Each has a `success` field.
//!
//! What must stay true: fields keep the names and types that existing backends give them.

use quintet_domain::{Metadata, Refusal, User};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shared::FieldFailure;
use crate::message_details::custom_data;
use crate::views::Moment;

/// A failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationsFailure {
    success: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldFailure>>,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

impl ConversationsFailure {
    /// Returns the failure for a refusal. `invalid` says whether the request was invalid.
    pub(crate) fn of(refusal: &Refusal, invalid: bool) -> Self {
        Self {
            success: false,
            message: refusal.message.clone(),
            errors: FieldFailure::list(invalid, &refusal.message),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// A user as conversations' clients read it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationsUser {
    #[serde(rename = "_id")]
    object_id: String,
    id: String,
    username: String,
    #[schema(required)]
    avatar: Option<String>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Moment,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    guest: bool,
    /// The email address, present in searches and for the caller itself; an empty text for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    /// The custom data of the profile, present for the caller itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
}

impl ConversationsUser {
    /// Returns the same user with the custom data of its profile.
    pub(crate) fn with(self, metadata: Option<&Metadata>) -> Self {
        Self { metadata: custom_data(metadata), ..self }
    }

    pub(crate) fn of(user: &User, status: &'static str, email: Option<String>) -> Self {
        Self {
            object_id: user.id.to_string(),
            id: user.id.to_string(),
            username: user.username.clone(),
            avatar: user.avatar.clone(),
            status,
            // Clients format this time without a check, so users who were never seen need one, too.
            last_seen: Moment(user.last_seen.unwrap_or(user.created_at)),
            created_at: Moment(user.created_at),
            guest: user.is_guest(),
            email,
            metadata: None,
        }
    }
}

/// A member of a conversation as conversations' clients read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ConversationsParticipant {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    username: String,
    #[schema(required)]
    avatar: Option<String>,
    status: String,
    #[schema(format = DateTime)]
    last_seen: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required = false)]
    guest: bool,
    role: String,
}

/// A conversation as one of its members sees it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ConversationsConversation {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    #[schema(rename = "type")]
    kind: String,
    #[schema(required)]
    name: Option<String>,
    /// A link to the picture, if there is one.
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The custom data, if there is any.
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<()>,
    participants: Vec<ConversationsParticipant>,
    #[schema(required)]
    last_message: Option<ConversationsMessage>,
    unread_count: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A token and its owner.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    pub(crate) success: bool,
    pub(crate) token: String,
    pub(crate) user: ConversationsUser,
}

/// The caller's own account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Own {
    pub(crate) success: bool,
    pub(crate) user: ConversationsUser,
}

/// The users that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Users {
    pub(crate) success: bool,
    pub(crate) count: usize,
    pub(crate) users: Vec<ConversationsUser>,
}

/// The caller's conversations.
#[derive(Serialize, ToSchema)]
pub(crate) struct Conversations {
    pub(crate) success: bool,
    pub(crate) count: usize,
    #[schema(value_type = Vec<ConversationsConversation>)]
    pub(crate) conversations: Vec<Box<RawValue>>,
}

/// One conversation of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct One {
    pub(crate) success: bool,
    #[schema(value_type = ConversationsConversation)]
    pub(crate) conversation: Box<RawValue>,
}

/// A conversation that was opened or created.
#[derive(Serialize, ToSchema)]
pub(crate) struct Opened {
    pub(crate) success: bool,
    #[schema(value_type = ConversationsConversation)]
    pub(crate) conversation: Box<RawValue>,
    pub(crate) existed: bool,
}

/// The answer to a request that has no other result.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
}

/// The position of a page in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationsPagination {
    pub(crate) page: u32,
    pub(crate) limit: u32,
    pub(crate) total: u64,
    pub(crate) pages: u64,
}

/// A page of messages, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    pub(crate) success: bool,
    #[schema(value_type = Vec<ConversationsMessage>)]
    pub(crate) messages: Vec<Box<RawValue>>,
    pub(crate) pagination: ConversationsPagination,
}

/// A message that was sent or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    pub(crate) success: bool,
    #[schema(value_type = ConversationsMessage)]
    pub(crate) message: Box<RawValue>,
}

/// The sender of a message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ConversationsAuthor {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    username: String,
    #[schema(required)]
    avatar: Option<String>,
    #[schema(required = false)]
    guest: bool,
}

/// A reader of a message.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ConversationsReader {
    user: String,
    #[schema(format = DateTime)]
    read_at: String,
}

/// A message as conversations' clients read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct ConversationsMessage {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    conversation_id: String,
    sender: ConversationsAuthor,
    content: String,
    #[schema(rename = "type")]
    kind: String,
    #[schema(required)]
    file_url: Option<String>,
    #[schema(required)]
    file_name: Option<String>,
    status: String,
    edited: bool,
    deleted: bool,
    read_by: Vec<ConversationsReader>,
    #[schema(format = DateTime)]
    created_at: String,
    sequence: u64,
    #[schema(format = DateTime, nullable = false)]
    edited_at: Option<String>,
}
