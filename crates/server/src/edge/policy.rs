//! The security headers of all answers, which tell browsers what they may do with the content.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The policy of most answers, which are data: nothing in them runs, and no page may show them in a frame.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// The policy of the page that renders the OpenAPI document: its scripts, styles and calls come from this server. Its
/// style sheet has pictures in `data:` links.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// One year, for this host only, because other hosts of the domain may not support TLS.
const TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Sets the headers that the answer does not have yet. `tls` says whether this server terminates TLS itself.
pub(crate) fn apply(path: &str, tls: bool, status: StatusCode, headers: &mut HeaderMap) {
    // A switch of protocols has no content.
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
