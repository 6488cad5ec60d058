//! The real binary, and clients of its HTTP API and its sockets, for tests.
#![allow(dead_code, unused_imports, reason = "each test file uses its part")]

mod http;
pub mod raw;
mod server;
pub mod story;
pub mod trace;
mod wire;

pub use http::{Answer, Http, is_of};
pub use server::{Server, Start};
pub use wire::Wire;
