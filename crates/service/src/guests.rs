//! The secrets by which guests prove that they own a room or a message, because anybody can claim a guest's id.
//!
//! What must stay true: only the client that a secret was generated for knows it; the store has only its hash.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{GuestProof, Refusal, UserId};
use quintet_store::Party;
use sha2::{Digest, Sha256};

use crate::Service;

/// Hexadecimal digits of each half of a secret: 128 bits.
const HALF_DIGITS: usize = 32;

/// A guest's secret: a name by which it is looked up, and a key that proves its possession, of 128 random bits each.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestSecret(Arc<str>);

impl std::fmt::Debug for GuestSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuestSecret(..)")
    }
}

impl GuestSecret {
    fn new(name: u128, key: u128) -> Self {
        Self(format!("{name:032x}{key:032x}").into())
    }

    /// Parses the text that a client presents; none if it does not have the form of a secret.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == 2 * HALF_DIGITS).then(|| Self(text.into()))
    }

    /// Returns the text that the guest receives and later presents.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form that is stored: the name and the hash of the key.
    #[must_use]
    pub fn proof(&self) -> GuestProof {
        let (name, key) = self.0.split_at(HALF_DIGITS);
        GuestProof { name: name.to_owned(), hash: Sha256::digest(key).into() }
    }
}

impl Service {
    /// Generates a secret for a guest. It is stored with the first room that the guest creates.
    #[must_use]
    pub fn new_guest_secret(&self) -> GuestSecret {
        let environment = self.environment();
        GuestSecret::new(environment.secret(), environment.secret())
    }

    /// Verifies the secret that a client presents with the guest's id that it claims, from an address.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` if the secret was not generated for the guest who has this id.
    pub async fn guest_secret(&self, from: IpAddr, guest: &UserId, text: &str) -> Result<GuestSecret, Refusal> {
        if let Some(secret) = GuestSecret::parse(text)
            && self.store().guest_knows(Party::Address(from), guest.clone(), secret.proof()).await?
        {
            return Ok(secret);
        }
        Err(Refusal::unauthenticated(&format!(
            "`guestSecret` does not belong to guest `{guest}`; leave it out to continue without it"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_name_and_a_key() {
        let secret = GuestSecret::new(1, 2);
        assert_eq!(secret.as_str().len(), 64);
        assert_eq!(GuestSecret::parse(secret.as_str()), Some(secret.clone()));
        let (name, other) = (secret.proof().name, GuestSecret::new(1, 3).proof());
        assert_eq!(name, other.name);
        assert_ne!(secret.proof().hash, other.hash);
        for text in ["", "0", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
            assert_eq!(GuestSecret::parse(text), None, "{text}");
        }
        assert_eq!(format!("{secret:?}"), "GuestSecret(..)");
    }
}
