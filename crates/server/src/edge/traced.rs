//! The span of a request over HTTP, if a trace is kept of it.
//!
//! What must stay true: a span has the pattern of a path and never the path; what clients ask over and over, polls and
//! health checks, has none.

use http::{HeaderMap, Method, Request, Response};
use quintet_domain::SpanContext;
use quintet_input::query;
use quintet_rest::{RefusedFor, Route};
use quintet_telemetry::{ActiveSpan, Parent, RequestId, TraceParent, Tracer, first_span};

/// The name of the header that names the span of the caller.
const TRACE_PARENT: &str = "traceparent";

/// The methods that spans name. All others are one.
const METHODS: [&Method; 7] =
    [&Method::GET, &Method::HEAD, &Method::POST, &Method::PUT, &Method::PATCH, &Method::DELETE, &Method::OPTIONS];

/// The span of a request that is being answered.
pub(super) struct RequestSpan {
    span: ActiveSpan,
    method: &'static str,
}

impl RequestSpan {
    /// Begins the span of a request, if a trace is kept of it. `is_trusted` says whether a trusted proxy has written its
    /// headers, and so decides that.
    pub(super) fn begin<B>(
        tracer: Option<&Tracer>,
        request: &Request<B>,
        is_trusted: bool,
        id: &RequestId,
    ) -> Option<Self> {
        let tracer = tracer?;
        if matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics") || is_of_session(request) {
            return None;
        }
        let parent = parent(request.headers());
        let begun = tracer.begin(parent.map(if is_trusted { Parent::Trusted } else { Parent::Foreign }))?;
        let known = METHODS.iter().find(|method| **method == request.method());
        let method = known.map_or("_OTHER", |method| method.as_str());
        let mut span = first_span(begun, parent, method);
        span.set("http.request.method", method);
        span.set("quintet.request.id", id.to_string());
        Some(Self { span: tracer.span(span), method })
    }

    /// The ids of the span.
    pub(super) fn context(&self) -> SpanContext {
        self.span.context()
    }

    /// Ends the span with the answer.
    pub(super) fn end<B>(mut self, response: &Response<B>) {
        let span = self.span.get_mut();
        if let Some(Route(route)) = response.extensions().get() {
            span.name = format!("{} {}", self.method, route.as_str()).into();
            span.set("http.route", route.as_str().to_owned());
        }
        span.set("http.response.status_code", u64::from(response.status().as_u16()));
        let code = response.extensions().get().map(|RefusedFor(code)| code.as_str().into());
        self.span.end(code);
    }
}

/// Returns whether a request belongs to a session of Engine.IO that is open already.
fn is_of_session<B>(request: &Request<B>) -> bool {
    query::pairs(request.uri().query().unwrap_or_default()).any(|(name, _)| name == "sid")
}

/// Reads the span of the caller. Two headers say nothing.
fn parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all(TRACE_PARENT).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    TraceParent::read(value.as_bytes())
}
