//! Failures as problem details (RFC 9457): `type, title, status, detail, code`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use quintet_domain::{Code, Refusal};

use crate::openapi::ProblemBody;

/// What a failed response was before it was written as a problem: those who write it otherwise find it there.
#[derive(Clone, Debug)]
pub(crate) struct Failed(pub(crate) Refusal);

/// The code of the refusal that a response is, whatever its shape: an extension of the response, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct RefusedFor(pub Code);

/// Writes a refusal as problem details with a status of its own, for what refuses requests before they come here.
#[must_use]
pub fn problem(status: StatusCode, refusal: Refusal) -> Response {
    Problem::with_status(status, refusal).into_response()
}

/// A failure on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    refusal: Refusal,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            Code::Unauthenticated | Code::TokenExpired => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::InvalidPayload => StatusCode::UNPROCESSABLE_ENTITY,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Conflict => StatusCode::CONFLICT,
            Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, refusal }
    }
}

impl Problem {
    pub(crate) fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, refusal }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, refusal } = self;
        let body = ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: refusal.message.clone(),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = refusal.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(RefusedFor(refusal.code));
        response.extensions_mut().insert(Failed(refusal));
        response
    }
}

pub(crate) type Answer<T> = Result<T, Problem>;
