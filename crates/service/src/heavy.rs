//! Requests for lists, whose answers may take megabytes: a bounded number of one user, and of all users, run at the
//! same time.
//!
//! What must stay true: a request waits for earlier requests of the same user, and never delays those of other users
//! until it runs; the number of waiting requests is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quintet_domain::limits::{
    HEAVY_READS_AT_ONCE_OF_PARTY, HEAVY_REQUESTS_AT_ONCE, HEAVY_REQUESTS_MAX, READS_WAITING_OF_USER,
};
use quintet_domain::{Refusal, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Milliseconds after which a refused request may be tried again.
const AGAIN_AFTER_MS: u64 = 1_000;

/// The list requests of all users that run or wait.
#[derive(Clone, Debug)]
pub(crate) struct Heavy {
    users: Arc<Mutex<HashMap<UserId, Own>>>,
    all: Arc<Semaphore>,
}

/// The list requests of one user.
#[derive(Debug)]
struct Own {
    /// One permit for each request that may run.
    turns: Arc<Semaphore>,
    /// The number of requests that run or wait.
    count: usize,
}

/// The permit for one list request, which is held until its answer is serialised.
#[derive(Debug)]
pub struct HeavyTurn {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _count: Counted,
}

/// The entry of one request in the count of its user; removed when dropped.
#[derive(Debug)]
struct Counted {
    heavy: Heavy,
    user: UserId,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { users: Arc::default(), all: Arc::new(Semaphore::new(HEAVY_REQUESTS_AT_ONCE)) }
    }
}

impl Heavy {
    fn enter(&self, user: &UserId) -> Result<(Counted, Arc<Semaphore>), Refusal> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if !users.contains_key(user) && users.len() >= HEAVY_REQUESTS_MAX {
            return Err(Refusal::busy(AGAIN_AFTER_MS));
        }
        let own = users
            .entry(user.clone())
            .or_insert_with(|| Own { turns: Arc::new(Semaphore::new(HEAVY_READS_AT_ONCE_OF_PARTY)), count: 0 });
        if own.count >= HEAVY_READS_AT_ONCE_OF_PARTY + READS_WAITING_OF_USER {
            return Err(Refusal::rate_limited(AGAIN_AFTER_MS));
        }
        own.count += 1;
        Ok((Counted { heavy: self.clone(), user: user.clone() }, Arc::clone(&own.turns)))
    }

    /// Waits until one more request of a user may run.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` if too many requests of the user wait; `ERR_BUSY` if too many users have requests.
    pub(crate) async fn turn(&self, user: &UserId) -> Result<HeavyTurn, Refusal> {
        let (count, own) = self.enter(user)?;
        // The user's own permit is acquired first, so that one user cannot fill the shared queue.
        let own = own.acquire_owned().await.map_err(|_| Refusal::internal())?;
        let all = Arc::clone(&self.all).acquire_owned().await.map_err(|_| Refusal::internal())?;
        Ok(HeavyTurn { _all: all, _own: own, _count: count })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut users = self.heavy.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = users.get_mut(&self.user) {
            own.count -= 1;
            if own.count == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    async fn is_ready<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn requests_of_one_user_wait_behind_its_own() {
        let heavy = Heavy::default();
        let (mallory, ada) = (UserId::trusted("mallory"), UserId::trusted("ada"));
        let all = HEAVY_READS_AT_ONCE_OF_PARTY + READS_WAITING_OF_USER;
        let mut asked: Vec<_> = (0..all).map(|_| Box::pin(heavy.turn(&mallory))).collect();
        let mut running = Vec::new();
        for request in &mut asked {
            running.extend(is_ready(request).await.map(|turn| turn.expect("a turn")));
        }
        assert_eq!(running.len(), HEAVY_READS_AT_ONCE_OF_PARTY);
        let refused = heavy.turn(&mallory).await.expect_err("refused");
        assert!(refused.retry_after_ms.is_some(), "{refused:?}");
        drop(is_ready(&mut Box::pin(heavy.turn(&ada))).await.expect("at once").expect("a turn"));
        // A request that is dropped makes room; once all are dropped, no entry is left.
        asked.pop();
        asked.push(Box::pin(heavy.turn(&mallory)));
        drop((asked, running));
        assert!(heavy.users.lock().expect("no panic").is_empty());
        assert_eq!(heavy.all.available_permits(), HEAVY_REQUESTS_AT_ONCE);
    }
}
