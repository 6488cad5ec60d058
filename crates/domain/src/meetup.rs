//! Meetups and notifications.

use std::sync::Arc;

use crate::{ConversationId, MeetupId, NotificationId, Timestamp, User};

/// The status of a meetup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeetupStatus {
    /// The meetup is proposed, and accepts requests to take part.
    Open,
    /// The host has confirmed that it takes place.
    Confirmed,
    /// The host has cancelled it.
    Cancelled,
    /// The meetup has taken place.
    Completed,
    /// The meetup was not confirmed before its time passed.
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

    /// Parses the text of a status; none if there is no such status.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Confirmed, Self::Cancelled, Self::Completed, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Returns whether the status of a meetup may change from this one to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Confirmed | Self::Cancelled | Self::Expired)
                | (Self::Confirmed, Self::Completed | Self::Cancelled)
        )
    }
}

/// A request to take part in a meetup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetupRequest {
    /// The user who asks to take part.
    pub user: Arc<User>,
    /// When the user asked.
    pub created_at: Timestamp,
}

/// A meetup as its host sees it. Other users see only their own request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meetup {
    /// The id of the meetup.
    pub id: MeetupId,
    /// The conversation of host and participants.
    pub chat_id: ConversationId,
    /// The user who proposed it.
    pub host: Arc<User>,
    /// The activity, as a short text.
    pub activity: String,
    /// The location, as a short text.
    pub location: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it expires, unless it is confirmed before.
    pub expires_at: Timestamp,
    /// Maximum number of participants beside the host; `None` for no limit.
    pub capacity: Option<u32>,
    /// The status of the meetup.
    pub status: MeetupStatus,
    /// The participants, without the host.
    pub participants: Vec<Arc<User>>,
    /// The open requests to take part.
    pub requests: Vec<MeetupRequest>,
}

/// A notice for one user, which is kept after the user has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The id of the notification.
    pub id: NotificationId,
    /// The title, as a short text.
    pub title: String,
    /// The message, as a full sentence.
    pub message: String,
    /// When the event that it reports happened.
    pub timestamp: Timestamp,
    /// When the user read it; none if it is unread.
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
