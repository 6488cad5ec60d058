//! The seam: what Quintet asks of a store, and what every store guarantees.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::{
    Account, Commit, Conversation, ConversationId, GuestProof, Login, Meetup, MeetupId, StoredFile, Ticket, Timestamp,
    User, UserId, Write, Written,
};
use quintet_rules::log::Replayed;
use tokio::sync::oneshot;

use crate::{
    Filter, Listing, MeetupFilter, Memberships, MessagePage, NotificationRow, OrphanedFiles, Page, PageOf, Party,
    PendingNotifications, ServiceKey, StoreError,
};

/// A boxed future, so that a store can be a trait object.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// Where the result of a write goes.
#[derive(Debug)]
pub enum ReplyTo {
    /// To a caller that waits for it: it is sent when the write is committed, before anything is handed on.
    Caller(oneshot::Sender<Result<Written, StoreError>>),
    /// To a command of a connection of this node: it goes into the commit, in its place among the entries.
    Ticket(Ticket),
    /// To nobody.
    Nobody,
}

/// A group of writes that was committed, or could not be.
#[derive(Debug)]
pub struct Group {
    /// What is handed on: entries, and the replies for tickets. Where the group was not committed, it holds no entries,
    /// and its replies are refusals.
    pub commit: Commit,
    /// How many writes the group held, refused ones included.
    pub writes: usize,
    /// The time from its first statement to the end of its commit.
    pub took: Duration,
    /// Whether it was committed.
    pub committed: bool,
}

/// Takes each group, in commit order. It may wait, and then the writer does.
pub type OnCommit = Box<dyn FnMut(Group) + Send>;

/// The result of a read.
pub type ReadResult<'a, T> = Future<'a, Result<T, StoreError>>;

/// Durable state. One write is one transaction, and so is one read.
///
/// # Guarantees
/// 1. **Committed before known.** Callers are answered, and commits are handed on, only after the write is durable.
/// 2. **One order.** Writes take effect in the order in which [`Store::submit`] completed; commits are handed on in that
///    order, with positions that only grow; each conversation numbers its changes without gaps.
/// 3. **Replies in their places.** The reply to a ticket stands before the entries that its write caused, or behind them
///    where [`Write::replies_after_entries`] says so. Each ticket that was queued is replied to once, whatever happens.
/// 4. **One refusal takes nobody along.** A refused write changes nothing and hinders no other of its group.
/// 5. **Allowed when it happens.** Membership and role are checked inside the write.
/// 6. **Read your writes.** A read that starts after the reply sees what was written.
pub trait Store: Send + Sync + 'static {
    /// Queues a write; ready when it is queued. It waits while the queue is full.
    ///
    /// # Errors
    /// [`StoreError`] where the write cannot be queued: the disk is full, or the store is closed. Nothing is replied
    /// then: neither the caller of [`ReplyTo::Caller`] nor the stream of commits hears of it.
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>>;
    /// The number of writes that wait for the writer.
    fn waiting(&self) -> usize;

    // --- services ---

    /// All keys, by name.
    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>>;
    /// The service whose key has this hash.
    fn service(&self, by: Party, hash: String) -> ReadResult<'_, Option<Account>>;

    // --- files ---

    /// A file that may be had by who knows its secret: while a message that carries it is there, or a profile, or, for
    /// a day, its uploader.
    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>>;
    /// Files that nobody may have any more, among so many behind a mark.
    fn orphaned_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles>;

    // --- meetups and notifications ---

    // --- reads: each in the turn of the party that it is for; of one user's where no other is named ---

    /// An account by its id.
    fn account(&self, by: Party, id: UserId) -> ReadResult<'_, Option<Account>>;
    /// Whether a proof stands for a secret of the guest who has this id.
    fn guest_knows(&self, by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool>;
    /// When an account was last logged in to from a network, as [`NoteLogin`](quintet_domain::NoteLogin) names it; none where it never was,
    /// or not for [`LOGIN_NETWORKS_KEPT_DAYS`].
    ///
    /// [`LOGIN_NETWORKS_KEPT_DAYS`]: quintet_domain::limits::LOGIN_NETWORKS_KEPT_DAYS
    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>>;
    /// A registered account by its email address or its username.
    fn account_by_login(&self, by: Party, login: Login) -> ReadResult<'_, Option<Account>>;
    /// Those who are erased and whose messages are still being deleted.
    fn erasing(&self) -> ReadResult<'_, Vec<UserId>>;
    /// All accounts, by username.
    fn accounts(&self) -> ReadResult<'_, Vec<Account>>;
    /// Registered users whose username or name holds a text, whatever the case; all without one. A page may have fewer
    /// than it could, or none, and still name a next one: one read looks at [`NAMES_SEARCHED_MAX`] names at most.
    ///
    /// [`NAMES_SEARCHED_MAX`]: quintet_domain::limits::NAMES_SEARCHED_MAX
    fn users(&self, by: Party, query: String, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Arc<User>>>;
    /// The conversation of two, if they have one.
    fn direct_conversation(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>>;
    /// Groups and rooms whose name holds a text, newest activity first. Pages end early as those of [`Store::users`] do.
    fn find_conversations(
        &self,
        user: UserId,
        query: String,
        which: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Listing>>;
    /// Refuses whoever may not use a conversation.
    fn may_use(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()>;
    /// How many messages a conversation of the user's has, deleted ones included, as far as they are counted:
    /// [`MESSAGES_COUNTED_MAX`](quintet_domain::limits::MESSAGES_COUNTED_MAX).
    fn message_count(&self, user: UserId, id: ConversationId) -> ReadResult<'_, u64>;
    /// A user's conversations, at one position.
    fn memberships(&self, user: UserId) -> ReadResult<'_, Memberships>;
    /// A conversation that the user is a member of.
    fn conversation(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Conversation>;
    /// The user's conversations, newest activity first.
    fn conversations(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Conversation>>;
    /// Messages of a conversation that the user is a member of, with who read them.
    fn messages(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage>;
    /// A meetup as the user sees it.
    fn meetup(&self, user: UserId, id: MeetupId) -> ReadResult<'_, Meetup>;
    /// Meetups as the user sees them, the newest first.
    fn meetups(
        &self,
        user: UserId,
        filter: MeetupFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Meetup>>;
    /// The user's notifications, the newest first.
    fn notifications(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<NotificationRow>>;
    /// Notifications that no connection of the meetup vocabulary was sent, the oldest first.
    fn pending_notifications(&self, user: UserId) -> ReadResult<'_, PendingNotifications>;
    /// What a user, or a guest, missed since a position. The text of a message is the one that it has now. Nothing where
    /// the id is not one of that kind of user any more.
    fn replay_since(&self, user: UserId, guest: bool, after: u64) -> ReadResult<'_, Replayed>;
    /// What names this data: other data has another name, and a copy the same.
    fn identity(&self) -> ReadResult<'_, String>;
    /// Whether the database answers and can be written.
    fn check(&self) -> ReadResult<'_, ()>;
    /// Whether less space is free on the disk than must stay free: then writes that store something new are refused
    /// with `ERR_STORAGE_FULL`, and deletions still run.
    fn is_full(&self) -> bool;
    /// Whether the disk has less than twice the room that is to stay free: then no more files are put on it, so that what
    /// is left is for messages.
    fn is_full_for_files(&self) -> bool;
    /// Bytes that are free on the disk; none where that is not known.
    fn free_bytes(&self) -> Option<u64>;
    /// Commits what is queued and stops. Writes that come later are answered with [`StoreError::Closed`].
    fn close(&self) -> Future<'_, ()>;
}
