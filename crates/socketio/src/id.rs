//! Secret random ids of sessions and sockets.

use std::fmt;

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

    /// Parses an id from its displayed form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == BYTES).then_some(Self(bytes))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_it_is_shown() {
        let id = Id::new();
        assert_eq!(id.to_string().len(), 20);
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_ne!(Id::new(), id);
        for text in [
            "",
            "abc",
            "00000000000000000000000",
            "0000000000000000000\n",
            "0000000000000000000=",
            "0000000000000000000€",
        ] {
            assert_eq!(Id::parse(text), None, "{text:?}");
        }
    }
}
