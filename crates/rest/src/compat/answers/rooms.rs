//! The answers for clients of the rooms dialect.
//!
//! What must stay true: fields keep the names and types that existing backends give them.

use quintet_domain::Refusal;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomsFailure {
    ok: bool,
    message: String,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

impl RoomsFailure {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        Self {
            ok: false,
            message: refusal.message.clone(),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// The newest messages of a room, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    pub(crate) room_id: String,
    #[schema(value_type = Vec<RoomsMessage>)]
    pub(crate) messages: Vec<Box<RawValue>>,
}

/// The sender of a message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct RoomsAuthor {
    id: String,
    username: String,
    #[schema(required)]
    avatar: Option<String>,
    #[schema(required = false)]
    guest: bool,
}

/// A message as rooms' clients read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct RoomsMessage {
    id: String,
    room_id: String,
    content: String,
    #[schema(rename = "type")]
    kind: String,
    user_id: String,
    user: RoomsAuthor,
    #[schema(format = DateTime)]
    created_at: String,
    sequence: u64,
    #[schema(format = DateTime, nullable = false)]
    edited_at: Option<String>,
    #[schema(required = false)]
    deleted: bool,
    #[schema(nullable = false)]
    file_url: Option<String>,
    file_name: Option<String>,
}
