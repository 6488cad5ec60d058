//! The results of reads that are not types of the domain.
//!
//! What must stay true: a page without `next`, or without `more`, is the last one.

use std::sync::Arc;

use quintet_domain::{
    Account, ConversationId, ConversationRef, Emoji, Hidden, LoginSession, Message, Metadata, Notification, Scope,
    Scopes, Timestamp, User, UserId,
};

use crate::readers::Class;

/// A service's key as the operator sees it. The key itself is not stored, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The name of the service.
    pub name: String,
    /// When the key was created.
    pub created_at: Timestamp,
    /// What the key is good for.
    pub scopes: Scopes,
}

/// A service that has shown its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// The account of the service.
    pub account: Account,
    /// What its key is good for.
    pub scopes: Scopes,
}

/// Reads the scopes of a key as they are stored. A name that this version does not know gives no scope.
pub(crate) fn scopes(names: &str) -> Scopes {
    names.split(',').filter_map(Scope::parse).collect()
}

/// The conversations of a user at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    /// The position at which they were read.
    pub position: u64,
    /// Whether the user was registered at that position.
    pub registered: bool,
    /// The conversations, each with the number of its members.
    pub conversations: Vec<(Arc<ConversationRef>, u32)>,
    /// What the user is not shown of those who have blocked it.
    pub hidden: Hidden,
}

/// Notifications that were not sent to any connection whose dialect is decided, at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct PendingNotifications {
    /// The position at which they were read.
    pub position: u64,
    /// The notifications, oldest first.
    pub notifications: Vec<Arc<Notification>>,
}

/// Everything that a connection needs of its user when it opens, at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct UserState {
    /// The account; `None` for a guest who owns nothing yet.
    pub account: Option<Account>,
    /// The session that was asked for, if the user has it and it is not over.
    pub session: Option<LoginSession>,
    /// The conversations of the user.
    pub memberships: Memberships,
    /// The notifications that were not delivered; none for guests.
    pub pending: PendingNotifications,
}

/// Selects groups and rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Open groups and rooms, which anybody may join.
    Open,
    /// Open groups and rooms, and the closed ones of which the user is a member.
    OpenOrMine,
    /// The one group or room with this id.
    One(ConversationId),
}

impl Filter {
    /// How much a read costs that selects by it.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::One(_) => Class::Interactive,
            Self::Open | Self::OpenOrMine => Class::Heavy,
        }
    }
}

/// A group or room in a list, as a user who may not be a member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Id, kind and name of the conversation.
    pub conversation: Arc<ConversationRef>,
    /// The description; `None` if there is none.
    pub description: Option<String>,
    /// The link to a picture; `None` if there is none.
    pub picture: Option<Arc<str>>,
    /// The custom data; `None` if there is none.
    pub metadata: Option<Metadata>,
    /// Whether users may join by the conversation's id.
    pub open: bool,
    /// The id of the owner, if there is one.
    pub owner: Option<UserId>,
    /// The number of members.
    pub member_count: u32,
    /// Whether the user is a member.
    pub is_member: bool,
    /// When the conversation was created.
    pub created_at: Timestamp,
    /// When the conversation last changed.
    pub updated_at: Timestamp,
}

/// Files that are not available any more, among those that one read checked.
#[derive(Clone, Debug, Default)]
pub struct OrphanedFiles {
    /// The ids of the files.
    pub ids: Vec<String>,
    /// The key at which the next read continues; `None` at the end.
    pub next: Option<i64>,
}

/// Selects the messages of a page of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageOf {
    /// The newest messages of the conversation.
    Newest,
    /// The newest messages that are older than this sequence number.
    Before(u64),
    /// The oldest messages that are newer than this sequence number.
    After(u64),
    /// The newest messages after skipping this many, for clients that count pages.
    Skipping(u32),
    /// The message with this sequence number among its neighbours: as many older ones as newer ones, the message itself
    /// counted with the older ones. There need not be a message with this number.
    Around(u64),
}

/// A page of messages, in ascending order of their sequence numbers.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// The messages of the page.
    pub items: Vec<Arc<Message>>,
    /// Whether there are more messages in the direction of the page; around a message, whether there are older ones.
    pub more: bool,
    /// Around a message, whether there are newer messages than those of the page.
    pub more_newer: bool,
}

/// A page of items other than messages.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` of some items, each with the cursor behind it. One more than the limit shows that there
    /// is a next page.
    pub(crate) fn of_marked(mut found: Vec<(String, T)>, limit: u32) -> Self {
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(mark, _)| mark.clone());
        Self { items: found.into_iter().map(|(_, item)| item).collect(), next }
    }
}

/// Selects the meetups of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeetupFilter {
    /// Whether to select only open and confirmed meetups that have not expired.
    pub current: bool,
}

/// The reactions to a message with one emoji, as one user sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji of the reactions.
    pub emoji: Emoji,
    /// The number of users who reacted with it.
    pub count: u32,
    /// The users who reacted first, in that order; at most
    /// [`REACTION_USERS_SHOWN_MAX`](quintet_domain::limits::REACTION_USERS_SHOWN_MAX).
    pub users: Vec<UserId>,
    /// Whether the user is one of those who reacted.
    pub mine: bool,
}

/// A message that is pinned to its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedMessage {
    /// The message as clients see it, with its readers.
    pub message: Arc<Message>,
    /// The user who pinned it.
    pub by: UserId,
    /// When it was pinned.
    pub at: Timestamp,
}

/// A user whom another one has blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The user who is blocked.
    pub user: Arc<User>,
    /// When the block began.
    pub at: Timestamp,
}

/// A notification with its number in the order of creation.
#[derive(Clone, Debug)]
pub struct NotificationRow {
    /// The number, which is used for paging and for marking.
    pub number: i64,
    /// The notification as clients see it.
    pub notification: Arc<Notification>,
}
