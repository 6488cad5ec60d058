//! Rooms and open groups to find.

use axum::Json;
use axum::extract::State;
use quintet_domain::UserId;
use quintet_service::{Found, Service, Which};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Answer;
use crate::extract::{Asked, Asker, page_limit};
use crate::views::page;

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    limit: Option<u32>,
}

fn room(found: &Found) -> Value {
    json!({
        "id": found.place.id.as_str(),
        "kind": found.place.kind.as_str(),
        "name": found.place.name,
        "description": found.description,
        "ownerId": found.owner.as_ref().map(UserId::as_str),
        "memberCount": found.member_count,
        "isMember": found.is_member,
        "createdAt": found.created_at.to_string(),
        "updatedAt": found.updated_at.to_string(),
    })
}

pub(crate) async fn list(
    State(service): State<Service>,
    asker: Asker,
    Asked(search): Asked<Search>,
) -> Answer<Json<Value>> {
    let limit = page_limit(search.limit)?;
    let found = service.found(asker.id(), search.q, Which::Open, search.cursor, limit).await?;
    Ok(Json(page(found.items.iter().map(room).collect(), found.next)))
}
