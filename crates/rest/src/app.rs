//! The state that every handler shares, and the answers for requests that no handler takes.
//!
//! What must stay true: this file knows no handler, so that all of them can use it.

use axum::extract::FromRef;
use http::{Method, StatusCode, Uri};
use quintet_domain::{Code, Refusal};
use quintet_service::Service;

use crate::error::Problem;

/// The state of the router.
#[derive(Clone, FromRef)]
pub(crate) struct App {
    pub(crate) service: Service,
}

/// Answers a request for a path that does not exist.
pub(crate) async fn not_found(uri: Uri) -> Problem {
    Refusal::new(Code::NotFound, format!("There is nothing at {}.", uri.path())).into()
}

/// Answers a request whose path does not have its method.
pub(crate) async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let refusal = Refusal::new(Code::InvalidPayload, format!("{method} is not for {}.", uri.path()));
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, refusal)
}
