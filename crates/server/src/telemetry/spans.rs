//! Spans in the form of OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind as Kind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use quintet_telemetry::{SpanKind, SpanValue};

/// The nanoseconds of a moment since 1970; 0 for one before.
pub(super) fn nanos(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// An attribute whose value is text.
pub(super) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// What says that this program has made the telemetry.
pub(super) fn scope() -> InstrumentationScope {
    let (name, version) = ("quintet".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    InstrumentationScope { name, version, ..InstrumentationScope::default() }
}

/// Writes spans as one request.
pub(super) fn request(resource: &Resource, spans: Vec<quintet_telemetry::Span>) -> ExportTraceServiceRequest {
    let spans = spans.into_iter().map(written).collect();
    let of_scope = ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() };
    let resource = Some(resource.clone());
    let resource_spans = vec![ResourceSpans { resource, scope_spans: vec![of_scope], ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

fn written(span: quintet_telemetry::Span) -> Span {
    let quintet_telemetry::Span { context, parent, link, name, kind, began, ended, attributes, error } = span;
    let attributes = attributes.into_iter().map(|(key, value)| match value {
        SpanValue::Text(value) => text(key, &value),
        SpanValue::Number(value) => attribute(key, Value::IntValue(value)),
    });
    let kind = match kind {
        SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
    };
    let link = link.map(|link| Link {
        trace_id: link.trace.to_be_bytes().to_vec(),
        span_id: link.span.to_be_bytes().to_vec(),
        ..Link::default()
    });
    Span {
        trace_id: context.trace.to_be_bytes().to_vec(),
        span_id: context.span.to_be_bytes().to_vec(),
        parent_span_id: parent.map(|parent| parent.to_be_bytes().to_vec()).unwrap_or_default(),
        name: name.into_owned(),
        kind: kind.into(),
        start_time_unix_nano: nanos(began),
        end_time_unix_nano: nanos(ended),
        attributes: attributes.collect(),
        links: link.into_iter().collect(),
        status: error.map(|error| Status { message: error.into_owned(), code: StatusCode::Error.into() }),
        ..Span::default()
    }
}
