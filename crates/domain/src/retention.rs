//! Retention: for how many days messages are kept.

use crate::ConversationKind;

/// Maximum number of days for which messages are kept, if not for ever.
pub const RETENTION_DAYS_MAX: u32 = 36_500;

/// The days for which messages are kept, for each kind of conversation; 0 for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The days in direct conversations.
    pub direct: u32,
    /// The days in groups.
    pub group: u32,
    /// The days in rooms.
    pub room: u32,
    /// The days in the conversations of meetups.
    pub meetup: u32,
}

impl Retention {
    /// The days for which messages are kept in conversations of a kind; 0 for ever.
    #[must_use]
    pub fn days(self, kind: ConversationKind) -> u32 {
        match kind {
            ConversationKind::Direct => self.direct,
            ConversationKind::Group => self.group,
            ConversationKind::Room => self.room,
            ConversationKind::Meetup => self.meetup,
        }
    }

    /// Whether conversations of every kind keep their messages for ever.
    #[must_use]
    pub fn is_off(self) -> bool {
        self == Self::default()
    }
}

/// How long one conversation keeps its messages, where that was decided for it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRetention {
    /// The days; 0 where it was not decided for it.
    pub days: u32,
    /// Whether an admin of the server, or a service, has decided it. Then it holds whatever the server keeps of
    /// conversations of its kind, and who leads the conversation may only shorten it.
    pub by_server: bool,
}

impl OwnRetention {
    /// The days for which a conversation keeps its messages, where conversations of its kind keep them for some days; in
    /// both cases, 0 for ever.
    #[must_use]
    pub fn days_kept(self, of_kind: u32) -> u32 {
        match (self.days, of_kind) {
            (0, days) | (days, 0) => days,
            (own, _) if self.by_server => own,
            (own, of_kind) => own.min(of_kind),
        }
    }

    /// The most days that those who lead the conversation may decide, where conversations of its kind keep messages for
    /// some days.
    #[must_use]
    pub fn days_max(self, of_kind: u32) -> u32 {
        match (self, of_kind) {
            (Self { days, by_server: true }, _) => days,
            (_, 0) => RETENTION_DAYS_MAX,
            (_, of_kind) => of_kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_time_counts_unless_the_server_has_decided() {
        // The days of the conversation, whether the server decided them, those of its kind; the days that count, and the
        // most that its owner may decide.
        for (days, by_server, of_kind, kept, most) in [
            (0, false, 0, 0, RETENTION_DAYS_MAX),
            (0, false, 30, 30, 30),
            (7, false, 0, 7, RETENTION_DAYS_MAX),
            (7, false, 30, 7, 30),
            (90, false, 30, 30, 30),
            (90, true, 30, 90, 90),
            (7, true, 30, 7, 7),
            (7, true, 0, 7, 7),
        ] {
            let own = OwnRetention { days, by_server };
            assert_eq!((own.days_kept(of_kind), own.days_max(of_kind)), (kept, most), "{own:?} {of_kind}");
        }
    }
}
