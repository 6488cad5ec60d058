//! The store on PostgreSQL: one writer that commits in groups under the lock of the order, and a pool of readers. Any
//! number of processes may use one database.
//!
//! What must stay true: all writes go through the writer's one connection, and lock the order first; the readers'
//! transactions refuse to write.

mod accounts;
mod channel;
mod clock;
mod copy;
mod directory;
mod error;
mod examine;
mod files;
mod incarnation;
mod jobs;
mod keys;
mod link;
mod lists;
mod login_sessions;
mod meetup_lists;
mod members;
mod membership;
mod migrate;
mod moderation;
mod nodes;
mod nodes_lock;
mod notifications;
mod open;
mod push;
mod queries;
mod reader;
mod rows;
mod search;
mod sets;
mod shared_counts;
mod side_link;
mod target;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quintet_domain::limits::PAGE_ITEMS_MAX;
use quintet_domain::{
    Account, ContactRequest, Conversation, ConversationId, Emoji, Environment, GuestProof, Hidden, Invitation, Login,
    LoginSessionId, Meetup, MeetupId, Message, MessageId, MessageSearch, Quotas, StoredFile, Timestamp, User, UserId,
    Webhook, WebhookDelivery, Write,
};
use quintet_rules::log::{LogPage, MissedSince, Replayed, page_after, replay_since};
use quintet_rules::rows::WebhookRows;
use quintet_rules::threads::{self, Thread};
use quintet_rules::{WriterState, message_reads};
use tokio::runtime::Runtime;

pub use channel::{ChannelError, NOTIFICATION_BYTES_MAX, PostgresChannel};
pub use clock::Clock;
pub(crate) use copy::{PostgresSource, PostgresTargetCopy};
pub use examine::{DatabaseFacts, examine_database};
pub use keys::InstallationKey;
pub use nodes::{FreshNode, Heartbeat, NODE_FRESH_FOR};
pub use target::PostgresTarget;

use self::error::{PostgresError, get};
use self::incarnation::Incarnation;
use self::jobs::PostgresJobs;
use self::nodes::NodesLink;
use self::open::{on_a_thread, open_writer};
use self::reader::ReadLink;
use self::rows::{Channel, PostgresRows};
use self::search::SearchFeed;
use self::shared_counts::PostgresCounts;
use self::side_link::SideLink;
use crate::migrated::Migrated;
use crate::readers::{self, Class, Readers};
use crate::writer::{Committer, Writer};
use crate::{
    Block, Database, Delivered, Filter, Future, Jobs, Listing, MeetupFilter, Memberships, MessagePage, NotificationRow,
    OnCommit, OpenError, OrphanedFiles, Page, PageOf, Party, PendingNotifications, PinnedMessage, PushReads, Reaction,
    ReadResult, ReplyTo, ServiceAccount, ServiceKey, SharedCounts, Store, StoreError, UserState, blocks,
    contact_requests, invitation_reads, marks, webhooks,
};

/// The store on a PostgreSQL database.
pub struct PostgresStore {
    writer: Writer,
    readers: Readers<ReadLink>,
    nodes: NodesLink,
    environment: Arc<dyn Environment>,
    waited_for: Arc<AtomicU64>,
    incarnation: Incarnation,
    target: Arc<PostgresTarget>,
    counts: PostgresCounts,
    jobs: PostgresJobs,
    search: SearchFeed,
    /// Drives the connections of the readers.
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("writer", &self.writer).finish_non_exhaustive()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        // A runtime that is dropped where others run would block them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl PostgresStore {
    /// Opens a database, migrates it and starts the writer. Blocks the thread.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn open(
        target: PostgresTarget,
        clock: Clock,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        Self::open_with(target, clock, environment, quotas, Delivered::default(), on_commit)
    }

    /// Opens a database as [`PostgresStore::open`] does, for a node whose feed delivers what others commit as well: the
    /// feed advances `delivered`, which begins at the newest position that was committed before.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn open_with(
        target: PostgresTarget,
        clock: Clock,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        delivered: Delivered,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        // Outside of the caller's runtime, if it has one: a thread of a runtime must not wait for another.
        on_a_thread(move || Self::open_here(target, clock, environment, quotas, delivered, on_commit))?
    }

    fn open_here(
        target: PostgresTarget,
        clock: Clock,
        environment: Arc<dyn Environment>,
        quotas: Quotas,
        delivered: Delivered,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-io")
            .enable_all()
            .build()
            .map_err(OpenError::Thread)?;
        let (target, waited_for) = (Arc::new(target), Arc::new(AtomicU64::new(0)));
        runtime.block_on(migrate::migrate(&target))?;
        runtime.block_on(migrate::refuse_incomplete(&target))?;
        let (database, position, incarnation) = open_writer(&target, clock, &waited_for, delivered.clone())?;
        let state = WriterState { quotas, is_shared: true, ..WriterState::default() };
        let committer = Committer::beside(state, position, delivered);
        let writer = Writer::start(database, committer, Arc::clone(&environment), on_commit)?;
        let readers = (0..readers::connections()).map(|_| ReadLink::new(Arc::clone(&target), runtime.handle().clone()));
        let readers = Readers::new(readers.collect());
        let nodes = NodesLink::new(Arc::clone(&target), runtime.handle().clone());
        let link = Arc::new(SideLink::new(Arc::clone(&target), runtime.handle().clone()));
        let (counts, jobs) = (PostgresCounts::new(Arc::clone(&link)), PostgresJobs::new(link));
        let search = SearchFeed::start(Arc::clone(&target), runtime.handle());
        let runtime = Some(runtime);
        Ok(Self { writer, readers, nodes, environment, waited_for, incarnation, target, counts, jobs, search, runtime })
    }

    /// The database without the writer's thread and the readers, for tests that commit by themselves.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn database(target: PostgresTarget, clock: Clock) -> Result<impl Database + Send + 'static, OpenError> {
        on_a_thread(move || {
            let target = Arc::new(target);
            migrate::migrate_here(&target)?;
            Ok(open_writer(&target, clock, &Arc::default(), Delivered::default())?.0)
        })?
    }

    /// Migrates a database, and does nothing else. Blocks the thread.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn migrate(target: PostgresTarget) -> Result<Migrated, OpenError> {
        on_a_thread(move || migrate::migrate_here(&target))?
    }

    /// The number of statements for which a write has waited since the store was opened, because they were not foreseen.
    #[must_use]
    pub fn waited_for(&self) -> u64 {
        self.waited_for.load(Ordering::Relaxed)
    }
}

