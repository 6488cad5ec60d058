//! The body of an answer that comes from another node.
//!
//! What must stay true: a node that stops in the middle of an answer holds nobody up for ever.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::counts::Underway;
use crate::edge::body::BoxError;

/// The longest time between two parts of an answer.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The error of an answer of which nothing more came.
#[derive(Debug)]
struct Stalled;

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another node stopped in the middle of its answer")
    }
}

impl Error for Stalled {}

/// The body of an answer of another node.
pub(super) struct Passed {
    inner: Incoming,
    /// The end of the time for the next part, while one is awaited.
    until: Option<Pin<Box<Sleep>>>,
    /// Kept only to be dropped with the body.
    _underway: Underway,
}

impl Passed {
    pub(super) fn new(inner: Incoming, underway: Underway) -> Self {
        Self { inner, until: None, _underway: underway }
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.until = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until =
            this.until.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + STALL_TIMEOUT)));
        match until.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(Stalled)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
