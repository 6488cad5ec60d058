//! The implementation of [`Store`] by the store in memory.
//!
//! What must stay true: each read sees one committed state.

use std::sync::Arc;

use quintet_domain::{
    Account, ContactRequest, Conversation, ConversationId, Emoji, GuestProof, Hidden, Invitation, Login,
    LoginSessionId, Meetup, MeetupId, Message, MessageId, MessageSearch, StoredFile, Timestamp, User, UserId, Webhook,
    WebhookDelivery, Write,
};
use quintet_rules::log::{LogPage, MissedSince, Replayed, page_after, replay_since};
use quintet_rules::message_reads;
use quintet_rules::rows::WebhookRows;
use quintet_rules::threads::{self, Thread};

use super::data::Data;
use super::rows::ReplayView;
use super::{Drive, MemoryStore, reads};
use crate::blocks;
use crate::contact_requests;
use crate::invitation_reads;
use crate::login_sessions;
use crate::marks;
use crate::push::PushReads;
use crate::webhooks;
use crate::{
    Block, Filter, Future, Listing, MeetupFilter, Memberships, MessagePage, NotificationRow, OrphanedFiles, Page,
    PageOf, Party, PendingNotifications, PinnedMessage, Reaction, ReadResult, ReplyTo, ServiceAccount, ServiceKey,
    Store, StoreError, TokenHolder, UserState,
};

impl MemoryStore {
    /// Runs a read over one committed state. Reads are short, so parties take no turns.
    pub(super) fn read<'s, T: 's>(
        &'s self,
        read: impl FnOnce(&Data) -> Result<T, StoreError> + Send + 's,
    ) -> ReadResult<'s, T> {
        Box::pin(async move { self.shared.read(read) })
    }
}

impl Store for MemoryStore {
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>> {
        Box::pin(async move { self.drive.queue().submit(write, reply_to, || self.shared.is_full()).await })
    }

    fn waiting(&self) -> usize {
        self.drive.queue().waiting()
    }

    fn push(&self) -> &dyn PushReads {
        self
    }

