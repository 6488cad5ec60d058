//! Entity tags: content that a client already has is answered with 304 (RFC 9110, section 8.8.3).

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::response::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use quintet_domain::Refusal;
use sha2::{Digest, Sha256};

use crate::error::Problem;

/// The size in bytes of the largest answer that gets a tag. A larger one is sent without a tag.
const TAGGED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The size in bytes of an answer above which its tag is computed as blocking work.
const AT_ONCE_BYTES_MAX: usize = 64 * 1024;

/// The number of hexadecimal digits of a tag.
const TAG_DIGITS: usize = 32;

/// Returns whether an `If-None-Match` header names a tag, by weak comparison.
pub(crate) fn has(known: Option<&HeaderValue>, tag: &str) -> bool {
    known.and_then(|known| known.to_str().ok()).is_some_and(|known| {
        known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
    })
}

/// Adds a tag made from the content to an answer to GET, or answers 304 if the client already has that content.
pub(crate) async fn tagged(request: Request, next: Next) -> Response {
    let known = (request.method() == Method::GET).then(|| request.headers().get(header::IF_NONE_MATCH).cloned());
    let response = next.run(request).await;
    let Some(known) = known.filter(|_| response.status() == StatusCode::OK) else { return response };
    let (mut parts, body) = response.into_parts();
    if let Some(tag) = parts.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()) {
        // Immutable content already has its tag.
        return if has(known.as_ref(), tag) { unchanged(parts) } else { Response::from_parts(parts, body) };
    }
    if body.size_hint().exact().is_none_or(|bytes| bytes > TAGGED_BYTES_MAX) {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::from(Refusal::internal()).into_response();
    };
    // Hashing megabytes takes a while, so the thread's other tasks are moved to another thread.
    let tag = match bytes.len() {
        ..=AT_ONCE_BYTES_MAX => tag_of(&bytes),
        _ => tokio::task::block_in_place(|| tag_of(&bytes)),
    };
    let same = has(known.as_ref(), &tag);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    // The content depends on the caller, and so it must be revalidated each time.
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if same { unchanged(parts) } else { Response::from_parts(parts, Body::from(bytes)) }
}

/// Returns the answer 304, for a client that already has the content.
fn unchanged(mut parts: Parts) -> Response {
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    Response::from_parts(parts, Body::empty())
}

/// Returns the entity tag of an answer with these bytes.
pub(crate) fn tag_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(TAG_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}
