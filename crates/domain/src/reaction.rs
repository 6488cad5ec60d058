//! Reactions to messages: the emoji, and what is told of those who react.
//!
//! What must stay true: an emoji is a short text without spaces and control characters; two texts are one emoji only if
//! they have the same bytes.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::limits::EMOJI_BYTES_MAX;
use crate::{ConversationRef, MessageId, Refusal, UserId};

/// The text of a reaction, usually one emoji: 1 to [`EMOJI_BYTES_MAX`] bytes without spaces and control characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emoji(Arc<str>);

impl Emoji {
    /// Checks a text and makes it an emoji.
    ///
    /// # Errors
    /// A refusal that names `field` and what is wrong.
    pub fn new(field: &str, text: &str) -> Result<Self, Refusal> {
        Self::check(field, text)?;
        Ok(Self(text.into()))
    }

    /// Checks that a text can be an emoji, without making it one.
    ///
    /// # Errors
    /// A refusal that names `field` and what is wrong.
    pub fn check(field: &str, text: &str) -> Result<(), Refusal> {
        if text.is_empty() {
            return Err(Refusal::invalid(field, "must not be empty"));
        }
        if text.len() > EMOJI_BYTES_MAX {
            let what = format!("has {} bytes; at most {EMOJI_BYTES_MAX} are allowed", text.len());
            return Err(Refusal::too_large(field, what));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            return Err(Refusal::invalid(field, "must not contain spaces or control characters"));
        }
        Ok(())
    }

    /// Makes an emoji of a text that was checked before, such as one from the store.
    #[must_use]
    pub fn trusted(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the emoji as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for Emoji {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One user's part in reactions that are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionChange {
    /// The user who reacted, or took the reaction back.
    pub user: UserId,
    /// Whether the user's reaction is there now.
    pub active: bool,
}

/// What is told when a user reacts to a message, or takes a reaction back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    /// The conversation of the message.
    pub conversation: Arc<ConversationRef>,
    /// The message that the reaction is to.
    pub message: MessageId,
    /// The emoji of the reaction.
    pub emoji: Emoji,
    /// The user who reacted; the last one, if several are told together.
    pub user: UserId,
    /// Whether the reaction of that user is there now.
    pub active: bool,
    /// Number of users whose reaction with this emoji is there now.
    pub count: u32,
    /// All users who are told together, each once, in the order of their last changes; empty if it is one alone.
    pub changes: Vec<ReactionChange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_short_and_visible() {
        let longest = "é".repeat(EMOJI_BYTES_MAX / 2);
        for text in ["👍", "👩‍👩‍👧‍👦", "❤️", ":party_parrot:", "+1", &longest] {
            assert_eq!(Emoji::new("emoji", text).expect("an emoji").as_str(), text);
        }
        let longer = format!("{longest}!");
        for (text, what) in [
            ("", "`emoji` must not be empty."),
            (longer.as_str(), "`emoji` has 65 bytes; at most 64 are allowed."),
            ("a b", "`emoji` must not contain spaces or control characters."),
            ("a\u{a0}", "`emoji` must not contain spaces or control characters."),
            ("\u{0}", "`emoji` must not contain spaces or control characters."),
            ("\u{fffd}", "`emoji` must not contain spaces or control characters."),
        ] {
            assert_eq!(Emoji::new("emoji", text).expect_err("refused").message, what, "{text:?}");
        }
    }
}
