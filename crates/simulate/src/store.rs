//! A store whose reads take their time: the state that a read finds, and the moment at which its reader hears of it, lie
//! anywhere among the commits.
//!
//! What must stay true: it keeps every guarantee of [`Store`]; it only uses the freedom that they leave.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::{
    Account, AuditEntry, AuditFilter, ContactRequest, Conversation, ConversationId, Emoji, GuestProof, Hidden,
    Invitation, Login, LoginSession, LoginSessionId, Meetup, MeetupId, Member, Message, MessageId, MessageSearch,
    Report, ReportStatus, Restriction, RestrictionKind, StoredFile, Timestamp, User, UserId, Webhook, WebhookDelivery,
    Write,
};
use quintet_store::Thread;
use quintet_store::{
    Block, Filter, Future, Listing, LogPage, LoginSessionReads, MeetupFilter, MemberReads, Memberships, MemoryStore,
    MessagePage, MissedSince, ModerationReads, NotificationRow, OrphanedFiles, Page, PageOf, Party,
    PendingNotifications, PinnedMessage, PushReads, Reaction, ReadResult, Replayed, ReplyTo, ReportReads,
    ServiceAccount, ServiceKey, Store, StoreError, TokenHolder, UserState,
};

use crate::random::Random;

/// Milliseconds that each half of a read usually takes, at most.
const USUAL_MS: u64 = 12;
/// Milliseconds that each half of a read seldom takes, at most.
const RARE_MS: u64 = 500;

/// The store in memory, with delays.
#[derive(Debug)]
pub(crate) struct SlowStore {
    store: Arc<MemoryStore>,
    random: Random,
}

impl SlowStore {
    pub(crate) fn new(store: Arc<MemoryStore>, random: Random) -> Self {
        Self { store, random }
    }

    async fn delay(&self) {
        tokio::time::sleep(Duration::from_millis(self.random.delay_ms(USUAL_MS, RARE_MS))).await;
    }
}

/// Reads of the store in memory, with a delay before and behind each.
macro_rules! reads {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> ReadResult<'_, $output> {
            Box::pin(async move {
                self.delay().await;
                let result = self.store.$name($($argument),*).await;
                self.delay().await;
                result
            })
        })*
    };
}

impl ReportReads for SlowStore {
    reads! {
        fn reports(by: Party, status: Option<ReportStatus>, cursor: Option<String>, limit: u32) -> Page<Report>;
    }
}

impl LoginSessionReads for SlowStore {
    reads! {
        fn token_holder(by: Party, id: UserId, session: Option<LoginSessionId>) -> TokenHolder;
        fn login_sessions(user: UserId) -> Vec<LoginSession>;
    }
}

impl Store for SlowStore {
    fn submit(&self, write: Write, reply_to: ReplyTo) -> Future<'_, Result<(), StoreError>> {
        self.store.submit(write, reply_to)
    }

    fn waiting(&self) -> usize {
        self.store.waiting()
    }

    // What is pushed leaves the simulation, which has no push services.
    fn push(&self) -> &dyn PushReads {
        self.store.push()
    }

    reads! {
        fn services() -> Vec<ServiceKey>;
        fn service(by: Party, hash: String) -> Option<ServiceAccount>;
        fn invitation(by: Party, hash: String) -> Option<Invitation>;
        fn invitations(by: Party, of: Option<UserId>, cursor: Option<String>, limit: u32) -> Page<Invitation>;
        fn file(by: Party, id: String, secret: String) -> Option<StoredFile>;
        fn orphaned_files(after: i64, among: u32) -> OrphanedFiles;
        fn account(by: Party, id: UserId) -> Option<Account>;
        fn user_state(by: Party, id: UserId, session: Option<LoginSessionId>) -> UserState;
        fn guest_knows(by: Party, guest: UserId, proof: GuestProof) -> bool;
        fn last_login(user: UserId, network: String) -> Option<Timestamp>;
        fn account_by_login(by: Party, login: Login) -> Option<Account>;
        fn erasing() -> Vec<UserId>;
        fn accounts() -> Vec<Account>;
        fn users(by: Party, query: String, cursor: Option<String>, limit: u32) -> Page<Arc<User>>;
        fn direct_conversation(user: UserId, other: UserId) -> Option<ConversationId>;
        fn find_conversations(user: UserId, query: String, which: Filter, cursor: Option<String>, limit: u32)
            -> Page<Listing>;
        fn may_send(user: UserId, id: ConversationId) -> ();
        fn message_count(user: UserId, id: ConversationId) -> u64;
        fn memberships(user: UserId) -> Memberships;
        fn conversation(user: UserId, id: ConversationId) -> Conversation;
        fn conversations(user: UserId, cursor: Option<String>, limit: u32) -> Page<Conversation>;
        fn messages(by: Party, user: UserId, id: ConversationId, of: PageOf, limit: u32) -> MessagePage;
        fn messages_outside_threads(by: Party, user: UserId, id: ConversationId, of: PageOf, limit: u32) -> MessagePage;
        fn message(user: UserId, id: MessageId) -> Arc<Message>;
        fn thread(by: Party, user: UserId, id: MessageId, before: u64, limit: u32) -> Thread;
        fn reactions(user: UserId, id: MessageId) -> Vec<Reaction>;
        fn own_reactions(user: UserId, messages: Vec<MessageId>) -> Vec<(MessageId, Emoji)>;
        fn blocks(user: UserId) -> Vec<Block>;
        fn contact_requests(user: UserId) -> Vec<ContactRequest>;
        fn hidden_from(user: UserId) -> Hidden;
        fn pins(user: UserId, id: ConversationId) -> Vec<PinnedMessage>;
        fn search_messages(user: UserId, search: MessageSearch, cursor: Option<String>, limit: u32) -> Page<Arc<Message>>;
        fn searchable(position: u64) -> ();
        fn meetup(user: UserId, id: MeetupId) -> Meetup;
        fn meetups(user: UserId, filter: MeetupFilter, cursor: Option<String>, limit: u32) -> Page<Meetup>;
        fn notifications(user: UserId, cursor: Option<String>, limit: u32) -> Page<NotificationRow>;
        fn pending_notifications(user: UserId) -> PendingNotifications;
        fn replay_since(user: UserId, guest: bool, since: MissedSince) -> Replayed;
        fn log_page(by: Party, after: u64, limit: u64) -> LogPage;
        fn webhooks() -> Vec<Webhook>;
        fn webhook_deliveries(id: String, limit: u32) -> Option<Vec<WebhookDelivery>>;
        fn identity() -> String;
        fn check() -> ();
    }

    fn is_full(&self) -> bool {
        self.store.is_full()
    }

    fn is_full_for_files(&self) -> bool {
        self.store.is_full_for_files()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.store.free_bytes()
    }

    fn log_bytes(&self) -> Option<u64> {
        self.store.log_bytes()
    }

    fn close(&self) -> Future<'_, ()> {
        self.store.close()
    }
}

impl MemberReads for SlowStore {
    reads! {
        fn members(user: UserId, id: ConversationId, query: String, cursor: Option<String>, limit: u32) -> Page<Member>;
    }
}

impl ModerationReads for SlowStore {
    reads! {
        fn restrictions(user: UserId, id: ConversationId, kind: RestrictionKind, cursor: Option<String>, limit: u32)
            -> Page<Restriction>;
        fn audit(by: Party, filter: AuditFilter, cursor: Option<String>, limit: u32) -> Page<AuditEntry>;
    }
}
