//! Ids: opaque texts of 1 to 128 visible characters. Those that the server generates are UUIDv7.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::is_visible;
use crate::limits::{CLIENT_MESSAGE_ID_CHARS_MAX, ID_CHARS_MAX};

/// The reason for which a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text is too long.
    #[error("an id has at most {0} characters")]
    TooLong(usize),
    /// The text has characters that cannot be seen: spaces, control and format characters, or fillers.
    #[error("an id holds visible characters only")]
    Invisible,
    /// The text has U+FFFD, which stands for what could not be read, such as half of a surrogate pair: texts that differ
    /// only there would be one id.
    #[error("an id must not contain U+FFFD, which stands for text that is not valid Unicode")]
    Replaced,
}

fn check(text: &str, chars_max: usize) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.chars().count() > chars_max {
        return Err(IdError::TooLong(chars_max));
    }
    if !text.chars().all(is_visible) {
        return Err(IdError::Invisible);
    }
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(IdError::Replaced);
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $chars_max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text and makes it an id.
            ///
            /// # Errors
            /// [`IdError`] if the text is not an id.
            pub fn new(text: &str) -> Result<Self, IdError> {
                Self::check(text)?;
                Ok(Self(text.into()))
            }

            /// Checks that a text can be an id, without making it one.
            ///
            /// # Errors
            /// [`IdError`] if the text is not an id.
            pub fn check(text: &str) -> Result<(), IdError> {
                check(text, $chars_max)
            }

            /// Makes an id of a text that was checked before, such as one from the store.
            #[must_use]
            pub fn trusted(text: &str) -> Self {
                Self(text.into())
            }

            /// Returns the id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// The id of a user. A guest chooses its own id.
    UserId, ID_CHARS_MAX
);
id!(
    /// The id of a conversation.
    ConversationId, ID_CHARS_MAX
);
id!(
    /// The id of a message.
    MessageId, ID_CHARS_MAX
);
id!(
    /// The id of a meetup.
    MeetupId, ID_CHARS_MAX
);
id!(
    /// The id of a notification.
    NotificationId, ID_CHARS_MAX
);
id!(
    /// The id of a request to reach a person.
    RequestId, ID_CHARS_MAX
);
id!(
    /// The id of a session of a user, which its tokens carry.
    LoginSessionId, ID_CHARS_MAX
);
id!(
    /// The id that a client gives a message, so that the send can be repeated safely. It is unique for each sender and
    /// conversation.
    ClientMessageId, CLIENT_MESSAGE_ID_CHARS_MAX
);

/// The prefix of the ids that the server gives to former guests; [`FORMER_GUEST_DIGITS`] hexadecimal digits follow.
const FORMER_GUEST: &str = "guest-";
const FORMER_GUEST_DIGITS: usize = 32;

impl UserId {
    /// Makes the new id of a guest whose own id an account got. `random` is a number that nobody can guess.
    #[must_use]
    pub fn former_guest(random: u128) -> Self {
        Self::trusted(&format!("{FORMER_GUEST}{random:032x}"))
    }

    /// Returns whether this id has the form of [`UserId::former_guest`]. Neither guests nor new accounts can choose
    /// such an id.
    #[must_use]
    pub fn is_former_guests(&self) -> bool {
        self.as_str().strip_prefix(FORMER_GUEST).is_some_and(|digits| {
            digits.len() == FORMER_GUEST_DIGITS && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
}

/// Identifies a connection, and the connection that resumes it after it was lost. Clients never receive it. Every
/// process, also after a restart, uses different numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Identifies a process among those that share a database. Every process, also after a restart, uses another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_former_guests_are_known_by_their_form() {
        assert_eq!(UserId::former_guest(7).as_str(), "guest-00000000000000000000000000000007");
        assert!(UserId::former_guest(u128::MAX).is_former_guests());
        for other in ["guest-1", "guest-", "0123456789abcdef0123456789abcdef", "guest-0123456789ABCDEF0123456789ABCDEF"]
        {
            assert!(!UserId::trusted(other).is_former_guests(), "{other}");
        }
        assert!(!UserId::trusted(&format!("{}0", UserId::former_guest(7))).is_former_guests());
    }

    #[test]
    fn what_is_an_id() {
        assert!(UserId::new("64f8b0c3a5e7e6b8d7c1a9d9").is_ok());
        assert!(UserId::new(&"ä".repeat(128)).is_ok());
        assert_eq!(UserId::new(""), Err(IdError::Empty));
        assert_eq!(UserId::new(&"a".repeat(129)), Err(IdError::TooLong(128)));
        assert_eq!(UserId::new("a b"), Err(IdError::Invisible));
        for invisible in ['\0', '\u{A0}', '\u{200B}', '\u{202E}', '\u{2800}', '\u{3164}', '\u{FE0F}', '\u{E0041}'] {
            assert_eq!(UserId::new(&format!("a{invisible}")), Err(IdError::Invisible), "{invisible:?}");
        }
        assert_eq!(ClientMessageId::new(&"a".repeat(65)), Err(IdError::TooLong(64)));
    }
}
