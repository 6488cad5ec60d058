//! What an operator looks at: counted where it happens, shown as OpenMetrics text.
//!
//! What must stay true: nothing is looked up by name where it is counted.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use quintet_domain::Code;

const CODES: [Code; 9] = [
    Code::Unauthenticated,
    Code::TokenExpired,
    Code::Forbidden,
    Code::NotFound,
    Code::InvalidPayload,
    Code::TooLarge,
    Code::RateLimited,
    Code::Conflict,
    Code::Internal,
];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Speaks {
    dialect: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    status: u16,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Mutex<Registry>,
    events: Family<Speaks, Counter>,
    deliveries: Counter,
    refusals: [Counter; CODES.len()],
    requests: Family<Answered, Counter>,
    commit_seconds: Histogram,
    group_commands: Histogram,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let (events, requests) = (Family::<Speaks, Counter>::default(), Family::<Answered, Counter>::default());
        let (deliveries, refused) = (Counter::default(), Family::<Reason, Counter>::default());
        // From a tenth of a millisecond to three seconds.
        let commit_seconds = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let group_commands = Histogram::new(exponential_buckets(1.0, 2.0, 12));
        let mut registry = Registry::with_prefix("quintet");
        registry.register("events", "Events that clients sent, by vocabulary", events.clone());
        registry.register("deliveries", "Events queued for connections", deliveries.clone());
        registry.register("refusals", "Events that were refused, by reason", refused.clone());
        registry.register("http_requests", "Answered HTTP requests, by status", requests.clone());
        let help = "Time from the first statement of a group to its commit";
        registry.register("commit_seconds", help, commit_seconds.clone());
        registry.register("commit_commands", "Commands that were committed together", group_commands.clone());
        let refusals = CODES.map(|code| refused.get_or_create_owned(&Reason { reason: code.as_str() }));
        let registry = Mutex::new(registry);
        Self { registry, events, deliveries, refusals, requests, commit_seconds, group_commands }
    }
}

impl Metrics {
    /// Adds what is not counted but looked up when it is shown.
    pub fn add(&self, collector: Box<dyn Collector>) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register_collector(collector);
    }

    /// A client sent an event.
    pub fn event(&self, dialect: &'static str) {
        self.events.get_or_create(&Speaks { dialect }).inc();
    }

    /// Events were queued for so many connections.
    pub fn delivered(&self, count: u64) {
        self.deliveries.inc_by(count);
    }

    /// An event was refused.
    pub fn refused(&self, code: Code) {
        if let Some(at) = CODES.iter().position(|one| *one == code) {
            self.refusals[at].inc();
        }
    }

    /// A request was answered.
    pub fn answered(&self, status: u16) {
        self.requests.get_or_create(&Answered { status }).inc();
    }

    /// A group of so many commands was committed.
    pub fn committed(&self, commands: usize, took: Duration) {
        self.group_commands.observe(commands as f64);
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// All of it as OpenMetrics 1.0 text, which Prometheus reads.
    ///
    /// # Errors
    /// None that is known: writing to a text does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut written = String::new();
        text::encode(&mut written, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(written)
    }
}
