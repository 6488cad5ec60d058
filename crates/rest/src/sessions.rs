//! The endpoints of the caller's own sessions.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::{LoginSession, LoginSessionId};
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::Person;
use crate::ids::Id;
use crate::scalars::Moment;

/// A session of the caller: what it began on one device by logging in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    id: String,
    /// What the client said of itself, as its `User-Agent`.
    client: Option<String>,
    /// When the caller logged in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// When the session was last used, to about an hour.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Moment,
    /// When the newest token of the session expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
    /// Whether the token of this request belongs to the session.
    current: bool,
}

/// The sessions of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    items: Vec<SessionView>,
}

/// Lists the sessions of the caller, at most 100, the one that was used last first. Tokens of other back ends and of earlier
/// versions belong to none.
#[utoipa::path(
    get, path = "/me/sessions", tag = "me", operation_id = "listSessions",
    responses(
        (status = 200, description = "The sessions", body = Sessions),
        (status = 403, description = "The caller is a service", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(State(service): State<Service>, person: Person) -> Answer<Json<Sessions>> {
    let (user, credential) = person.credential()?;
    let view = |session: LoginSession| SessionView {
        current: credential.session.as_ref() == Some(&session.id),
        id: session.id.to_string(),
        client: session.client.as_deref().map(str::to_owned),
        created_at: Moment(session.created_at),
        last_seen_at: Moment(session.seen_at),
        expires_at: Moment(session.expires_at),
    };
    Ok(Json(Sessions { items: service.login_sessions(user).await?.into_iter().map(view).collect() }))
}

/// Ends a session of the caller: its tokens are refused from now on, and its connections are closed.
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "me", operation_id = "endSession", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "The caller has no such session", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn end(
    State(service): State<Service>,
    Person(caller): Person,
    Id(session): Id<LoginSessionId>,
) -> Answer<StatusCode> {
    service.end_session(caller.id(), session).await?;
    Ok(StatusCode::NO_CONTENT)
}
