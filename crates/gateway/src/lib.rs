//! The gateway between connections and the hub: it turns the events of clients into commands, and delivers events to
//! clients.
//!
//! What lives here: the user and dialect of a connection (`connect.rs`), its events (`session.rs`), the table of its
//! commands that wait for a reply (`pending_commands.rs`), the hub, which decides who receives what (`hub`), plain
//! WebSockets beside Socket.IO (`plain.rs`), and the sockets of services, which hear everything (`services.rs`).
//! What does not: the store, REST, and the event names of a dialect.
//!
//! What must stay true: the events of one connection are handled in order and answered once each; replies and events
//! reach a connection through the hub, in commit order.

mod admit;
mod application;
mod census;
mod client;
mod connect;
mod connection;
mod delivery_trace;
mod gateway;
mod hub;
mod hub_task;
mod pending_commands;
mod plain;
mod recovery;
mod responder;
mod service_sockets;
mod services;
mod session;
mod settings;
mod traced;
mod unknown_events;
mod visitor;
mod written;

pub use client::UnidentifiedMax;
pub use gateway::{Doors, Gateway};
pub use hub_task::HubTask;
pub use settings::{Audience, Echo, Settings};
pub use visitor::Listener;
