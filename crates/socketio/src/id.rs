//! Secret random ids of sessions and sockets.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Number of bytes of an id. A multiple of three, so that base64 needs no padding.
const BYTES: usize = 15;

/// A secret id: 120 random bits of the operating system, displayed as 20 characters of URL-safe base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id([u8; BYTES]);

impl Id {
    pub(crate) fn new() -> Self {
        let mut bytes = [0; BYTES];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // A predictable id would give access to a session, so there is no fallback.
            panic!("the operating system gives no random bytes: {error}");
        }
        Self(bytes)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A session's id gives access to its transport, and so it must not appear in logs.
        f.write_str("Id(..)")
    }
}

/// The id of a session, by which its client names it in every request.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct SessionId(Box<str>);

impl SessionId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // See `Id`.
        f.write_str("SessionId(..)")
    }
}

/// Makes the ids of sessions. By default they are random ([`Id`]). Where several servers share their clients, an id may
/// say which of them has the session.
#[derive(Clone)]
pub struct SessionIds(Arc<dyn Fn() -> String + Send + Sync>);

impl SessionIds {
    /// Makes ids by a function. Each id gives access to a session: it must not be guessed, must differ from all others,
    /// and has only letters, digits, `-` and `_`.
    pub fn by(make: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(&self) -> SessionId {
        SessionId((self.0)().into_boxed_str())
    }
}

impl Default for SessionIds {
    fn default() -> Self {
        Self::by(|| Id::new().to_string())
    }
}

impl fmt::Debug for SessionIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionIds(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_texts() {
        let (id, ids) = (Id::new(), SessionIds::default());
        assert_eq!(id.to_string().len(), 20);
        assert_ne!(Id::new(), id);
        let made = ids.make();
        assert!(made.as_str().len() == 20 && made != ids.make());
        assert!(made.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(format!("{made:?} {ids:?} {id:?}"), "SessionId(..) SessionIds(..) Id(..)");
        assert_eq!(SessionIds::by(|| "mine".to_owned()).make().as_str(), "mine");
    }
}
