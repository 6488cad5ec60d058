//! Registering, logging in, refreshing, revoking.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{Code, Refusal};
use quintet_service::{Login, NewAccount, Service};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{Body, ClientIp, Person};
use crate::views::{Session, Views};

/// Characters of a login name that the log shows of a failed log-in.
const LOGGED_CHARS_MAX: usize = 64;

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
    ClientIp(address): ClientIp,
    Body(input): Body<Registration>,
) -> Answer<(StatusCode, Json<Session>)> {
    service.rates().login(address)?;
    let Registration { username, email, password, name, avatar } = input;
    let (email, password) = (Some(email), Some(password));
    let new = NewAccount { username, email, password, name, avatar, ..NewAccount::default() };
    let session = service.register(new, address).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).session(&session))))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

impl Credentials {
    /// Logs in from an address, by the field that is given (by `email` where both are), with a client of a dialect where that is known.
    pub(crate) async fn log_in(
        self,
        service: &Service,
        address: IpAddr,
        spoken: Option<Dialect>,
    ) -> Result<quintet_service::Session, Refusal> {
        service.rates().login(address)?;
        let login = match (self.email, self.username) {
            (Some(email), _) => Login::Email(email),
            (None, Some(username)) => Login::Username(username),
            (None, None) => return Err(Refusal::invalid("email", "or `username` is missing")),
        };
        let said = match &login {
            Login::Email(said) | Login::Username(said) => said.clone(),
        };
        let session = service.log_in(login, self.password, spoken.map(Dialect::as_str), address).await;
        if session.as_ref().is_err_and(|refusal| refusal.code == Code::Unauthenticated) {
            log_failed(address, &said);
        }
        session
    }
}

/// Writes the line that tools wait for which bar addresses; its form is part of the documentation for operators.
///
/// The login name is what somebody sent: it is cut, and written as a Rust string literal, so that nothing in it ends the
/// line or the quotes.
fn log_failed(address: IpAddr, login: &str) {
    let login: String = login.chars().take(LOGGED_CHARS_MAX).collect();
    tracing::info!(target: "quintet::login", %address, ?login, "log-in failed");
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
    ClientIp(address): ClientIp,
    Body(credentials): Body<Credentials>,
) -> Answer<Json<Session>> {
    Ok(Json(Views(&service).session(&credentials.log_in(&service, address, None).await?)))
}

/// Gives a new token to somebody who has one that this server issued.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refresh",
    responses(
        (status = 200, description = "A new token", body = Session),
        (status = 403, description = "The token is not one that this server refreshes: another back end issued it, or \
            an earlier version, or this server signs with a shared secret",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn refresh(
    State(service): State<Service>,
    person: Person,
    ClientIp(address): ClientIp,
) -> Answer<Json<Session>> {
    let owner = person.owner(address)?;
    let session = service.refresh(owner.account, owner.credential, owner.dialect.as_deref())?;
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
