//! Attempts to authenticate by a password: which ones are checked, how they count, and the networks from which an
//! account was logged in to.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use quintet_domain::{Account, NoteLogin, Refusal, RenewHash, UserId, network};
use sha2::Sha256;

use crate::Service;
use crate::passwords::Checked;

/// Milliseconds after which the last log-in from a known network is stored again.
const STORED_EVERY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Bytes of the keyed hash that stands for a network.
const NETWORK_BYTES: usize = 16;

impl Service {
    /// Counts an attempt to authenticate by a password. If the account was logged in to from the same network before,
    /// failures do not count, so that attempts from elsewhere cannot keep the user out.
    ///
    /// # Errors
    /// `ERR_RATE_LIMITED` after many failures.
    pub(crate) async fn attempt(&self, key: &str, account: Option<&UserId>, from: IpAddr) -> Result<(), Refusal> {
        if !self.0.settings.rates {
            return Ok(());
        }
        let attempted = match self.0.failures.attempt(key) {
            Ok(()) => self.shared_attempt(key).await,
            Err(refusal) => Err(refusal),
        };
        let Err(refusal) = attempted else { return Ok(()) };
        match account {
            Some(account) if self.store().last_login(account.clone(), self.network_name(from)).await?.is_some() => {
                Ok(())
            }
            _ => Err(refusal),
        }
    }

    /// Returns whether a password is that of an account; without an account it is not, and that takes as long. A hash of
    /// an earlier version is replaced. An attempt that could not be checked does not count.
    ///
    /// # Errors
    /// `ERR_BUSY` if too many passwords wait.
    pub(crate) async fn matches(
        &self,
        key: &str,
        account: Option<&Account>,
        password: String,
    ) -> Result<bool, Refusal> {
        let hash = account.and_then(|account| account.password_hash.clone());
        let checked = self.0.passwords.check(hash.clone(), password).await;
        if checked.is_err() {
            self.0.failures.uncount(key);
            self.shared_uncount(key).await;
        }
        let checked = checked?;
        let right = checked.is_right();
        if let (Checked::RightByOldHash(new), Some(account), Some(old)) = (checked, account, hash) {
            let user = account.user.id.clone();
            if let Err(error) = self.write(RenewHash { user, old, new }).await {
                tracing::debug!(%error, "a password's hash was not renewed; the old one stays in use");
            }
        }
        Ok(right)
    }

    /// Records that an attempt succeeded: earlier failures no longer count, and the network becomes one of the
    /// account's.
    pub(crate) async fn succeeded(&self, key: &str, account: &UserId, from: IpAddr) {
        self.0.failures.succeeded(key);
        self.shared_succeeded(key).await;
        self.note_login(account, from).await;
    }

    /// Stores that somebody logged in to an account from an address. A failure to store it does not fail the log-in.
    pub(crate) async fn note_login(&self, account: &UserId, from: IpAddr) {
        let network = self.network_name(from);
        let last = self.store().last_login(account.clone(), network.clone()).await;
        let now = self.environment().now();
        if matches!(last, Ok(Some(last)) if now.0 - last.0 < STORED_EVERY_MS) {
            return;
        }
        let account = account.clone();
        if let Err(error) = self.write(NoteLogin { user: account, network }).await {
            tracing::debug!(%error, "the network of a log-in was not stored");
        }
    }

    /// Returns the name of the network of an address in the store: a keyed hash, because the network is personal data.
    fn network_name(&self, from: IpAddr) -> String {
        // HMAC accepts keys of any length (RFC 2104).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.tokens.own_key()) else { return String::new() };
        mac.update(b"quintet login network\0");
        mac.update(network(from).to_string().as_bytes());
        mac.finalize().into_bytes().iter().take(NETWORK_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}
