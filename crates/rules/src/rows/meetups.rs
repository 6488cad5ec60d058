//! Rows of meetups, of requests to take part, and of notifications, and the operations on them.
//!
//! What must stay true: a user has at most one request for a meetup.

use std::sync::Arc;

use quintet_domain::{MeetupId, MeetupStatus, Notification, NotificationId, Timestamp};

use crate::{ConversationKey, MeetupKey, RowResult, UserKey};

/// The row of a meetup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetupRow {
    /// The key of the row.
    pub key: MeetupKey,
    /// The id by which clients refer to it.
    pub id: MeetupId,
    /// The conversation of its host and participants.
    pub conversation: ConversationKey,
    /// The user who hosts it.
    pub host: UserKey,
    /// A short text that describes the activity.
    pub activity: String,
    /// A short text that describes the location.
    pub location: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it expires, unless it is confirmed before.
    pub expires_at: Timestamp,
    /// Maximum number of participants, the host not included; `None` for no limit.
    pub capacity: Option<u32>,
    /// The current status.
    pub status: MeetupStatus,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// Operations on the rows of meetups and requests.
pub trait MeetupRows {
    /// A meetup that is not deleted.
    fn meetup(&self, id: &MeetupId) -> RowResult<Option<MeetupRow>>;
    /// Inserts a meetup, whose `key` is ignored. Returns its new key.
    fn insert_meetup(&mut self, row: &MeetupRow) -> RowResult<MeetupKey>;
    /// Replaces a meetup.
    fn update_meetup(&mut self, row: &MeetupRow) -> RowResult<()>;
    /// The number of meetups of a host that are open or confirmed and not deleted.
    fn current_meetups(&self, host: UserKey) -> RowResult<i64>;
    /// All meetups of a host, deleted ones included, by their keys.
    fn meetups_of(&self, host: UserKey) -> RowResult<Vec<MeetupRow>>;
    /// Open meetups that have expired by a time and are not deleted, by their keys.
    fn expired_meetups(&self, now: Timestamp) -> RowResult<Vec<MeetupRow>>;
    /// Inserts a request to take part. Returns whether there was none.
    fn insert_request(&mut self, meetup: MeetupKey, user: UserKey, at: Timestamp) -> RowResult<bool>;
    /// Deletes a request to take part. Returns whether there was one.
    fn delete_request(&mut self, meetup: MeetupKey, user: UserKey) -> RowResult<bool>;
    /// Deletes all requests for a meetup.
    fn delete_requests(&mut self, meetup: MeetupKey) -> RowResult<()>;
    /// Deletes all requests of a user.
    fn delete_requests_of(&mut self, user: UserKey) -> RowResult<()>;
    /// The requests for a meetup, by time and then by the users' keys; at most `limit`.
    fn requests(&self, meetup: MeetupKey, limit: usize) -> RowResult<Vec<(UserKey, Timestamp)>>;
    /// The time of a user's request for a meetup.
    fn request_of(&self, meetup: MeetupKey, user: UserKey) -> RowResult<Option<Timestamp>>;
    /// The number of requests for a meetup.
    fn request_count(&self, meetup: MeetupKey) -> RowResult<i64>;
}

/// The row of a notification.
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

/// Operations on the rows of notifications.
pub trait NotificationRows {
    /// Inserts a notification, as not yet delivered.
    fn insert_notification(&mut self, row: &StoredNotification) -> RowResult<()>;
    /// Deletes the `count` oldest notifications of a user.
    fn delete_oldest_notifications(&mut self, user: UserKey, count: usize) -> RowResult<()>;
    /// Marks the unread notifications of a user as read at a time.
    fn read_notifications(&mut self, user: UserKey, at: Timestamp) -> RowResult<()>;
    /// Marks a notification as delivered.
    fn mark_notification_delivered(&mut self, id: &NotificationId) -> RowResult<()>;
    /// Some notifications of a user or that name it, each with the user who is notified; at most `limit`.
    fn notifications_about(&self, user: UserKey, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>>;
    /// Some notifications that were read before a time, oldest first, each with the user who is notified; at most
    /// `limit`.
    fn notifications_read_before(&self, before: Timestamp, limit: usize) -> RowResult<Vec<(NotificationId, UserKey)>>;
    /// Deletes a notification.
    fn delete_notification(&mut self, id: &NotificationId) -> RowResult<()>;
}
