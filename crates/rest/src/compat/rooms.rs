//! The rooms vocabulary: its backends have next to nothing over HTTP.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use quintet_dialect::Dialect;
use quintet_domain::ConversationId;
use quintet_service::Service;
use serde::Deserialize;
use serde_json::{Value, json};

use super::messages;
use crate::error::Answer;
use crate::extract::{Asked, Asker, Path, page_limit};
use crate::router::App;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/rooms/{id}/messages", get(history))
}

/// What stands at the root: that somebody is there.
pub(super) fn root() -> Router<App> {
    Router::new().route("/", get(|| async { "Quintet is running.\n" })).route("/rooms/{id}/messages", get(history))
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
}

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