impl Store for PostgresStore {
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>> {
        Box::pin(async move { self.writer.queue().submit(write, reply_to, || false).await })
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
        self.readers.run(Class::Interactive, by, move |conn| invitation_reads::by_hash(&PostgresRows(conn), &hash))
    }

    fn invitations(
        &self,
        by: Party,
        of: Option<UserId>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Invitation>> {
        self.readers.run(Class::Heavy, by, move |conn| {
            invitation_reads::page(&PostgresRows(conn), of.as_ref(), cursor.as_deref(), limit)
        })
    }

    fn file(&self, by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>> {
        let now = self.environment.now();
        self.readers.run(Class::Interactive, by, move |conn| files::file(conn, now, &id, &secret))
    }

    fn orphaned_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles> {
        let now = self.environment.now();
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
        let now = self.environment.now();
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
        let (class, now) = (which.class(), self.environment.now());
        self.readers.run(class, user.clone(), move |conn| {
            directory::found(conn, (&user, now), &query, &which, cursor.as_deref(), limit)
        })
    }

    fn may_send(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()> {
        let now = self.environment.now();
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            contact_requests::may_send(&PostgresRows(conn), &user, &id, now)
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
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            Ok(message_reads::read(&PostgresRows(conn), &user, &id)?)
        })
    }

    fn thread(&self, by: Party, user: UserId, id: MessageId, before: u64, limit: u32) -> ReadResult<'_, Thread> {
        self.readers.run(Class::Interactive, by, move |conn| {
            Ok(threads::read(&PostgresRows(conn), &user, &id, before, limit as usize)?)
        })
    }

    fn reactions(&self, user: UserId, id: MessageId) -> ReadResult<'_, Vec<Reaction>> {
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| marks::reactions(&PostgresRows(conn), &user, &id))
    }

    fn own_reactions(&self, user: UserId, messages: Vec<MessageId>) -> ReadResult<'_, Vec<(MessageId, Emoji)>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            marks::own_reactions(&PostgresRows(conn), &user, &messages)
        })
    }

    fn blocks(&self, user: UserId) -> ReadResult<'_, Vec<Block>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| blocks::blocks(&PostgresRows(conn), &user))
    }

    fn contact_requests(&self, user: UserId) -> ReadResult<'_, Vec<ContactRequest>> {
        let now = self.environment.now();
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            contact_requests::requests(&PostgresRows(conn), &user, now)
        })
    }

    fn hidden_from(&self, user: UserId) -> ReadResult<'_, Hidden> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| blocks::hidden(&PostgresRows(conn), &user))
    }

    fn pins(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Vec<PinnedMessage>> {
        self.readers.run(Class::Interactive, user.clone(), move |conn| {
            let rows = PostgresRows(conn);
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
        let now = self.environment.now();
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
        let incarnation = self.incarnation.clone();
        self.readers.run(Class::Heavy, user.clone(), move |conn| {
            incarnation.check(conn)?;
            Ok(replay_since(&PostgresRows(conn), &user, guest, since)?)
        })
    }

    fn log_page(&self, by: Party, after: u64, limit: u64) -> ReadResult<'_, LogPage> {
        let incarnation = self.incarnation.clone();
        self.readers.run(Class::Heavy, by, move |conn| {
            incarnation.check(conn)?;
            Ok(page_after(&PostgresRows(conn), after, limit)?)
        })
    }

    fn webhooks(&self) -> ReadResult<'_, Vec<Webhook>> {
        self.readers.run(Class::Interactive, Party::Server, |conn| Ok(PostgresRows(conn).webhooks()?))
    }

    fn webhook_deliveries(&self, id: String, limit: u32) -> ReadResult<'_, Option<Vec<WebhookDelivery>>> {
        self.readers
            .run(Class::Interactive, Party::Server, move |conn| webhooks::deliveries(&PostgresRows(conn), &id, limit))
    }

    fn identity(&self) -> ReadResult<'_, String> {
        self.readers.run(Class::Vital, Party::Server, |conn| {
            let found = conn.read("SELECT id FROM identity", &[])?;
            Ok(get(found.first().ok_or(PostgresError::Lost)?, 0)?)
        })
    }

    fn check(&self) -> ReadResult<'_, ()> {
        self.readers.run(Class::Vital, Party::Server, |conn| {
            conn.read("SELECT FROM part", &[])?;
            Ok(())
        })
    }

    /// The disk is the database server's: it refuses what it has no room for.
    fn is_full(&self) -> bool {
        false
    }

    fn shared_counts(&self) -> Option<&dyn SharedCounts> {
        Some(&self.counts)
    }

    fn jobs(&self) -> Option<&dyn Jobs> {
        Some(&self.jobs)
    }

    fn close(&self) -> Future<'_, ()> {
        Box::pin(self.writer.close())
    }
}
