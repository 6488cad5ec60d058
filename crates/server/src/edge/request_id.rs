//! The header with the id of a request.

use http::{HeaderMap, HeaderName, HeaderValue};
use quintet_telemetry::RequestId;

/// The name of the header.
static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the id that a request has from a proxy or another node, or a new one where it has none that can be read.
pub(in crate::edge) fn of(headers: &HeaderMap) -> RequestId {
    headers.get(&HEADER).and_then(|value| RequestId::read(value.as_bytes())).unwrap_or_default()
}

/// Writes the id into the head of a request or an answer.
pub(in crate::edge) fn set(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HEADER.clone(), value);
    }
}
