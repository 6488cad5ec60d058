//! The addresses of a collector, as OTLP over HTTP has them.

/// The path to which spans are sent.
pub(crate) const TRACES_PATH: &str = "/v1/traces";
/// The path to which metrics are sent.
#[cfg(feature = "otlp")]
pub(super) const METRICS_PATH: &str = "/v1/metrics";

/// The address of a collector for one kind of telemetry.
pub(crate) fn address(endpoint: &str, path: &str) -> String {
    format!("{}{path}", endpoint.trim_end_matches('/'))
}
