//! The security headers of every answer, which tell browsers what they may do with it.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// What most answers are: data. Nothing in it runs, and no page may show it in a frame.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// The page of the API's document: its scripts, styles and calls are its own server's. Its style sheet has pictures in
/// `data:` links.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A year, for this host alone: whether other hosts of the domain speak TLS is not known here.
const TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Sets the headers that the answer does not have yet. `tls` says whether this server terminates TLS itself.
pub(crate) fn apply(path: &str, tls: bool, status: StatusCode, headers: &mut HeaderMap) {
    // A switch of protocols shows nothing.
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let docs = path.starts_with(quintet_rest::DOCS_PATH);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, if docs { DOCS } else { DATA });
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    if tls {
        set(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
    }
}
