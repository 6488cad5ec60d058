//! Keys that are derived from the cluster's secret.
//!
//! What must stay true: each purpose has a key of its own, so that nothing that was made for one is good for another.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Derives a key for one purpose, which ends in a zero byte.
pub(super) fn keyed(secret: &str, purpose: &[u8]) -> Hmac<Sha256> {
    match <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(purpose);
            mac
        }
        // HMAC accepts keys of any length (RFC 2104).
        Err(error) => unreachable!("{error}"),
    }
}
