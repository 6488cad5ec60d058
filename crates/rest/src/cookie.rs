//! What an answer means for the cookie in which a browser may keep its token.
//!
//! What must stay true: handlers say what happened to a session; whether there is a cookie, and its form, is decided
//! where requests come in.

use axum::Extension;
use quintet_domain::Timestamp;
use quintet_service::Session;

/// What an answer means for the cookie. It is an extension of the response.
#[derive(Clone, Debug)]
pub enum CookieChange {
    /// A client of an existing backend logged in: its browser keeps the token.
    Set(Token),
    /// The token was replaced, for a browser that keeps the earlier one.
    Replace(Token),
    /// The session has ended.
    Clear,
}

/// A token, and when it expires.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token as clients send it.
    pub text: String,
    /// When the token expires.
    pub expires_at: Timestamp,
}

impl From<&Session> for Token {
    fn from(session: &Session) -> Self {
        Self { text: session.token.clone(), expires_at: session.expires_at }
    }
}

/// An answer with a change of the cookie.
pub(crate) type WithCookie<T> = (Extension<CookieChange>, T);

/// Returns an answer to a log-in or registration of a client of an existing backend.
pub(crate) fn logged_in<T>(session: &Session, answer: T) -> WithCookie<T> {
    (Extension(CookieChange::Set(session.into())), answer)
}

/// Returns an answer with a token that replaces an earlier one.
pub(crate) fn replaced<T>(session: &Session, answer: T) -> WithCookie<T> {
    (Extension(CookieChange::Replace(session.into())), answer)
}

/// Returns an answer to a request that ended the session.
pub(crate) fn logged_out<T>(answer: T) -> WithCookie<T> {
    (Extension(CookieChange::Clear), answer)
}
