//! Proofs by password: which are looked at, what they count, and from where an account is known.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use quintet_domain::{NoteLogin, Refusal, UserId, network};
use sha2::Sha256;

use crate::Service;

/// Time after which the moment of a known network's last log-in is written again.
const NOTED_EVERY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Bytes of the keyed hash that stands for a network.
const NETWORK_BYTES: usize = 16;

impl Service {
    /// Counts an attempt to prove who one is by a password. Where the account was logged in to from the same network before,
    /// failures do not count: what others try keeps nobody out there.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` after many failures.
    pub(crate) async fn attempt(&self, said: &str, account: Option<&UserId>, from: IpAddr) -> Result<(), Refusal> {
        if !self.0.settings.rates {
            return Ok(());
        }
        let Err(refusal) = self.0.failures.attempt(said) else { return Ok(()) };
        match account {
            Some(account) if self.store().last_login(account.clone(), self.network_name(from)).await?.is_some() => {
                Ok(())
            }
            _ => Err(refusal),
        }
    }

    /// Whether a password fits a hash. What could not be looked at does not count as an attempt.
    ///
    /// # Errors
    /// `ERR_BUSY` where too many passwords wait.
    pub(crate) async fn fits(&self, said: &str, hash: Option<String>, password: String) -> Result<bool, Refusal> {
        let fits = self.0.passwords.verify(hash, password).await;
        if fits.is_err() {
            self.0.failures.take_back(said);
        }
        fits
    }

    /// An attempt succeeded: failures so far do not count any more, and the network is one of the account's.
    pub(crate) async fn succeeded(&self, said: &str, account: &UserId, from: IpAddr) {
        self.0.failures.succeeded(said);
        self.note_login(account, from).await;
    }

    /// Notes that an account was logged in to from an address. A log-in goes well without that.
    pub(crate) async fn note_login(&self, account: &UserId, from: IpAddr) {
        let network = self.network_name(from);
        let last = self.store().last_login(account.clone(), network.clone()).await;
        let now = self.environment().now();
        if matches!(last, Ok(Some(last)) if now.0 - last.0 < NOTED_EVERY_MS) {
            return;
        }
        let account = account.clone();
        if let Err(error) = self.write(NoteLogin { user: account, network }).await {
            tracing::debug!(%error, "the network of a log-in was not noted");
        }
    }

    /// What stands for the network of an address in the store: not the network itself, which is personal data.
    fn network_name(&self, from: IpAddr) -> String {
        // An HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.tokens.own_key()) else { return String::new() };
        mac.update(b"quintet login network\0");
        mac.update(network(from).to_string().as_bytes());
        mac.finalize().into_bytes().iter().take(NETWORK_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}
