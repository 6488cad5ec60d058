//! What existing clients are answered: one file per dialect, and one for answers that serve the clients of several.
//!
//! What must stay true: the OpenAPI document is made from these structs, and the answers are serialised from them. The
//! message objects alone are written by `quintet_dialect`, as in events; their structs here describe them.

pub(crate) mod any;
pub(crate) mod chat;
pub(crate) mod conversations;
pub(crate) mod meetup;
pub(crate) mod messenger;
pub(crate) mod rooms;
mod shared;
