//! The store on SQLite: WAL, `synchronous=FULL`, one writer that commits in groups, a pool of readers.

mod conversations;
mod directory;
mod facts;
mod files;
mod guests;
mod known;
mod ledger;
mod lists;
mod logins;
mod meetup_lists;
mod meetups;
mod members;
mod messages;
mod missed;
mod names;
mod notifications;
mod open;
mod prune;
mod queries;
mod reach;
mod readers;
mod rows;
mod services;
mod sets;
mod space;
mod tx;
mod users;
mod writer;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use quintet_domain::{
    Conversation, ConversationId, ConversationRef, Departure, Environment, Meetup, MeetupId, Message, MessageId,
    Notification, NotificationId, Profile, Role, Timestamp, User, UserId, limits::PAGE_ITEMS_MAX,
};

pub use open::Location;

use self::readers::{Class, Readers};
use self::space::Space;
use self::writer::{Needs, Scope, Writer};
use crate::store::ReadResult;
use crate::{
    Account, Actor, Claims, ConversationChange, Created, Done, Filter, Future, GuestProof, Joined, Left, Listing,
    Login, MeetupChange, MeetupFilter, Memberships, MessagePage, Missed, NewConversation, NewFile, NewMeetup, NewUser,
    NotificationRow, OnCommit, OpenError, OrphanedFiles, Page, PageOf, Party, ProfileChange, Pruned, Quotas,
    SendMessage, Sent, ServiceKey, Store, StoredFile, Untold,
};

/// The store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    environment: EnvironmentRef,
    /// Keeps the folder for this process.
    _lock: Option<std::fs::File>,
}

/// Shown as nothing, so that the store can be shown.
struct EnvironmentRef(Arc<dyn Environment>);

impl std::fmt::Debug for EnvironmentRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl SqliteStore {
    /// Opens the database, brings it up to date and starts the writer.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence for the operator.
    pub fn open(
        location: &Location,
        environment: Arc<dyn Environment>,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        Self::open_with(location, environment, Quotas::default(), on_commit)
    }

    /// The same, with quotas of what users may write.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence for the operator.
    pub fn open_with(
        location: &Location,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let opened = open::open(location)?;
        let readers = Readers::new(opened.readers);
        let space = Space::of(location.folder(), quotas.free_bytes_min);
        let writer = Writer::start(opened.writer, Arc::clone(&environment), (quotas, space), on_commit)?;
        Ok(Self { writer, readers, environment: EnvironmentRef(environment), _lock: opened.lock })
    }

    /// Copies the database of a folder to a file, whether another process serves it or not. It is copied as it is: one of
    /// an earlier version stays one, and so does the copy.
    ///
    /// # Errors
    /// [`OpenError`], each a sentence for the operator.
    pub fn backup(folder: &Path, to: &Path) -> Result<(), OpenError> {
        open::backup(folder, to)
    }
}

/// Each write is a function over the open transaction, queued for the writer. One needs room on the disk, unless it says
/// that it frees some.
macro_rules! write {
    ($self:ident, $done:ident, $function:path $(, $arg:expr)*) => {
        write!((Scope::All, Needs::Room); $self, $done, $function $(, $arg)*)
    };
    (frees; $self:ident, $done:ident, $function:path $(, $arg:expr)*) => {
        write!((Scope::All, Needs::Nothing); $self, $done, $function $(, $arg)*)
    };
    ($how:expr; $self:ident, $done:ident, $function:path $(, $arg:expr)*) => {{
        let how = $how;
        Box::pin($self.writer.queue(how, $done, move |tx| $function(tx $(, $arg)*)))
    }};
}

