//! The HTTP API under `/api/v1`, the calls of existing backends' clients under `/api`, and the health checks.
//!
//! What lives here: one file per noun, each a thin mapping to an operation of the service; the resources as JSON;
//! errors as problem details (RFC 9457).
//! What does not live here: the store, sockets, and any decision about who may do what.
//!
//! What must stay true: changes made here reach sockets by the one delivery path of all changes.

mod app;
mod audit;
mod auth;
mod avatars;
mod blocks;
mod caching;
mod compat;
mod contact_requests;
mod conversations;
mod cookie;
mod error;
mod extract;
mod files;
mod ids;
mod invitations;
mod limits;
mod me;
mod meetups;
mod message_details;
mod messages;
mod moderation;
mod new_details;
mod notifications;
mod openapi;
mod operations;
mod own_settings;
mod parts;
mod permit;
mod push;
mod reactions;
mod reports;
mod retention;
mod rooms;
mod router;
mod scalars;
mod scopes;
mod search;
mod server;
mod sessions;
mod settings;
mod types;
mod users;
mod views;
mod webhooks;

pub use app::NoSuchPath;
pub use compat::ListenerDialect;
pub use cookie::{CookieChange, Token};
pub use error::{RefusedFor, problem};
pub use extract::ClientAddress;
pub use router::{DOCS_PATH, Route, Settings, router};
