//! One life of the server: the real service, gateway and engine over the store in memory and a slow bus, in the runtime
//! of the caller.
//!
//! What must stay true: a life ends with its runtime, and leaves nothing behind but what the store had committed.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quintet_bus::Bus;
use quintet_domain::{ContactRequest, PurgeCursor, PurgeMessages, Refusal, Request, UserId};
use quintet_files::Files;
use quintet_gateway::{Doors, Gateway};
use quintet_service::{Keys, Metrics, Service, TokenSettings, Tokens};
use quintet_socketio::Engine;
use quintet_store::{Group, MemoryDisk, MemoryStore, MemoryWriter, ReplyTo, Store};
use tokio::sync::oneshot;

use crate::bus::SlowBus;
use crate::random::Random;
use crate::settings;
use crate::sim::Sim;
use crate::store::SlowStore;

/// Milliseconds between two groups of the writer, usually at most.
const USUAL_MS: u64 = 25;
/// Milliseconds between two groups of the writer, seldom at most.
const RARE_MS: u64 = 400;

/// Times that a server is started before it is given up.
const TRIES: u32 = 4;

/// A running server.
pub(crate) struct Server {
    pub(crate) engine: Engine<Gateway>,
    store: Arc<SlowStore>,
    bus: Arc<SlowBus>,
    /// The writer; none once it has crashed.
    writer: Rc<RefCell<Option<MemoryWriter>>>,
}

/// What differs between a server alone and a node.
pub(crate) struct Parts {
    /// The number of the life of the process.
    pub(crate) life: u32,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) writer: MemoryWriter,
    /// The queue before the hub.
    pub(crate) bus: Arc<SlowBus>,
    /// The bus as the gateway has it.
    pub(crate) outward: Arc<dyn Bus>,
    /// Takes each group of the writer.
    pub(crate) hand_on: Box<dyn Fn(Group)>,
}

/// What submits writes to a server.
pub(crate) struct Handle(Arc<SlowStore>);

impl Handle {
    /// Submits a write as a call over HTTP does, and waits for its result.
    pub(crate) fn call<R: Request>(&self, request: R) -> impl Future<Output = Result<R::Output, Refusal>> + use<R> {
        let store = Arc::clone(&self.0);
        let write = request.into();
        async move {
            let (sender, receiver) = oneshot::channel();
            store.submit(write, ReplyTo::Caller(sender)).await?;
            let written = receiver.await.map_err(|_| Refusal::internal())??;
            R::output(written).ok_or_else(Refusal::internal)
        }
    }
}

impl Server {
    /// Starts a server alone, over what an earlier one had committed; over nothing for the first one.
    pub(crate) async fn start(sim: &Rc<Sim>, disk: Option<MemoryDisk>) -> Result<Self, Refusal> {
        let environment = Arc::clone(&sim.environment);
        let (store, writer) = match disk {
            Some(disk) => disk.open(environment, settings::quotas()),
            None => MemoryStore::manual(environment, settings::quotas()),
        };
        let life = sim.life();
        let bus = SlowBus::new(random(sim, "bus", life));
        let (outward, hub) = (bus.clone(), Arc::clone(&bus));
        let hand_on = Box::new(move |group: Group| hub.committed(group.commit));
        Self::with(sim, Parts { life, store, writer, bus, outward, hand_on }).await
    }

    /// Starts a server of some parts.
    pub(crate) async fn with(sim: &Rc<Sim>, parts: Parts) -> Result<Self, Refusal> {
        let Parts { life, store, writer, bus, outward, hand_on } = parts;
        let environment = Arc::clone(&sim.environment);
        let part = |name: &str| random(sim, name, life);
        let writer = Rc::new(RefCell::new(Some(writer)));
        tokio::task::spawn_local(write(Rc::clone(sim), Rc::clone(&writer), hand_on, part("writer")));
        tokio::spawn(Arc::clone(&bus).run());
        let store = Arc::new(SlowStore::new(store, part("store")));
        let keys = Keys { own: vec![7; 32], own_made_s: 0, shared: None, retired: None };
        let settings = quintet_service::Settings {
            guests: true,
            registration: quintet_service::Registration::Open,
            contact: settings::quotas().contact,
            rates: false,
            retention: settings::quotas().retention,
            password_chars_min: quintet_domain::limits::PASSWORD_CHARS_MIN_DEFAULT,
            public_url: None,
            pictures: false,
            outbound: quintet_service::Networks::default(),
            lists: None,
        };
        let service = Service::new(
            store.clone(),
            outward,
            environment,
            Files::in_memory(),
            Tokens::new(keys, TokenSettings::default()),
            Arc::new(Metrics::default()),
            settings,
        );
        let config = quintet_socketio::Config {
            ping_interval: Duration::from_millis(4_000),
            ping_timeout: Duration::from_millis(4_000),
            compression_threshold: None,
            ..quintet_socketio::Config::default()
        };
        let settings = quintet_gateway::Settings {
            echo: quintet_gateway::Echo::Always,
            deliveries: true,
            audience: quintet_gateway::Audience::Everyone,
            everyone_limit: 1_000,
            frame_bytes_max: config.payload_bytes_max,
            queue_bytes_max: config.queue_bytes_max,
            recovery: false,
            compression_threshold: None,
        };
        let mut tries = 1;
        let gateway = loop {
            match Gateway::start(service.clone(), settings, Doors::default()).await {
                Ok(gateway) => break gateway,
                // The commit that was to fail was the first of this life: the operator starts the server again.
                Err(_) if tries < TRIES => tries += 1,
                Err(refusal) => return Err(refusal),
            }
        };
        Ok(Self { engine: Engine::new(config, gateway), store, bus, writer })
    }

