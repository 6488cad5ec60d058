//! Other users.

use axum::Json;
use axum::extract::State;
use quintet_domain::UserId;
use quintet_service::Service;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asked, Asker, Path, page_limit};
use crate::views::{Views, page};

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    _: Asker,
    Asked(search): Asked<Search>,
) -> Answer<Json<Value>> {
    let found = service.users(search.q, search.cursor, page_limit(search.limit)?).await?;
    let views = Views(&service);
    Ok(Json(page(found.items.iter().map(|user| views.user(user)).collect(), found.next)))
}

pub(crate) async fn get(State(service): State<Service>, _: Asker, Path(id): Path<String>) -> Answer<Json<Value>> {
    let user = service.user(&UserId::trusted(&id)).await?;
    Ok(Json(Views(&service).user(&user)))
}
