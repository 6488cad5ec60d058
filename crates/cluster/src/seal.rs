//! The proof that a message was sent by a node of this cluster.
//!
//! With a secret, each message is sealed: a first byte that no version of the format has, the message, and a MAC over the
//! message. The key is derived from the secret for the data and the part of the order, so that nothing that nodes of other
//! data have sealed is accepted. The message has the id of its sender and its number; `node/senders.rs` sees to it that a
//! message that is sent again has no effect.
//!
//! What must stay true: with a secret, nothing of a message is used before its MAC was verified, except to pass over what
//! this node has sent itself.

use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The first byte of a sealed message. A build that knows no seals takes it for a message of a newer version.
const SEALED: u8 = 0x80;
/// Bytes of the MAC: 128 bits of an HMAC cannot be guessed.
const MAC_BYTES: usize = 16;
/// What the key is derived for, so that no other use of the secret gives the same one.
const PURPOSE: &[u8] = b"quintet wire\0";

/// Seals messages and opens them; does nothing without a secret.
#[derive(Clone)]
pub(crate) struct Seals(Option<Hmac<Sha256>>);

/// A message that no node with the same secret has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forged;

/// The HMAC of a key. It accepts keys of any length (RFC 2104).
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::new_from_slice(key) {
        Ok(mac) => mac,
        Err(error) => unreachable!("{error}"),
    }
}

impl Seals {
    /// The seals under a secret, if there is one, for one part of the order of the data with an identity.
    pub(crate) fn new(secret: Option<&str>, identity: &str, part: u16) -> Self {
        Self(secret.map(|secret| {
            let purpose = keyed(secret.as_bytes()).chain_update(PURPOSE);
            let derived = purpose.chain_update(part.to_be_bytes()).chain_update(identity).finalize();
            keyed(&derived.into_bytes())
        }))
    }

    /// The bytes by which a sealed message is longer.
    pub(crate) fn added_bytes(&self) -> usize {
        if self.0.is_some() { 1 + MAC_BYTES } else { 0 }
    }

    /// Seals a message.
    pub(crate) fn seal(&self, message: Bytes) -> Bytes {
        let Some(key) = &self.0 else { return message };
        let mut sealed = Vec::with_capacity(message.len() + self.added_bytes());
        sealed.push(SEALED);
        sealed.extend_from_slice(&message);
        let mac = key.clone().chain_update(&message).finalize().into_bytes();
        sealed.extend(mac.iter().take(MAC_BYTES));
        sealed.into()
    }

    /// Returns the message that was sealed.
    ///
    /// # Errors
    /// [`Forged`], if it was not sealed under this secret.
    pub(crate) fn open(&self, sealed: &Bytes) -> Result<Bytes, Forged> {
        let Some(key) = &self.0 else { return Ok(sealed.clone()) };
        let (message, mac) = parts(sealed).ok_or(Forged)?;
        key.clone().chain_update(message).verify_truncated_left(mac).map_err(|_| Forged)?;
        Ok(sealed.slice_ref(message))
    }

    /// Returns the message without a look at its MAC; nothing if it has none. It is used only to tell who claims to have
    /// sent it.
    pub(crate) fn unverified<'s>(&self, sealed: &'s [u8]) -> &'s [u8] {
        match (&self.0, parts(sealed)) {
            (None, _) => sealed,
            (Some(_), Some((message, _))) => message,
            (Some(_), None) => &[],
        }
    }
}

/// The message and the MAC of what is sealed.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let message = sealed.strip_prefix(&[SEALED])?;
    message.split_at_checked(message.len().checked_sub(MAC_BYTES)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;
    use crate::codec;
    use crate::{CodecError, Envelope, Message};
    use quintet_domain::NodeId;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn alive() -> (Envelope, Bytes) {
        let envelope = Envelope { from: NodeId(7), number: 3, message: Message::Alive { users: 1, hash: 2 } };
        let encoded = codec::encode(&envelope);
        (envelope, encoded)
    }

    #[test]
    fn only_what_was_sealed_under_the_same_secret_is_opened() {
        let ours = Seals::new(Some(SECRET), "data", 1);
        let (envelope, message) = alive();
        let sealed = ours.seal(message.clone());
        assert_eq!(sealed.len(), message.len() + ours.added_bytes());
        assert_eq!(ours.open(&sealed), Ok(message.clone()));
        assert_eq!(codec::decode(&ours.open(&sealed).unwrap()), Ok(envelope));
        assert_eq!(codec::sender(ours.unverified(&sealed)), Some(NodeId(7)));
        for others in [
            Seals::new(Some("another secret of thirty-two bytes"), "data", 1),
            Seals::new(Some(SECRET), "other data", 1),
            Seals::new(Some(SECRET), "data", 2),
        ] {
            assert_eq!(others.open(&sealed), Err(Forged));
        }
        // Each byte counts, and each that is missing or added.
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.to_vec();
                changed[at] ^= 1 << bit;
                assert_eq!(ours.open(&changed.into()), Err(Forged), "bit {bit} of byte {at}");
            }
            assert_eq!(ours.open(&sealed.slice(..at)), Err(Forged), "the first {at} bytes");
        }
        assert_eq!(ours.open(&[&sealed[..], &[0]].concat().into()), Err(Forged));
        assert_eq!(ours.open(&message), Err(Forged), "a message without a seal");
        assert_eq!(ours.unverified(&message), &[0; 0]);
    }

    /// What a build without seals, or a node without a secret, makes of a sealed message: it looks in the store.
    #[test]
    fn without_a_secret_a_sealed_message_is_newer() {
        let (_, message) = alive();
        let sealed = Seals::new(Some(SECRET), "data", 1).seal(message.clone());
        let open = Seals::new(None, "data", 1);
        assert_eq!(codec::decode(&open.open(&sealed).unwrap()), Err(CodecError::Newer));
        assert_eq!(codec::sender(open.unverified(&sealed)), None);
        assert_eq!((open.seal(message.clone()), open.added_bytes()), (message, 0));
    }
}
