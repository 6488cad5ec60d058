//! The calls of existing backends' clients: under `/DIALECT/api`, and under `/api`, where the listener, the path or the
//! token decides which dialect the client speaks.
//!
//! What lives here: one file per dialect, each handler a thin mapping to an operation that `/api/v1` uses as well; the
//! formats of failures; and the choice of a dialect under `/api`.
//! What does not live here: any operation, and the resources of `/api/v1`.
//!
//! What must stay true: a client of a documented backend reads what that backend writes, field by field. Additional
//! fields are unknown to that document.

mod answers;
mod auto;
mod chat;
mod common;
mod conversations;
pub(crate) mod document;
mod failure;
mod meetup;
mod messenger;
mod rooms;

use std::sync::Arc;

pub use auto::ListenerDialect;
use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::any;
use http::header;
use quintet_dialect::Dialect;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, not_allowed, not_found};

/// Returns the routes of all dialects, under their prefixes and under `/api`.
pub(crate) fn router(app: App) -> OpenApiRouter<App> {
    let named = Dialect::ALL.into_iter().fold(OpenApiRouter::new(), |router, dialect| {
        router.nest(&format!("/{}/api", dialect.as_str()), routes(dialect))
    });
    let (named, document) = named.split_for_parts();
    let calls = Arc::new(auto::Calls::of(&document));
    let named: Router = named.with_state(app.clone());
    let document = document.merge_from(auto::Shared::openapi());
    let mut outer = OpenApiRouter::with_openapi(document).merge(with_failures_of(Dialect::Rooms, rooms::root()));
    for dialect in Dialect::ALL {
        let named = named.clone();
        let by_prefix = move |request: Request| auto::route_by_prefix(named.clone(), request);
        outer = outer.route(&format!("/{}/api/{{*path}}", dialect.as_str()), any(by_prefix));
    }
    let by_client =
        move |request: Request| auto::route_by_client(app.clone(), Arc::clone(&calls), named.clone(), request);
    outer.route("/api/{*path}", any(by_client))
}

fn routes(dialect: Dialect) -> OpenApiRouter<App> {
    let routes = match dialect {
        Dialect::Meetup => meetup::routes(),
        Dialect::Messenger => messenger::routes(),
        Dialect::Rooms => rooms::routes(),
        Dialect::Conversations => conversations::routes(),
        Dialect::Chat => chat::routes(),
    };
    let strict = |routes: Router<App>| routes.fallback(not_found).method_not_allowed_fallback(not_allowed);
    with_failures_of(dialect, wrapped(routes, strict))
}

/// Wraps the routes in a way that the router with the document does not offer.
fn wrapped(routes: OpenApiRouter<App>, with: impl FnOnce(Router<App>) -> Router<App>) -> OpenApiRouter<App> {
    let (routes, document) = routes.split_for_parts();
    let mut routes = OpenApiRouter::from(with(routes));
    *routes.get_openapi_mut() = document;
    routes
}

/// Wraps routes so that their failures are in the format of a dialect.
fn with_failures_of(dialect: Dialect, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let rewrite = move |request: Request, next: Next| rewrite_failure(dialect, request, next);
    routes.layer(axum::middleware::from_fn(rewrite))
}

/// Rewrites a failure in the format of a dialect.
async fn rewrite_failure(dialect: Dialect, request: Request, next: Next) -> Response {
    let with_token = request.headers().contains_key(header::AUTHORIZATION);
    let for_all = request.extensions().get::<auto::FormatForAll>().is_some();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let written = |status, refusal: &quintet_domain::Refusal| match for_all {
        true => failure::for_all(status, refusal),
        false => failure::write(dialect, status, refusal, with_token, &path),
    };
    failure::rewrite(&mut response, written);
    response
}
