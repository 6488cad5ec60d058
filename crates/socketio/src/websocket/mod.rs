//! WebSocket (RFC 6455), the server's side: the handshake, the sans-IO [`Decoder`], and the driver of one socket.

mod decoder;
mod driver;
mod handshake;

pub use decoder::{DecodeError, Decoder, Message};
pub use driver::{Handler, Socket, drive};
pub use handshake::{HandshakeError, accept};
