//! Failures in the formats of each dialect's backends.
//!
//! What must stay true: a failure keeps its code and its message in every format.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use quintet_dialect::Dialect;
use quintet_domain::{Code, Refusal};
use serde::Serialize;

use super::answers::any::AnyFailure;
use super::answers::chat::ChatFailure;
use super::answers::conversations::ConversationsFailure;
use super::answers::meetup::MeetupFailure;
use super::answers::messenger::MessengerFailure;
use super::answers::rooms::RoomsFailure;
use crate::error::Failed;

/// The body of a failure in the format of one dialect, or of all.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Failure {
    /// The format for clients of the meetup dialect.
    Meetup(MeetupFailure),
    /// The format for clients of the messenger dialect.
    Messenger(MessengerFailure),
    /// The format for clients of the rooms dialect.
    Rooms(RoomsFailure),
    /// The format for clients of the conversations dialect.
    Conversations(ConversationsFailure),
    /// The format for clients of the chat dialect.
    Chat(ChatFailure),
    /// The format for clients of any dialect.
    Any(AnyFailure),
}

/// Rewrites a response if it is a problem. Others are not changed.
pub(super) fn rewrite(response: &mut Response, write: impl FnOnce(StatusCode, &Refusal) -> (StatusCode, Failure)) {
    let Some(Failed(refusal)) = response.extensions_mut().remove::<Failed>() else { return };
    let (status, body) = write(response.status(), &refusal);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
}

/// Returns a failure for a client whose dialect is not known, with the fields that the clients of all dialects read.
pub(super) fn for_all(status: StatusCode, refusal: &Refusal) -> (StatusCode, Failure) {
    let invalid = is_invalid(status, refusal);
    let status = if invalid { StatusCode::BAD_REQUEST } else { status };
    (status, Failure::Any(AnyFailure::of(status, refusal, invalid)))
}

/// Returns whether a refusal with this status says that the request was invalid, which existing backends answer with
/// 400.
fn is_invalid(status: StatusCode, refusal: &Refusal) -> bool {
    let is_about_request = !matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::REQUEST_TIMEOUT);
    matches!(refusal.code, Code::InvalidPayload | Code::TooLarge) && is_about_request
}

/// Returns the statuses of failures of the calls of a dialect, or of calls of any dialect.
pub(super) fn statuses(dialect: Option<Dialect>) -> Vec<StatusCode> {
    let codes = match dialect {
        Some(Dialect::Meetup) => &[400, 401, 403, 404, 408, 429, 500, 503, 507][..],
        Some(Dialect::Rooms) => &[400, 401, 403, 404, 422, 429, 500, 503, 507],
        Some(Dialect::Messenger | Dialect::Conversations | Dialect::Chat) | None => {
            &[400, 401, 403, 404, 408, 409, 429, 500, 503, 507]
        }
    };
    codes.iter().filter_map(|code| StatusCode::from_u16(*code).ok()).collect()
}

/// Returns the status and body of a failure in the format of a dialect. `status` is that of the problem.
pub(super) fn write(
    dialect: Dialect,
    status: StatusCode,
    refusal: &Refusal,
    with_token: bool,
    path: &str,
) -> (StatusCode, Failure) {
    let invalid = is_invalid(status, refusal);
    let unknown = matches!(refusal.code, Code::Unauthenticated | Code::TokenExpired);
    let bad_request = if invalid { StatusCode::BAD_REQUEST } else { status };
    match dialect {
        Dialect::Meetup => {
            let conflict = refusal.code == Code::Conflict;
            // A missing token is 401 and an invalid one 403. A failed log-in is 400, whether the user exists or not.
            let status = match () {
                () if path.contains("/auth/") && (unknown || conflict) => StatusCode::BAD_REQUEST,
                () if unknown && with_token => StatusCode::FORBIDDEN,
                () if conflict => StatusCode::BAD_REQUEST,
                () => bad_request,
            };
            (status, Failure::Meetup(MeetupFailure::of(refusal)))
        }
        Dialect::Messenger => (bad_request, Failure::Messenger(MessengerFailure::of(refusal, invalid))),
        Dialect::Rooms => (status, Failure::Rooms(RoomsFailure::of(refusal))),
        Dialect::Conversations => (bad_request, Failure::Conversations(ConversationsFailure::of(refusal, invalid))),
        Dialect::Chat => (bad_request, Failure::Chat(ChatFailure::of(bad_request, refusal))),
    }
}
