//! A token that came in a cookie, which browsers send by themselves.
//!
//! What must stay true: it is looked at only where a client sent no token with purpose, and a bad one counts as none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quintet_domain::{Code, Refusal};

use crate::{Service, Verified};

/// The token in the cookie of a request that may use it. It is an extension of the request.
#[derive(Clone, Debug)]
pub struct CookieToken {
    token: Arc<str>,
    /// Whether the token was found to be bad, so that the answer clears the cookie.
    stale: Arc<AtomicBool>,
}

impl CookieToken {
    /// Creates the extension.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self { token: token.into(), stale: Arc::default() }
    }

    /// Returns the token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns whether the token was found to be bad or expired.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }
}

/// Returns whether a text can be a token. Scripts write `null` and `undefined` where they have none, above all those
/// that keep their token in a cookie.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !matches!(text, "" | "null" | "undefined")
}

/// Returns what a check of a cookie's token gave, or `None` if the token is bad.
///
/// # Errors
/// A refusal for another reason than the token.
pub fn good_or_none<T>(checked: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match checked {
        Ok(good) => Ok(Some(good)),
        Err(refusal) if matches!(refusal.code, Code::Unauthenticated | Code::TokenExpired) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

impl Service {
    /// Authenticates a user by the token in a cookie. A bad or expired one gives `None`, and is noted.
    ///
    /// # Errors
    /// `ERR_BUSY`, or an internal error.
    pub async fn verify_cookie(&self, cookie: &CookieToken) -> Result<Option<Verified>, Refusal> {
        let verified = good_or_none(self.verify(cookie.token()).await)?;
        if verified.is_none() {
            cookie.stale.store(true, Ordering::Relaxed);
        }
        Ok(verified)
    }
}
