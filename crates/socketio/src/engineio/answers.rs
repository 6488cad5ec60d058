//! The HTTP responses other than packets: refusals with the texts of official servers, and bodies.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::Payload;
use super::jsonp::Callback;
use super::post::Format;

/// A refused request, with the code and text that official servers answer it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Transport,
    Session,
    Method,
    Request,
    /// The application refused the client, with this message.
    Forbidden(String),
    Version,
}

impl Refusal {
    fn code(&self) -> u8 {
        match self {
            Self::Transport => 0,
            Self::Session => 1,
            Self::Method => 2,
            Self::Request => 3,
            Self::Forbidden(_) => 4,
            Self::Version => 5,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Transport => "Transport unknown",
            Self::Session => "Session ID unknown",
            Self::Method => "Bad handshake method",
            Self::Request => "Bad request",
            Self::Forbidden(why) => why,
            Self::Version => "Unsupported protocol version",
        }
    }

    /// Returns the response: JSON, or the message alone if a WebSocket was asked for.
    pub(super) fn response(&self, upgrade: bool) -> Response<Full<Bytes>> {
        if upgrade {
            let mut response = respond(StatusCode::BAD_REQUEST, "text/html", self.message().to_owned());
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        let status = match self {
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let message = serde_json::Value::from(self.message());
        respond(status, "application/json", format!("{{\"code\":{},\"message\":{message}}}", self.code()))
    }
}

pub(super) fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns the response to a POST whose packets were handled.
pub(super) fn posted(format: Format) -> Response<Full<Bytes>> {
    // Official servers send HTML here, because some browsers would show a download dialog otherwise.
    let mut response = respond(StatusCode::OK, "text/html", "ok");
    if format == Format::Form {
        // The form's answer is shown in a frame of a page of any origin, whose client waits for it to load.
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors *");
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns a response with a polling payload: a script, if the client asked for one. It is compressed if it has at least
/// `threshold` bytes.
pub(super) fn payload(
    payload: Payload,
    callback: Option<&Callback>,
    threshold: Option<usize>,
) -> Response<Full<Bytes>> {
    let (content_type, body) = match (payload, callback) {
        (Payload::Text(text), None) => ("text/plain; charset=UTF-8", text.into_bytes()),
        (Payload::Text(text), Some(callback)) => {
            ("text/javascript; charset=UTF-8", callback.script(&text).into_bytes())
        }
        (Payload::Binary(bytes), _) => ("application/octet-stream", bytes),
    };
    if threshold.is_some_and(|threshold| body.len() >= threshold) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(&body).is_ok()
            && let Ok(compressed) = encoder.finish()
        {
            let mut response = respond(StatusCode::OK, content_type, compressed);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return response;
        }
    }
    respond(StatusCode::OK, content_type, body)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[test]
    fn refusals_are_worded_as_official_servers_do() {
        let cases = [
            (Refusal::Transport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
            (Refusal::Session, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
            (Refusal::Method, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
            (Refusal::Request, 400, r#"{"code":3,"message":"Bad request"}"#),
            (Refusal::Forbidden("not \"you\"".to_owned()), 403, r#"{"code":4,"message":"not \"you\""}"#),
            (Refusal::Version, 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ];
        for (refusal, status, body) in cases {
            let response = refusal.response(false);
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            let bytes = futures_util::FutureExt::now_or_never(response.into_body().collect());
            assert_eq!(bytes.expect("at once").expect("whole").to_bytes(), body);
            let upgrade = refusal.response(true);
            assert_eq!(
                (upgrade.status().as_u16(), &upgrade.headers()[header::CONNECTION]),
                (400, &HeaderValue::from_static("close"))
            );
        }
    }
}
