//! The system's clock and random numbers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use quintet_domain::{Environment, Timestamp};

/// The system's clock, made monotonic, and UUIDv7 as ids.
#[derive(Debug, Default)]
pub(crate) struct SystemEnvironment {
    newest: AtomicI64,
    /// Milliseconds that the clock is behind the present.
    behind_ms: AtomicI64,
}

impl SystemEnvironment {
    /// Sets the clock back behind the present, or less far back than before. Only a process that serves nobody may do that.
    pub(crate) fn set_behind(&self, milliseconds: i64) {
        self.behind_ms.store(milliseconds, Ordering::Relaxed);
    }
}

impl Environment for SystemEnvironment {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.newest.fetch_max(now, Ordering::Relaxed).max(now) - self.behind_ms.load(Ordering::Relaxed))
    }

    fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    fn secret(&self) -> u128 {
        let mut bytes = [0; 16];
        // The operating system's generator. Without it nothing else here could be secure either.
        getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("the system gives no random bits: {error}"));
        u128::from_be_bytes(bytes)
    }
}
