//! Notifications.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_service::Service;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asked, Asker, PageQuery};
use crate::views;

pub(crate) async fn list(
    State(service): State<Service>,
    asker: Asker,
    Asked(query): Asked<PageQuery>,
) -> Answer<Json<Value>> {
    let limit = query.limit()?;
    let found = service.notifications(asker.id(), query.cursor, limit).await?;
    let items = found.items.iter().map(|item| views::notification(&item.notification)).collect();
    Ok(Json(views::page(items, found.next)))
}

pub(crate) async fn mark_read(State(service): State<Service>, asker: Asker) -> Answer<StatusCode> {
    service.read_notifications(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
