//! What a person is told when something cannot be done.

use std::fmt;

/// The closed list of error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Nobody said who asks.
    Unauthenticated,
    /// The token was good and is not any more.
    TokenExpired,
    /// Known, and not allowed.
    Forbidden,
    /// Does not exist, or is not to be known.
    NotFound,
    /// Something in the payload is missing or wrong.
    InvalidPayload,
    /// Something in the payload is too large.
    TooLarge,
    /// Too much at once.
    RateLimited,
    /// Contradicts what is.
    Conflict,
    /// A fault of the server; details are in its log only.
    Internal,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unauthenticated,
        Self::TokenExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::InvalidPayload,
        Self::TooLarge,
        Self::RateLimited,
        Self::Conflict,
        Self::Internal,
    ];

    /// The code as clients see it.
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
            Self::Internal => "ERR_INTERNAL",
        }
    }
}

/// A refusal: a code for programs, a sentence for the person who made the mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// The sentence.
    pub message: String,
    /// When to try again, in milliseconds: with [`Code::RateLimited`], and with [`Code::Internal`] where the server is
    /// only busy.
    pub retry_after_ms: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl Refusal {
    /// Any refusal.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }

    /// A field is missing or wrong; the sentence starts with its name.
    #[must_use]
    pub fn invalid(field: &str, what: impl fmt::Display) -> Self {
        Self::new(Code::InvalidPayload, format!("`{field}` {what}."))
    }

    /// A field is too large.
    #[must_use]
    pub fn too_large(field: &str, what: impl fmt::Display) -> Self {
        Self::new(Code::TooLarge, format!("`{field}` {what}."))
    }

    /// The thing does not exist, or is not to be known.
    #[must_use]
    pub fn not_found(what: &str, id: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} `{id}` that you can see."))
    }

    /// Known, and not allowed.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// Contradicts what is.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// Nobody said who asks. Official clients of one document look for the first word.
    #[must_use]
    pub fn unauthenticated(why: &str) -> Self {
        Self::new(Code::Unauthenticated, format!("Authentication error: {why}"))
    }

    /// The token was good and is not any more.
    #[must_use]
    pub fn token_expired() -> Self {
        Self::new(Code::TokenExpired, "Authentication error: token expired")
    }

    /// Too much at once.
    #[must_use]
    pub fn rate_limited(retry_after_ms: u64) -> Self {
        Self {
            code: Code::RateLimited,
            message: format!("Too many requests; try again in {retry_after_ms} ms."),
            retry_after_ms: Some(retry_after_ms),
        }
    }

    /// The server has too much to do: the same request may succeed later. The code is that of a fault of the server;
    /// the time to wait tells them apart, and HTTP answers 503.
    #[must_use]
    pub fn overloaded(retry_after_ms: u64) -> Self {
        Self {
            code: Code::Internal,
            message: format!("The server is busy; nothing was changed. Try again in {retry_after_ms} ms."),
            retry_after_ms: Some(retry_after_ms),
        }
    }

    /// A fault of the server.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong on the server; nothing was changed.")
    }
}
