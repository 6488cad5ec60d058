//! Deliveries to webhooks: what was committed is read from the log, behind the commits, and sent to the servers of others.
//!
//! What lives here: the task of each webhook, its window over the log, signatures and pauses. What does not live here: the
//! rows of webhooks, which the store has; the words of events, which the dialects' crate has; which addresses may be asked.
//!
//! What must stay true: nothing that is committed waits for a webhook. What is delivered comes from the log, so that it is
//! delivered at least once, whatever ends; the bus only says that there is more of it. Deliveries about one conversation
//! come one after the other, in their order. Everything is bounded: the webhooks, what one of them reads ahead, the
//! deliveries at once, their time, and what is kept of them.

mod before;
mod context;
mod endpoint;
mod envelope;
mod metrics;
mod pause;
mod probe;
mod pushes;
mod run;
mod send;
mod signature;
mod window;

pub use before::{BeforeSendHook, HookMetrics, HookSettings, OnFailure};
pub use metrics::WebhookMetrics;
pub use probe::probe;
pub use run::run;
