//! The hook that is asked before a message is sent or edited.
//!
//! What must stay true: a question ends within its time, with an answer or with a failure; what a failure means was decided by
//! the operator. There are so many questions at once and no more.

mod answer;
mod failures;
mod hook;
mod metrics;

pub use hook::{BeforeSendHook, HookSettings, OnFailure};
pub use metrics::HookMetrics;
