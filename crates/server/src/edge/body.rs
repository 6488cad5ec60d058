//! Request bodies, which must keep a minimum rate, and response bodies, which mark the end of a request.
//!
//! A body that is refused early is still taken from the connection, within bounds: a connection that is closed with bytes
//! unread is reset, and the client, or the proxy before it, may never see why it was refused.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, timeout};

use super::place::Place;

/// The time for which a body may be awaited before its rate is checked.
const GRACE: Duration = Duration::from_secs(10);
/// The longest time between two bytes of a body, regardless of its rate before.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of a refused body that are taken from the connection. More is not worth an answer.
const REFUSED_BYTES_MAX: usize = 100_000_000;
/// The longest time in which the rest of a refused body is taken.
const REFUSED_WITHIN: Duration = Duration::from_secs(30);
/// The longest time between two bytes of a refused body.
const REFUSED_STALL_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A response body of any type.
pub(crate) type Boxed = UnsyncBoxBody<Bytes, BoxError>;

/// The error of a body that arrives too slowly.
#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body arrived too slowly")
    }
}

impl Error for TooSlow {}

/// Whether a body arrived too slowly. Shared with the code that answers the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Late(Arc<AtomicBool>);

impl Late {
    pub(crate) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request body with a minimum rate. It ends with an error if its rate, averaged over the time that it was awaited,
/// falls below a number of bytes per second, or if nothing arrives for [`STALL_TIMEOUT`].
pub(crate) struct Paced {
    /// The body; present until this is dropped.
    inner: Option<Incoming>,
    /// Whether the client sends the body only once the server has asked for it (`Expect: 100-continue`).
    is_asked_for: bool,
    place: Arc<Place>,
    pace: Pace,
    sleep: Option<Pin<Box<Sleep>>>,
    late: Late,
}

/// The time that a body may still be awaited.
#[derive(Debug)]
struct Pace {
    bytes_per_second: u64,
    received: u64,
    /// The time for which the body was awaited so far, without the time in which the server handled it.
    awaited: Duration,
    since: Option<Instant>,
}

impl Pace {
    /// Returns how long the next bytes may take.
    fn left(&self) -> Duration {
        let earned = Duration::from_millis(self.received.saturating_mul(1_000) / self.bytes_per_second.max(1));
        (GRACE + earned).saturating_sub(self.awaited).min(STALL_TIMEOUT)
    }

    fn came(&mut self, bytes: usize) {
        self.received += bytes as u64;
        self.awaited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }
}

impl Paced {
    pub(crate) fn new(inner: Incoming, head: &Parts, place: Arc<Place>, bytes_per_second: u64) -> (Self, Late) {
        let late = Late::default();
        let pace = Pace { bytes_per_second, received: 0, awaited: Duration::ZERO, since: None };
        let is_asked_for = head.headers.contains_key(EXPECT);
        (Self { inner: Some(inner), is_asked_for, place, pace, sleep: None, late: late.clone() }, late)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let rest = self.inner.take().filter(|rest| !rest.is_end_stream());
        if let Some(rest) = rest.filter(|_| !self.is_asked_for && !self.late.is_late()) {
            discard_later(rest);
        }
    }
}

/// Reads the rest of a body and throws it away, in a task of its own.
fn discard_later(rest: Incoming) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(timeout(REFUSED_WITHIN, discard(rest)));
    }
}

/// Reads the rest of a body, and throws it away.
async fn discard(mut rest: Incoming) {
    let mut bytes = 0;
    while bytes <= REFUSED_BYTES_MAX
        && let Ok(Some(Ok(frame))) = timeout(REFUSED_STALL_TIMEOUT, rest.frame()).await
    {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(cx) {
            let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len));
            if this.pace.since.is_some() {
                this.place.awaits_body(false);
            }
            this.pace.came(bytes.unwrap_or_default());
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if this.pace.since.is_none() {
            let now = Instant::now();
            this.pace.since = Some(now);
            this.place.awaits_body(true);
            let deadline = now + this.pace.left();
            match &mut this.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => this.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
        }
        if this.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
            this.late.0.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(Box::new(TooSlow))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

/// A request body of another node, which sends it at the pace that it checks. Whatever is left of it when it is refused is
/// taken from the connection.
pub(crate) struct OfNode(Option<Incoming>);

impl OfNode {
    pub(crate) fn new(inner: Incoming) -> Self {
        Self(Some(inner))
    }
}

impl Drop for OfNode {
    fn drop(&mut self) {
        if let Some(rest) = self.0.take().filter(|rest| !rest.is_end_stream()) {
            discard_later(rest);
        }
    }
}

impl Body for OfNode {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(inner) = &mut self.0 else { return Poll::Ready(None) };
        Pin::new(inner).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

/// A response body. Dropping it ends the request.
pub(crate) struct Answered {
    pub(crate) inner: Boxed,
    /// Kept only to be dropped with the body.
    pub(crate) _over: Over,
}

/// Marks the end of a request when it is dropped.
pub(crate) struct Over {
    pub(crate) place: Arc<Place>,
    /// A permit that is released at the end of the request.
    pub(crate) held: Option<Box<dyn Send>>,
}

impl Drop for Over {
    fn drop(&mut self) {
        self.held = None;
        self.place.idles();
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(received: u64, awaited_s: u64) -> Duration {
        Pace { bytes_per_second: 1_000, received, awaited: Duration::from_secs(awaited_s), since: None }.left()
    }

    #[test]
    fn a_body_has_time_by_what_came_of_it() {
        assert_eq!(pace(0, 0), GRACE);
        assert_eq!(pace(0, 10), Duration::ZERO, "nothing came within the grace");
        assert_eq!(pace(5_000, 12), Duration::from_secs(3));
        assert_eq!(pace(1_000_000, 20), STALL_TIMEOUT, "what came fast earns no hour of silence");
        // A body of 25 MB at 1 Mbit/s is never late.
        for s in 0..200 {
            assert!(pace(s * 125_000, s) > Duration::ZERO);
        }
    }
}
