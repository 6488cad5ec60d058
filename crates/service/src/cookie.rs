//! A token that came in a cookie, which browsers send by themselves.
//!
//! What must stay true: it is looked at only where a client sent no token with purpose, and a bad one counts as none; the
//! number of tokens that one request has checked is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet_domain::{Code, Refusal};

use crate::{Service, Verified};

/// Maximum number of tokens of one request that are tried. A browser sends the cookies of several paths and domains, and
/// one that is left over must not hide the one that is in use.
pub const COOKIE_TOKENS_MAX: usize = 4;

/// The tokens in the cookies of a request that may use them, of which the first good one counts. It is an extension of
/// the request.
#[derive(Clone, Debug)]
pub struct CookieToken(Arc<Tokens>);

#[derive(Debug)]
struct Tokens {
    /// At least one token, in the order of the request.
    all: Vec<Box<str>>,
    /// The number of tokens, from the first on, that were found to be bad.
    bad: AtomicUsize,
}

impl CookieToken {
    /// Creates the extension from the tokens of a request, in their order; those beyond [`COOKIE_TOKENS_MAX`] are left
    /// out. Returns `None` if there are none.
    #[must_use]
    pub fn of(tokens: impl IntoIterator<Item = Box<str>>) -> Option<Self> {
        let all: Vec<_> = tokens.into_iter().take(COOKIE_TOKENS_MAX).collect();
        (!all.is_empty()).then(|| Self(Arc::new(Tokens { all, bad: AtomicUsize::new(0) })))
    }

    /// Returns the first token that was not found to be bad, or the last one if all were.
    #[must_use]
    pub fn token(&self) -> &str {
        let Tokens { all, bad } = &*self.0;
        all.get(bad.load(Ordering::Relaxed)).or(all.last()).map_or("", |token| token)
    }

    /// Returns whether all tokens were found to be bad or expired, so that the answer clears the cookie.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.0.bad.load(Ordering::Relaxed) >= self.0.all.len()
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
    /// Authenticates a user by the first good token in the cookies of a request. Bad and expired ones are noted, and give
    /// `None` if there is no other.
    ///
    /// # Errors
    /// `ERR_BUSY`, or an internal error.
    pub async fn verify_cookie(&self, cookie: &CookieToken) -> Result<Option<Verified>, Refusal> {
        let Tokens { all, bad } = &*cookie.0;
        for (at, token) in all.iter().enumerate().skip(bad.load(Ordering::Relaxed)) {
            if let Some(verified) = good_or_none(self.verify(token).await)? {
                return Ok(Some(verified));
            }
            bad.fetch_max(at + 1, Ordering::Relaxed);
        }
        Ok(None)
    }
}
