//! How each dialect's backends write a failure.

use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{Code, Refusal};
use serde_json::{Value, json};

/// The status and body of a failure whose problem had this status.
pub(super) fn write(
    dialect: Dialect,
    status: StatusCode,
    refusal: &Refusal,
    with_token: bool,
    path: &str,
) -> (StatusCode, Value) {
    let invalid = matches!(refusal.code, Code::InvalidPayload | Code::TooLarge) && status.is_client_error();
    let unknown = matches!(refusal.code, Code::Unauthenticated | Code::TokenExpired);
    let message = refusal.message.as_str();
    let status = match dialect {
        // No token is 401 and a bad one 403; a login that fails is 400, whether the user is known or not.
        Dialect::Meetup if path.contains("/auth/") && (unknown || refusal.code == Code::Conflict) => {
            StatusCode::BAD_REQUEST
        }
        Dialect::Meetup if unknown && with_token => StatusCode::FORBIDDEN,
        Dialect::Meetup if refusal.code == Code::Conflict => StatusCode::BAD_REQUEST,
        Dialect::Rooms => status,
        _ if invalid && status != StatusCode::METHOD_NOT_ALLOWED => StatusCode::BAD_REQUEST,
        _ => status,
    };
    let mut body = match dialect {
        Dialect::Meetup => json!({ "message": message, "error": message }),
        Dialect::Messenger if invalid => json!({ "message": message, "errors": [{ "msg": message }] }),
        Dialect::Messenger => json!({ "message": message }),
        Dialect::Rooms => json!({ "ok": false, "message": message }),
        Dialect::Conversations if invalid => {
            json!({ "success": false, "message": message, "errors": [{ "msg": message }] })
        }
        Dialect::Conversations => json!({ "success": false, "message": message }),
        Dialect::Chat => json!({ "error": status.canonical_reason().unwrap_or("Error"), "message": message }),
    };
    body["code"] = refusal.code.as_str().into();
    if let Some(ms) = refusal.retry_after_ms {
        body["retryAfterMs"] = ms.into();
    }
    (status, body)
}
