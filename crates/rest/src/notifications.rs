//! The endpoints of notifications.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_service::Service;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Backend, Body, PageQuery, Query};
use crate::ids::user_id;
use crate::views::{Notification, Page, notification};

/// Lists the caller's notifications, newest first.
#[utoipa::path(
    get, path = "/notifications", tag = "notifications", operation_id = "listNotifications", params(PageQuery),
    responses((status = 200, description = "A page of the list", body = Page<Notification>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    caller: AuthUser,
    Query(query): Query<PageQuery>,
) -> Answer<Json<Page<Notification>>> {
    let limit = query.limit()?;
    let found = service.notifications(caller.id(), query.cursor, limit).await?;
    Ok(Json(Page::of(found, |item| notification(&item.notification))))
}

/// Marks all notifications of the caller as read.
#[utoipa::path(
    put, path = "/notifications/read", tag = "notifications", operation_id = "markNotificationsRead",
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn mark_read(State(service): State<Service>, caller: AuthUser) -> Answer<StatusCode> {
    service.read_notifications(caller.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A notification to create for a user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewNotification {
    user_id: String,
    #[schema(max_length = 128)]
    title: String,
    message: String,
}

/// Notifies a user: at once if it is connected, and again when it connects. For services.
#[utoipa::path(
    post, path = "/notifications", tag = "notifications", operation_id = "notifyUser", request_body = NewNotification,
    responses(
        (status = 201, description = "Stored", body = Notification),
        (status = 404, description = "The user does not exist",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn notify(
    State(service): State<Service>,
    _: Backend,
    Body(input): Body<NewNotification>,
) -> Answer<(StatusCode, Json<Notification>)> {
    let user = user_id("userId", &input.user_id)?;
    let made = service.notify(user, input.title, input.message).await?;
    Ok((StatusCode::CREATED, Json(notification(&made))))
}
