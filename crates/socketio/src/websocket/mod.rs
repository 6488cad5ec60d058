//! The server side of WebSocket (RFC 6455): the handshake, the sans-IO [`Decoder`], and the [`Driver`] of one socket.

mod bounds;
mod decoder;
mod driver;
mod handshake;
mod socket;

pub use bounds::{BinaryBound, FRAMES_MAX, HEAD_BYTES_MAX, MessageBounds, PassedOver, Skipped};
pub use decoder::{DecodeError, Decoder, Message};
pub use driver::{Deflate, Driver, Handled, Handler, Handling};
pub use handshake::{Accepted, HandshakeError, accept};
pub use socket::Socket;
