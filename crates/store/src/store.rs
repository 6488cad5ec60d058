//! The seam: what Quintet asks of a store, and what every store guarantees.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::{
    Conversation, ConversationId, ConversationRef, Departure, Entry, Meetup, MeetupId, Message, MessageId,
    Notification, NotificationId, Profile, Role, Timestamp, User, UserId,
};

use crate::{
    Account, Actor, Claims, ConversationChange, Created, Filter, GuestProof, Joined, Left, Listing, Login,
    MeetupChange, MeetupFilter, Memberships, MessagePage, Missed, NewConversation, NewFile, NewMeetup, NewUser,
    NotificationRow, OrphanedFiles, Page, PageOf, Party, ProfileChange, Pruned, SendMessage, Sent, ServiceKey,
    StoreError, StoredFile, Untold,
};

/// Called with the outcome of a write, after its commit, on the writer's thread: it must not wait.
pub type Done<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// A boxed future, so that a store can be a trait object.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// A group of commands that was committed, or could not be.
#[derive(Debug)]
pub struct Group {
    /// What is to be told of it, in commit order; nothing of what only was noted.
    pub entries: Vec<Entry>,
    /// How many commands it held, refused ones included.
    pub commands: usize,
    /// The time from its first statement to the end of its commit.
    pub took: Duration,
    /// Whether it was committed. If not, everybody in it was told so, and there is nothing to hand on.
    pub committed: bool,
}

/// Takes each group, in commit order. It may wait, and then the writer does.
pub type OnCommit = Box<dyn FnMut(Group) + Send>;

/// The result of a read.
pub type ReadResult<'a, T> = Future<'a, Result<T, StoreError>>;

