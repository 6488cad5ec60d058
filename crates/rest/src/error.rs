//! Failures as problem details (RFC 9457): `type, title, status, detail, code`, `field` where one is wrong, and the id of
//! the request.
//!
//! What must stay true: every failure of the HTTP API is a [`Problem`], so that its status, its headers and its code
//! for the metrics are decided only here.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use quintet_domain::{Code, Refusal};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// The refusal behind a failed response. It is an extension of the response, so that a dialect can rewrite the failure.
#[derive(Clone, Debug)]
pub(crate) struct Failed(pub(crate) Refusal);

/// The code of the refusal behind a response, in any format. It is an extension of the response, for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct RefusedFor(pub Code);

/// Returns a refusal as problem details with the given status, for requests that are refused before they reach the
/// router.
#[must_use]
pub fn problem(status: StatusCode, refusal: Refusal) -> Response {
    Problem::with_status(status, refusal).into_response()
}

/// A failure as problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemBody {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The reason phrase of the status.
    title: &'static str,
    status: u16,
    /// A sentence that describes the failure.
    detail: String,
    #[schema(schema_with = codes)]
    code: &'static str,
    /// The field of the body, or the parameter, that is wrong or taken; `body` for the body as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// The time in milliseconds after which the request may be retried, if retrying helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
    /// The id of the request, by which the operator finds it in the log; the header `X-Request-Id` has it as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

fn codes() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Code::ALL.map(Code::as_str))).into()
}

/// A failure that a handler returns.
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
            field: refusal.field.clone(),
            retry_after_ms: refusal.retry_after_ms,
            request_id: quintet_telemetry::current(|scope| scope.request.as_ref().map(ToString::to_string)),
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

/// The result type of handlers.
pub(crate) type Answer<T> = Result<T, Problem>;
