//! Engine.IO, revisions 3 and 4: sessions over HTTP long-polling and WebSocket, and the upgrade from one to the other.
//!
//! What lives here: packets, payloads and the [`State`] of a session, all sans-IO; and the [`Server`] that drives
//! sessions and passes their messages to a [`Protocol`].
//! What does not live here: namespaces, events and acknowledgements, which belong to Socket.IO.

mod answers;
mod jsonp;
mod packet;
mod payload;
mod post;
mod protocol;
mod server;
mod session;
mod state;
pub mod upgrade;

pub use packet::{InvalidPacket, Packet, Revision};
pub use payload::{OwnedPacket, Packets, Payload, SEPARATOR, decode_binary_payload, decode_payload, encode_payload};
pub use protocol::Protocol;
pub use server::{Load, Server};
pub use session::Session;
pub use state::{HeartbeatAction, PacketAction, RequestConflict, State};
