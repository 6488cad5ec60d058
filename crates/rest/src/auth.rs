//! Registering, logging in, refreshing, revoking.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::Refusal;
use quintet_service::{NewAccount, Service};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{Body, From, Person};
use crate::openapi::ProblemBody;
use crate::views::{Session, Views};

#[derive(Deserialize, ToSchema)]
pub(crate) struct Registration {
    username: String,
    #[schema(format = Email)]
    email: String,
    #[schema(min_length = 8)]
    password: String,
    name: Option<String>,
    avatar: Option<String>,
}

/// Registers a user and logs it in.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "register", request_body = Registration,
    security(()),
    responses(
        (status = 201, description = "Registered", body = Session),
        (status = 403, description = "Registration is closed",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn register(
    State(service): State<Service>,
    From(address): From,
    Body(input): Body<Registration>,
) -> Answer<(StatusCode, Json<Session>)> {
    service.rates().login(address)?;
    let Registration { username, email, password, name, avatar } = input;
    let (email, password) = (Some(email), Some(password));
    let new = NewAccount { username, email, password, name, avatar, ..NewAccount::default() };
    let session = service.register(new).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).session(&session))))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

impl Credentials {
    /// Logs in from an address, with a client of a dialect where that is known.
    pub(crate) async fn log_in(
        self,
        service: &Service,
        address: IpAddr,
        spoken: Option<Dialect>,
    ) -> Result<quintet_service::Session, Refusal> {
        service.rates().login(address)?;
        let login =
            self.email.or(self.username).ok_or_else(|| Refusal::invalid("email", "or `username` is missing"))?;
        service.log_in(&login, self.password, spoken.map(Dialect::as_str), address).await
    }
}

/// Logs in by email or username. An unknown user gets the answer that a wrong password gets.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "logIn", request_body = Credentials, security(()),
    responses(
        (status = 200, description = "Logged in", body = Session),
        (status = 401, description = "The name or the password is wrong",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn log_in(
    State(service): State<Service>,
    From(address): From,
    Body(credentials): Body<Credentials>,
) -> Answer<Json<Session>> {
    Ok(Json(Views(&service).session(&credentials.log_in(&service, address, None).await?)))
}

/// Gives a new token.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refresh",
    responses((status = 200, description = "A new token", body = Session))
)]
pub(crate) async fn refresh(State(service): State<Service>, Person(asker): Person) -> Answer<Json<Session>> {
    let session = service.refresh(asker.0, asker.1.as_deref())?;
    Ok(Json(Views(&service).session(&session)))
}

/// Makes all tokens of the asker worthless and ends its connections.
#[utoipa::path(
    post, path = "/auth/revoke", tag = "auth", operation_id = "revoke",
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn revoke(State(service): State<Service>, Person(asker): Person) -> Answer<StatusCode> {
    service.revoke(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
