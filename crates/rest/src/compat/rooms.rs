//! The calls of the rooms dialect, whose backends offer almost nothing over HTTP.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::IntoResponse;
use http::header;
use http::request::Parts;
use quintet_dialect::Dialect;
use quintet_domain::{ConversationId, Hidden, Refusal, UserId};
use quintet_service::{Party, Service};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::rooms::History;
use super::common::messages;
use crate::app::App;
use crate::error::{Answer, Problem};
use crate::extract::{Anonymous, AuthUser, Query, ReaderLinks, page_limit};
use crate::ids::{Id, user_id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(history))
}

/// Returns the route at `/`, which shows that the server is running.
pub(super) fn root() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(running)).routes(routes!(history_at_root))
}

/// Shows that the server is running.
#[utoipa::path(get, path = "/", tag = "clients of rooms", operation_id = "running", security(()),
    responses((status = 200, description = "The server is running", body = String, content_type = "text/plain")))]
async fn running() -> impl IntoResponse {
    // A browser that accepts HTML gets the web client here, if it is served.
    ([(header::VARY, "accept")], "Quintet is running.\n")
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
#[into_params(rename_all = "camelCase")]
struct Page {
    limit: Option<u32>,
    /// A guest who has joined the room, because this dialect's clients have no token.
    user_id: Option<String>,
}

/// The reader of a history: a user with a token, or a guest with an unproven id.
enum Reader {
    Known(UserId, Hidden),
    Guest(UserId, IpAddr),
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(caller) = AuthUser::if_any(parts, &app.service).await? {
            return Ok(Self::Known(caller.id(), caller.hidden().clone()));
        }
        let Query(Page { user_id: given, .. }) = Query::from_request_parts(parts, app).await?;
        let given = given.ok_or_else(|| {
            Refusal::unauthenticated("a bearer token is needed, or the `userId` of a guest who joined")
        })?;
        let Anonymous(address) = Anonymous::from_request_parts(parts, app).await?;
        let guest = app.service.guest(&user_id("userId", &given)?, address).await?;
        Ok(Self::Guest(guest.user.id.clone(), address))
    }
}

/// Lists messages of a room.
#[utoipa::path(
    get, path = "/rooms/{id}/messages", tag = "clients of rooms", operation_id = "roomsListMessages",
    params(("id" = String, Path), Page), security((), ("token" = [])), responses((status = 200, description = "Done", body = inline(History)))
)]
async fn history(
    State(service): State<Service>,
    reader: Reader,
    ReaderLinks(links): ReaderLinks,
    Id(id): Id<ConversationId>,
    Query(page): Query<Page>,
) -> Answer<Json<History>> {
    let limit = page_limit(page.limit)?;
    let (by, who, hidden) = match &reader {
        Reader::Known(user, hidden) => (Party::from(user), user, hidden),
        Reader::Guest(guest, address) => (Party::Address(*address), guest, &Hidden::Nobody),
    };
    let page = messages(&service, (by, who.clone()), (Dialect::Rooms, &links, hidden), &id, (0, limit)).await?;
    if let Reader::Guest(guest, address) = &reader {
        // Checked again: if an account took this id meanwhile, the guest must not see the page.
        service.guest(guest, *address).await?;
    }
    Ok(Json(History { room_id: id.to_string(), messages: page.shown }))
}

/// The same call, at the path that some clients use.
#[utoipa::path(
    get, path = "/rooms/{id}/messages", tag = "clients of rooms", operation_id = "roomsListMessagesAtRoot",
    params(("id" = String, Path), Page), security((), ("token" = [])), responses((status = 200, description = "Done", body = inline(History)))
)]
async fn history_at_root(
    service: State<Service>,
    reader: Reader,
    links: ReaderLinks,
    id: Id<ConversationId>,
    page: Query<Page>,
) -> Answer<Json<History>> {
    history(service, reader, links, id, page).await
}
