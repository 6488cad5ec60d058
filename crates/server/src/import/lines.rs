//! The lines of a file that is imported: a person, a conversation or a message each, as a JSON object.

use quintet_domain::Timestamp;
use serde::Deserialize;

/// One line. Its one key says what it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    User(Box<UserLine>),
    Conversation(Box<ConversationLine>),
    Message(Box<MessageLine>),
}

/// A person with an account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserLine {
    pub(super) id: Id,
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) country: Option<String>,
    /// A link, or the path of a picture in the folder of files.
    pub(super) avatar: Option<String>,
    /// The hash of the password, of bcrypt or argon2.
    pub(super) password_hash: Option<String>,
    /// The dialect of the person's client.
    pub(super) dialect: Option<String>,
    pub(super) created_at: Option<Moment>,
}

/// A direct conversation, a group or a room.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConversationLine {
    pub(super) id: Id,
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// A link, or the path of a picture in the folder of files.
    pub(super) picture: Option<String>,
    pub(super) open: Option<bool>,
    /// The owner of a group or room; the first member if absent.
    pub(super) owner_id: Option<Id>,
    pub(super) admin_ids: Option<Vec<Id>>,
    pub(super) member_ids: Option<Vec<Id>>,
    pub(super) created_at: Option<Moment>,
}

/// A message as it was when the file was written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageLine {
    pub(super) id: Option<Id>,
    pub(super) conversation_id: Id,
    pub(super) sender_id: Id,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) content: Option<String>,
    /// A link, or the path of a file in the folder of files.
    pub(super) file_url: Option<String>,
    pub(super) file_name: Option<String>,
    /// The message that it answers.
    pub(super) reply_to: Option<Id>,
    pub(super) created_at: Moment,
}

/// An id of the other back end. A number stands for its text; one with a fraction, or beyond 64 bits, is not exact.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "an id has to be a text or a whole number of at most 64 bits")]
pub(super) enum Id {
    Text(String),
    Number(u64),
    Negative(i64),
}

impl Id {
    /// Returns the id as text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Negative(number) => number.to_string(),
        }
    }
}

/// The least number of milliseconds that is taken for one, which is a day of 1973.
const MILLISECONDS_MIN: i64 = 100_000_000_000;

/// A moment, as ISO 8601 with its time zone, or in milliseconds since 1970.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "`createdAt` has to be a text or a whole number")]
pub(super) enum Moment {
    Text(String),
    Milliseconds(i64),
}

impl Moment {
    /// Returns the moment.
    ///
    /// # Errors
    /// A sentence, if it is none between 1970 and `now`.
    pub(super) fn parse(&self, now: Timestamp) -> Result<Timestamp, String> {
        let parsed = match self {
            Self::Text(text) => Timestamp::parse(text),
            // A smaller number is one of seconds.
            Self::Milliseconds(number) => Some(Timestamp(*number)).filter(|_| *number >= MILLISECONDS_MIN),
        };
        parsed.filter(|at| (0..=now.0).contains(&at.0)).ok_or_else(|| {
            "`createdAt` must be a moment from 1970 until now, such as 2026-11-28T18:30:00Z, or milliseconds since 1970"
                .to_owned()
        })
    }
}
