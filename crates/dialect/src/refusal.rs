//! The encoding of refusals: as acknowledgements, and as `error` events.
//!
//! What must stay true: every refusal has its code and its message in both.

use quintet_domain::{Code, Refusal};
use serde::Serialize;

use crate::conversations;
use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::outgoing::{Answer, Outgoing};
use crate::shared::Failure;

/// The acknowledgement of a refused event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedAck<'a> {
    #[serde(flatten)]
    failure: Failure,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The reason, where a document prescribes the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// The payload of the `error` event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorEvent<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The name of the client's event; null if the refusal answers none, or one whose name is unknown.
    event: Option<&'a str>,
}

/// Replaces the model's name of a message's text, `content`, by the name that the event gives it.
pub(crate) fn with_field_names_of(spec: Option<&EventSpec>, refusal: &Refusal) -> Refusal {
    match spec.and_then(EventSpec::content_field) {
        None | Some("content") => refusal.clone(),
        Some(field) => {
            let message = refusal.message.replacen("`content`", &format!("`{field}`"), 1);
            let named = refusal.field.as_deref().map(|name| if name == "content" { field } else { name }.to_owned());
            Refusal { message, field: named, ..refusal.clone() }
        }
    }
}

/// Encodes the refusal of a client's event `name`. Without a dialect, the shape is one that the clients of every
/// dialect understand.
#[must_use]
pub fn refuse(dialect: Option<Dialect>, name: &str, refusal: &Refusal) -> Answer {
    let (failure, prescribed) = match dialect {
        Some(Dialect::Meetup) => (Failure::STATUS, None),
        Some(Dialect::Messenger | Dialect::Chat) => (Failure::SUCCESS, None),
        Some(Dialect::Conversations) => (Failure::SUCCESS, conversations::prescribed_refusal(name, refusal)),
        Some(Dialect::Rooms) => (Failure::OK, None),
        None => (Failure::ALL, None),
    };
    let answer = Answer::ack(&RefusedAck {
        failure,
        code: refusal.code.as_str(),
        message: prescribed.unwrap_or(&refusal.message),
        retry_after_ms: refusal.retry_after_ms,
        detail: prescribed.map(|_| refusal.message.as_str()),
    });
    let error = ErrorEvent {
        code: refusal.code.as_str(),
        message: &refusal.message,
        retry_after_ms: refusal.retry_after_ms,
        event: Some(name).filter(|name| !name.is_empty()),
    };
    match refusal.code {
        // Official clients of one dialect look for these in the event, even if they asked for an acknowledgement.
        Code::Unauthenticated | Code::TokenExpired => answer.with("error", &error),
        Code::Forbidden
        | Code::NotFound
        | Code::InvalidPayload
        | Code::TooLarge
        | Code::RateLimited
        | Code::Conflict
        | Code::Busy
        | Code::StorageFull
        | Code::Internal => answer.or_else("error", &error),
    }
}

/// Encodes the `error` event for a refusal that answers no event of the client.
#[must_use]
pub fn error_event(refusal: &Refusal) -> Outgoing {
    let error =
        ErrorEvent { code: refusal.code.as_str(), message: &refusal.message, retry_after_ms: None, event: None };
    Outgoing::new("error", &error)
}
