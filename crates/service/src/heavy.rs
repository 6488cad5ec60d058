//! Requests for lists, whose answers may take megabytes: only few of one user, and few of all users, run at once.
//!
//! What must stay true: a request waits behind earlier requests of the same user, and never holds up those of other
//! users; the number of waiting requests is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quintet_domain::limits::{
    HEAVY_READS_AT_ONCE_OF_PARTY, HEAVY_REQUESTS_AT_ONCE, HEAVY_REQUESTS_MAX, READS_WAITING_OF_USER,
};
use quintet_domain::{Refusal, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Service;

/// Milliseconds after which a refused request may be tried again.
const AGAIN_AFTER_MS: u64 = 1_000;

/// The list requests of all users, in progress or waiting.
#[derive(Clone, Debug)]
pub(crate) struct Heavy {
    users: Arc<Mutex<HashMap<UserId, Own>>>,
    all: Arc<Semaphore>,
}

/// The list requests of one user.
#[derive(Debug)]
struct Own {
    /// One permit for each request that may be in progress.
    turns: Arc<Semaphore>,
    /// How many are in progress or waiting.
    count: usize,
}

/// Permit for one list request, held until its answer is serialised.
#[derive(Debug)]
pub struct HeavyTurn {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _place: Place,
}

/// A request's place among those of its user, in progress or waiting; given back when dropped.
#[derive(Debug)]
struct Place {
    heavy: Heavy,
    user: UserId,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { users: Arc::default(), all: Arc::new(Semaphore::new(HEAVY_REQUESTS_AT_ONCE)) }
    }
}

impl Heavy {
    fn enter(&self, user: &UserId) -> Result<(Place, Arc<Semaphore>), Refusal> {
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
        Ok((Place { heavy: self.clone(), user: user.clone() }, Arc::clone(&own.turns)))
    }

    /// Waits until one more request of a user may run.
    async fn turn(&self, user: &UserId) -> Result<HeavyTurn, Refusal> {
        let (place, own) = self.enter(user)?;
        // Take the user's own permit first, so that one user cannot fill the shared queue.
        let own = own.acquire_owned().await.map_err(|_| Refusal::internal())?;
        let all = Arc::clone(&self.all).acquire_owned().await.map_err(|_| Refusal::internal())?;
        Ok(HeavyTurn { _all: all, _own: own, _place: place })
    }
}

impl Drop for Place {
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

impl Service {
    /// Waits until a list request of a user may begin.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` where too many requests of the user wait already; `ERR_BUSY` where too many users have some.
    pub async fn heavy_turn(&self, user: &UserId) -> Result<HeavyTurn, Refusal> {
        self.0.heavy.turn(user).await
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
        let mut under_way = Vec::new();
        for request in &mut asked {
            under_way.extend(is_ready(request).await.map(|turn| turn.expect("a turn")));
        }
        assert_eq!(under_way.len(), HEAVY_READS_AT_ONCE_OF_PARTY);
        let refused = heavy.turn(&mallory).await.expect_err("refused");
        assert!(refused.retry_after_ms.is_some(), "{refused:?}");
        drop(is_ready(&mut Box::pin(heavy.turn(&ada))).await.expect("at once").expect("a turn"));
        // One that gives up makes room, and when all are gone nothing is left of them.
        asked.pop();
        asked.push(Box::pin(heavy.turn(&mallory)));
        drop((asked, under_way));
        assert!(heavy.users.lock().expect("no panic").is_empty());
        assert_eq!(heavy.all.available_permits(), HEAVY_REQUESTS_AT_ONCE);
    }
}
