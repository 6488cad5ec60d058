//! How each dialect's backends write a failure.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use quintet_dialect::Dialect;
use quintet_domain::{Code, Refusal};
use serde_json::{Value, json};

use crate::error::Failed;

/// Writes a response otherwise that was written as a problem; any other stays as it is.
pub(super) fn rewrite(response: &mut Response, write: impl FnOnce(StatusCode, &Refusal) -> (StatusCode, Value)) {
    let Some(Failed(refusal)) = response.extensions_mut().remove::<Failed>() else { return };
    let (status, body) = write(response.status(), &refusal);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body.to_string());
}

/// A failure before it is known whose client asked: what all of them read.
pub(super) fn for_all(status: StatusCode, refusal: &Refusal) -> (StatusCode, Value) {
    let (_, mut body) = write(Dialect::Conversations, status, refusal, false, "");
    let (status, chat) = write(Dialect::Chat, status, refusal, false, "");
    body["error"] = chat["error"].clone();
    body["detail"] = refusal.message.as_str().into();
    (status, body)
}

/// The statuses that failures of what a dialect's clients call have, or of what any may.
pub(super) fn statuses(dialect: Option<Dialect>) -> Vec<StatusCode> {
    let codes = match dialect {
        Some(Dialect::Meetup) => &[400, 401, 403, 404, 408, 429, 500, 503][..],
        Some(Dialect::Rooms) => &[400, 401, 403, 404, 422, 429, 500, 503],
        _ => &[400, 401, 403, 404, 408, 409, 429, 500, 503],
    };
    codes.iter().filter_map(|code| StatusCode::from_u16(*code).ok()).collect()
}

/// The status and body of a failure whose problem had this status.
pub(super) fn write(
    dialect: Dialect,
    status: StatusCode,
    refusal: &Refusal,
    with_token: bool,
    path: &str,
) -> (StatusCode, Value) {
    let of_what_was_sent = !matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::REQUEST_TIMEOUT);
    let invalid = matches!(refusal.code, Code::InvalidPayload | Code::TooLarge) && of_what_was_sent;
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
        _ if invalid => StatusCode::BAD_REQUEST,
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
