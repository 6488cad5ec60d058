//! The calls of the meetup dialect: accounts by name, and broadcasts, which are meetups that expire after an hour.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use quintet_dialect::Dialect;
use quintet_domain::{MeetupId, Refusal, Timestamp};
use quintet_service::{LoginSource, MeetupInput, NewAccount, Service};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::meetup::{Broadcast, LoggedIn, Registered, Requested};
use super::answers::shared::LoggedOut;
use super::common::{LIST_MAX, LogOut, required, username_for};
use crate::app::App;
use crate::auth::Credentials;
use crate::cookie::{WithCookie, logged_in, logged_out};
use crate::error::Answer;
use crate::extract::{AuthUser, BodyIfAny, Lister, LoginFrom, long_answer};
use crate::ids::existing;

/// The time in milliseconds after which a broadcast expires.
const BROADCAST_MS: i64 = 60 * 60 * 1_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(list, propose))
        .routes(routes!(join))
        .routes(routes!(join_broadcast))
        .routes(routes!(join_at_root))
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Registration {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    /// The code of an invitation, if the server wants one.
    #[serde(alias = "invite")]
    pub(super) invitation: Option<String>,
}

/// Registers a user, and returns a token.
#[utoipa::path(
    post, path = "/auth/register", tag = "clients of meetup", operation_id = "meetupRegister",
    request_body = inline(Registration), security(()),
    responses((status = 200, description = "Done", body = inline(Registered)))
)]
async fn register(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    BodyIfAny(input): BodyIfAny<Registration>,
) -> Answer<WithCookie<Json<Registered>>> {
    registered(&service, from, input).await
}

pub(super) async fn registered(
    service: &Service,
    from: LoginSource,
    input: Registration,
) -> Answer<WithCookie<Json<Registered>>> {
    service.count_login(from.address).await?;
    let name = required("name", input.name)?;
    let new = NewAccount {
        username: username_for(&name),
        email: Some(required("email", input.email)?),
        password: Some(required("password", input.password)?),
        name: Some(name),
        home_dialect: Some(Dialect::Meetup.as_str().to_owned()),
        any_username: true,
        invitation: input.invitation,
        ..NewAccount::default()
    };
    let session = service.register(new, from).await?;
    let user_id = session.account.user.id.to_string();
    let message = "User registered successfully";
    Ok(logged_in(&session, Json(Registered { message, user_id, token: session.token.clone() })))
}

/// Logs in by email or username, and returns a token.
#[utoipa::path(
    post, path = "/auth/login", tag = "clients of meetup", operation_id = "meetupLogIn", request_body = inline(Credentials),
    security(()), responses((status = 200, description = "Done", body = inline(LoggedIn)))
)]
async fn log_in(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<WithCookie<Json<LoggedIn>>> {
    let session = credentials.log_in(&service, from, Some(Dialect::Meetup)).await?;
    let user_id = session.account.user.id.to_string();
    Ok(logged_in(&session, Json(LoggedIn { token: session.token.clone(), user_id })))
}

/// Logs out: ends the session of the token, if the request has one, and removes the cookie that holds it.
#[utoipa::path(
    post, path = "/auth/logout", tag = "clients of meetup", operation_id = "meetupLogOut", security(()),
    responses((status = 200, description = "Done", body = inline(LoggedOut)))
)]
async fn log_out(_: LogOut) -> WithCookie<Json<LoggedOut>> {
    logged_out(Json(LoggedOut::DONE))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Proposal {
    user_id: Option<String>,
    date: Option<String>,
    time: Option<String>,
    location: Option<String>,
    activity: Option<String>,
}

/// Parses a day and a time of day, in UTC, as forms and browsers write them. The day is `2026-11-21`, a complete ISO
/// 8601 time or `11/21/2026`; the time of day is `18:30`, `6:30 PM` or `6pm`.
fn moment(date: &str, time: &str) -> Result<Timestamp, Refusal> {
    let day = match date.split('/').collect::<Vec<_>>()[..] {
        [month, day, year] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => date.get(..10).unwrap_or(date).to_owned(),
    };
    let (clock, half) = match time.trim().to_ascii_uppercase() {
        text if text.ends_with("AM") || text.ends_with("PM") => {
            let (clock, half) = text.split_at(text.len() - 2);
            (clock.trim().to_owned(), Some(half.to_owned()))
        }
        text => (text, None),
    };
    let wrong = || Refusal::invalid("time", "must be a time of day, such as `18:30` or `6:30 PM`");
    let (hour, minute) = match clock.split_once(':') {
        Some(parts) => parts,
        None if half.is_some() => (clock.as_str(), "00"),
        None => return Err(wrong()),
    };
    let hour: u32 = hour.parse().map_err(|_| wrong())?;
    let hour = match half.as_deref() {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return Err(wrong()),
        Some("PM") => hour % 12 + 12,
        Some(_) => hour % 12,
    };
    let minute: u32 = minute.get(..2).unwrap_or_default().parse().map_err(|_| wrong())?;
    if hour > 23 || minute > 59 {
        return Err(wrong());
    }
    Timestamp::parse(&format!("{day}T{hour:02}:{minute:02}:00Z"))
        .ok_or_else(|| Refusal::invalid("date", "must be a day, such as `2026-11-21`"))
}

fn is_asker(caller: &AuthUser, given: Option<&str>) -> Result<(), Refusal> {
    match given {
        Some(given) if given != caller.0.user.id.as_str() => {
            Err(Refusal::forbidden("`userId` is not the user of the token."))
        }
        _ => Ok(()),
    }
}

/// Creates a meetup of the caller.
#[utoipa::path(
    post, path = "/broadcasts", tag = "clients of meetup", operation_id = "meetupCreateBroadcast", request_body = inline(Proposal),
    responses((status = 200, description = "Done", body = Broadcast))
)]
async fn propose(
    State(service): State<Service>,
    caller: AuthUser,
    BodyIfAny(input): BodyIfAny<Proposal>,
) -> Answer<Json<Broadcast>> {
    is_asker(&caller, input.user_id.as_deref())?;
    let (date, time) = (required("date", input.date)?, required("time", input.time)?);
    let wanted = MeetupInput {
        activity: required("activity", input.activity)?,
        location: required("location", input.location)?,
        starts_at: moment(&date, &time)?,
        expires_at: Some(service.environment().now().plus_ms(BROADCAST_MS)),
        capacity: None,
    };
    Ok(Json(Broadcast::of(&service.create_meetup(caller.actor(), wanted).await?)))
}

