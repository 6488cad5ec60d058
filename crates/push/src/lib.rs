//! Web Push: how a message is encrypted for a browser, and how the request to its push service is written.
//!
//! What lives here: VAPID (RFC 8292), message encryption (RFC 8291 over RFC 8188) and the headers of RFC 8030, as pure
//! functions. What does not: chat, the network, and who is sent what.
//!
//! What must stay true: whoever carries a request learns nothing of the message but its size; each message has a key of
//! its own.

mod base64url;
mod encryption;
mod endpoint;
mod error;
mod keys;
mod request;
mod subscription;
mod vapid;

pub use encryption::{EncryptionError, PAYLOAD_BYTES_MAX};
pub use endpoint::Endpoint;
pub use error::SubscriptionError;
pub use keys::BrowserKeys;
pub use request::{Delivery, PushRequest, RequestError, Urgency, request};
pub use subscription::Subscription;
pub use vapid::{VapidError, VapidKey};
