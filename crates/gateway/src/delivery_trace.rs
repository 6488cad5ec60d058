//! The spans of one fan-out: that of all of it, and those of the first frames until they are written.
//!
//! What must stay true: what is kept of one fan-out is bounded, however many connections hear it.

use std::cell::Cell;

use quintet_domain::TracedWrite;
use quintet_socketio::{Frame, OnWritten};
use quintet_telemetry::{ActiveSpan, Span, SpanKind, Tracer, child_of};

use crate::connection::{Connection, Out};

/// Maximum number of frames of one fan-out that have a span of their own.
const FRAMES_TRACED_MAX: u64 = 16;

/// Maximum number of bytes that are queued for a connection whose frames have spans of their own, so that a connection that
/// reads nothing does not hold many of them.
const QUEUED_BYTES_TRACED_MAX: usize = 64 * 1024;

/// The fan-out of an entry whose write has a trace.
#[derive(Debug)]
pub(crate) struct DeliveryTrace {
    tracer: Tracer,
    span: ActiveSpan,
    position: u64,
    frames: Cell<u64>,
    bytes: Cell<u64>,
}

impl DeliveryTrace {
    pub(crate) fn begin(tracer: &Tracer, write: &TracedWrite, position: u64) -> Self {
        let span = Span::new(child_of(write.span), Some(write.span.span), "fan-out", SpanKind::Producer);
        let (frames, bytes) = (Cell::default(), Cell::default());
        Self { tracer: tracer.clone(), span: tracer.span(span), position, frames, bytes }
    }

    /// A frame of the event was queued for a connection.
    pub(crate) fn queued(&self, connection: &Connection, frame: &Frame) {
        let frames = self.frames.get() + 1;
        self.frames.set(frames);
        self.bytes.set(self.bytes.get() + frame.wire().len() as u64);
        if frames <= FRAMES_TRACED_MAX && connection.out.queued_bytes() <= QUEUED_BYTES_TRACED_MAX {
            let mut span = Span::within(self.span.context(), "write frame");
            span.set("quintet.connection.id", connection.id.to_string());
            span.set("quintet.dialect", connection.dialect_name());
            span.set("quintet.bytes", frame.wire().len() as u64);
            connection.out.watch(Box::new(FrameSpan(Some(self.tracer.span(span)))));
        }
    }

    /// The event was queued for everybody.
    pub(crate) fn end(mut self) {
        let span = self.span.get_mut();
        span.set("quintet.position", self.position);
        span.set("quintet.frames", self.frames.get());
        span.set("quintet.bytes", self.bytes.get());
        self.span.end(None);
    }
}

impl Out {
    /// Tells somebody once all that is queued for the client now was written to the transport.
    fn watch(&self, watcher: Box<dyn OnWritten>) {
        match self {
            Self::SocketIo(link) => link.watch(watcher),
            Self::Plain(outbox) => outbox.watch(watcher),
        }
    }
}

/// The span of a frame, until it is written.
#[derive(Debug)]
struct FrameSpan(Option<ActiveSpan>);

impl OnWritten for FrameSpan {
    fn written(mut self: Box<Self>) {
        if let Some(span) = self.0.take() {
            span.end(None);
        }
    }
}

impl Drop for FrameSpan {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            span.end(Some("closed".into()));
        }
    }
}
