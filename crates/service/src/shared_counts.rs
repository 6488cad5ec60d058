//! Log-ins and registrations, counted over all nodes where there are several.
//!
//! What must stay true: each node counts by itself as well, first, so that a flood of attempts costs the database nothing
//! beyond what one node admits, and that something is counted while the database does not answer. What is stored names
//! nobody: keys are keyed hashes.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use quintet_domain::limits::{LOGINS_PER_MINUTE, NETWORKS_OF_SITE};
use quintet_domain::{Refusal, network, site};
use quintet_store::{SharedCounts, SharedRate, StoreError};
use sha2::Sha256;

use crate::Service;

/// Bytes of the keyed hash that stands for an address or a login name.
const KEY_BYTES: usize = 16;
/// The average interval between the log-ins of a network, in microseconds.
const LOGIN_INTERVAL_US: u64 = 60_000_000 / LOGINS_PER_MINUTE as u64;

impl Service {
    /// Counts a log-in or registration from an address, on all nodes together.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED`.
    pub async fn count_login(&self, address: IpAddr) -> Result<(), Refusal> {
        self.rates().login(address)?;
        let Some(shared) = self.shared() else { return Ok(()) };
        let rate = |key: &str, factor: u64| SharedRate {
            key: self.shared_key(key),
            interval_us: LOGIN_INTERVAL_US / factor,
            burst: u64::from(LOGINS_PER_MINUTE) * factor,
        };
        let mut rates = vec![rate(&format!("network {}", network(address)), 1)];
        rates.extend(site(address).map(|site| rate(&format!("site {site}"), NETWORKS_OF_SITE)));
        match shared.admit(rates).await {
            Ok(wait_us) => wait_us.map_or(Ok(()), |us| Err(Refusal::rate_limited(us.div_ceil(1_000)))),
            Err(error) => {
                uncounted(&error);
                Ok(())
            }
        }
    }

    /// Counts an attempt to authenticate by a password over all nodes.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` after many failures.
    pub(crate) async fn shared_attempt(&self, key: &str) -> Result<(), Refusal> {
        let Some(shared) = self.shared() else { return Ok(()) };
        match shared.attempt(self.shared_key(key)).await {
            Ok(wait_ms) => wait_ms.map_or(Ok(()), |ms| Err(Refusal::rate_limited(ms))),
            Err(error) => {
                uncounted(&error);
                Ok(())
            }
        }
    }

    /// Forgets the failures of a key on all nodes.
    pub(crate) async fn shared_succeeded(&self, key: &str) {
        if let Some(shared) = self.shared()
            && let Err(error) = shared.succeeded(self.shared_key(key)).await
        {
            uncounted(&error);
        }
    }

    /// Takes an attempt back that could not be checked.
    pub(crate) async fn shared_uncount(&self, key: &str) {
        if let Some(shared) = self.shared()
            && let Err(error) = shared.uncount(self.shared_key(key)).await
        {
            uncounted(&error);
        }
    }

    /// Removes what all nodes have counted and what does not count any more.
    ///
    /// # Errors
    /// An internal error.
    pub async fn sweep_counts(&self) -> Result<(), Refusal> {
        match self.store().shared_counts() {
            Some(shared) => Ok(shared.sweep().await?),
            None => Ok(()),
        }
    }

    /// What all nodes count together, if there are rates and nodes.
    fn shared(&self) -> Option<&dyn SharedCounts> {
        if self.0.settings.rates { self.store().shared_counts() } else { None }
    }

    fn shared_key(&self, text: &str) -> String {
        // HMAC accepts keys of any length (RFC 2104).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.tokens.own_key()) else { return String::new() };
        mac.update(b"quintet shared count\0");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().iter().take(KEY_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Logs that something was counted on this node alone.
fn uncounted(error: &StoreError) {
    tracing::warn!(%error, "a log-in was counted on this node alone");
}
