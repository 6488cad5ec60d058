//! What is noted of requests and messages on their way, for the log and for traces.
//!
//! What lives here: the ids of requests, what the task at work is at work for ([`Scope`]), spans, and what takes them
//! ([`Tracer`]).
//! What does not live here: the log itself, and how anything leaves this process.

mod request_id;
mod scope;
mod span;
mod trace_parent;
mod tracer;

pub use request_id::RequestId;
pub use scope::{Scope, current, in_current_scope, scoped};
pub use span::{Span, SpanKind, SpanValue, child_of};
pub use trace_parent::TraceParent;
pub use tracer::{ActiveSpan, Parent, Tracer, first_span};
