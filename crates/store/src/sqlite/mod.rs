//! The store on SQLite: WAL, `synchronous=FULL`, one writer that commits in groups, and a pool of readers.
//!
//! What must stay true: all writes go through the writer's one connection; the readers' connections refuse to write.

mod accounts;
mod backup;
mod checkpoint;
mod copy;
mod directory;
mod files;
#[cfg(test)]
mod group_tests;
mod lists;
mod login_sessions;
mod meetup_lists;
mod members;
mod moderation;
mod names;
mod notifications;
mod open;
mod push;
mod queries;
mod reader;
mod rows;
mod search;
mod sets;
mod space;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quintet_domain::limits::PAGE_ITEMS_MAX;
use quintet_domain::{
    Account, ContactRequest, Conversation, ConversationId, Emoji, Environment, GuestProof, Hidden, Invitation, Login,
    LoginSessionId, Meetup, MeetupId, Message, MessageId, MessageSearch, Quotas, StoredFile, Timestamp, User, UserId,
    Webhook, WebhookDelivery, Write,
};
use quintet_rules::WriterState;
use quintet_rules::log::{LogPage, MissedSince, Replayed, page_after, replay_since};
use quintet_rules::message_reads;
use quintet_rules::rows::{LogRows, WebhookRows};
use quintet_rules::threads::{self, Thread};

pub(crate) use copy::{SqliteSource, SqliteTargetCopy};
pub use open::Location;

use self::checkpoint::Log;
use self::rows::{SqliteRows, WriterConnection};
use self::search::SearchFeed;
use self::space::Space;
use crate::blocks;
use crate::contact_requests;
use crate::invitation_reads;
use crate::marks;
use crate::migrated::Migrated;
use crate::push::PushReads;
use crate::readers::{Class, Readers};
use crate::store::ReadResult;
use crate::webhooks;
use crate::writer::{Committer, Writer};
use crate::{
    BackupError, Block, Database, Filter, Future, Listing, MeetupFilter, Memberships, MessagePage, NotificationRow,
    OnCommit, OpenError, OrphanedFiles, Page, PageOf, Party, PendingNotifications, PinnedMessage, Reaction, ReplyTo,
    ServiceAccount, ServiceKey, Store, StoreError, UserState,
};

/// The store on a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers<rusqlite::Connection>,
    search: SearchFeed,
    space: Space,
    /// The log of the database; `None` in memory.
    log: Option<Arc<Log>>,
    environment: EnvironmentRef,
    /// The folder of the data; `None` for data in memory.
    folder: Option<PathBuf>,
    /// The lock of the folder, held for as long as the store is open.
    _lock: Option<std::fs::File>,
}

/// An environment without a `Debug` output, so that the store can derive it.
struct EnvironmentRef(Arc<dyn Environment>);

impl std::fmt::Debug for EnvironmentRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl SqliteStore {
    /// Opens the database, migrates it and starts the writer.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn open(
        location: &Location,
        environment: Arc<dyn Environment>,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        Self::open_with(location, environment, Quotas::default(), on_commit)
    }

    /// Opens the database as [`Self::open`] does, with quotas on what users may write.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn open_with(
        location: &Location,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        mut on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let opened = open::open(location)?;
        let folder = location.folder().map(Path::to_owned);
        let space = Space::of(folder.clone(), quotas.free_bytes_min);
        let database = SqliteRows(WriterConnection::with_checkpoints(opened.writer, opened.checkpoints)?);
        let log = database.0.log();
        let position = database.newest_position()?;
        let committer = Committer::new(WriterState { quotas, ..WriterState::default() }, position);
        let committed = Arc::new(AtomicU64::new(position));
        let search = SearchFeed::start(opened.search, Arc::clone(&committed), Arc::clone(&environment))?;
        let on_commit: OnCommit = Box::new(move |group| {
            committed.fetch_max(group.commit.position, Ordering::AcqRel);
            on_commit(group);
        });
        let writer = Writer::start(database, committer, Arc::clone(&environment), on_commit)?;
        let readers = Readers::new(opened.readers);
        let environment = EnvironmentRef(environment);
        Ok(Self { writer, readers, search, space, log, environment, folder, _lock: opened.lock })
    }

    /// Marks the database as incomplete, so that nobody opens it, until [`Self::mark_complete`]: `work`, such as "an import",
    /// is being written to it.
    ///
    /// # Errors
    /// [`OpenError::Folder`].
    pub fn mark_incomplete(&self, work: &str) -> Result<(), OpenError> {
        self.mark(|folder| open::mark_incomplete(folder, work))
    }

    /// Removes the mark.
    ///
    /// # Errors
    /// [`OpenError::Folder`].
    pub fn mark_complete(&self) -> Result<(), OpenError> {
        self.mark(open::mark_complete)
    }

    fn mark(&self, mark: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), OpenError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        mark(folder).map_err(|why| OpenError::Folder { folder: folder.clone(), why })
    }

    /// The database without the writer's thread and the readers, for tests and simulations that commit by themselves.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn database(location: &Location) -> Result<impl Database + Send + 'static, OpenError> {
        Ok(SqliteRows(WriterConnection::new(open::open(location)?.writer)))
    }

    /// Brings the database of a folder that no process uses up to date, and does nothing else.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn migrate(folder: &Path) -> Result<Migrated, OpenError> {
        open::migrate_folder(folder)
    }

    /// Copies the database of a folder that no process uses to a file. The copy has the version of the original.
    ///
    /// # Errors
    /// [`BackupError`], whose text is a sentence for the operator. There is no copy then, nor a part of one.
    pub fn backup_of_folder(folder: &Path, to: &Path) -> Result<(), BackupError> {
        backup::of_folder(folder, to)
    }

    /// Copies the database to a file while reads and writes go on: the state of one moment during the call. Blocks the
    /// thread, and gives up once `stopped` returns true, which is asked every few milliseconds.
    ///
    /// # Errors
    /// [`BackupError`], whose text is a sentence for the operator. There is no copy then, nor a part of one.
    pub fn backup(&self, to: &Path, stopped: impl Fn() -> bool) -> Result<(), BackupError> {
        backup::copy(self.folder.as_deref().ok_or(BackupError::InMemory)?, to, stopped)
    }
}

