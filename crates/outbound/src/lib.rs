//! Requests to servers that somebody else names, such as the receivers of webhooks.
//!
//! What lives here: which addresses may be asked ([`refused`]), and a client that asks no others ([`Outbound`]). What does
//! not live here: what is asked, and when it is asked again.
//!
//! What must stay true: the address of a connection was checked after the look-up that gave it, so that a name which leads
//! elsewhere the second time leads nowhere. No redirect is followed. The time of a request and what is read of its answer
//! are bounded.

mod address;
mod client;
mod error;
mod networks;
mod resolver;

pub use address::{AddressClass, refused};
pub use client::{ANSWER_BYTES_MAX, Answer, AnswerBounds, Outbound, Reach, check_url};
pub use error::OutboundError;
pub use networks::Networks;
