//! The secrets by which guests prove that a room or a message is their own, since anybody can claim a guest's id.
//!
//! What must stay true: only the client that a secret was made for knows it; the store holds its hash alone.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{GuestProof, Refusal, UserId};
use quintet_store::Party;
use sha2::{Digest, Sha256};

use crate::Service;

/// Hexadecimal digits of each half of a secret: 128 bits.
const HALF_DIGITS: usize = 32;

/// A guest's secret: a name by which it is found, and a key that has to be known, of 128 random bits each.
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

    /// Reads what a client shows; none where no secret has this form.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == 2 * HALF_DIGITS).then(|| Self(text.into()))
    }

    /// The text form, which the guest receives and shows again.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that the store keeps: the name and the hash of the key.
    #[must_use]
    pub fn proof(&self) -> GuestProof {
        let (name, key) = self.0.split_at(HALF_DIGITS);
        GuestProof { name: name.to_owned(), hash: Sha256::digest(key).into() }
    }
}

impl Service {
    /// Makes a secret for a guest. It counts once a room hangs on it.
    #[must_use]
    pub fn new_guest_secret(&self) -> GuestSecret {
        let environment = self.environment();
        GuestSecret::new(environment.secret(), environment.secret())
    }

    /// Checks a secret shown by a client at an address that claims a guest's id.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` unless it was made for the guest who has this id.
    pub async fn guest_secret(&self, from: IpAddr, guest: &UserId, shown: &str) -> Result<GuestSecret, Refusal> {
        if let Some(secret) = GuestSecret::parse(shown)
            && self.store().guest_knows(Party::Address(from), guest.clone(), secret.proof()).await?
        {
            return Ok(secret);
        }
        Err(Refusal::unauthenticated(&format!(
            "`guestSecret` is not one of guest `{guest}`'s; leave it out to be a guest like others"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_two_halves() {
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
