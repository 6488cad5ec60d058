//! A member's own settings of a conversation: what it has muted, pinned, archived, marked as unread, and what it is
//! notified of.
//!
//! What must stay true: nobody but the member is told of them; a member who never changed any has the default of each.

use crate::{Refusal, Timestamp};

/// How long a conversation is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mute {
    /// Muted until this moment.
    Until(Timestamp),
    /// Muted until the member ends it.
    ForGood,
}

impl Mute {
    /// The last moment of the year 9999, in milliseconds since 1970: later ones cannot be shown.
    const LAST_MS: i64 = 253_402_300_799_999;

    /// Reads the moment until which a conversation is muted: ISO 8601 with an offset, or milliseconds since 1970.
    ///
    /// # Errors
    /// [`Code::InvalidPayload`](crate::Code::InvalidPayload) if the text is no such moment.
    pub fn read(field: &str, text: &str) -> Result<Self, Refusal> {
        let ms = || text.parse().ok().filter(|ms| (0..=Self::LAST_MS).contains(ms)).map(Timestamp);
        Timestamp::parse(text).or_else(ms).map(Self::Until).ok_or_else(|| Self::unknown(field))
    }

    /// The refusal of a value that is neither yes or no nor a moment.
    #[must_use]
    pub fn unknown(field: &str) -> Refusal {
        Refusal::invalid(field, "must be true, false, or the moment until which it is muted")
    }
}

/// The messages of a conversation that a member is notified of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Notify {
    /// Every message of others.
    #[default]
    All,
    /// Messages that mention the member.
    Mentions,
    /// No message at all.
    None,
}

impl Notify {
    /// All values.
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::None];

    /// The value as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }

    /// Parses the text of a value; none if there is no such value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notify| notify.as_str() == text)
    }

    /// Reads the value of a client's field.
    ///
    /// # Errors
    /// [`Code::InvalidPayload`](crate::Code::InvalidPayload), with the known values, if there is no such value.
    pub fn read(field: &str, text: &str) -> Result<Self, Refusal> {
        Self::parse(text).ok_or_else(|| Self::unknown(field))
    }

    /// The refusal of a value that is none of the known ones.
    #[must_use]
    pub fn unknown(field: &str) -> Refusal {
        Refusal::invalid(field, "must be `all`, `mentions` or `none`")
    }
}

/// A member's own settings of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConversationSettings {
    /// How long the conversation is muted; none if it is not.
    pub muted: Option<Mute>,
    /// Whether it stands before others in lists.
    pub pinned: bool,
    /// Whether it is put away until its next message.
    pub archived: bool,
    /// The messages that the member is notified of.
    pub notify: Notify,
    /// Whether the member has marked it as unread, until it reads there again.
    pub marked_unread: bool,
}

impl ConversationSettings {
    /// The settings at a moment: without a mute that has ended.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        let muted = self.muted.filter(|mute| match mute {
            Mute::Until(end) => *end > now,
            Mute::ForGood => true,
        });
        Self { muted, ..self }
    }

    /// Whether all settings have their defaults.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes of a member's settings of a conversation; a field that is `None` stays unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// How long the conversation is muted; `Some(None)` ends a mute.
    pub muted: Option<Option<Mute>>,
    /// Whether it stands before others in lists.
    pub pinned: Option<bool>,
    /// Whether it is put away until its next message.
    pub archived: Option<bool>,
    /// The messages that the member is notified of.
    pub notify: Option<Notify>,
    /// Whether it is marked as unread.
    pub marked_unread: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_ends() {
        let muted = |mute| ConversationSettings { muted: Some(mute), ..ConversationSettings::default() };
        let until = muted(Mute::Until(Timestamp(10)));
        assert_eq!(until.at(Timestamp(9)), until);
        assert!(until.at(Timestamp(10)).is_default(), "it is over at that moment");
        assert!(!muted(Mute::ForGood).at(Timestamp(i64::MAX)).is_default());
    }

    #[test]
    fn the_end_of_a_mute_is_read_as_a_moment() {
        assert_eq!(Mute::read("muted", "1970-01-01T00:00:01Z"), Ok(Mute::Until(Timestamp(1_000))));
        assert_eq!(Mute::read("muted", "1000"), Ok(Mute::Until(Timestamp(1_000))));
        for wrong in ["", "tomorrow", "-1", "253402300800000", "1.5"] {
            assert!(Mute::read("muted", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_to_notify_of_is_read_by_its_name() {
        for notify in Notify::ALL {
            assert_eq!(Notify::read("notify", notify.as_str()), Ok(notify));
        }
        let refused = Notify::read("notify", "some").map_err(|refusal| refusal.message);
        assert_eq!(refused, Err("`notify` must be `all`, `mentions` or `none`.".to_owned()));
    }
}
