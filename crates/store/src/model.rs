//! The results of reads, beside the domain's own types.

use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, Message, Notification, Timestamp, UserId};

/// A service's key, as the operator sees it: the key itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The service's name.
    pub name: String,
    /// When the key was made.
    pub created_at: Timestamp,
}

/// A user's conversations at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    /// The position.
    pub position: u64,
    /// Whether the user is a registered one at that position.
    pub registered: bool,
    /// The conversations, each with the number of its members.
    pub conversations: Vec<(Arc<ConversationRef>, u32)>,
}

/// Notifications that no connection of the meetup vocabulary was sent, at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct PendingNotifications {
    /// The position.
    pub position: u64,
    /// The notifications, the oldest first.
    pub notifications: Vec<Arc<Notification>>,
}

/// Which groups and rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those that everybody may join.
    Open,
    /// Those, and the closed ones that one is a member of.
    OpenOrMine,
    /// One of these.
    One(ConversationId),
}

/// A group or room, as one who may not be a member finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Id, kind and name.
    pub conversation: Arc<ConversationRef>,
    /// What it says of itself.
    pub description: Option<String>,
    /// Whether it is joined by id.
    pub open: bool,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// How many members it has.
    pub member_count: u32,
    /// Whether one is a member.
    pub is_member: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Files that nobody may have any more, of those that were looked at.
#[derive(Clone, Debug, Default)]
pub struct OrphanedFiles {
    /// Their ids.
    pub ids: Vec<String>,
    /// Where to go on looking; none at the end.
    pub next: Option<i64>,
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageOf {
    /// The newest.
    Newest,
    /// The newest that are older than this sequence number.
    Before(u64),
    /// The oldest that are newer than this sequence number.
    After(u64),
    /// The newest but for so many: for clients that count pages.
    Skipping(u32),
}

/// A page of messages, by ascending sequence.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// The messages.
    pub items: Vec<Arc<Message>>,
    /// Whether there are more in the direction of the page.
    pub more: bool,
}

/// A page of anything else.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Which meetups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeetupFilter {
    /// Only those whose time has not come.
    pub current: bool,
}

/// A notification and the order in which it was made.
#[derive(Clone, Debug)]
pub struct NotificationRow {
    /// Its number, for paging and for marking.
    pub number: i64,
    /// The notification.
    pub notification: Arc<Notification>,
}
