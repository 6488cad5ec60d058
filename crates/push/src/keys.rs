//! The keys by which messages are encrypted for one browser.
//!
//! What must stay true: they are never shown.

/// Bytes of an uncompressed point on the curve P-256.
pub(crate) const PUBLIC_KEY_BYTES: usize = 65;
/// Bytes of the secret that a browser shares with those who send to it.
pub(crate) const AUTH_BYTES: usize = 16;

/// The keys by which messages are encrypted for one browser.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserKeys {
    /// The public key on the curve P-256, as an uncompressed point.
    pub p256dh: [u8; PUBLIC_KEY_BYTES],
    /// The secret that the browser shares with the sender.
    pub auth: [u8; AUTH_BYTES],
}

impl std::fmt::Debug for BrowserKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserKeys")
    }
}

impl BrowserKeys {
    /// The keys of stored bytes; `None` if their lengths are others.
    #[must_use]
    pub fn stored(p256dh: &[u8], auth: &[u8]) -> Option<Self> {
        Some(Self { p256dh: p256dh.try_into().ok()?, auth: auth.try_into().ok()? })
    }
}
