//! The answers for clients of existing backends: one file per dialect, and one for answers to clients of any dialect.
//!
//! What must stay true: the OpenAPI document is made from these structs, and the answers are serialised from them. Only
//! message objects are written by `quintet_dialect`, as in events; their structs here describe them.

pub(crate) mod any;
pub(crate) mod chat;
pub(crate) mod conversations;
pub(crate) mod meetup;
pub(crate) mod messenger;
pub(crate) mod rooms;
pub(crate) mod shared;
