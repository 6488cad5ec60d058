//! An Engine.IO 4 and Socket.IO 5 server engine on hyper and tokio.
//!
//! # What lives here
//! * [`engineio`], [`packet`] and [`websocket::Decoder`]: the sans-IO core. Bytes in, values out; no clock, no socket.
//! * [`Frame`] and [`Outbox`]: a message encoded once and shared by every receiver, and the bounded queue of one
//!   connection.
//! * [`Engine`]: sessions, transports, heartbeats, namespaces, and the calls into an [`Application`].
//! * [`websocket`]: the driver of one WebSocket, also usable alone for other sub-protocols.
//!
//! # What does not
//! Nothing of what is said over a connection: no users, no rooms, no messages.
//!
//! # What must stay true
//! * The events of one connection reach the application one at a time, in the order in which they came.
//! * While the application is busy with one, nothing more is read from that connection.
//! * What is queued for a connection leaves in the order in which it was queued, or the connection is closed.
//! * A peer's claimed length allocates nothing.

mod application;
mod config;
pub mod engineio;
mod frame;
mod http;
mod outbox;
pub mod packet;
mod session;
pub mod upgrade;
pub mod websocket;
mod wheel;

pub use application::{Application, ConnectError, Event, Link};
pub use config::Config;
pub use frame::Frame;
pub use http::{Engine, body_text};
pub use outbox::{CloseReason, Outbox, PushError};
