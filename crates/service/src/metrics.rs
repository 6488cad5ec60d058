//! The metrics for operators: counted where they occur, exported as OpenMetrics text.
//!
//! What must stay true: counting an event or a delivery takes no lock; labels have few values, and none comes from a
//! client.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use quintet_domain::Code;

const CODES: [Code; Code::ALL.len()] = Code::ALL;

/// The kinds of things that are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A connection to a namespace, or a plain WebSocket.
    Connect,
    /// An event of a connection.
    Event,
    /// A request over HTTP.
    Http,
}

impl Refused {
    const ALL: [Self; 3] = [Self::Connect, Self::Event, Self::Http];

    fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Event => "event",
            Self::Http => "http",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRefusal {
    of: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfReason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfDialect {
    dialect: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfStatus {
    status: u16,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Mutex<Registry>,
    /// Metrics whose names all programs share, and which have no prefix for that reason.
    shared_names: Mutex<Registry>,
    events: Family<OfDialect, Counter>,
    unknown_events: Family<OfDialect, Counter>,
    deliveries: Counter,
    refusals: [[Counter; CODES.len()]; Refused::ALL.len()],
    closes: Family<OfReason, Counter>,
    requests: Family<OfStatus, Counter>,
    request_seconds: Histogram,
    commit_seconds: Histogram,
    group_commands: Histogram,
    commit_failures: Counter,
    last_commit_failed: AtomicBool,
    messages_purged: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let (events, requests) = (Family::<OfDialect, Counter>::default(), Family::<OfStatus, Counter>::default());
        let unknown_events = Family::<OfDialect, Counter>::default();
        let (deliveries, refused) = (Counter::default(), Family::<OfRefusal, Counter>::default());
        let (closes, commit_failures) = (Family::<OfReason, Counter>::default(), Counter::default());
        // From a tenth of a millisecond to three seconds.
        let commit_seconds = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        // From half a millisecond to sixteen seconds.
        let request_seconds = Histogram::new(exponential_buckets(0.000_5, 2.0, 16));
        let group_commands = Histogram::new(exponential_buckets(1.0, 2.0, 12));
        let mut registry = Registry::with_prefix("quintet");
        registry.register("events", "Events that clients sent, by dialect", events.clone());
        let help = "Events that clients sent and that do not exist, by dialect";
        registry.register("unknown_events", help, unknown_events.clone());
        registry.register("deliveries", "Events queued for connections", deliveries.clone());
        registry.register("refusals", "Refusals, by what was refused and the reason", refused.clone());
        registry.register("closes", "Connections that ended, by the reason", closes.clone());
        registry.register("http_requests", "Answered HTTP requests, by status", requests.clone());
        let help = "Time from an HTTP request to the headers of its response";
        registry.register("http_request_seconds", help, request_seconds.clone());
        let help = "Time from the first statement of a group to its commit";
        registry.register("commit_seconds", help, commit_seconds.clone());
        registry.register("commit_commands", "Commands that were committed together", group_commands.clone());
        registry.register("commit_failures", "Groups of commands that could not be committed", commit_failures.clone());
        let messages_purged = Counter::default();
        let help = "Messages that were removed because they are not kept any longer";
        registry.register("messages_purged", help, messages_purged.clone());
        let refusals = Refused::ALL.map(|of| {
            CODES.map(|code| refused.get_or_create_owned(&OfRefusal { of: of.as_str(), reason: code.as_str() }))
        });
        Self {
            registry: Mutex::new(registry),
            shared_names: Mutex::new(Registry::default()),
            events,
            unknown_events,
            deliveries,
            refusals,
            closes,
            requests,
            request_seconds,
            commit_seconds,
            group_commands,
            commit_failures,
            last_commit_failed: AtomicBool::new(false),
            messages_purged,
        }
    }
}

impl Metrics {
    /// Adds a collector of values that are looked up when the metrics are exported.
    pub fn add(&self, collector: Box<dyn Collector>) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register_collector(collector);
    }

    /// Adds a collector of values whose names have no prefix, because they are the same for every program.
    pub fn add_shared(&self, collector: Box<dyn Collector>) {
        self.shared_names.lock().unwrap_or_else(PoisonError::into_inner).register_collector(collector);
    }

    /// Counts an event that a client sent.
    pub fn event(&self, dialect: &'static str) {
        self.events.get_or_create(&OfDialect { dialect }).inc();
    }

    /// Counts an event that a client sent and that does not exist.
    pub fn unknown_event(&self, dialect: &'static str) {
        self.unknown_events.get_or_create(&OfDialect { dialect }).inc();
    }

    /// Counts events that were queued for connections.
    pub fn delivered(&self, count: u64) {
        self.deliveries.inc_by(count);
    }

    /// Counts a refusal.
    pub fn refused(&self, of: Refused, code: Code) {
        if let Some(at) = CODES.iter().position(|one| *one == code) {
            self.refusals[of as usize][at].inc();
        }
    }

    /// Counts a connection that ended.
    pub fn closed(&self, reason: &'static str) {
        self.closes.get_or_create(&OfReason { reason }).inc();
    }

    /// Counts an HTTP request that was answered after a time.
    pub fn answered(&self, status: u16, took: Duration) {
        self.requests.get_or_create(&OfStatus { status }).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// Counts a group of commands that was committed, with the time that it took and whether it wrote anything.
    pub fn committed(&self, commands: usize, took: Duration, wrote: bool) {
        self.group_commands.observe(commands as f64);
        self.commit_seconds.observe(took.as_secs_f64());
        if wrote {
            self.commits_work();
        }
    }

    /// Counts messages that were removed because they are not kept any longer.
    pub fn messages_purged(&self, count: u64) {
        self.messages_purged.inc_by(count);
    }

    /// Counts a group that could not be committed.
    pub fn commit_failed(&self) {
        self.commit_failures.inc();
        self.last_commit_failed.store(true, Ordering::Relaxed);
    }

    /// Records that a write succeeded, so that [`Self::last_commit_failed`] is false.
    pub fn commits_work(&self) {
        self.last_commit_failed.store(false, Ordering::Relaxed);
    }

    /// Returns whether the last group that had something to write could not be committed.
    #[must_use]
    pub fn last_commit_failed(&self) -> bool {
        self.last_commit_failed.load(Ordering::Relaxed)
    }

    /// Exports all metrics as OpenMetrics 1.0 text, the format of Prometheus.
    ///
    /// # Errors
    /// None in practice: writing to a `String` does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut written = String::new();
        for registry in [&self.registry, &self.shared_names] {
            text::encode_registry(&mut written, &registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        }
        text::encode_eof(&mut written)?;
        Ok(written)
    }
}
