//! Writes about meetups and notifications.

use std::sync::Arc;

use crate::{Actor, MeetupId, MeetupStatus, NotificationId, Timestamp, UserId};

/// A meetup to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeetup {
    /// The activity, as a short text.
    pub activity: String,
    /// The location, as a short text.
    pub location: String,
    /// When the meetup starts.
    pub starts_at: Timestamp,
    /// When the meetup expires, unless it is confirmed before.
    pub expires_at: Timestamp,
    /// Maximum number of participants beside the host; `None` for no limit.
    pub capacity: Option<u32>,
}

/// Creates a meetup and its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMeetup {
    /// The user who hosts the meetup.
    pub actor: Actor,
    /// The meetup to create.
    pub new: NewMeetup,
}

/// Changes of a meetup; a field that is `None` stays unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeetupChange {
    /// The new activity.
    pub activity: Option<String>,
    /// The new location.
    pub location: Option<String>,
    /// The new start.
    pub starts_at: Option<Timestamp>,
    /// The new capacity; `Some(None)` for no limit.
    pub capacity: Option<Option<u32>>,
    /// The new status.
    pub status: Option<MeetupStatus>,
}

/// Changes a meetup that the actor hosts; services may change any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeMeetup {
    /// The host, or a service.
    pub actor: Actor,
    /// The meetup to change.
    pub meetup: MeetupId,
    /// The changes to make.
    pub change: MeetupChange,
}

/// Deletes a meetup that the actor hosts, with its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMeetup {
    /// The host, or a service.
    pub actor: Actor,
    /// The meetup to delete.
    pub meetup: MeetupId,
}

/// Asks to take part in a meetup. Refused with `ERR_CONFLICT` if the actor asked before or takes part already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMeetup {
    /// The user who asks to take part.
    pub actor: Actor,
    /// The meetup to take part in.
    pub meetup: MeetupId,
}

/// Accepts or declines a request to take part. A full meetup accepts nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideRequest {
    /// The host, or a service.
    pub actor: Actor,
    /// The meetup that the request is for.
    pub meetup: MeetupId,
    /// The user who asked.
    pub user: UserId,
    /// Whether the request is accepted.
    pub accept: bool,
}

/// Removes a participant from a meetup: the actor itself, or another user if the actor is the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveParticipant {
    /// The participant, the host, or a service.
    pub actor: Actor,
    /// The meetup to remove the participant from.
    pub meetup: MeetupId,
    /// The participant to remove.
    pub user: UserId,
    /// Why another user is removed, for the audit log.
    pub reason: Option<Arc<str>>,
}

/// Expires open meetups whose time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpireMeetups;

/// Notifies a registered user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyUser {
    /// The user to notify.
    pub user: UserId,
    /// The title, as a short text.
    pub title: String,
    /// The message, as a full sentence.
    pub message: String,
}

/// Marks all notifications of a user as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadNotifications {
    /// The user who read them.
    pub user: UserId,
}

/// Records that notifications were sent to a connection of the meetup dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkDelivered {
    /// The notifications that were sent.
    pub notifications: Vec<NotificationId>,
}
