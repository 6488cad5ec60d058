//! The edge: everything between an accepted connection and the code that answers its requests.
//!
//! What lives here: how many connections there is room for ([`room`], [`places`], [`tally`]) and when there is none
//! left ([`fullness`]), how long each step of a connection may take ([`http_state`], [`place`], [`body`]), the address
//! by which a client came ([`address`]), the answers to requests ([`respond`]), the cookie in which a token may come
//! ([`token_cookie`]), the security headers of all answers ([`policy`]), the id of each request
//! ([`request_id`]) and its span ([`traced`]), the listener of the
//! metrics ([`exposition`]), and the requests that belong to other nodes ([`hop`]).
//! What does not live here: the meaning of requests, which the engine, the gateway, the HTTP API and the web client
//! know.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod exposition;
pub(crate) mod fullness;
pub(crate) mod hop;
pub(crate) mod http_state;
pub(crate) mod place;
pub(crate) mod places;
pub(crate) mod policy;
mod request_id;
pub(crate) mod respond;
pub(crate) mod room;
mod tally;
pub(crate) mod token_cookie;
mod traced;
