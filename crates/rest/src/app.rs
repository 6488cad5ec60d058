//! The state shared by all handlers, and the answers to requests that no handler takes.
//!
//! What must stay true: this file does not depend on any handler, so that all of them can use it.

use axum::extract::FromRef;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, Uri};
use quintet_domain::{Code, Refusal};
use quintet_service::Service;

use crate::error::Problem;

/// The state of the router.
#[derive(Clone, FromRef)]
pub(crate) struct App {
    pub(crate) service: Service,
}

/// Answers a request for a path that does not exist, with 404.
pub(crate) async fn not_found(uri: Uri) -> Problem {
    Refusal::new(Code::NotFound, format!("There is no resource at {}.", uri.path())).into()
}

/// Answers a request for a path that no handler takes, with 404 and a mark for the server.
pub(crate) async fn no_such_path(uri: Uri) -> Response {
    let mut response = not_found(uri).await.into_response();
    response.extensions_mut().insert(NoSuchPath);
    response
}

/// Marks the answer to a request for a path that the API does not have, unlike one for something that is not there.
#[derive(Clone, Copy, Debug)]
pub struct NoSuchPath;

/// Answers a request whose method is not supported at its path, with 405.
pub(crate) async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let refusal = Refusal::new(Code::InvalidPayload, format!("{method} is not supported at {}.", uri.path()));
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, refusal)
}
