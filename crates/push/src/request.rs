//! The request by which a message is handed to a push service (RFC 8030).

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};

use ring::digest::{Context, SHA256};

use crate::base64url::encoded;
use crate::encryption::encrypt;
use crate::{BrowserKeys, EncryptionError, Subscription, VapidError, VapidKey};

/// The bytes of a hash that make a topic of 32 characters, the most that RFC 8030 allows.
const TOPIC_BYTES: usize = 24;

/// How urgent a message is, by which a device decides whether it wakes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A device with power and a cheap network takes it.
    Low,
    /// A device on battery takes it unless the battery is low.
    Normal,
    /// Every device takes it at once.
    High,
}

impl Urgency {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// What the push service is told about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The time for which the push service keeps the message for a device that it does not reach, in seconds.
    pub ttl_s: u32,
    /// How urgent it is.
    pub urgency: Urgency,
    /// A message that waits for the device is replaced by a newer one with the same topic. The push service learns a hash
    /// of it, which differs from browser to browser.
    pub topic: Option<String>,
}

/// A request to a push service. Its method is POST.
#[derive(Clone, Debug)]
pub struct PushRequest {
    /// The URL at which the push service takes it.
    pub url: String,
    /// The headers, of which one is a secret token.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The encrypted message.
    pub body: Vec<u8>,
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The message cannot be encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// The token cannot be signed.
    #[error(transparent)]
    Vapid(#[from] VapidError),
}

/// The topic as the push service learns it.
fn hidden(topic: &str, keys: &BrowserKeys) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(&keys.auth);
    hash.update(topic.as_bytes());
    encoded(hash.finish().as_ref().get(..TOPIC_BYTES).unwrap_or_default())
}

/// Writes the request by which a message reaches a browser.
///
/// # Errors
/// [`RequestError`] if the message is too long, or the operating system has no random bytes.
pub fn request(
    subscription: &Subscription,
    message: &[u8],
    delivery: &Delivery,
    (key, contact): (&VapidKey, Option<&str>),
    now_s: u64,
) -> Result<PushRequest, RequestError> {
    let body = encrypt(&subscription.keys, message)?;
    let authorization = key.authorization(&subscription.endpoint, contact, now_s)?;
    // A contact is checked before it is configured, and base64url is always a value of a header.
    let mut authorization = HeaderValue::from_str(&authorization).map_err(|_| VapidError::NoKey)?;
    authorization.set_sensitive(true);
    let mut headers = vec![
        (AUTHORIZATION, authorization),
        (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (HeaderName::from_static("ttl"), HeaderValue::from(delivery.ttl_s)),
        (HeaderName::from_static("urgency"), HeaderValue::from_static(delivery.urgency.as_str())),
    ];
    if let Some(topic) = &delivery.topic {
        let hidden = HeaderValue::from_str(&hidden(topic, &subscription.keys)).map_err(|_| VapidError::NoKey)?;
        headers.push((HeaderName::from_static("topic"), hidden));
    }
    Ok(PushRequest { url: subscription.endpoint.as_str().to_owned(), headers, body })
}
