//! Rows of meetups, of requests to take part, and of notifications.

use std::sync::Arc;

use quintet_domain::{MeetupId, MeetupStatus, Notification, NotificationId, Timestamp};

use crate::{ConversationKey, MeetupKey, RowResult, UserKey};

/// A meetup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetupRow {
    /// The key of the row.
    pub key: MeetupKey,
    /// The id that clients know.
    pub id: MeetupId,
    /// The conversation of host and participants.
    pub conversation: ConversationKey,
    /// The host.
    pub host: UserKey,
    /// The activity, in a few words.
    pub activity: String,
    /// The location, in a few words.
    pub location: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it expires, if it is not confirmed before.
    pub expires_at: Timestamp,
    /// How many may take part beside the host.
    pub capacity: Option<u32>,
    /// The status.
    pub status: MeetupStatus,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// Meetups and requests.
pub trait MeetupRows {
    /// A meetup that is not deleted.
    fn meetup(&self, id: &MeetupId) -> RowResult<Option<MeetupRow>>;
    /// Adds a meetup, whose `key` is ignored; gives its new key.
    fn insert_meetup(&mut self, row: &MeetupRow) -> RowResult<MeetupKey>;
    /// Replaces a meetup.
    fn update_meetup(&mut self, row: &MeetupRow) -> RowResult<()>;
    /// How many meetups of a host are open or confirmed and not deleted.
    fn current_meetups(&self, host: UserKey) -> RowResult<i64>;
    /// All meetups of a host, deleted ones included, by their keys.
    fn meetups_of(&self, host: UserKey) -> RowResult<Vec<MeetupRow>>;
    /// Open meetups whose time has passed and that are not deleted, by their keys.
    fn expired_meetups(&self, now: Timestamp) -> RowResult<Vec<MeetupRow>>;
    /// Adds a request to take part; says whether there was none.
    fn insert_request(&mut self, meetup: MeetupKey, user: UserKey, at: Timestamp) -> RowResult<bool>;
    /// Removes a request; says whether there was one.
    fn delete_request(&mut self, meetup: MeetupKey, user: UserKey) -> RowResult<bool>;
    /// Removes all requests for a meetup.
    fn delete_requests(&mut self, meetup: MeetupKey) -> RowResult<()>;
    /// Removes all requests of a user.
    fn delete_requests_of(&mut self, user: UserKey) -> RowResult<()>;
    /// The requests for a meetup, by time and then by the users' keys: at most `limit`.
    fn requests(&self, meetup: MeetupKey, limit: usize) -> RowResult<Vec<(UserKey, Timestamp)>>;
    /// A user's request for a meetup.
    fn request_of(&self, meetup: MeetupKey, user: UserKey) -> RowResult<Option<Timestamp>>;
    /// How many requests a meetup has.
    fn request_count(&self, meetup: MeetupKey) -> RowResult<i64>;
}

/// A notification as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotification {
    /// The user who is notified.
    pub user: UserKey,
    /// The user whom the text names, so that it is removed with that user.
    pub cause: Option<UserKey>,
    /// The position at which it was committed.
    pub position: u64,
    /// The notification as clients see it.
    pub notification: Arc<Notification>,
}

/// Notifications.
pub trait NotificationRows {
    /// Adds a notification, not yet delivered.
    fn insert_notification(&mut self, row: &StoredNotification) -> RowResult<()>;
    /// Removes the oldest notifications of a user: `count` of them.
    fn delete_oldest_notifications(&mut self, user: UserKey, count: usize) -> RowResult<()>;
    /// Marks all notifications of a user as read at a moment, those that were read before aside.
    fn read_notifications(&mut self, user: UserKey, at: Timestamp) -> RowResult<()>;
    /// Marks a notification as delivered.
    fn mark_notification_delivered(&mut self, id: &NotificationId) -> RowResult<()>;
    /// Some notifications of a user, or that name it, each with the user whose it is: at most `limit`.
    fn notifications_about(&self, user: UserKey, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>>;
    /// Some notifications that were read before a moment, the oldest first, each with the user whose it is.
    fn notifications_read_before(&self, before: Timestamp, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>>;
    /// Removes a notification.
    fn delete_notification(&mut self, id: &NotificationId) -> RowResult<()>;
}