    /// Submits a write as a call over HTTP does, and waits for its result.
    pub(crate) fn call<R: Request>(&self, request: R) -> impl Future<Output = Result<R::Output, Refusal>> + use<R> {
        self.handle().call(request)
    }

    /// What submits writes, for a task that outlives a step.
    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.store))
    }

    /// The requests that a user can decide.
    pub(crate) fn contact_requests(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<ContactRequest>, Refusal>> + use<> {
        let store = Arc::clone(&self.store);
        async move { Ok(store.contact_requests(user).await?) }
    }

    /// Removes everything that is not kept any longer, turn by turn.
    pub(crate) fn purge(&self) -> impl Future<Output = Result<(), Refusal>> + use<> {
        let handle = self.handle();
        async move {
            let mut from = Some(PurgeCursor::default());
            while let Some(cursor) = from {
                from = handle.call(PurgeMessages { from: cursor }).await?.next;
            }
            Ok(())
        }
    }

    /// The store, for reads.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Makes the next commit fail.
    pub(crate) fn fail_next_commit(&self) {
        if let Some(writer) = &mut *self.writer.borrow_mut() {
            writer.fail_next_commit();
        }
    }

    /// Makes the next read of what other nodes have committed fail.
    pub(crate) fn fail_next_read(&self) {
        if let Some(writer) = &mut *self.writer.borrow_mut() {
            writer.fail_next_read();
        }
    }

    /// Whether nothing waits for the writer, and nothing is on its way to the hub.
    pub(crate) fn is_idle(&self) -> bool {
        self.store.waiting() == 0 && self.bus.is_idle()
    }

    /// Ends the process: before the next commit, or behind one that nobody hears of.
    pub(crate) fn crash(&self, sim: &Sim) -> Option<MemoryDisk> {
        let mut writer = self.writer.borrow_mut().take()?;
        sim.count("crashes");
        if sim.choice.per_mille(500)
            && let Some(group) = writer.commit(usize::MAX)
            && group.committed
        {
            sim.note("a commit that nobody hears of");
            if group.commit.position > sim.newest() {
                sim.count("commits that nobody heard of before a crash");
            }
            sim.took(&group, &writer.purged_between(group.begun_at, group.commit.position));
        }
        Some(writer.crash())
    }
}

/// The randomness of a part of one life of a process.
pub(crate) fn random(sim: &Sim, part: &str, life: u32) -> Random {
    Random::new(sim.seed, &format!("{part} of life {life}"))
}

/// Takes the steps of the writer: when it commits, and how many writes share a group.
async fn write(sim: Rc<Sim>, writer: Rc<RefCell<Option<MemoryWriter>>>, hand_on: Box<dyn Fn(Group)>, random: Random) {
    loop {
        tokio::time::sleep(Duration::from_millis(1 + random.delay_ms(USUAL_MS, RARE_MS))).await;
        let most = 1 + usize::try_from(random.below(12)).unwrap_or_default();
        let Some(writer) = &mut *writer.borrow_mut() else { return };
        let Some(group) = writer.commit(most) else { continue };
        if group.writes > 1 {
            sim.count("groups of several writes");
        }
        sim.took(&group, &writer.purged_between(group.begun_at, group.commit.position));
        if let Some(stale) = writer.stale_row() {
            sim.violate(format!("the row cache is stale: {stale}"));
        }
        hand_on(group);
    }
}
