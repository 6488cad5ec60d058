//! What this process tells an OpenTelemetry collector: spans and metrics, by OTLP over HTTP.
//!
//! What lives here: the tracer of the settings and what sends its spans ([`export`]), the spans of writes ([`writes`]), and,
//! with the feature `otlp`, the tasks that send ([`sending`]) and the forms in which they do ([`spans`], [`figures`]).
//! What does not: where other spans begin and end, and what is counted.
//!
//! What must stay true: without an endpoint there is no tracer, no task and no connection. With one, whatever the collector
//! does costs no client anything: what it does not take in time is dropped and counted.

#[cfg(feature = "otlp")]
mod collector;
mod counts;
pub(crate) mod endpoint;
mod export;
#[cfg(feature = "otlp")]
mod figures;
#[cfg(feature = "otlp")]
mod sending;
#[cfg(feature = "otlp")]
mod spans;
pub(crate) mod writes;

pub(crate) use self::export::{Export, tracer};
