//! Sessions: what a user began on one device by logging in.

use std::sync::Arc;

use crate::limits::LOGIN_CLIENT_CHARS_MAX;
use crate::{LoginSessionId, Timestamp, is_visible};

/// A session of a user: from a log-in until it is ended, or until the tokens that belong to it have expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// The id, which opens nothing.
    pub id: LoginSessionId,
    /// What the client said of itself when the user logged in; none if it said nothing.
    pub client: Option<Arc<str>>,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When a token of the session was last used, to about an hour.
    pub seen_at: Timestamp,
    /// When the newest token of the session expires.
    pub expires_at: Timestamp,
}

impl LoginSession {
    /// Returns what is kept of what a client says of itself: its visible characters and single spaces, as far as there is
    /// room; none if nothing is left.
    #[must_use]
    pub fn client_from(text: &str) -> Option<Arc<str>> {
        let mut kept = String::new();
        let words = text.split(|c: char| !is_visible(c)).filter(|word| !word.is_empty());
        for word in words {
            if !kept.is_empty() {
                kept.push(' ');
            }
            kept.push_str(word);
            if kept.len() > 4 * LOGIN_CLIENT_CHARS_MAX {
                break;
            }
        }
        let kept: String = kept.chars().take(LOGIN_CLIENT_CHARS_MAX).collect();
        (!kept.is_empty()).then(|| kept.trim_end().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_of_itself_is_cut_to_what_can_be_shown() {
        let kept = |text: &str| LoginSession::client_from(text).map(|kept| kept.to_string());
        assert_eq!(kept("Mozilla/5.0 (X11; Linux)").as_deref(), Some("Mozilla/5.0 (X11; Linux)"));
        assert_eq!(kept("  a \u{202E}\t\r\n b ").as_deref(), Some("a b"), "neither directions nor lines");
        assert_eq!(kept(" \u{200B}"), None);
        assert_eq!(kept(""), None);
        let long = kept(&"ä ".repeat(1_000)).expect("text");
        assert_eq!(long.chars().count(), LOGIN_CLIENT_CHARS_MAX - 1, "cut before a space");
        assert_eq!(kept(&"ä".repeat(1_000)).expect("text").chars().count(), LOGIN_CLIENT_CHARS_MAX);
    }
}