/// Durable state. One method is one transaction.
///
/// # Guarantees
/// 1. **Committed before known.** `done` is called, and entries are handed on, only after the write is durable.
/// 2. **One order.** Writes take effect in the order in which their futures completed; entries are handed on in
///    commit order, with positions that only grow; each conversation numbers its changes without gaps.
/// 3. **Answer before echo.** All `done` of a group are called, in order, before its entries are handed on.
/// 4. **One refusal takes nobody along.** A refused write changes nothing and hinders no other of its group.
/// 5. **Allowed when it happens.** Membership and role are checked inside the write.
/// 6. **Read your writes.** A read that starts after `done` sees what was written.
///
/// A write's future is ready when the write is queued; it waits while the queue is full.
pub trait Store: Send + Sync + 'static {
    // --- messages ---

    /// Commits a message; the first to a pair makes their conversation. A repeated client message id gives the first
    /// answer again, or `ERR_CONFLICT` if the content differs.
    fn send(&self, send: SendMessage, done: Done<Sent>) -> Future<'_, ()>;
    /// Changes a message's text.
    fn edit_message(&self, actor: Actor, id: MessageId, content: String, done: Done<Arc<Message>>) -> Future<'_, ()>;
    /// Deletes a message: its number stays, its content goes. Deleting it again changes nothing.
    fn delete_message(&self, actor: Actor, id: MessageId, done: Done<Arc<Message>>) -> Future<'_, ()>;
    /// Moves the actor's cursor to the newest of the messages, never back.
    fn mark_read(
        &self,
        actor: Actor,
        conversation: Option<ConversationId>,
        messages: Vec<MessageId>,
        done: Done<()>,
    ) -> Future<'_, ()>;
    /// A write that changes nothing: gives the position at which all writes before it are committed.
    fn barrier(&self, done: Done<u64>) -> Future<'_, ()>;

    // --- conversations and members ---

    /// Makes the actor a member of an open conversation; a guest is made or brought up to date first.
    fn join(
        &self,
        actor: Actor,
        id: ConversationId,
        profile: Profile,
        history: bool,
        done: Done<Joined>,
    ) -> Future<'_, ()>;
    /// Ends the actor's membership. An owner's place goes to the longest-standing admin, else member.
    fn leave(&self, actor: Actor, id: ConversationId, departure: Departure, done: Done<Left>) -> Future<'_, ()>;
    /// Makes a user a member, or gives a member another role; without one, whoever is a member stays what it is.
    fn add_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        role: Option<Role>,
        done: Done<Joined>,
    ) -> Future<'_, ()>;
    /// Takes a member of a lower role out.
    fn remove_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        done: Done<Arc<ConversationRef>>,
    ) -> Future<'_, ()>;
    /// Makes a conversation; a second direct one of a pair gives the first.
    fn create_conversation(&self, actor: Actor, new: NewConversation, done: Done<Created>) -> Future<'_, ()>;
    /// Renames, opens or closes.
    fn change_conversation(
        &self,
        actor: Actor,
        id: ConversationId,
        change: ConversationChange,
        done: Done<Arc<ConversationRef>>,
    ) -> Future<'_, ()>;
    /// Deletes a group or room for all, or hides a direct conversation from the actor.
    fn delete_conversation(&self, actor: Actor, id: ConversationId, done: Done<Arc<ConversationRef>>)
    -> Future<'_, ()>;
    /// Ends some memberships of guests who are not `present` and joined before a moment, and deletes some rooms of
    /// guests that are empty for too long. Says whether there is more.
    fn sweep(&self, present: Arc<HashSet<UserId>>, joined_before: Timestamp, done: Done<bool>) -> Future<'_, ()>;

    // --- users ---

    /// Makes a registered user; `ERR_CONFLICT` on a taken id, name or email. A guest who has the id gives it up.
    fn register(&self, new: NewUser, done: Done<Account>) -> Future<'_, ()>;
    /// Gives the user of a token, made from its claims if it was never seen. A guest who has the id gives it up, and
    /// nothing that the guest did becomes the user's.
    fn adopt(&self, claims: Claims, done: Done<Account>) -> Future<'_, ()>;
    /// Changes a profile.
    fn change_profile(&self, user: UserId, change: ProfileChange, done: Done<Account>) -> Future<'_, ()>;
    /// Notes that an account was logged in to from a network. The name of a network is the caller's: the store keeps it
    /// as it is.
    fn note_login(&self, user: UserId, network: String, done: Done<()>) -> Future<'_, ()>;
    /// Replaces the password's hash and makes all tokens of the user worthless, at once.
    fn set_password(&self, user: UserId, hash: String, done: Done<Account>) -> Future<'_, ()>;
    /// Makes all tokens of the user worthless; its open connections are told to end.
    fn revoke_tokens(&self, user: UserId, done: Done<Account>) -> Future<'_, ()>;
    /// Bars a user, or lets it in again.
    fn set_disabled(&self, user: UserId, disabled: bool, done: Done<()>) -> Future<'_, ()>;
    /// Erases the person: name, email, credentials, content and memberships. Sequence numbers keep their places.
    fn erase(&self, user: UserId, done: Done<()>) -> Future<'_, ()>;
    /// Ends some of the memberships, then deletes some of the messages, of somebody who is erased; says whether to go on.
    fn continue_erasure(&self, user: UserId, done: Done<bool>) -> Future<'_, ()>;
    /// Notes when users were last seen. Not numbered, told to nobody.
    fn seen(&self, users: Vec<(UserId, Timestamp)>, done: Done<()>) -> Future<'_, ()>;

    // --- services ---

    /// Makes a service, or gives one without a key a new one; `ERR_CONFLICT` on a taken name.
    fn add_service(&self, name: String, hash: String, done: Done<Account>) -> Future<'_, ()>;
    /// Takes a service's key away and bars it.
    fn remove_service(&self, name: String, done: Done<()>) -> Future<'_, ()>;
    /// All keys, by name.
    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>>;
    /// The service whose key has this hash.
    fn service(&self, by: Party, hash: String) -> ReadResult<'_, Option<Account>>;

    // --- files ---

    /// Notes that a file is about to come; gives how many bytes it may have. `ERR_TOO_LARGE` for a user, and
    /// `ERR_STORAGE_FULL` for anybody, whose files take what they may take already.
    fn announce_file(&self, new: NewFile, done: Done<u64>) -> Future<'_, ()>;
    /// Notes that all of a file came.
    fn complete_file(&self, id: String, file: StoredFile, done: Done<()>) -> Future<'_, ()>;
    /// Forgets files whose bytes are gone.
    fn forget_files(&self, ids: Vec<String>, done: Done<()>) -> Future<'_, ()>;
    /// A file that may be had by who knows its secret: while a message that carries it is there, or a profile, or, for
    /// a day, its uploader.
    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>>;
    /// Files that nobody may have any more, among so many behind a mark.
    fn dead_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles>;

    // --- meetups and notifications ---

    /// Makes a meetup and its conversation.
    fn create_meetup(&self, actor: Actor, new: NewMeetup, done: Done<Meetup>) -> Future<'_, ()>;
    /// Changes a meetup of the actor's.
    fn change_meetup(&self, actor: Actor, id: MeetupId, change: MeetupChange, done: Done<Meetup>) -> Future<'_, ()>;
    /// Deletes a meetup of the actor's and its conversation.
    fn delete_meetup(&self, actor: Actor, id: MeetupId, done: Done<()>) -> Future<'_, ()>;
    /// Asks to take part; `ERR_CONFLICT` if one asked or takes part already.
    fn request_meetup(&self, actor: Actor, id: MeetupId, done: Done<Meetup>) -> Future<'_, ()>;
    /// Accepts or declines a request; a full meetup accepts nobody.
    fn decide_request(
        &self,
        actor: Actor,
        id: MeetupId,
        user: UserId,
        accept: bool,
        done: Done<Meetup>,
    ) -> Future<'_, ()>;
    /// Takes a participant out: oneself, or another if one is the host.
    fn remove_participant(&self, actor: Actor, id: MeetupId, user: UserId, done: Done<Meetup>) -> Future<'_, ()>;
    /// Expires open meetups whose time passed; gives how many.
    fn expire_meetups(&self, done: Done<usize>) -> Future<'_, ()>;
    /// Tells a user something.
    fn notify(&self, user: UserId, title: String, message: String, done: Done<Arc<Notification>>) -> Future<'_, ()>;
    /// Marks all notifications of a user as read.
    fn read_notifications(&self, user: UserId, done: Done<()>) -> Future<'_, ()>;
    /// Notes that a connection that speaks the meetup vocabulary was sent these.
    fn told(&self, notifications: Vec<NotificationId>, done: Done<()>) -> Future<'_, ()>;

    // --- reads: each in the turn of the party that it is for; of one user's where no other is named ---

    /// An account by its id.
    fn account(&self, by: Party, id: UserId) -> ReadResult<'_, Option<Account>>;
    /// Whether a proof stands for a secret of the guest who has this id.
    fn guest_knows(&self, by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool>;
    /// When an account was last logged in to from a network, as [`Store::note_login`] names it; none where it never was,
    /// or not for [`LOGIN_NETWORKS_KEPT_DAYS`].
    ///
    /// [`LOGIN_NETWORKS_KEPT_DAYS`]: quintet_domain::limits::LOGIN_NETWORKS_KEPT_DAYS
    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>>;
    /// A registered account by its email address or its username.
    fn account_by_login(&self, by: Party, login: Login) -> ReadResult<'_, Option<Account>>;
    /// Writes something that changes nothing, to find out whether anything can be written.
    fn probe(&self, done: Done<()>) -> Future<'_, ()>;
    /// Commands that wait for the writer.
    fn waiting(&self) -> usize;
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
    fn direct(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>>;
    /// Groups and rooms whose name holds a text, newest activity first. Pages end early as those of [`Store::users`] do.
    fn found(
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
    fn untold(&self, user: UserId) -> ReadResult<'_, Untold>;
    /// What a user, or a guest, missed since a position. The text of a message is the one that it has now. Nothing where
    /// the id is not one of that kind of user any more.
    fn missed(&self, user: UserId, guest: bool, after: u64) -> ReadResult<'_, Missed>;
    /// What names this data: other data has another name, and a copy the same.
    fn identity(&self) -> ReadResult<'_, String>;
    /// Whether the database answers and can be written.
    fn check(&self) -> ReadResult<'_, ()>;
    /// Removes some expired rows: changes beyond the days that they are kept, and rows that belong to them;
    /// notifications that were read long ago; daily counts of past days; and guests that have nothing. `after` is the
    /// mark that the previous call returned, 0 at first.
    fn prune(&self, after: i64, done: Done<Pruned>) -> Future<'_, ()>;
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
