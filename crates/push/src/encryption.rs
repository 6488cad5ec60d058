//! The encryption of messages for one browser: RFC 8291, which is `aes128gcm` (RFC 8188) in one record.
//!
//! What must stay true: a private key and a salt are used for one message.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use crate::BrowserKeys;
use crate::keys::PUBLIC_KEY_BYTES;

const SALT_BYTES: usize = 16;
/// The record size that is written. A push service need not take more (RFC 8030, section 7.2).
const RECORD_BYTES: u32 = 4_096;
/// The bytes before the one record: the salt, the record size, the length of the key and the key.
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + PUBLIC_KEY_BYTES;
/// What ends the text of the last record, and the tag.
const END_OF_LAST: u8 = 2;
const TAG_BYTES: usize = 16;

/// Maximum bytes of a message, so that what is sent has at most 4,096.
pub const PAYLOAD_BYTES_MAX: usize = RECORD_BYTES as usize - HEADER_BYTES - 1 - TAG_BYTES;

/// Why a message could not be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// The message is longer than [`PAYLOAD_BYTES_MAX`].
    #[error("the message has {0} bytes, and {PAYLOAD_BYTES_MAX} is the most")]
    TooLong(usize),
    /// The key of the browser is not a point on the curve, or the operating system has no random bytes.
    #[error("the message cannot be encrypted for the browser's key")]
    Key,
}

impl From<Unspecified> for EncryptionError {
    fn from(_: Unspecified) -> Self {
        Self::Key
    }
}

/// A length that is derived.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(from: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    from.expand(info, Length(N))?.fill(&mut bytes)?;
    Ok(bytes)
}

/// Whether bytes are a point on the curve P-256.
pub(crate) fn is_on_curve(point: &[u8; PUBLIC_KEY_BYTES]) -> bool {
    let agreed = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())
        .and_then(|key| agree_ephemeral(key, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()));
    agreed.is_ok()
}

/// Encrypts a message for a browser.
pub(crate) fn encrypt(keys: &BrowserKeys, message: &[u8]) -> Result<Vec<u8>, EncryptionError> {
    let random = SystemRandom::new();
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &keys.p256dh);
    agree_ephemeral(own, &theirs, |shared| sealed(keys, salt, public.as_ref(), shared, message))?
}

/// Encrypts a message by what both sides agreed on.
fn sealed(
    keys: &BrowserKeys,
    salt: [u8; SALT_BYTES],
    public: &[u8],
    shared: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, EncryptionError> {
    if message.len() > PAYLOAD_BYTES_MAX {
        return Err(EncryptionError::TooLong(message.len()));
    }
    // RFC 8291, section 3.4.
    let combined = Salt::new(HKDF_SHA256, &keys.auth).extract(shared);
    let input: [u8; 32] = derived(&combined, &[b"WebPush: info\0", &keys.p256dh, public])?;
    // RFC 8188, sections 2.2 and 2.3.
    let key = Salt::new(HKDF_SHA256, &salt).extract(&input);
    let cipher = UnboundKey::from(key.expand(&[b"Content-Encoding: aes128gcm\0"], &AES_128_GCM)?);
    let nonce: [u8; NONCE_LEN] = derived(&key, &[b"Content-Encoding: nonce\0"])?;
    let mut record = [message, &[END_OF_LAST]].concat();
    LessSafeKey::new(cipher).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    let length = [PUBLIC_KEY_BYTES as u8];
    Ok([&salt[..], &RECORD_BYTES.to_be_bytes(), &length, public, &record].concat())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::keys::AUTH_BYTES;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
        bytes.try_into().expect("the length of the example")
    }

    /// The example of RFC 8291, section 5, with the intermediate values of its appendix A.
    #[test]
    fn the_published_example_is_what_is_written() {
        let keys = BrowserKeys {
            p256dh: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let public: [u8; PUBLIC_KEY_BYTES] =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let shared: [u8; 32] = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let text = b"When I grow up, I want to be a watermelon";
        let written = sealed(&keys, salt, &public, &shared, text).map(|body| URL_SAFE_NO_PAD.encode(body));
        let published = concat!(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6",
            "PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
        assert_eq!(written.as_deref(), Ok(published));
    }

    #[test]
    fn the_longest_message_fills_a_record() {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = own.compute_public_key().expect("its public half");
        let keys = BrowserKeys { p256dh: public.as_ref().try_into().expect("65 bytes"), auth: [7; AUTH_BYTES] };
        assert_eq!(encrypt(&keys, &vec![b'a'; PAYLOAD_BYTES_MAX]).map(|body| body.len()), Ok(RECORD_BYTES as usize));
        let long = PAYLOAD_BYTES_MAX + 1;
        assert_eq!(encrypt(&keys, &vec![b'a'; long]), Err(EncryptionError::TooLong(long)));
    }
}
