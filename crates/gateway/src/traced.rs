//! The spans of connections and their events, for traces.
//!
//! What must stay true: without a tracer nothing of this is built; a span has no text that a client has chosen.

use std::borrow::Cow;
use std::time::SystemTime;

use quintet_domain::{Code, SpanContext};
use quintet_service::Service;
use quintet_telemetry::{ActiveSpan, Scope, Span, SpanKind, child_of, current, first_span};

use crate::connection::Connection;

impl Connection {
    /// What a task is at work for that handles an event of this connection.
    pub(crate) fn scope(&self) -> Scope {
        Scope { connection: Some(self.id), ..Scope::default() }
    }
}

/// What the handling of an event of a connection is at work for. It is decided here whether a trace is kept.
pub(crate) fn event_scope(service: &Service, connection: &Connection) -> Scope {
    let span = service.tracer().and_then(|tracer| tracer.begin(None));
    Scope { span, ..connection.scope() }
}

/// Begins the span of the event that the present task handles, if a trace is kept. It has no name until the event is known.
pub(crate) fn event_span(service: &Service, connection: &Connection) -> Option<ActiveSpan> {
    let (tracer, context) = service.tracer().zip(current(|scope| scope.span))?;
    let mut span = first_span(context, None, "unknown event");
    span.link = connection.connect_span.as_deref().copied();
    span.set("quintet.connection.id", connection.id.to_string());
    Some(tracer.span(span))
}

/// Names the span of an event that exists, and records how long it took to decode.
pub(crate) fn decoded(
    span: Option<&mut ActiveSpan>,
    (dialect, event): (&'static str, &str),
    began: Option<SystemTime>,
) {
    let Some((span, began)) = span.zip(began) else { return };
    span.step("decode", began);
    let span = span.get_mut();
    span.name = Cow::Owned(format!("{dialect} {event}"));
    span.set("quintet.dialect", dialect);
    span.set("quintet.event", event.to_owned());
}

/// The name of a refusal's code, for a span that failed.
pub(crate) fn error(code: Code) -> Cow<'static, str> {
    Cow::Borrowed(code.as_str())
}

/// The span of a CONNECT: its request over HTTP is the parent, if a trace is kept of that.
pub(crate) struct ConnectSpan(Option<ActiveSpan>);

impl ConnectSpan {
    /// Begins the span. `request` is that of the request over HTTP.
    pub(crate) fn begin(service: &Service, request: Option<&SpanContext>) -> Self {
        let begin = || {
            let tracer = service.tracer()?;
            let span = match request {
                Some(request) => Span::new(child_of(*request), Some(request.span), "connect", SpanKind::Server),
                None => first_span(tracer.begin(None)?, None, "connect"),
            };
            Some(tracer.span(span))
        };
        Self(begin())
    }

    /// What the task is at work for that accepts the connection.
    pub(crate) fn scope(&self) -> Scope {
        Scope { span: self.0.as_ref().map(ActiveSpan::context), ..current(Scope::clone) }
    }

    /// Ends with the connection, or the code of the refusal.
    pub(crate) fn end(self, connected: Result<&Connection, Code>) {
        let Some(mut span) = self.0 else { return };
        if let Ok(connection) = connected {
            span.get_mut().set("quintet.connection.id", connection.id.to_string());
            span.get_mut().set("quintet.dialect", connection.dialect_name());
        }
        span.end(connected.err().map(error));
    }
}
