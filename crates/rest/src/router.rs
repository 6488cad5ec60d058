//! Which path is whose.

use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use quintet_domain::{Code, Refusal};
use quintet_service::Service;
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::error::{Answer, Problem};
use crate::{auth, caching, compat, conversations, files, me, meetups, messages, notifications, rooms, users};

/// Bytes of a form: a file, and what is written around it.
const FORM_BYTES_MAX: usize = quintet_domain::limits::FILE_BYTES_MAX as usize + 1_000_000;

/// What an operator may set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Origins that pages may come from; none for any.
    pub origins: Option<Vec<String>>,
}

#[derive(Clone, FromRef)]
pub(crate) struct App {
    pub(crate) service: Service,
}

/// The whole HTTP API.
pub fn router(service: Service, settings: &Settings) -> Router {
    let v1 = Router::new()
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::log_in))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/revoke", post(auth::revoke))
        .route("/me", get(me::get).patch(me::change).delete(me::erase))
        .route("/me/password", put(me::change_password))
        .route("/users", get(users::list))
        .route("/users/{id}", get(users::get))
        .route("/conversations", get(conversations::list).post(conversations::create))
        .route(
            "/conversations/{id}",
            get(conversations::get).patch(conversations::change).delete(conversations::delete),
        )
        .route("/conversations/{id}/members", post(conversations::add_member))
        .route("/conversations/{id}/members/{user}", delete(conversations::remove_member))
        .route("/conversations/{id}/read", put(conversations::mark_read))
        .route("/conversations/{id}/messages", get(messages::list).post(messages::send))
        .route("/messages/{id}", axum::routing::patch(messages::edit).delete(messages::delete))
        .route("/meetups", get(meetups::list).post(meetups::create))
        .route("/meetups/{id}", get(meetups::get).patch(meetups::change).delete(meetups::delete))
        .route("/meetups/{id}/requests", post(meetups::request))
        .route("/meetups/{id}/requests/{user}/accept", post(meetups::accept))
        .route("/meetups/{id}/requests/{user}/decline", post(meetups::decline))
        .route("/meetups/{id}/participants/{user}", delete(meetups::remove_participant))
        .route("/files", post(files::upload).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/rooms", get(rooms::list))
        .route("/notifications", get(notifications::list))
        .route("/notifications/read", put(notifications::mark_read));
    let app = App { service };
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/files/{id}/{secret}", get(files::get))
        .nest("/api/v1", v1.layer(axum::middleware::from_fn(caching::tagged)))
        .merge(compat::router(app.clone()))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(app.clone(), counted))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(cors(settings))
        .with_state(app)
}

fn cors(settings: &Settings) -> CorsLayer {
    let origins = match &settings.origins {
        None => AllowOrigin::from(Any),
        Some(origins) => AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok())),
    };
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let idempotency = HeaderName::from_static("idempotency-key");
    let exposed = [header::RETRY_AFTER, header::ETAG, HeaderName::from_static("x-request-id")];
    CorsLayer::new().expose_headers(exposed).allow_origin(origins).allow_methods(methods).allow_headers([
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_NONE_MATCH,
        idempotency,
    ])
}

async fn healthy() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Counts what is answered.
async fn counted(State(app): State<App>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    app.service.metrics().answered(response.status().as_u16());
    response
}

/// What Prometheus reads.
async fn metrics(State(service): State<Service>) -> Answer<impl IntoResponse> {
    let text = service.metrics().text().map_err(|_| Refusal::internal())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

/// Ready when the store answers.
async fn ready(State(service): State<Service>) -> Answer<Json<Value>> {
    service.check().await.map_err(|_| Problem::with_status(StatusCode::SERVICE_UNAVAILABLE, Refusal::internal()))?;
    Ok(Json(json!({ "status": "ready" })))
}

pub(crate) async fn not_found(uri: http::Uri) -> Problem {
    Refusal::new(Code::NotFound, format!("There is nothing at {}.", uri.path())).into()
}

pub(crate) async fn not_allowed(method: Method, uri: http::Uri) -> Problem {
    let refusal = Refusal::new(Code::InvalidPayload, format!("{method} is not for {}.", uri.path()));
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, refusal)
}

#[allow(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a request handler panicked");
    Problem::from(Refusal::internal()).into_response()
}
