//! The rooms vocabulary: its backends have next to nothing over HTTP.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use quintet_dialect::Dialect;
use quintet_domain::ConversationId;
use quintet_service::Service;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::messages;
use crate::error::Answer;
use crate::extract::{Asked, Asker, Path, page_limit};
use crate::openapi::Failure;
use crate::router::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(history))
}

/// What stands at the root: that somebody is there.
pub(super) fn root() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(running)).routes(routes!(history))
}

/// Says that somebody is there.
#[utoipa::path(get, path = "/", tag = "clients of rooms", operation_id = "running", security(()),
    responses((status = 200, description = "It is", body = String, content_type = "text/plain"), Failure))]
async fn running() -> impl IntoResponse {
    // Who asks for a page gets one here, where the server has one.
    ([(header::VARY, "accept")], "Quintet is running.\n")
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    limit: Option<u32>,
}

#[utoipa::path(
    get, path = "/rooms/{id}/messages", tag = "clients of rooms", operation_id = "rooms_history",
    params(("id" = String, Path), Page), responses((status = 200, description = "Done", body = Value), Failure)
)]
async fn history(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
    Asked(page): Asked<Page>,
) -> Answer<Json<Value>> {
    let limit = page_limit(page.limit)?;
    let id = ConversationId::trusted(&id);
    let messages = messages(&service, &asker, Dialect::Rooms, &id, (0, limit)).await?;
    Ok(Json(json!({ "roomId": id.as_str(), "messages": messages })))
}