    fn services(&self) -> ReadResult<'_, Vec<ServiceKey>> {
        self.read(|data| Ok(reads::services(data)))
    }

    fn service(&self, _by: Party, hash: String) -> ReadResult<'_, Option<ServiceAccount>> {
        self.read(move |data| Ok(reads::service(data, &hash)))
    }

    fn invitation(&self, _by: Party, hash: String) -> ReadResult<'_, Option<Invitation>> {
        self.read(move |data| invitation_reads::by_hash(data, &hash))
    }

    fn invitations(
        &self,
        _by: Party,
        of: Option<UserId>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Invitation>> {
        self.read(move |data| invitation_reads::page(data, of.as_ref(), cursor.as_deref(), limit))
    }

    fn file(&self, _by: Party, id: String, secret: String) -> ReadResult<'_, Option<StoredFile>> {
        let now = self.environment.now();
        self.read(move |data| reads::file(data, now, &id, &secret))
    }

    fn orphaned_files(&self, after: i64, among: u32) -> ReadResult<'_, OrphanedFiles> {
        let now = self.environment.now();
        self.read(move |data| reads::orphaned(data, now, after, among))
    }

    fn account(&self, _by: Party, id: UserId) -> ReadResult<'_, Option<Account>> {
        self.read(move |data| Ok(reads::account(data, &id)))
    }

    fn user_state(&self, _by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, UserState> {
        self.read(move |data| {
            let TokenHolder { account, session } = login_sessions::holder(data, &id, session.as_ref())?;
            let memberships = reads::memberships(data, &id)?;
            let pending = match memberships.registered {
                true => reads::pending(data, &id)?,
                false => PendingNotifications { position: memberships.position, notifications: Vec::new() },
            };
            Ok(UserState { account, session, memberships, pending })
        })
    }

    fn guest_knows(&self, _by: Party, guest: UserId, proof: GuestProof) -> ReadResult<'_, bool> {
        self.read(move |data| reads::guest_knows(data, &guest, &proof))
    }

    fn last_login(&self, user: UserId, network: String) -> ReadResult<'_, Option<Timestamp>> {
        let now = self.environment.now();
        self.read(move |data| reads::last_login(data, &user, &network, now))
    }

    fn account_by_login(&self, _by: Party, login: Login) -> ReadResult<'_, Option<Account>> {
        self.read(move |data| reads::account_by_login(data, &login))
    }

    fn erasing(&self) -> ReadResult<'_, Vec<UserId>> {
        self.read(|data| Ok(reads::erasing(data)))
    }

    fn accounts(&self) -> ReadResult<'_, Vec<Account>> {
        self.read(|data| Ok(reads::accounts(data)))
    }

    fn users(&self, _by: Party, query: String, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Arc<User>>> {
        self.read(move |data| Ok(reads::search(data, &query, cursor.as_deref(), limit)))
    }

    fn direct_conversation(&self, user: UserId, other: UserId) -> ReadResult<'_, Option<ConversationId>> {
        self.read(move |data| reads::direct(data, &user, &other))
    }

    fn find_conversations(
        &self,
        user: UserId,
        query: String,
        which: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Listing>> {
        let now = self.environment.now();
        self.read(move |data| reads::find(data, (&user, now), &query, &which, cursor.as_deref(), limit))
    }

    fn may_send(&self, user: UserId, id: ConversationId) -> ReadResult<'_, ()> {
        let now = self.environment.now();
        self.read(move |data| contact_requests::may_send(data, &user, &id, now))
    }

    fn message_count(&self, user: UserId, id: ConversationId) -> ReadResult<'_, u64> {
        self.read(move |data| reads::message_count(data, &user, &id))
    }

    fn memberships(&self, user: UserId) -> ReadResult<'_, Memberships> {
        self.read(move |data| reads::memberships(data, &user))
    }

    fn conversation(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Conversation> {
        self.read(move |data| reads::conversation(data, &user, &id))
    }

    fn conversations(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<Conversation>> {
        self.read(move |data| reads::conversations(data, &user, cursor.as_deref(), limit))
    }

    fn messages(
        &self,
        _by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage> {
        self.read(move |data| reads::messages(data, &user, &id, (of, true), limit))
    }

    fn messages_outside_threads(
        &self,
        _by: Party,
        user: UserId,
        id: ConversationId,
        of: PageOf,
        limit: u32,
    ) -> ReadResult<'_, MessagePage> {
        self.read(move |data| reads::messages(data, &user, &id, (of, false), limit))
    }

    fn message(&self, user: UserId, id: MessageId) -> ReadResult<'_, Arc<Message>> {
        self.read(move |data| Ok(message_reads::read(data, &user, &id)?))
    }

    fn thread(&self, _by: Party, user: UserId, id: MessageId, before: u64, limit: u32) -> ReadResult<'_, Thread> {
        self.read(move |data| Ok(threads::read(data, &user, &id, before, limit as usize)?))
    }

    fn reactions(&self, user: UserId, id: MessageId) -> ReadResult<'_, Vec<Reaction>> {
        self.read(move |data| marks::reactions(data, &user, &id))
    }

    fn own_reactions(&self, user: UserId, messages: Vec<MessageId>) -> ReadResult<'_, Vec<(MessageId, Emoji)>> {
        self.read(move |data| marks::own_reactions(data, &user, &messages))
    }

    fn blocks(&self, user: UserId) -> ReadResult<'_, Vec<Block>> {
        self.read(move |data| blocks::blocks(data, &user))
    }

    fn contact_requests(&self, user: UserId) -> ReadResult<'_, Vec<ContactRequest>> {
        let now = self.environment.now();
        self.read(move |data| contact_requests::requests(data, &user, now))
    }

    fn hidden_from(&self, user: UserId) -> ReadResult<'_, Hidden> {
        self.read(move |data| blocks::hidden(data, &user))
    }

    fn pins(&self, user: UserId, id: ConversationId) -> ReadResult<'_, Vec<PinnedMessage>> {
        self.read(move |data| marks::pins(data, &ReplayView(data), &user, &id))
    }

    fn search_messages(
        &self,
        user: UserId,
        search: MessageSearch,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Arc<Message>>> {
        self.read(move |data| reads::find_messages(data, &user, &search, cursor.as_deref(), limit))
    }

    fn searchable(&self, _position: u64) -> ReadResult<'_, ()> {
        // A search examines the messages themselves.
        self.read(|_| Ok(()))
    }

    fn meetup(&self, user: UserId, id: MeetupId) -> ReadResult<'_, Meetup> {
        self.read(move |data| reads::meetup(data, &user, &id))
    }

    fn meetups(
        &self,
        user: UserId,
        filter: MeetupFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Meetup>> {
        let now = self.environment.now();
        self.read(move |data| reads::meetups(data, &user, filter, now, cursor.as_deref(), limit))
    }

    fn notifications(&self, user: UserId, cursor: Option<String>, limit: u32) -> ReadResult<'_, Page<NotificationRow>> {
        self.read(move |data| reads::list(data, &user, cursor.as_deref(), limit))
    }

    fn pending_notifications(&self, user: UserId) -> ReadResult<'_, PendingNotifications> {
        self.read(move |data| reads::pending(data, &user))
    }

    fn replay_since(&self, user: UserId, guest: bool, since: MissedSince) -> ReadResult<'_, Replayed> {
        self.read(move |data| Ok(replay_since(&ReplayView(data), &user, guest, since)?))
    }

    fn log_page(&self, _by: Party, after: u64, limit: u64) -> ReadResult<'_, LogPage> {
        self.read(move |data| Ok(page_after(&ReplayView(data), after, limit)?))
    }

    fn webhooks(&self) -> ReadResult<'_, Vec<Webhook>> {
        self.read(|data| Ok(data.webhooks()?))
    }

    fn webhook_deliveries(&self, id: String, limit: u32) -> ReadResult<'_, Option<Vec<WebhookDelivery>>> {
        self.read(move |data| webhooks::deliveries(data, &id, limit))
    }

    fn identity(&self) -> ReadResult<'_, String> {
        self.read(|data| Ok(data.identity().to_owned()))
    }

    fn check(&self) -> ReadResult<'_, ()> {
        self.read(|_| Ok(()))
    }

    fn is_full(&self) -> bool {
        self.shared.is_full()
    }

    fn is_full_for_files(&self) -> bool {
        self.shared.is_full()
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }

    fn log_bytes(&self) -> Option<u64> {
        None
    }

    /// A manually driven store accepts no further writes; queued ones are left to its [`MemoryWriter`].
    ///
    /// [`MemoryWriter`]: crate::MemoryWriter
    fn close(&self) -> Future<'_, ()> {
        Box::pin(async move {
            match &self.drive {
                Drive::Thread(writer) => writer.close().await,
                Drive::Manual(queue) => queue.close(),
            }
        })
    }
}