impl Store for SqliteStore {
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>> {
        Box::pin(async move { self.writer.queue().submit(write, reply_to, || self.space.is_full()).await })
    }

    fn waiting(&self) -> usize {
        self.writer.queue().waiting()
    }

    fn push(&self) -> &dyn PushReads {
        self
    }

    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>> {
        self.readers.run(Class::Heavy, Party::Server, accounts::service_keys)
    }

    fn service(&self, by: Party, hash: String) -> ReadResult<'_, Option<ServiceAccount>> {
        Box::pin(async move {
            let found = self.readers.run(Class::Vital, by, move |conn| accounts::service(conn, &hash)).await?;
            if let Some(service) = &found {
                self.readers.note_service(&service.account.user.id);
            }
            Ok(found)
        })
    }

    fn invitation(&self, by: Party, hash: String) -> ReadResult<'_, Option<Invitation>> {
        self.readers.run(Class::Interactive, by, move |conn| invitation_reads::by_hash(&SqliteRows(conn), &hash))
    }

    fn invitations(
        &self,
        by: Party,
        of: Option<UserId>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Invitation>> {
        self.readers.run(Class::Heavy, by, move |conn| {
            invitation_reads::page(&SqliteRows(conn), of.as_ref(), cursor.as_deref(), limit)
        })
    }

    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, by, move |conn| files::file(conn, now, &id, &secret))
    }

    fn orphaned_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, Party::Server, move |conn| files::orphaned(conn, now, after, among))
    }

    fn account(&self, by: Party, id: UserId) -> ReadResult<'_, Option<Account>> {
        self.readers.run(Class::Vital, by, move |conn| accounts::account(conn, &id))
    }

    fn user_state(&self, by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, UserState> {
        self.readers.run(Class::Vital, by, move |conn| queries::user_state(conn, &id, session.as_ref()))
    }

    fn guest_knows(&self, by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool> {
        self.readers.run(Class::Vital, by, move |conn| accounts::guest_knows(conn, &guest, &proof))
    }

    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Vital, user.clone(), move |conn| accounts::last_login(conn, &user, &network, now))
    }

    fn account_by_login(&self, by: Party, login: Login) -> ReadResult<'_, Option<Account>> {
        self.readers.run(Class::Vital, by, move |conn| accounts::account_by_login(conn, &login))
    }

    fn erasing(&self) -> ReadResult<'_, Vec<UserId>> {
        self.readers.run(Class::Heavy, Party::Server, accounts::erasing)
    }

    fn accounts(&self) -> ReadResult<'_, Vec<Account>> {
        self.readers.run(Class::Heavy, Party::Server, accounts::accounts)
    }

    fn users(&self, by: Party, query: String, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Arc<User>>> {
        self.readers.run(Class::Heavy, by, move |conn| accounts::search(conn, &query, cursor.as_deref(), limit))
    }

    fn direct_conversation(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| directory::direct(conn, &user, &other))
    }

    fn find_conversations(
        &self,
        user: UserId,
        query: String,
        which: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Listing>> {
        let (class, now) = (which.class(), self.environment.0.now());
        self.readers.run(class, user.clone(), move |conn| {
            directory::found(conn, (&user, now), &query, &which, cursor.as_deref(), limit)
        })
    }

    fn may_send(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            contact_requests::may_send(&SqliteRows(conn), &user, &id, now)
        })
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
        self.readers.run(class, by, move |conn| queries::messages(conn, &user, &id, (of, true), limit))
    }

    fn messages_outside_threads(
        &self,
        by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage> {
        self.readers.run(Class::Interactive, by, move |conn| queries::messages(conn, &user, &id, (of, false), limit))
    }

    fn message(&self, user: UserId, id: MessageId) -> ReadResult<'_, Arc<Message>> {
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| Ok(message_reads::read(&SqliteRows(conn), &user, &id)?))
    }

    fn thread(&self, by: Party, user: UserId, id: MessageId, before: u64, limit: u32) -> ReadResult<'_, Thread> {
        self.readers.run(Class::Interactive, by, move |conn| {
            Ok(threads::read(&SqliteRows(conn), &user, &id, before, limit as usize)?)
        })
    }

    fn reactions(&self, user: UserId, id: MessageId) -> ReadResult<'_, Vec<Reaction>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| marks::reactions(&SqliteRows(conn), &user, &id))
    }

    fn own_reactions(&self, user: UserId, messages: Vec<MessageId>) -> ReadResult<'_, Vec<(MessageId, Emoji)>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            marks::own_reactions(&SqliteRows(conn), &user, &messages)
        })
    }

    fn blocks(&self, user: UserId) -> ReadResult<'_, Vec<Block>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| blocks::blocks(&SqliteRows(conn), &user))
    }

    fn contact_requests(&self, user: UserId) -> ReadResult<'_, Vec<ContactRequest>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            contact_requests::requests(&SqliteRows(conn), &user, now)
        })
    }

    fn hidden_from(&self, user: UserId) -> ReadResult<'_, Hidden> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| blocks::hidden(&SqliteRows(conn), &user))
    }

    fn pins(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Vec<PinnedMessage>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            let rows = SqliteRows(conn);
            marks::pins(&rows, &rows, &user, &id)
        })
    }

    fn search_messages(
        &self,
        user: UserId,
        search: MessageSearch,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Arc<Message>>> {
        self.readers
            .run(Class::Heavy, user.clone(), move |conn| search::find(conn, &user, &search, cursor.as_deref(), limit))
    }

    fn searchable(&self, position: u64) -> ReadResult<'_, ()> {
        Box::pin(async move { if self.search.reached(position).await { Ok(()) } else { Err(StoreError::Closed) } })
    }

    fn meetup(&self, user: UserId, id: MeetupId) -> ReadResult<'_, Meetup> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| meetup_lists::meetup(conn, &user, &id))
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

    fn pending_notifications(&self, user: UserId) -> ReadResult<'_, PendingNotifications> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| notifications::pending(conn, &user))
    }

    fn replay_since(&self, user: UserId, guest: bool, since: MissedSince) -> ReadResult<'_, Replayed> {
        self.readers
            .run(Class::Heavy, user.clone(), move |conn| Ok(replay_since(&SqliteRows(conn), &user, guest, since)?))
    }

    fn log_page(&self, by: Party, after: u64, limit: u64) -> ReadResult<'_, LogPage> {
        self.readers.run(Class::Heavy, by, move |conn| Ok(page_after(&SqliteRows(conn), after, limit)?))
    }

    fn webhooks(&self) -> ReadResult<'_, Vec<Webhook>> {
        self.readers.run(Class::Interactive, Party::Server, |conn| Ok(SqliteRows(conn).webhooks()?))
    }

    fn webhook_deliveries(&self, id: String, limit: u32) -> ReadResult<'_, Option<Vec<WebhookDelivery>>> {
        self.readers
            .run(Class::Interactive, Party::Server, move |conn| webhooks::deliveries(&SqliteRows(conn), &id, limit))
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

    fn is_full(&self) -> bool {
        self.space.is_full()
    }

    fn is_full_for_files(&self) -> bool {
        self.space.is_full_for_files()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.space.free_bytes()
    }

    fn log_bytes(&self) -> Option<u64> {
        self.log.as_ref().map(|log| log.bytes())
    }

    fn close(&self) -> Future<'_, ()> {
        Box::pin(self.writer.close())
    }
}
