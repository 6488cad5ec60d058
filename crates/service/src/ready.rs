//! Whether the store is ready. Concurrent questions share one check.

use std::sync::atomic::{AtomicU64, Ordering};

use quintet_domain::{Probe, Refusal};
use tokio::sync::Mutex;

use crate::Service;

/// The latest outcome. Anybody may ask without a token, so at most one check runs at a time.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// How many checks have begun.
    begun: AtomicU64,
    /// The outcome of the last one, and its number.
    last: Mutex<(u64, Option<Refusal>)>,
}

impl Service {
    /// Whether the store answers, and writes: after a commit that failed something is written to find out. The outcome
    /// is that of a check that began after this was called.
    ///
    /// # Errors
    /// An internal error when it does not; `ERR_STORAGE_FULL` while the disk is full.
    pub async fn check(&self) -> Result<(), Refusal> {
        let checks = &self.0.ready;
        let begun = checks.begun.load(Ordering::Acquire);
        let mut last = checks.last.lock().await;
        if last.0 <= begun {
            let number = checks.begun.fetch_add(1, Ordering::AcqRel) + 1;
            *last = (number, self.check_now().await.err());
        }
        last.1.clone().map_or(Ok(()), Err)
    }

    async fn check_now(&self) -> Result<(), Refusal> {
        if self.store().is_full() {
            return Err(Refusal::storage_full());
        }
        self.store().check().await?;
        if self.metrics().last_commit_failed() {
            self.write(Probe).await?;
            self.metrics().commits_work();
        }
        self.position().await.map(|_| ())
    }
}
