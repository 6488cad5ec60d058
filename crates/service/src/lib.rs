//! The operations of Quintet, one file per family, over the store and the bus.
//!
//! What lives here: authentication (tokens, passwords, guests), the checks that come before a write, presence, rates,
//! metrics, and the operations that sockets and REST share.
//! What does not live here: SQL, sockets, HTTP, and the events of any dialect.
//!
//! What must stay true: whatever is allowed here is decided again, finally, inside the write. Nothing is delivered to
//! clients from here: it is committed, and the bus carries it.

mod account;
mod activity;
mod asking;
mod attempts;
mod authorise;
mod bases;
mod before_send;
mod blocks;
mod claims;
mod commands;
mod contact_requests;
mod conversations;
mod cookie;
mod deliveries;
mod failures;
mod files;
mod guests;
mod health;
mod heavy;
mod identity;
mod invitations;
mod login_sessions;
mod meetups;
mod messages;
mod metrics;
mod moderation;
mod notifications;
mod password_hashes;
mod passwords;
mod presence;
mod push;
mod push_waiting;
mod rates;
mod reactions;
mod ready;
mod recovery;
mod reports;
mod retention;
mod saving;
mod screening;
mod search;
mod services;
mod sessions_noted;
mod shared_counts;
mod token_hmac;
mod tokens;
mod uploads;
mod users;
mod webhooks;

use std::sync::{Arc, OnceLock};

pub use account::Owner;
pub use activity::{Activity, NotedFor};
pub use asking::{BeforeSend, Question};
pub use bases::{Address, BASES_OF_LISTENER_MAX, Base, Bases, Source};
pub use claims::{RequiredClaim, Rules};
pub use commands::{Caller, reply};
pub use conversations::{ConversationChange, ConversationInput};
pub use cookie::{COOKIE_TOKENS_MAX, CookieToken, good_or_none, is_token};
pub use deliveries::Delivery;
pub use files::{FileBytes, Shown, Uploaded};
pub use guests::GuestSecret;
pub use heavy::HeavyTurn;
pub use identity::{Identity, ReadAhead, Verified};
pub use invitations::{NewInvitation, Registration};
pub use meetups::MeetupInput;
pub use metrics::{Metrics, Refused};
pub use moderation::RestrictionInput;
pub use password_hashes::MovedHash;
pub use passwords::{Checked, Passwords};
pub use presence::Presence;
pub use push::PushInput;
pub use push_waiting::{PUSH_AWAY_MS, PushVerdict, PushWaiting, push_verdict};
use quintet_bus::Bus;
pub use quintet_domain::{Account, Actor, Login, MeetupChange, ProfileChange, StoredFile};
use quintet_domain::{Contact, Environment, Prune, Refusal, Request, Retention, UserId};
use quintet_files::Files;
pub use quintet_outbound::Networks;
pub use quintet_store::Thread;
pub use quintet_store::{
    Block, Filter, HELD_FOR, Job, Jobs, Listing, LogPage, Memberships, MessagePage, MissedSince, NotificationRow, Page,
    PageOf, Party, PendingNotifications, PinnedMessage, PushAbout, PushCandidate, PushContent, PushNotice, PushStep,
    PushSubscriptionRow, Reaction, Replayed, ServiceAccount, ServiceKey, Told,
};
use quintet_store::{ReplyTo, Store};
use quintet_telemetry::Tracer;
pub use rates::{EventRate, Rates, RefusalRate};
pub use reactions::OwnReactions;
pub use recovery::{ResumeToken, ResumeTokens};
pub use reports::ReportDecision;
pub use retention::KeptFor;
pub use screening::{ListLine, ListedLinks, ListedWord, Lists, read_list};
pub use token_hmac::install_token_cryptography;
pub use tokens::{Algorithm, Credential, Issuer, Keys, SignWith, TokenSettings, Tokens};
use tokio::sync::{Notify, oneshot};
pub use users::{LoginSource, NewAccount, Reserved, Session};
pub use webhooks::{NewWebhook, WEBHOOK_SECRET_PREFIX};

/// The settings of the operator that the operations need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether guests are admitted.
    pub guests: bool,
    /// Who may register.
    pub registration: Registration,
    /// Who may begin a direct conversation with a person, and add one to a group.
    pub contact: Contact,
    /// Whether rates are limited.
    pub rates: bool,
    /// How long messages are kept.
    pub retention: Retention,
    /// The minimum number of characters of a new password.
    pub password_chars_min: usize,
    /// The address under which clients reach this server, if the operator names one.
    pub public_url: Option<String>,
    /// Whether users without a picture are shown with one that is made of their initials.
    pub pictures: bool,
    /// The networks of addresses that others name and that may be asked although they are not on the public internet.
    pub outbound: Networks,
    /// The lists of words and links that texts are compared with, if there are any.
    pub lists: Option<Arc<Lists>>,
}

