//! Logs when new connections stop finding ordinary places, and when they find them again.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::places::Places;

/// The time without a connection that found no ordinary place after which the server is no longer full. It keeps an
/// attacker who connects again and again from filling the log.
const OVER_AFTER: Duration = Duration::from_secs(5);

/// When the last connection came that found no ordinary place, or `None` while the server is not full.
#[derive(Debug, Default)]
pub(crate) struct Fullness(Mutex<Option<Instant>>);

impl Fullness {
    /// Notes a connection that found no ordinary place, and logs the first one.
    pub(crate) fn found_none(&self, peer: IpAddr, places: &Places) {
        if self.begins() {
            let ((taken, _), limit) = (places.taken(), places.room());
            tracing::warn!(
                %peer, taken, limit,
                "a new connection found no ordinary place, for none is left or its address has too many: only health \
                 checks and requests with a good token are answered on such connections"
            );
        }
    }

    /// Checks whether new connections find ordinary places again, and logs it.
    pub(crate) fn look(&self, places: &Places) {
        let ((taken, triage), limit) = (places.taken(), places.room());
        if triage == 0 && self.is_over() {
            tracing::warn!(taken, limit, "new connections find ordinary places again");
        }
    }

    fn begins(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now()).is_none()
    }

    fn is_over(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take_if(|last| last.elapsed() >= OVER_AFTER).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn begins_once_and_is_over_once() {
        let fullness = Fullness::default();
        assert!(!fullness.is_over());
        assert!(fullness.begins() && !fullness.begins());
        tokio::time::advance(OVER_AFTER / 2).await;
        assert!(!fullness.begins() && !fullness.is_over());
        tokio::time::advance(OVER_AFTER / 2).await;
        assert!(!fullness.is_over(), "the last one came later");
        tokio::time::advance(OVER_AFTER / 2).await;
        assert!(fullness.is_over() && !fullness.is_over());
        assert!(fullness.begins(), "it begins anew");
    }
}
