//! The routes of the HTTP API.
//!
//! What must stay true: a route that is not in the OpenAPI document only forwards to routes that are.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use quintet_domain::Refusal;
use quintet_service::Service;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::{App, no_such_path, not_allowed};
use crate::error::{Problem, RefusedFor};
use crate::extract::Anonymous;
use crate::openapi::{self, ApiDocument};
use crate::permit::ReadPermit;
use crate::{
    audit, auth, avatars, blocks, caching, compat, contact_requests, conversations, files, invitations, me, meetups,
    messages, moderation, notifications, operations, push, reactions, reports, retention, rooms, search, server,
    sessions, settings, types, users, webhooks,
};

/// The path of the OpenAPI document.
const DOCUMENT_PATH: &str = "/api/v1/openapi.json";
/// The path of the page that renders the OpenAPI document.
pub const DOCS_PATH: &str = "/api/v1/docs";

/// The pattern of the path that answered a request. It is an extension of the response, for traces.
#[derive(Clone, Debug)]
pub struct Route(pub MatchedPath);

/// The settings of the HTTP API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the OpenAPI document, the page that renders it, and the types of events are served.
    pub docs: bool,
}

/// Returns the router of the whole HTTP API.
pub fn router(service: Service, settings: &Settings) -> Router {
    let app = App { service };
    let v1 = OpenApiRouter::new()
        .routes(routes!(auth::register))
        .routes(routes!(auth::log_in))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::revoke))
        .routes(routes!(auth::log_out))
        .routes(routes!(server::get))
        .routes(routes!(me::get, me::change, me::erase))
        .routes(routes!(me::change_password))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(push::key))
        .routes(routes!(push::list, push::subscribe, push::unsubscribe))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::block, blocks::unblock))
        .routes(routes!(contact_requests::list))
        .routes(routes!(contact_requests::accept))
        .routes(routes!(contact_requests::decline))
        .routes(routes!(users::list, users::make))
        .routes(routes!(users::get, users::change, users::erase))
        .routes(routes!(conversations::list, conversations::create))
        .routes(routes!(conversations::get, conversations::change, conversations::delete))
        .routes(routes!(conversations::members, conversations::add_member))
        .routes(routes!(conversations::remove_member))
        .routes(routes!(moderation::ban, moderation::lift_ban))
        .routes(routes!(moderation::bans))
        .routes(routes!(moderation::silence, moderation::lift_silence))
        .routes(routes!(moderation::silences))
        .routes(routes!(retention::get, retention::set))
        .routes(routes!(audit::list))
        .routes(routes!(conversations::mark_read))
        .routes(routes!(conversations::mark_delivered))
        .routes(routes!(invitations::list, invitations::make))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::offer, invitations::accept))
        .routes(routes!(invitations::make_for_group))
        .routes(routes!(settings::change))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::get, messages::edit, messages::delete))
        .routes(routes!(messages::thread))
        .routes(routes!(reactions::list))
        .routes(routes!(reactions::react, reactions::unreact))
        .routes(routes!(reactions::pin, reactions::unpin))
        .routes(routes!(reactions::pins))
        .routes(routes!(reports::report))
        .routes(routes!(reports::list))
        .routes(routes!(reports::resolve))
        .routes(routes!(search::messages))
        .routes(routes!(meetups::list, meetups::create))
        .routes(routes!(meetups::get, meetups::change, meetups::delete))
        .routes(routes!(meetups::request))
        .routes(routes!(meetups::accept))
        .routes(routes!(meetups::decline))
        .routes(routes!(meetups::remove_participant))
        .merge(OpenApiRouter::new().routes(routes!(files::upload)).layer(DefaultBodyLimit::max(files::FORM_BYTES_MAX)))
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::get))
        .routes(routes!(notifications::list, notifications::notify))
        .routes(routes!(notifications::mark_read))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay));
    let v1 = if settings.docs { v1.routes(routes!(document)).routes(routes!(types::get)) } else { v1 };
    let v1 = v1.layer(axum::middleware::from_fn(caching::tagged));
    let (router, document) = OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(operations::healthy))
        .routes(routes!(operations::ready))
        .routes(routes!(files::get))
        .routes(routes!(avatars::get))
        .nest("/api/v1", v1)
        .merge(compat::router(app.clone()))
        .split_for_parts();
    let document = openapi::completed(document, app.service.password_chars_min());
    let text = Bytes::from(document.to_json().unwrap_or_default());
    let json = OpenApiJson { tag: caching::tag_of(&text).into(), text };
    let page = SwaggerUi::new(DOCS_PATH).config(Config::from(DOCUMENT_PATH).validator_url("none"));
    let router = if settings.docs { router.merge(page) } else { router };
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn(completed))
        .layer(Extension(json))
        .with_state(app)
}

/// The serialised OpenAPI document and its entity tag.
#[derive(Clone)]
struct OpenApiJson {
    text: Bytes,
    tag: Arc<str>,
}

/// Returns this document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "getDocument", security(()),
    responses((status = 200, description = "The OpenAPI document", body = serde_json::Value))
)]
async fn document(_: Anonymous, Extension(OpenApiJson { text, tag }): Extension<OpenApiJson>) -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, &*tag)];
    (headers, text).into_response()
}

/// Releases the read permit of a request, and rewrites 404s of the framework as problem details.
async fn completed(mut request: Request, next: Next) -> Response {
    let (uri, held) = (request.uri().clone(), ReadPermit::default());
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(held.clone());
    let mut response = next.run(request).await;
    held.release();
    if response.status() == StatusCode::NOT_FOUND && response.extensions().get::<RefusedFor>().is_none() {
        response = no_such_path(uri).await;
    }
    if let Some(route) = route {
        response.extensions_mut().insert(Route(route));
    }
    response
}

#[allow(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a request handler panicked");
    Problem::from(Refusal::internal()).into_response()
}
