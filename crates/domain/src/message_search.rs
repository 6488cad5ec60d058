//! What a search for messages asks for.
//!
//! What must stay true: whether a message fits is decided from the message as it is now, never from an index.

use crate::{ConversationId, MessageKind, SearchText, Timestamp, UserId};

/// A part that a message must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// A file that the message carries.
    File,
    /// A link to a page in its text.
    Link,
    /// A mention of a member, or of all.
    Mention,
}

impl Has {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::File, Self::Link, Self::Mention];

    /// The part as clients write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Link => "link",
            Self::Mention => "mention",
        }
    }

    /// Parses a part as clients write it; none if there is no such part.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == text)
    }
}

/// Returns whether a text has a link to a page.
#[must_use]
pub fn has_link(text: &str) -> bool {
    text.contains("https://") || text.contains("http://")
}

/// A search for messages. A message is found if it fits all that is given, and if the user may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSearch {
    /// The words that a message must have.
    pub text: SearchText,
    /// The conversation to search; none for all conversations of the user.
    pub conversation: Option<ConversationId>,
    /// The user who sent the message.
    pub from: Option<UserId>,
    /// The moment before which it was sent.
    pub before: Option<Timestamp>,
    /// The moment after which it was sent.
    pub after: Option<Timestamp>,
    /// The kind of the message.
    pub kind: Option<MessageKind>,
    /// A part that it must have.
    pub has: Option<Has>,
}

impl MessageSearch {
    /// A search for words in all conversations of a user.
    #[must_use]
    pub fn of(text: SearchText) -> Self {
        Self { text, conversation: None, from: None, before: None, after: None, kind: None, has: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_texts() {
        for (text, expected) in [("see https://example.org", true), ("see example.org", false)] {
            assert_eq!(has_link(text), expected, "{text:?}");
        }
    }
}
