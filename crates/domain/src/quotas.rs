//! The quotas of users, as the operator configures them.

use crate::Retention;

/// Who may begin a direct conversation with a person, and add one to a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contact {
    /// Everyone who has an account.
    #[default]
    Everyone,
    /// Those who share a closed group or a meetup with the person.
    Shared,
    /// Those as well; others ask, and what they write waits until the person has accepted.
    Requests,
}

impl Contact {
    /// The name of the value in the configuration and over HTTP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Shared => "shared",
            Self::Requests => "requests",
        }
    }
}

/// How much users may write and store. The limits of the model ([`limits`](crate::limits)) apply in any case.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    /// Whether each user has a budget of rows and of bytes delivered to others, and a rate of rooms.
    pub rates: bool,
    /// People whom a user may add to conversations in a day (UTC); 0 for any number.
    pub added_per_day: u32,
    /// People whom a user may begin to write to in a day (UTC) without sharing a conversation with them; 0 for any
    /// number.
    pub direct_per_day: u32,
    /// Who may begin a direct conversation with a person, and add one to a group.
    pub contact: Contact,
    /// Bytes of files that a user may have; 0 for any number.
    pub user_file_bytes: u64,
    /// Bytes of files that all users may have together; 0 for any number.
    pub total_file_bytes: u64,
    /// Bytes of the disk that must stay free: below that only deletions are accepted. 0 for none.
    pub free_bytes_min: u64,
    /// Days for which the log of changes is kept, from which missed events are replayed; 0 for ever.
    pub change_days: u32,
    /// Days for which the audit log is kept; 0 for ever.
    pub audit_days: u32,
    /// Days for which messages are kept, for each kind of conversation.
    pub retention: Retention,
}
