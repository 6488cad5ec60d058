//! Rooms and open groups to find.

use axum::extract::State;
use axum::response::Response;
use quintet_service::{Filter, Service};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Answer;
use crate::extract::{Lister, Query, long, page_limit};
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
///
/// A page may have fewer than `limit` while there are more: `next` says so.
#[utoipa::path(
    get, path = "/rooms", tag = "conversations", operation_id = "findRooms", params(Search),
    responses((status = 200, description = "A page", body = Page<Room>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    Lister(asker): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let limit = page_limit(search.limit)?;
    let found = service.find_conversations(asker.id(), search.q, Filter::Open, search.cursor, limit).await?;
    Ok(long(|| Page::of(found, room)))
}