impl Store for SqliteStore {
    fn send(&self, send: SendMessage, done: Done<Sent>) -> Future<'_, ()> {
        write!((messages::scope(&send), Needs::Room); self, done, messages::send, send)
    }

    fn edit_message(&self, actor: Actor, id: MessageId, content: String, done: Done<Arc<Message>>) -> Future<'_, ()> {
        write!((Scope::Messages, Needs::Room); self, done, messages::edit, &actor, &id, content)
    }

    fn delete_message(&self, actor: Actor, id: MessageId, done: Done<Arc<Message>>) -> Future<'_, ()> {
        write!((Scope::Messages, Needs::Nothing); self, done, messages::delete, &actor, &id)
    }

    fn mark_read(
        &self,
        actor: Actor,
        conversation: Option<ConversationId>,
        messages: Vec<MessageId>,
        done: Done<()>,
    ) -> Future<'_, ()> {
        // What is there may be read while the disk is full, and some read by marking it so: no more than there is.
        write!((Scope::Messages, Needs::Nothing); self, done, messages::mark_read, &actor, conversation, &messages)
    }

    fn barrier(&self, done: Done<u64>) -> Future<'_, ()> {
        Box::pin(self.writer.queue((Scope::Checked, Needs::Nothing), done, |tx| Ok(tx.position)))
    }

    fn join(
        &self,
        actor: Actor,
        id: ConversationId,
        profile: Profile,
        history: bool,
        done: Done<Joined>,
    ) -> Future<'_, ()> {
        write!(self, done, members::join, &actor, &id, &profile, history)
    }

    fn leave(&self, actor: Actor, id: ConversationId, departure: Departure, done: Done<Left>) -> Future<'_, ()> {
        write!(frees; self, done, members::leave, &actor, &id, departure)
    }

    fn add_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        role: Option<Role>,
        done: Done<Joined>,
    ) -> Future<'_, ()> {
        write!(self, done, members::add, &actor, &id, &user, role)
    }

    fn remove_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        done: Done<Arc<ConversationRef>>,
    ) -> Future<'_, ()> {
        write!(frees; self, done, members::remove, &actor, &id, &user)
    }

    fn create_conversation(&self, actor: Actor, new: NewConversation, done: Done<Created>) -> Future<'_, ()> {
        write!(self, done, conversations::create, &actor, new)
    }

    fn change_conversation(
        &self,
        actor: Actor,
        id: ConversationId,
        change: ConversationChange,
        done: Done<Arc<ConversationRef>>,
    ) -> Future<'_, ()> {
        write!(self, done, conversations::change, &actor, &id, change)
    }

    fn delete_conversation(
        &self,
        actor: Actor,
        id: ConversationId,
        done: Done<Arc<ConversationRef>>,
    ) -> Future<'_, ()> {
        write!(frees; self, done, conversations::delete, &actor, &id)
    }

    fn sweep(&self, present: Arc<HashSet<UserId>>, joined_before: Timestamp, done: Done<bool>) -> Future<'_, ()> {
        write!(frees; self, done, members::sweep, &present, joined_before)
    }

    fn register(&self, new: NewUser, done: Done<Account>) -> Future<'_, ()> {
        write!(self, done, users::register, new)
    }

    fn adopt(&self, claims: Claims, done: Done<Account>) -> Future<'_, ()> {
        write!(self, done, users::adopt, claims)
    }

    fn change_profile(&self, user: UserId, change: ProfileChange, done: Done<Account>) -> Future<'_, ()> {
        write!(self, done, users::change_profile, &user, change)
    }

    fn note_login(&self, user: UserId, network: String, done: Done<()>) -> Future<'_, ()> {
        write!(self, done, logins::note, &user, &network)
    }

    fn set_password(&self, user: UserId, hash: String, done: Done<Account>) -> Future<'_, ()> {
        write!(frees; self, done, users::set_password, &user, &hash)
    }

    fn revoke_tokens(&self, user: UserId, done: Done<Account>) -> Future<'_, ()> {
        write!(frees; self, done, users::revoke_tokens, &user)
    }

    fn set_disabled(&self, user: UserId, disabled: bool, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, users::set_disabled, &user, disabled)
    }

    fn erase(&self, user: UserId, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, users::erase, &user)
    }

    fn continue_erasure(&self, user: UserId, done: Done<bool>) -> Future<'_, ()> {
        write!(frees; self, done, users::continue_erasure, &user)
    }

    fn seen(&self, users: Vec<(UserId, Timestamp)>, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, users::seen, &users)
    }

    fn add_service(&self, name: String, hash: String, done: Done<Account>) -> Future<'_, ()> {
        write!(self, done, services::add, name, &hash)
    }

    fn remove_service(&self, name: String, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, services::remove, &name)
    }

    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>> {
        self.readers.run(Class::Heavy, Party::Server, services::list)
    }

    fn service(&self, by: Party, hash: String) -> ReadResult<'_, Option<Account>> {
        Box::pin(async move {
            let found = self.readers.run(Class::Vital, by, move |conn| services::by_hash(conn, &hash)).await?;
            if let Some(account) = &found {
                self.readers.note_service(&account.user.id);
            }
            Ok(found)
        })
    }

    fn announce_file(&self, new: NewFile, done: Done<u64>) -> Future<'_, ()> {
        write!(self, done, files::announce, &new)
    }

    fn complete_file(&self, id: String, file: StoredFile, done: Done<()>) -> Future<'_, ()> {
        write!(self, done, files::complete, &id, &file)
    }

    fn forget_files(&self, ids: Vec<String>, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, files::forget, &ids)
    }

    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, by, move |conn| files::get(conn, now, &id, &secret))
    }

    fn dead_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, Party::Server, move |conn| files::dead(conn, now, after, among))
    }

    fn create_meetup(&self, actor: Actor, new: NewMeetup, done: Done<Meetup>) -> Future<'_, ()> {
        write!(self, done, meetups::create, &actor, new)
    }

    fn change_meetup(&self, actor: Actor, id: MeetupId, change: MeetupChange, done: Done<Meetup>) -> Future<'_, ()> {
        write!(self, done, meetups::change, &actor, &id, change)
    }

    fn delete_meetup(&self, actor: Actor, id: MeetupId, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, meetups::delete, &actor, &id)
    }

    fn request_meetup(&self, actor: Actor, id: MeetupId, done: Done<Meetup>) -> Future<'_, ()> {
        write!(self, done, meetups::request, &actor, &id)
    }

    fn decide_request(
        &self,
        actor: Actor,
        id: MeetupId,
        user: UserId,
        accept: bool,
        done: Done<Meetup>,
    ) -> Future<'_, ()> {
        write!(self, done, meetups::decide, &actor, &id, &user, accept)
    }

    fn remove_participant(&self, actor: Actor, id: MeetupId, user: UserId, done: Done<Meetup>) -> Future<'_, ()> {
        write!(frees; self, done, meetups::remove_participant, &actor, &id, &user)
    }

    fn expire_meetups(&self, done: Done<usize>) -> Future<'_, ()> {
        write!(frees; self, done, meetups::expire)
    }

    fn notify(&self, user: UserId, title: String, message: String, done: Done<Arc<Notification>>) -> Future<'_, ()> {
        write!(self, done, notifications::notify_user, &user, &title, &message)
    }

    fn read_notifications(&self, user: UserId, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, notifications::mark_read, &user)
    }

    fn told(&self, notifications: Vec<NotificationId>, done: Done<()>) -> Future<'_, ()> {
        write!(frees; self, done, notifications::told, &notifications)
    }

    fn account(&self, by: Party, id: UserId) -> ReadResult<'_, Option<Account>> {
        self.readers.run(Class::Vital, by, move |conn| users::account(conn, &id))
    }

    fn guest_knows(&self, by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool> {
        self.readers.run(Class::Vital, by, move |conn| guests::knows(conn, &guest, &proof))
    }

    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Vital, user.clone(), move |conn| logins::last(conn, &user, &network, now))
    }

    fn account_by_login(&self, by: Party, login: Login) -> ReadResult<'_, Option<Account>> {
        self.readers.run(Class::Vital, by, move |conn| users::account_by_login(conn, &login))
    }

    fn probe(&self, done: Done<()>) -> Future<'_, ()> {
        Box::pin(self.writer.queue((Scope::All, Needs::Nothing), done, |tx| Ok(open::write_nothing(tx.conn)?)))
    }

    fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    fn erasing(&self) -> ReadResult<'_, Vec<UserId>> {
        self.readers.run(Class::Heavy, Party::Server, users::erasing)
    }

    fn accounts(&self) -> ReadResult<'_, Vec<Account>> {
        self.readers.run(Class::Heavy, Party::Server, users::accounts)
    }

    fn users(&self, by: Party, query: String, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Arc<User>>> {
        self.readers.run(Class::Heavy, by, move |conn| users::search(conn, &query, cursor.as_deref(), limit))
    }

    fn direct(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| directory::direct(conn, &user, &other))
    }

    fn found(
        &self,
        user: UserId,
        query: String,
        which: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Listing>> {
        let class = if matches!(which, Filter::One(_)) { Class::Interactive } else { Class::Heavy };
        self.readers.run(class, user.clone(), move |conn| {
            directory::found(conn, &user, &query, &which, cursor.as_deref(), limit)
        })
    }

    fn may_use(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| directory::may_use(conn, &user, &id))
    }

    fn message_count(&self, user: UserId, id: ConversationId) -> ReadResult<'_, u64> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| directory::message_count(conn, &user, &id))
    }

    fn memberships(&self, user: UserId) -> ReadResult<'_, Memberships> {
        self.readers.run(Class::Vital, user.clone(), move |conn| queries::memberships(conn, &user))
    }

    fn conversation(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Conversation> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| lists::conversation(conn, &user, &id))
    }

    fn conversations(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Conversation>> {
        self.readers
            .run(Class::Heavy, user.clone(), move |conn| lists::conversations(conn, &user, cursor.as_deref(), limit))
    }

    fn messages(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage> {
        let class = if limit > PAGE_ITEMS_MAX { Class::Heavy } else { Class::Interactive };
        self.readers.run(class, by, move |conn| queries::messages(conn, &user, &id, of, limit))
    }

    fn meetup(&self, user: UserId, id: MeetupId) -> ReadResult<'_, Meetup> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| meetups::get(conn, &user, &id))
    }

    fn meetups(
        &self,
        user: UserId,
        filter: MeetupFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Meetup>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, user.clone(), move |conn| {
            meetup_lists::list(conn, &user, filter, now, cursor.as_deref(), limit)
        })
    }

    fn notifications(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<NotificationRow>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            notifications::list(conn, &user, cursor.as_deref(), limit)
        })
    }

    fn untold(&self, user: UserId) -> ReadResult<'_, Untold> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| notifications::untold(conn, &user))
    }

    fn missed(&self, user: UserId, guest: bool, after: u64) -> ReadResult<'_, Missed> {
        self.readers.run(Class::Heavy, user.clone(), move |conn| missed::missed(conn, &user, guest, after))
    }

    fn identity(&self) -> ReadResult<'_, String> {
        self.readers.run(Class::Vital, Party::Server, |conn| {
            Ok(conn.query_row("SELECT id FROM identity", [], |row| row.get(0))?)
        })
    }

    fn check(&self) -> ReadResult<'_, ()> {
        self.readers.run(Class::Vital, Party::Server, |conn| {
            Ok(conn.query_row("SELECT count(*) FROM user WHERE pk = 0", [], |_| Ok(()))?)
        })
    }

    fn prune(&self, after: i64, done: Done<Pruned>) -> Future<'_, ()> {
        write!(frees; self, done, prune::prune, after)
    }

    fn is_full(&self) -> bool {
        self.writer.space().is_full()
    }

    fn is_full_for_files(&self) -> bool {
        self.writer.space().is_full_for_files()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.writer.space().free_bytes()
    }

    fn close(&self) -> Future<'_, ()> {
        Box::pin(self.writer.close())
    }
}
