//! The HTTP API under `/api/v1`, what clients of existing backends call under `/api`, and the health checks.
//!
//! What lives here: one file per noun, each a thin mapping to an operation of the service; the shapes of resources;
//! errors as problem details (RFC 9457).
//! What does not: the store, sockets, and any decision about who may do what.
//!
//! What must stay true: whatever is changed here is told to sockets by the one path that everything takes.

mod app;
mod auth;
mod caching;
mod compat;
mod conversations;
mod error;
mod extract;
mod files;
mod held;
mod ids;
mod me;
mod meetups;
mod messages;
mod notifications;
mod openapi;
mod operations;
mod rooms;
mod router;
mod server;
mod users;
mod views;

pub use compat::ListenerDialect;
pub use error::{RefusedFor, problem};
pub use extract::ClientAddress;
pub use router::{DOCS_PATH, Settings, router};
