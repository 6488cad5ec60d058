//! The endpoints of meetups.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_domain::{MeetupId, MeetupStatus, Refusal, UserId};
use quintet_service::{MeetupChange, MeetupInput, Service};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Body, Lister, Query, Why, long_answer, page_limit, present};
use crate::ids::{Id, Ids};
use crate::scalars::moment;
use crate::views::{Meetup, Page, Views, set_statuses};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct List {
    /// The value of `next` from the previous page.
    cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Whether only meetups that lie in the future are listed.
    #[serde(default)]
    current: bool,
}

/// Lists meetups, newest first.
#[utoipa::path(
    get, path = "/meetups", tag = "meetups", operation_id = "listMeetups", params(List),
    responses((status = 200, description = "A page of the list", body = Page<Meetup>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(query): Query<List>,
) -> Answer<Response> {
    let limit = page_limit(query.limit)?;
    let found = service.meetups(caller.id(), query.current, query.cursor, limit).await?;
    let views = Views(&service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |meetup| views.meetup(meetup))))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMeetup {
    activity: String,
    location: String,
    #[schema(format = DateTime)]
    starts_at: String,
    /// The largest number of participants besides the host; unlimited if absent.
    #[schema(minimum = 1)]
    capacity: Option<u32>,
}

/// Proposes a meetup.
#[utoipa::path(
    post, path = "/meetups", tag = "meetups", operation_id = "createMeetup", request_body = NewMeetup,
    responses((status = 201, description = "Proposed", body = Meetup))
)]
pub(crate) async fn create(
    State(service): State<Service>,
    caller: AuthUser,
    Body(input): Body<NewMeetup>,
) -> Answer<(StatusCode, Json<Meetup>)> {
    let wanted = MeetupInput {
        activity: input.activity,
        location: input.location,
        starts_at: moment("startsAt", &input.starts_at)?,
        expires_at: None,
        capacity: input.capacity,
    };
    let meetup = service.create_meetup(caller.actor(), wanted).await?;
    Ok((StatusCode::CREATED, Json(Views(&service, caller.hidden()).meetup(&meetup))))
}

/// Returns a meetup.
#[utoipa::path(
    get, path = "/meetups/{id}", tag = "meetups", operation_id = "getMeetup", params(("id" = String, Path)),
    responses((status = 200, description = "The meetup", body = Meetup))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MeetupId>,
) -> Answer<Json<Meetup>> {
    let meetup = service.meetup(caller.id(), id).await?;
    Ok(Json(Views(&service, caller.hidden()).meetup(&meetup)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeetupPatch {
    activity: Option<String>,
    location: Option<String>,
    #[schema(format = DateTime)]
    starts_at: Option<String>,
    /// The largest number of participants besides the host; null for unlimited.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    capacity: Option<Option<u32>>,
    #[schema(schema_with = set_statuses, required = false)]
    status: Option<String>,
}

/// Changes a meetup of the caller; services may change any. Absent fields are not changed.
#[utoipa::path(
    patch, path = "/meetups/{id}", tag = "meetups", operation_id = "changeMeetup", params(("id" = String, Path)),
    request_body = MeetupPatch,
    responses((status = 200, description = "Changed", body = Meetup))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MeetupId>,
    Body(input): Body<MeetupPatch>,
) -> Answer<Json<Meetup>> {
    let status = input.status.as_deref().map(|status| {
        MeetupStatus::parse(status)
            .ok_or_else(|| Refusal::invalid("status", "must be `open`, `confirmed`, `cancelled` or `completed`"))
    });
    let patch = MeetupChange {
        activity: input.activity,
        location: input.location,
        starts_at: input.starts_at.map(|at| moment("startsAt", &at)).transpose()?,
        capacity: input.capacity,
        status: status.transpose()?,
    };
    let meetup = service.change_meetup(caller.actor(), id, patch).await?;
    Ok(Json(Views(&service, caller.hidden()).meetup(&meetup)))
}

/// Deletes a meetup of the caller, with its conversation.
#[utoipa::path(
    delete, path = "/meetups/{id}", tag = "meetups", operation_id = "deleteMeetup", params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn delete(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MeetupId>,
) -> Answer<StatusCode> {
    service.delete_meetup(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Requests to take part in a meetup.
#[utoipa::path(
    post, path = "/meetups/{id}/requests", tag = "meetups", operation_id = "requestMeetup",
    params(("id" = String, Path)),
    responses((status = 201, description = "Requested", body = Meetup))
)]
pub(crate) async fn request(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MeetupId>,
) -> Answer<(StatusCode, Json<Meetup>)> {
    let meetup = service.request_meetup(caller.actor(), id).await?;
    Ok((StatusCode::CREATED, Json(Views(&service, caller.hidden()).meetup(&meetup))))
}

/// Accepts a request to take part.
#[utoipa::path(
    post, path = "/meetups/{id}/requests/{user}/accept", tag = "meetups", operation_id = "acceptMeetupRequest",
    params(("id" = String, Path), ("user" = String, Path)),
    responses((status = 200, description = "Accepted", body = Meetup))
)]
pub(crate) async fn accept(
    State(service): State<Service>,
    caller: AuthUser,
    ids: Ids<MeetupId, UserId>,
) -> Answer<Json<Meetup>> {
    decide(&service, &caller, ids, true).await
}

/// Declines a request to take part.
#[utoipa::path(
    post, path = "/meetups/{id}/requests/{user}/decline", tag = "meetups", operation_id = "declineMeetupRequest",
    params(("id" = String, Path), ("user" = String, Path)),
    responses((status = 200, description = "Declined", body = Meetup))
)]
pub(crate) async fn decline(
    State(service): State<Service>,
    caller: AuthUser,
    ids: Ids<MeetupId, UserId>,
) -> Answer<Json<Meetup>> {
    decide(&service, &caller, ids, false).await
}

async fn decide(
    service: &Service,
    caller: &AuthUser,
    Ids(id, user): Ids<MeetupId, UserId>,
    accept: bool,
) -> Answer<Json<Meetup>> {
    let meetup = service.decide_request(caller.actor(), id, user, accept).await?;
    Ok(Json(Views(service, caller.hidden()).meetup(&meetup)))
}

/// Removes a participant, or leaves the meetup.
#[utoipa::path(
    delete, path = "/meetups/{id}/participants/{user}", tag = "meetups", operation_id = "removeParticipant",
    params(("id" = String, Path), ("user" = String, Path), Why),
    responses(
        (status = 200, description = "Removed", body = Meetup),
        (status = 413, description = "The reason is too long", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn remove_participant(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<MeetupId, UserId>,
    Query(why): Query<Why>,
) -> Answer<Json<Meetup>> {
    let meetup = service.remove_participant(caller.actor(), id, user, why.reason.as_deref()).await?;
    Ok(Json(Views(&service, caller.hidden()).meetup(&meetup)))
}