/// The operations of Quintet. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    environment: Arc<dyn Environment>,
    files: Files,
    uploads: uploads::Uploads,
    saving: saving::Saving,
    tokens: Tokens,
    passwords: Passwords,
    failures: failures::LoginFailures,
    being_noted: sessions_noted::BeingNoted,
    presence: Presence,
    bases: Bases,
    rates: Rates,
    metrics: Arc<Metrics>,
    ready: ready::SharedCheck,
    health: OnceLock<ready::Health>,
    push_key: OnceLock<String>,
    tracer: OnceLock<Tracer>,
    activity: Activity,
    heavy: heavy::Heavy,
    webhooks_changed: Notify,
    asking: asking::Asking,
    settings: Settings,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Service {
    /// Creates the operations over a store, a bus and the other parts.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        environment: Arc<dyn Environment>,
        files: Files,
        tokens: Tokens,
        metrics: Arc<Metrics>,
        settings: Settings,
    ) -> Self {
        let passwords = Passwords::new(settings.password_chars_min);
        let (presence, rates) = (Presence::default(), Rates::new(settings.rates));
        let uploads = uploads::Uploads::default();
        let bases = Bases::new(settings.public_url.as_deref(), settings.pictures);
        Self(Arc::new(Inner {
            store,
            bus,
            environment,
            files,
            uploads,
            saving: saving::Saving::default(),
            tokens,
            passwords,
            failures: failures::LoginFailures::default(),
            being_noted: sessions_noted::BeingNoted::default(),
            presence,
            bases,
            rates,
            metrics,
            ready: ready::SharedCheck::default(),
            health: OnceLock::new(),
            push_key: OnceLock::new(),
            tracer: OnceLock::new(),
            activity: Activity::default(),
            heavy: heavy::Heavy::default(),
            webhooks_changed: Notify::new(),
            asking: asking::Asking::default(),
            settings,
        }))
    }

    /// Sets what takes the spans of traces. Must be called before clients are served; without a call, nothing does.
    pub fn set_tracer(&self, tracer: Tracer) {
        if self.0.tracer.set(tracer).is_err() {
            tracing::error!("the tracer was set twice");
        }
    }

    /// Returns what takes the spans of traces, if anything does.
    #[must_use]
    pub fn tracer(&self) -> Option<&Tracer> {
        self.0.tracer.get().filter(|tracer| tracer.is_on())
    }

    /// Returns the users who are online.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.0.presence
    }

    /// Returns the addresses by which clients reach this server.
    #[must_use]
    pub fn bases(&self) -> &Bases {
        &self.0.bases
    }

    /// Returns the metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Returns the rates that limit users and addresses.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.0.rates
    }

    /// Returns the bus, to subscribe to and to publish ephemeral events on.
    #[must_use]
    pub fn bus(&self) -> &dyn Bus {
        &*self.0.bus
    }

    /// Returns the source of the time, of ids and of secrets.
    #[must_use]
    pub fn environment(&self) -> &dyn Environment {
        &*self.0.environment
    }

    /// Returns the number of writes that wait for the writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.store.waiting()
    }

    /// Returns the bytes that are free on the disk of the data; none if that is unknown.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        self.0.store.free_bytes()
    }

    /// Returns the size in bytes of what waits in the database's log; `None` if there is no log.
    #[must_use]
    pub fn log_bytes(&self) -> Option<u64> {
        self.0.store.log_bytes()
    }

    /// Returns whether less than `[limits] free_bytes_min` is free on the disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.store.is_full()
    }

    /// Returns the minimum number of characters of a new password.
    #[must_use]
    pub fn password_chars_min(&self) -> usize {
        self.0.passwords.chars_min()
    }

    /// Prunes expired rows, in at most `turns` short transactions. `after` is the result of the previous call, 0 at
    /// first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn prune(&self, after: i64, turns: usize) -> Result<i64, Refusal> {
        let mut cursor = after;
        for _ in 0..turns {
            let pruned = self.write(Prune { after: cursor }).await?;
            cursor = pruned.after;
            if !pruned.more {
                break;
            }
        }
        Ok(cursor)
    }

    /// Waits until a list request of a user may begin.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` if too many requests of the user wait; `ERR_BUSY` if too many users have requests.
    pub async fn heavy_turn(&self, user: &UserId) -> Result<HeavyTurn, Refusal> {
        self.0.heavy.turn(user).await
    }

    /// Commits the queued writes and stops the writer.
    pub async fn close(&self) {
        self.finish_asking().await;
        self.save_deliveries().await;
        self.0.store.close().await;
    }

    /// Submits a write and waits for its commit.
    ///
    /// # Errors
    /// The refusal of the rules; an internal error if the write could not be committed.
    pub(crate) async fn write<R: Request>(&self, request: R) -> Result<R::Output, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.store().submit(request.into(), ReplyTo::Caller(sender)).await?;
        match receiver.await {
            Ok(written) => R::output(written?).ok_or_else(|| {
                tracing::error!("the store answered with the result of another kind of write");
                Refusal::internal()
            }),
            // The writer stopped before it could answer.
            Err(_) => Err(Refusal::internal()),
        }
    }

    /// Periodic work that one of several nodes does; `None` where there is one node, which does all of it.
    #[must_use]
    pub fn jobs(&self) -> Option<&dyn Jobs> {
        self.store().jobs()
    }

    fn store(&self) -> &dyn Store {
        &*self.0.store
    }
}
