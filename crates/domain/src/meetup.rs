//! Meetups and notifications.

use std::sync::Arc;

use crate::{ConversationId, MeetupId, NotificationId, Timestamp, User};

/// Where a meetup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeetupStatus {
    /// Proposed; requests come in.
    Open,
    /// It will happen.
    Confirmed,
    /// It will not happen.
    Cancelled,
    /// It happened.
    Completed,
    /// Its time passed unconfirmed.
    Expired,
}

impl MeetupStatus {
    /// The status as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Expired => "expired",
        }
    }

    /// The status of a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Confirmed, Self::Cancelled, Self::Completed, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether a meetup may go from this status to that one.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Confirmed | Self::Cancelled | Self::Expired)
                | (Self::Confirmed, Self::Completed | Self::Cancelled)
        )
    }
}

/// A request to take part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetupRequest {
    /// Who asks.
    pub user: Arc<User>,
    /// Since when.
    pub created_at: Timestamp,
}

/// A meetup as its host sees it; others are shown no requests but their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meetup {
    /// The id.
    pub id: MeetupId,
    /// The conversation of host and participants.
    pub chat_id: ConversationId,
    /// Who proposed it.
    pub host: Arc<User>,
    /// What is done.
    pub activity: String,
    /// Where.
    pub location: String,
    /// When.
    pub starts_at: Timestamp,
    /// When it expires if it is not confirmed.
    pub expires_at: Timestamp,
    /// How many may take part beside the host.
    pub capacity: Option<u32>,
    /// Where it stands.
    pub status: MeetupStatus,
    /// Who takes part, the host not counted.
    pub participants: Vec<Arc<User>>,
    /// Who asks to.
    pub requests: Vec<MeetupRequest>,
}

/// Something that a user is told, kept until read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The id.
    pub id: NotificationId,
    /// A few words.
    pub title: String,
    /// A sentence.
    pub message: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::MeetupStatus::*;

    #[test]
    fn a_meetup_ends_once() {
        for from in [Open, Confirmed, Cancelled, Completed, Expired] {
            let next: Vec<_> = [Open, Confirmed, Cancelled, Completed, Expired]
                .into_iter()
                .filter(|to| from.may_become(*to))
                .collect();
            let expected = match from {
                Open => vec![Confirmed, Cancelled, Expired],
                Confirmed => vec![Cancelled, Completed],
                _ => vec![],
            };
            assert_eq!(next, expected, "{from:?}");
        }
    }
}