/// Lists open meetups.
#[utoipa::path(
    get, path = "/broadcasts", tag = "clients of meetup", operation_id = "meetupListBroadcasts",
    responses((status = 200, description = "Done", body = Vec<Broadcast>))
)]
async fn list(State(service): State<Service>, Lister(caller): Lister) -> Answer<Response> {
    let found = service.meetups(caller.id(), true, None, LIST_MAX).await?;
    Ok(long_answer(|| found.items.iter().map(Broadcast::of).collect::<Vec<_>>()))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Join {
    broadcast_id: Option<String>,
    user_id: Option<String>,
}

/// Requests to take part in a meetup.
#[utoipa::path(
    post, path = "/broadcasts/join", tag = "clients of meetup", operation_id = "meetupRequestBroadcast", request_body = inline(Join),
    responses((status = 200, description = "Done", body = inline(Requested)))
)]
async fn join(
    State(service): State<Service>,
    caller: AuthUser,
    BodyIfAny(input): BodyIfAny<Join>,
) -> Answer<Json<Requested>> {
    is_asker(&caller, input.user_id.as_deref())?;
    let broadcast_id = required("broadcastId", input.broadcast_id)?;
    service.request_meetup(caller.actor(), existing::<MeetupId>(&broadcast_id)?).await?;
    Ok(Json(Requested { message: "Request to join sent", broadcast_id }))
}

/// The same call, at the path that some clients use.
#[utoipa::path(
    post, path = "/broadcasts/joinBroadcast", tag = "clients of meetup", operation_id = "meetupRequestBroadcastAgain",
    request_body = inline(Join), responses((status = 200, description = "Done", body = inline(Requested)))
)]
async fn join_broadcast(service: State<Service>, caller: AuthUser, input: BodyIfAny<Join>) -> Answer<Json<Requested>> {
    join(service, caller, input).await
}

/// The same call, at the path that other clients use.
#[utoipa::path(
    post, path = "/joinBroadcast", tag = "clients of meetup", operation_id = "meetupRequestBroadcastAtRoot", request_body = inline(Join),
    responses((status = 200, description = "Done", body = inline(Requested)))
)]
async fn join_at_root(service: State<Service>, caller: AuthUser, input: BodyIfAny<Join>) -> Answer<Json<Requested>> {
    join(service, caller, input).await
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn days_and_times_as_clients_write_them() {
        for (date, time, expected) in [
            ("2026-11-21", "18:30", Some("2026-11-21T18:30:00.000Z")),
            ("2026-11-21T00:00:00.000Z", "6:30 PM", Some("2026-11-21T18:30:00.000Z")),
            ("2026-11-21", "12:05am", Some("2026-11-21T00:05:00.000Z")),
            ("2026-11-21", "12:00 PM", Some("2026-11-21T12:00:00.000Z")),
            ("2026-11-21", "07:15:30", Some("2026-11-21T07:15:00.000Z")),
            ("11/21/2026", "6pm", Some("2026-11-21T18:00:00.000Z")),
            ("2/5/2027", "6:30 PM", Some("2027-02-05T18:30:00.000Z")),
            ("21/11/2026", "18:30", None),
            ("2026-11-21", "18", None),
            ("2026-11-21", "24:00", None),
            ("2026-11-21", "13:00 PM", None),
            ("2026-11-21", "soon", None),
            ("tomorrow", "18:30", None),
            ("2026-02-30", "18:30", None),
        ] {
            assert_eq!(moment(date, time).ok().map(|at| at.to_string()).as_deref(), expected, "{date} {time}");
        }
    }
}
