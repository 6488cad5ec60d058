//! Rooms and open groups to find.

use axum::Json;
use axum::extract::State;
use quintet_service::{Service, Which};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Answer;
use crate::extract::{Asked, Asker, page_limit};
use crate::views::{Page, Room, room};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// A part of the name, whatever the case.
    #[serde(default)]
    q: String,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Items of a page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Open rooms and groups by a part of their name, newest activity first.
#[utoipa::path(
    get, path = "/rooms", tag = "conversations", operation_id = "findRooms", params(Search),
    responses((status = 200, description = "A page", body = Page<Room>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    asker: Asker,
    Asked(search): Asked<Search>,
) -> Answer<Json<Page<Room>>> {
    let limit = page_limit(search.limit)?;
    let found = service.found(asker.id(), search.q, Which::Open, search.cursor, limit).await?;
    Ok(Json(Page::of(found, room)))
}
