//! Decides of what a trace is kept, and takes the spans.
//!
//! What must stay true: nobody waits for the reader of the spans. What does not fit into the queue is dropped and counted.
//! Without a reader, nothing is decided and nothing is built.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use quintet_domain::SpanContext;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::span::new_span_id;
use crate::{Span, SpanKind, TraceParent};

/// Maximum number of spans that wait for their reader.
const SPANS_WAITING_MAX: usize = 16_384;

/// Takes spans. Cheap to clone; by default it takes none.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    /// Of 2^32 traces, how many are kept.
    kept: u64,
    spans: mpsc::Sender<Span>,
    dropped: AtomicU64,
}

/// Whose word a `traceparent` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// That of a trusted proxy, which decides whether a trace is kept.
    Trusted(TraceParent),
    /// That of anybody: the trace has its id, and is kept as any other.
    Foreign(TraceParent),
}

impl Tracer {
    /// Creates a tracer that keeps a part of all traces, from 0 to 1, and the end at which the spans are received.
    #[must_use]
    pub fn new(ratio: f64) -> (Self, mpsc::Receiver<Span>) {
        Self::with_room(ratio, SPANS_WAITING_MAX)
    }

    /// The same, with room for some spans that wait.
    fn with_room(ratio: f64, room: usize) -> (Self, mpsc::Receiver<Span>) {
        let (spans, received) = mpsc::channel(room);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the product is within 0 and 2^32")]
        let kept = (ratio.clamp(0.0, 1.0) * 2_f64.powi(32)) as u64;
        (Self(Some(Arc::new(Inner { kept, spans, dropped: AtomicU64::new(0) }))), received)
    }

    /// Returns whether spans are taken at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Decides whether a trace is kept of what begins now. Returns the ids of its first span here, if it is.
    #[must_use]
    pub fn begin(&self, parent: Option<Parent>) -> Option<SpanContext> {
        let inner = self.0.as_ref()?;
        let random = Uuid::new_v4().as_u128();
        // By random bits of this server, because a client chooses the id of its trace.
        let kept = || (random & 0xffff_ffff) as u64 >= (1 << 32) - inner.kept;
        let (trace, kept) = match parent {
            Some(Parent::Trusted(parent)) => (parent.context.trace, parent.sampled),
            Some(Parent::Foreign(parent)) => (parent.context.trace, kept()),
            None => (random, kept()),
        };
        kept.then(|| SpanContext { trace, span: new_span_id() })
    }

    /// Takes a span that has ended, if there is room for it.
    pub fn record(&self, span: Span) {
        if let Some(inner) = &self.0
            && inner.spans.try_send(span).is_err()
        {
            inner.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of spans for which there was no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |inner| inner.dropped.load(Ordering::Relaxed))
    }

    /// Begins a span, which is recorded when it ends.
    #[must_use]
    pub fn span(&self, span: Span) -> ActiveSpan {
        ActiveSpan { tracer: self.clone(), span: Box::new(span) }
    }
}

/// A span that has not ended. One that is dropped is not recorded.
#[derive(Debug)]
pub struct ActiveSpan {
    tracer: Tracer,
    span: Box<Span>,
}

impl ActiveSpan {
    /// The ids of the span.
    #[must_use]
    pub fn context(&self) -> SpanContext {
        self.span.context
    }

    /// The span as it is so far.
    pub fn get_mut(&mut self) -> &mut Span {
        &mut self.span
    }

    /// Records a step within this one, which began at a moment and ends now.
    pub fn step(&self, name: &'static str, began: SystemTime) {
        self.tracer.record(Span::within(self.span.context, name).from_to(began, SystemTime::now()));
    }

    /// Ends the span now. `error` says why it failed, if it did.
    pub fn end(mut self, error: Option<Cow<'static, str>>) {
        self.span.ended = SystemTime::now().max(self.span.began);
        self.span.error = error;
        self.tracer.record(*self.span);
    }
}

/// Returns the first span of a trace, or of this server's part of one.
#[must_use]
pub fn first_span(context: SpanContext, parent: Option<TraceParent>, name: impl Into<Cow<'static, str>>) -> Span {
    let parent = parent.filter(|parent| parent.context.trace == context.trace);
    Span::new(context, parent.map(|parent| parent.context.span), name, SpanKind::Server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let (tracer, mut received) = Tracer::with_room(1.0, 2);
        let context = tracer.begin(None).expect("kept");
        for name in ["first", "second", "third"] {
            tracer.record(Span::within(context, name));
        }
        assert_eq!(tracer.dropped(), 1);
        assert_eq!(received.try_recv().expect("a span").name, "first");
        tracer.record(Span::within(context, "fourth"));
        assert_eq!(tracer.dropped(), 1);
        drop(received);
        tracer.record(Span::within(context, "fifth"));
        assert_eq!(tracer.dropped(), 2, "without a reader nothing fits");
    }

    #[test]
    fn a_part_of_all_traces_is_kept_whatever_ids_clients_choose() {
        let parent = TraceParent { context: SpanContext { trace: 7, span: 9 }, sampled: true };
        let unsampled = TraceParent { sampled: false, ..parent };
        assert_eq!(Tracer::default().begin(Some(Parent::Trusted(parent))), None);
        let (none, _spans) = Tracer::new(0.0);
        let (all, _spans) = Tracer::new(1.0);
        let (some, _spans) = Tracer::new(0.25);
        for _ in 0..1_000 {
            assert_eq!(none.begin(None).or_else(|| none.begin(Some(Parent::Foreign(parent)))), None);
            assert_eq!(all.begin(Some(Parent::Foreign(unsampled))).map(|context| context.trace), Some(7));
        }
        assert_eq!(none.begin(Some(Parent::Trusted(parent))).map(|context| context.trace), Some(7));
        assert_eq!(all.begin(Some(Parent::Trusted(unsampled))), None);
        let kept = (0..4_000).filter(|_| some.begin(Some(Parent::Foreign(parent))).is_some()).count();
        assert!((800..1_200).contains(&kept), "{kept}");
        let first = |parent: TraceParent| first_span(parent.context, Some(parent), "x").parent;
        assert_eq!(first(parent), Some(9));
    }
}
