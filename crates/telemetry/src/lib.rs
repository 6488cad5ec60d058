//! What is noted of requests and messages on their way, for the log and for traces.
//!
//! What lives here: the ids of requests, and what the task at work is at work for ([`Scope`]).
//! What does not live here: the log itself, and how anything leaves this process.

mod request_id;
mod scope;

pub use request_id::RequestId;
pub use scope::{Scope, current, in_current_scope, scoped};
