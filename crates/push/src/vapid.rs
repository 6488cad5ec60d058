//! The key by which push services know this server, and the tokens that it signs for them (RFC 8292).
//!
//! What must stay true: the private key leaves this file only to be stored.

use ring::error::{KeyRejected, Unspecified};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::Endpoint;
use crate::base64url::encoded;

/// The time for which a token is valid, in seconds: half of what RFC 8292 allows, so that clocks may differ.
const TOKEN_SECONDS: u64 = 12 * 60 * 60;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VapidError {
    /// The stored bytes are no key.
    #[error("these bytes are no private key on the curve P-256")]
    NoKey,
    /// The operating system has no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomBytes,
}

impl From<KeyRejected> for VapidError {
    fn from(_: KeyRejected) -> Self {
        Self::NoKey
    }
}

impl From<Unspecified> for VapidError {
    fn from(_: Unspecified) -> Self {
        Self::NoRandomBytes
    }
}

/// The key pair of a server. Browsers subscribe with its public half, and take messages from its holder alone.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VapidKey").field(&self.public()).finish()
    }
}

impl VapidKey {
    /// Makes a key. Returns the bytes to store, which [`Self::stored`] reads: PKCS #8.
    ///
    /// # Errors
    /// [`VapidError::NoRandomBytes`].
    pub fn make() -> Result<Vec<u8>, VapidError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        Ok(made.as_ref().to_vec())
    }

    /// The key of stored bytes.
    ///
    /// # Errors
    /// [`VapidError::NoKey`].
    pub fn stored(bytes: &[u8]) -> Result<Self, VapidError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes, &random)?;
        Ok(Self { pair, random })
    }

    /// The public half in base64url, as a page hands it to `pushManager.subscribe`.
    #[must_use]
    pub fn public(&self) -> String {
        encoded(self.pair.public_key())
    }

    /// The `Authorization` header of a request to an endpoint. `contact` is where the push service may complain: a
    /// `mailto:` or `https:` URL.
    ///
    /// # Errors
    /// [`VapidError::NoRandomBytes`].
    pub fn authorization(&self, endpoint: &Endpoint, contact: Option<&str>, now_s: u64) -> Result<String, VapidError> {
        let mut claims = json!({ "aud": endpoint.origin(), "exp": now_s.saturating_add(TOKEN_SECONDS) });
        if let Some(contact) = contact {
            claims["sub"] = contact.into();
        }
        let header = json!({ "typ": "JWT", "alg": "ES256" });
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = self.pair.sign(&self.random, signed.as_bytes())?;
        Ok(format!("vapid t={signed}.{}, k={}", encoded(signature), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_is_the_same_key() {
        let stored = VapidKey::make().expect("made");
        let public = || VapidKey::stored(&stored).map(|key| key.public());
        assert_eq!(public(), public());
        assert_eq!(public().map(|text| text.len()), Ok(87), "65 bytes in base64url");
        assert_eq!(VapidKey::stored(b"nothing").err(), Some(VapidError::NoKey));
    }

    #[test]
    fn the_private_half_is_not_shown() {
        let key = VapidKey::make().and_then(|stored| VapidKey::stored(&stored)).expect("made");
        assert_eq!(format!("{key:?}"), format!("VapidKey({:?})", key.public()));
    }
}
