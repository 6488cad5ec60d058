//! The seam to the hook that is asked before a message is sent or edited, and what waits for it.
//!
//! What must stay true: without a hook, it costs one load to find out.

use std::fmt;
use std::sync::OnceLock;

use futures_util::future::BoxFuture;
use quintet_domain::{Draft, DraftContext, Links, Refusal, Rewrite, Timestamp};
use tokio_util::task::TaskTracker;

/// A question to the hook.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The id of the question.
    pub id: &'q str,
    /// When it is asked.
    pub at: Timestamp,
    /// What a client wants to write.
    pub draft: &'q Draft,
    /// What is known about that.
    pub context: &'q DraftContext,
    /// How links are written for the hook.
    pub links: &'q Links,
}

/// What is asked before a message is sent or edited.
pub trait BeforeSend: fmt::Debug + Send + Sync {
    /// Asks about a draft. Returns what is written in place of parts of it; none if it is written as it is.
    ///
    /// # Errors
    /// The refusal for whoever sent it. A hook that fails is its own matter: this ends within a bounded time.
    fn ask<'q>(&'q self, question: Question<'q>) -> BoxFuture<'q, Result<Option<Rewrite>, Refusal>>;
}

/// The hook, and what waits for it.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    pub(crate) hook: OnceLock<Box<dyn BeforeSend>>,
    pub(crate) waiting: TaskTracker,
}
