//! Readers of what clients write where several crates have to read it alike.
//!
//! # What lives here
//! * [`json`]: JSON text as JavaScript makes it, which other parsers refuse.
//! * [`query`]: the values of a query, decoded as forms encode them.
//! * [`authorization`]: bearer tokens in requests.
//! * [`codings`]: the content codings that a client accepts.
//!
//! # What must stay true
//! These are pure functions: they do no IO, know nothing of chat, and allocate no more than the length of their input.

pub mod authorization;
pub mod codings;
pub mod json;
pub mod query;
