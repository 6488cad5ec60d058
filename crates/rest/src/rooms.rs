//! The search for rooms and open groups, and what somebody who may join one sees of it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use quintet_domain::{ConversationId, Refusal};
use quintet_service::{Filter, Service};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Answer;
use crate::extract::{AuthUser, Lister, Query, long_answer, page_limit};
use crate::ids::Id;
use crate::views::{Page, Room, room};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// A part of the name, in any case.
    #[serde(default)]
    q: String,
    /// The value of `next` from the previous page.
    cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists open rooms and groups by a part of their name, newest activity first.
///
/// A page may have fewer than `limit` items although there are more. `next` shows whether there are.
#[utoipa::path(
    get, path = "/rooms", tag = "conversations", operation_id = "findRooms", params(Search),
    responses((status = 200, description = "A page of the list", body = Page<Room>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let limit = page_limit(search.limit)?;
    let found = service.find_conversations(caller.id(), search.q, Filter::Open, search.cursor, limit).await?;
    Ok(long_answer(|| Page::of(found, room)))
}

/// Returns a room or group that the caller may join, or is a member of: its name and its number of members.
#[utoipa::path(
    get, path = "/rooms/{id}", tag = "conversations", operation_id = "getRoom", params(("id" = String, Path)),
    responses((status = 200, description = "The room", body = Room))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Room>> {
    let found = service.find_conversations(caller.id(), String::new(), Filter::One(id.clone()), None, 1).await?;
    let found = found.items.first().ok_or_else(|| Refusal::not_found("room", &id))?;
    Ok(Json(room(found)))
}
