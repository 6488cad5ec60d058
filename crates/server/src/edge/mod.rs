//! The edge: everything between an accepted connection and the code that answers its requests.
//!
//! What lives here: how many connections there are room for ([`places`], [`tally`]), when new ones find none ([`fullness`]), how
//! long each step of a connection may take ([`place`], [`body`]), the answers to requests ([`respond`]), the headers that
//! every answer has ([`policy`]), and the listener of the metrics ([`exposition`]).
//! What does not: what a request means. The engine, the gateway, the HTTP API and the web client know that.

pub(crate) mod body;
pub(crate) mod exposition;
pub(crate) mod fullness;
pub(crate) mod place;
pub(crate) mod places;
pub(crate) mod policy;
pub(crate) mod respond;
pub(crate) mod room;
mod tally;
