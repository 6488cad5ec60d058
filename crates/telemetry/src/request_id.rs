//! The id of a request over HTTP, by which its log lines and its answer are found.
//!
//! What must stay true: an id has only characters that mean nothing in a header, in JSON and in a line of the log.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// Maximum number of bytes of an id that a proxy has made.
const BYTES_MAX: usize = 128;

/// The id of a request over HTTP. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Makes a new id.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// Reads an id that a proxy has made; `None` if it is too long, or has characters that ids do not have.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte);
        if text.is_empty() || text.len() > BYTES_MAX || !text.iter().all(allowed) {
            return None;
        }
        std::str::from_utf8(text).ok().map(|text| Self(text.into()))
    }

    /// The id as it stands in headers and in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proxies_make_is_read_and_nothing_that_could_break_a_line() {
        for good in ["3f2c9a", "Root=1-67891233-abcdef012345678912345678", "a:b/c+d@e~f_g.h"] {
            assert_eq!(RequestId::read(good.as_bytes()).expect("an id").as_str(), good);
        }
        let long = "a".repeat(BYTES_MAX + 1);
        for bad in ["", "a b", "a\"b", "a\\b", "a\nb", "a,b", "ä", long.as_str()] {
            assert_eq!(RequestId::read(bad.as_bytes()), None, "{bad}");
        }
        assert!(RequestId::read(RequestId::new().as_str().as_bytes()).is_some());
    }
}
