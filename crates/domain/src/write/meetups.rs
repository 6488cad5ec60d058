//! Writes about meetups and notifications.

use crate::{Actor, MeetupId, MeetupStatus, NotificationId, Timestamp, UserId};

/// A meetup to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeetup {
    /// The activity, in a few words.
    pub activity: String,
    /// The location, in a few words.
    pub location: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it expires, if it is not confirmed before.
    pub expires_at: Timestamp,
    /// How many may take part beside the host; none for any number.
    pub capacity: Option<u32>,
}

/// Makes a meetup and its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMeetup {
    /// The host.
    pub actor: Actor,
    /// The meetup to make.
    pub new: NewMeetup,
}

/// Changes of a meetup; a field that is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeetupChange {
    /// A new activity.
    pub activity: Option<String>,
    /// A new location.
    pub location: Option<String>,
    /// A new start.
    pub starts_at: Option<Timestamp>,
    /// A new capacity; `Some(None)` for any number.
    pub capacity: Option<Option<u32>>,
    /// A new status.
    pub status: Option<MeetupStatus>,
}

/// Changes a meetup that the actor hosts; services may change any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeMeetup {
    /// The host, or a service.
    pub actor: Actor,
    /// The meetup to change.
    pub meetup: MeetupId,
    /// The changes.
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

/// Asks to take part in a meetup; `ERR_CONFLICT` if the actor asked or takes part already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMeetup {
    /// The user who asks.
    pub actor: Actor,
    /// The meetup to take part in.
    pub meetup: MeetupId,
}

/// Accepts or declines a request to take part; a full meetup accepts nobody.
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

/// Takes a participant out of a meetup: the actor itself, or another user if the actor is the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveParticipant {
    /// The participant, the host, or a service.
    pub actor: Actor,
    /// The meetup to take the participant out of.
    pub meetup: MeetupId,
    /// The participant to take out.
    pub user: UserId,
}

/// Expires open meetups whose time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpireMeetups;

/// Notifies a registered user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyUser {
    /// The user to notify.
    pub user: UserId,
    /// A few words.
    pub title: String,
    /// A sentence.
    pub message: String,
}

/// Marks all notifications of a user as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadNotifications {
    /// The user who read them.
    pub user: UserId,
}

/// Records that a connection that speaks the meetup dialect was sent some notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkDelivered {
    /// The notifications that were sent.
    pub notifications: Vec<NotificationId>,
}
