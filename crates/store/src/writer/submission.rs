//! A write on its way to the writer.
//!
//! What must stay true: the recipient stays with its write until the write is replied to.

use std::time::SystemTime;

use quintet_domain::{SpanContext, Write};

use crate::ReplyTo;

/// A write that is queued for the writer.
#[derive(Debug)]
pub struct Submission {
    /// The write to apply.
    pub write: Write,
    /// The recipient of its result.
    pub reply_to: ReplyTo,
    /// What belongs to a trace, if one is kept.
    pub trace: Option<Box<QueuedTrace>>,
}

/// The beginning of a write of which a trace is kept.
#[derive(Debug)]
pub struct QueuedTrace {
    /// The span that the write belongs to.
    pub parent: SpanContext,
    /// When the write was queued.
    pub queued_at: SystemTime,
}

impl Submission {
    /// A write of which no trace is kept.
    #[must_use]
    pub fn new(write: Write, reply_to: ReplyTo) -> Self {
        Self { write, reply_to, trace: None }
    }

    /// A write that belongs to the span of the present task, if there is one.
    #[must_use]
    pub(crate) fn of_task(write: Write, reply_to: ReplyTo) -> Self {
        let parent = quintet_telemetry::current(|scope| scope.span);
        let trace = parent.map(|parent| Box::new(QueuedTrace { parent, queued_at: SystemTime::now() }));
        Self { write, reply_to, trace }
    }
}
