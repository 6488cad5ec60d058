//! One check that concurrent callers share. Readiness can be asked for without a token, so at most one check runs at a
//! time.

use std::sync::atomic::{AtomicU64, Ordering};

use quintet_domain::Refusal;
use tokio::sync::Mutex;

/// Says in a sentence why this node does not hear what other nodes commit; `None` if it does.
pub(crate) type Health = Box<dyn Fn() -> Option<&'static str> + Send + Sync>;

/// A check that concurrent callers share.
#[derive(Debug, Default)]
pub(crate) struct SharedCheck {
    /// The number of checks that have begun.
    begun: AtomicU64,
    /// The number of the last check, and the refusal if it failed.
    last: Mutex<(u64, Option<Refusal>)>,
}

impl SharedCheck {
    /// Runs the check, or waits for one that another caller runs. The result is that of a check that began after this
    /// was called.
    ///
    /// # Errors
    /// The refusal of the check.
    pub(crate) async fn run(&self, check: impl Future<Output = Result<(), Refusal>>) -> Result<(), Refusal> {
        let begun = self.begun.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        if last.0 <= begun {
            let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
            *last = (number, check.await.err());
        }
        last.1.clone().map_or(Ok(()), Err)
    }
}
