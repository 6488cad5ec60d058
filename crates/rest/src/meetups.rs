//! Meetups.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::{MeetupId, MeetupStatus, Refusal, Timestamp, UserId};
use quintet_service::{MeetupChange, MeetupInput, Service};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asked, Asker, Body, Path, page_limit, present};
use crate::views::{Views, page};

#[derive(Deserialize)]
pub(crate) struct List {
    cursor: Option<String>,
    limit: Option<u32>,
    /// Only those whose time has not come.
    #[serde(default)]
    current: bool,
}

pub(crate) async fn list(
    State(service): State<Service>,
    asker: Asker,
    Asked(query): Asked<List>,
) -> Answer<Json<Value>> {
    let limit = page_limit(query.limit)?;
    let found = service.meetups(asker.id(), query.current, query.cursor, limit).await?;
    let views = Views(&service);
    Ok(Json(page(found.items.iter().map(|meetup| views.meetup(meetup)).collect(), found.next)))
}

fn moment(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    Timestamp::parse(text).ok_or_else(|| Refusal::invalid(field, "must be a moment as ISO 8601 has it"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Creation {
    activity: String,
    location: String,
    starts_at: String,
    capacity: Option<u32>,
}

pub(crate) async fn create(
    State(service): State<Service>,
    asker: Asker,
    Body(input): Body<Creation>,
) -> Answer<(StatusCode, Json<Value>)> {
    let wanted = MeetupInput {
        activity: input.activity,
        location: input.location,
        starts_at: moment("startsAt", &input.starts_at)?,
        expires_at: None,
        capacity: input.capacity,
    };
    let meetup = service.create_meetup(asker.actor(), wanted).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).meetup(&meetup))))
}

pub(crate) async fn get(State(service): State<Service>, asker: Asker, Path(id): Path<String>) -> Answer<Json<Value>> {
    let meetup = service.meetup(asker.id(), MeetupId::trusted(&id)).await?;
    Ok(Json(Views(&service).meetup(&meetup)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    activity: Option<String>,
    location: Option<String>,
    starts_at: Option<String>,
    #[serde(default, deserialize_with = "present")]
    capacity: Option<Option<u32>>,
    status: Option<String>,
}

pub(crate) async fn change(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
    Body(input): Body<Change>,
) -> Answer<Json<Value>> {
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
    let meetup = service.change_meetup(asker.actor(), MeetupId::trusted(&id), patch).await?;
    Ok(Json(Views(&service).meetup(&meetup)))
}

pub(crate) async fn delete(State(service): State<Service>, asker: Asker, Path(id): Path<String>) -> Answer<StatusCode> {
    service.delete_meetup(asker.actor(), MeetupId::trusted(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn request(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
) -> Answer<(StatusCode, Json<Value>)> {
    let meetup = service.request_meetup(asker.actor(), MeetupId::trusted(&id)).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).meetup(&meetup))))
}

pub(crate) async fn accept(
    State(service): State<Service>,
    asker: Asker,
    Path(path): Path<(String, String)>,
) -> Answer<Json<Value>> {
    decide(&service, &asker, path, true).await
}

pub(crate) async fn decline(
    State(service): State<Service>,
    asker: Asker,
    Path(path): Path<(String, String)>,
) -> Answer<Json<Value>> {
    decide(&service, &asker, path, false).await
}

async fn decide(service: &Service, asker: &Asker, (id, user): (String, String), accept: bool) -> Answer<Json<Value>> {
    let (id, user) = (MeetupId::trusted(&id), UserId::trusted(&user));
    let meetup = service.decide_request(asker.actor(), id, user, accept).await?;
    Ok(Json(Views(service).meetup(&meetup)))
}

pub(crate) async fn remove_participant(
    State(service): State<Service>,
    asker: Asker,
    Path((id, user)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let (id, user) = (MeetupId::trusted(&id), UserId::trusted(&user));
    let meetup = service.remove_participant(asker.actor(), id, user).await?;
    Ok(Json(Views(&service).meetup(&meetup)))
}
