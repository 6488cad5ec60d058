//! Refusals: the closed list of error codes, and the messages that people read when something cannot be done.

use std::fmt;

/// The closed list of error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request has no valid identity.
    Unauthenticated,
    /// The token has expired.
    TokenExpired,
    /// The user is not allowed to do this.
    Forbidden,
    /// The thing does not exist, or the user may not know that it does.
    NotFound,
    /// A part of the payload is missing or invalid.
    InvalidPayload,
    /// A part of the payload is too large.
    TooLarge,
    /// The user or the address sends more than its rate allows.
    RateLimited,
    /// The request contradicts the current state.
    Conflict,
    /// The server has too much work of this kind waiting; the same request succeeds a little later.
    Busy,
    /// The server has no storage left for what the request would store; deletions still succeed.
    StorageFull,
    /// A fault of the server; the details are in its log only.
    Internal,
}

impl Code {
    /// All error codes.
    pub const ALL: [Self; 11] = [
        Self::Unauthenticated,
        Self::TokenExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::InvalidPayload,
        Self::TooLarge,
        Self::RateLimited,
        Self::Conflict,
        Self::Busy,
        Self::StorageFull,
        Self::Internal,
    ];

    /// Returns the code as clients receive it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "ERR_UNAUTHENTICATED",
            Self::TokenExpired => "ERR_TOKEN_EXPIRED",
            Self::Forbidden => "ERR_FORBIDDEN",
            Self::NotFound => "ERR_NOT_FOUND",
            Self::InvalidPayload => "ERR_INVALID_PAYLOAD",
            Self::TooLarge => "ERR_TOO_LARGE",
            Self::RateLimited => "ERR_RATE_LIMITED",
            Self::Conflict => "ERR_CONFLICT",
            Self::Busy => "ERR_BUSY",
            Self::StorageFull => "ERR_STORAGE_FULL",
            Self::Internal => "ERR_INTERNAL",
        }
    }
}

/// A refusal: a code for programs, and a message for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The code for programs.
    pub code: Code,
    /// The message for people: a full sentence that says what was wrong.
    pub message: String,
    /// The field or the parameter that is wrong, for clients that show the message beside it; `body` for the body as a whole.
    pub field: Option<String>,
    /// With [`Code::RateLimited`] and [`Code::Busy`]: the time after which to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl Refusal {
    /// Creates a refusal without a time to try again.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, retry_after_ms: None }
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn in_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// A field is missing or invalid. The message is "`` `field` `` `what`.".
    #[must_use]
    pub fn invalid(field: &str, what: impl fmt::Display) -> Self {
        Self::new(Code::InvalidPayload, format!("`{field}` {what}.")).in_field(field)
    }

    /// A field is too large. The message is "`` `field` `` `what`.".
    #[must_use]
    pub fn too_large(field: &str, what: impl fmt::Display) -> Self {
        Self::new(Code::TooLarge, format!("`{field}` {what}.")).in_field(field)
    }

    /// The thing does not exist, or the user may not know that it does.
    #[must_use]
    pub fn not_found(what: &str, id: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} `{id}` that you can see."))
    }

    /// The user is not allowed to do this.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// The request contradicts the current state.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// The request has no valid identity. Official clients of one dialect match on the words "Authentication error".
    #[must_use]
    pub fn unauthenticated(why: &str) -> Self {
        Self::new(Code::Unauthenticated, format!("Authentication error: {why}"))
    }

    /// The token has expired.
    #[must_use]
    pub fn token_expired() -> Self {
        Self::new(Code::TokenExpired, "Authentication error: token expired")
    }

    /// The user or the address sends more than its rate allows.
    #[must_use]
    pub fn rate_limited(retry_after_ms: u64) -> Self {
        let message = format!("Too many requests; try again in {retry_after_ms} ms.");
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(Code::RateLimited, message) }
    }

    /// The server has too much work of this kind waiting; try again after `retry_after_ms` milliseconds.
    #[must_use]
    pub fn busy(retry_after_ms: u64) -> Self {
        let message = format!("The server is busy; try again in {retry_after_ms} ms.");
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(Code::Busy, message) }
    }

    /// The server has no storage left for what the request would store.
    #[must_use]
    pub fn storage_full() -> Self {
        let message = "The server has no room left: nothing can be stored until something is deleted or room is made.";
        Self::new(Code::StorageFull, message)
    }

    /// A fault of the server.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong on the server; nothing was changed.")
    }
}
