//! Rows of browsers that messages are pushed to, and the operations on them.
//!
//! What must stay true: an endpoint belongs to one user; a user is a subscriber as long as it has a subscription.

use std::sync::Arc;

use quintet_domain::{Notification, NotificationId, Timestamp, UserId};

use super::{MemberRow, MessageRow};
use crate::{ConversationKey, RowResult, UserKey};

/// The row of a browser that messages are pushed to.
#[derive(Clone, PartialEq, Eq)]
pub struct PushSubscriptionRow {
    /// The user of the browser.
    pub user: UserKey,
    /// The URL at which its push service takes messages for it, which is unique.
    pub endpoint: String,
    /// The public key of the browser.
    pub p256dh: Vec<u8>,
    /// The secret that the browser shares with the sender.
    pub auth: Vec<u8>,
    /// When the browser was subscribed for this user.
    pub created_at: Timestamp,
    /// When the subscription was last renewed.
    pub renewed_at: Timestamp,
}

/// Without the keys, which would let others write to the browser.
impl std::fmt::Debug for PushSubscriptionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushSubscriptionRow").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whom a look for push messages is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReach {
    /// Those with a browser that messages are pushed to.
    Subscribers,
    /// All people: other back ends push to devices that this server does not know.
    Everybody,
}

/// Operations on the rows of browsers that messages are pushed to, and the reads by which it is decided who is sent one.
pub trait PushRows {
    /// The subscriptions of a user, the one that was renewed longest ago first, then by their endpoints.
    fn push_subscriptions(&self, user: UserKey) -> RowResult<Vec<PushSubscriptionRow>>;
    /// The subscription with an endpoint.
    fn push_subscription(&self, endpoint: &str) -> RowResult<Option<PushSubscriptionRow>>;
    /// Inserts a subscription, or replaces the one with the same endpoint.
    fn put_push_subscription(&mut self, row: &PushSubscriptionRow) -> RowResult<()>;
    /// Deletes a subscription.
    fn delete_push_subscription(&mut self, endpoint: &str) -> RowResult<()>;
    /// Makes a user a subscriber, if it is none. Where a webhook is told whom to push to, those without subscriptions are
    /// subscribers too, once their activity is stored.
    fn insert_push_subscriber(&mut self, user: UserKey) -> RowResult<()>;
    /// Makes a user a subscriber no more.
    fn delete_push_subscriber(&mut self, user: UserKey) -> RowResult<()>;
    /// When a subscriber was last active, as far as it is stored; `None` if the user is no subscriber.
    fn push_activity(&self, user: UserKey) -> RowResult<Option<Timestamp>>;
    /// Stores when some users were last active, never back. Those who are no subscribers become some if it is about
    /// everybody, and are left out otherwise.
    fn set_push_activity(&mut self, users: &[(UserId, Timestamp)], everybody: bool) -> RowResult<()>;
    /// Makes those without subscriptions subscribers no more.
    fn delete_idle_push_subscribers(&mut self) -> RowResult<()>;
    /// Whether there is a subscriber.
    fn has_push_subscribers(&self) -> RowResult<bool>;
    /// The members of a conversation by their keys: all, or those who are subscribers.
    fn members_to_push(&self, conversation: ConversationKey, reach: PushReach) -> RowResult<Vec<(UserKey, MemberRow)>>;
    /// The position up to which it has been decided who is sent a push message.
    fn push_cursor(&self) -> RowResult<u64>;
    /// Stores that position.
    fn set_push_cursor(&mut self, to: u64) -> RowResult<()>;
    /// The messages after a position, up to another one, in commit order; at most `limit`.
    fn messages_between(&self, after: u64, up_to: u64, limit: usize) -> RowResult<Vec<MessageRow>>;
    /// The notifications that users were sent after a position, up to another one, in commit order.
    fn notified_between(&self, after: u64, up_to: u64) -> RowResult<Vec<(UserKey, NotificationId)>>;
    /// A notification by its id, with the key of its user.
    fn notification_by_id(&self, id: &NotificationId) -> RowResult<Option<(UserKey, Arc<Notification>)>>;
}
