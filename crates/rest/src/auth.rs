//! The endpoints to register, log in, and refresh and revoke tokens.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{Code, Hidden, Refusal};
use quintet_service::{Login, LoginSource, NewAccount, Service};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::cookie::{WithCookie, logged_out, replaced};
use crate::error::{Answer, ProblemBody};
use crate::extract::{Body, LoginFrom, Person};
use crate::views::{Session, Views};

/// The number of characters of a login name that the log shows for a failed log-in.
const LOGGED_CHARS_MAX: usize = 64;

#[derive(Deserialize, ToSchema)]
pub(crate) struct Registration {
    username: String,
    #[schema(format = Email)]
    email: String,
    password: String,
    name: Option<String>,
    avatar: Option<String>,
    /// The code of an invitation, if the server wants one; it also leads into the groups of the invitation.
    #[serde(alias = "invite")]
    invitation: Option<String>,
}

/// Registers a user and returns a token for it.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "register", request_body = Registration,
    security(()),
    responses(
        (status = 201, description = "Registered", body = Session),
        (status = 403, description = "Registration is closed, or needs an invitation that is good; the detail says which",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn register(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    Body(input): Body<Registration>,
) -> Answer<(StatusCode, Json<Session>)> {
    service.count_login(from.address).await?;
    let Registration { username, email, password, name, avatar, invitation } = input;
    let (email, password) = (Some(email), Some(password));
    let new = NewAccount { username, email, password, name, avatar, invitation, ..NewAccount::default() };
    let session = service.register(new, from).await?;
    Ok((StatusCode::CREATED, Json(Views(&service, &Hidden::Nobody).session(&session))))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

impl Credentials {
    /// Logs in by `email`, or else by `username`. `spoken` is the dialect of the client, if known.
    pub(crate) async fn log_in(
        self,
        service: &Service,
        from: LoginSource,
        spoken: Option<Dialect>,
    ) -> Result<quintet_service::Session, Refusal> {
        service.count_login(from.address).await?;
        let login = match (self.email, self.username) {
            (Some(email), _) => Login::Email(email),
            (None, Some(username)) => Login::Username(username),
            (None, None) => return Err(Refusal::invalid("email", "or `username` is missing")),
        };
        let given = match &login {
            Login::Email(given) | Login::Username(given) => given.clone(),
        };
        let address = from.address;
        let session = service.log_in(login, self.password, spoken.map(Dialect::as_str), from).await;
        if session.as_ref().is_err_and(|refusal| refusal.code == Code::Unauthenticated) {
            log_failed(address, &given);
        }
        session
    }
}

/// Logs a failed log-in. Tools that ban addresses read this line, and its format is documented for operators.
///
/// The login name is untrusted: it is cut, and written as a Rust string literal, so that it can end neither the line
/// nor the quotes.
fn log_failed(address: IpAddr, login: &str) {
    let login: String = login.chars().take(LOGGED_CHARS_MAX).collect();
    tracing::info!(target: "quintet::login", %address, ?login, "log-in failed");
}

/// Logs in by email or username. An unknown user and a wrong password get the same answer.
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
    LoginFrom(from): LoginFrom,
    Body(credentials): Body<Credentials>,
) -> Answer<Json<Session>> {
    Ok(Json(Views(&service, &Hidden::Nobody).session(&credentials.log_in(&service, from, None).await?)))
}

/// Returns a new token to a user who has a valid token that this server issued. The session goes on.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refreshToken",
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
    LoginFrom(from): LoginFrom,
) -> Answer<WithCookie<Json<Session>>> {
    let session = service.refresh(person.owner(from)?).await?;
    Ok(replaced(&session, Json(Views(&service, &Hidden::Nobody).session(&session))))
}

/// Invalidates all tokens of the caller and closes its connections.
#[utoipa::path(
    post, path = "/auth/revoke", tag = "auth", operation_id = "revokeTokens",
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn revoke(State(service): State<Service>, Person(caller): Person) -> Answer<WithCookie<StatusCode>> {
    service.revoke(caller.id()).await?;
    Ok(logged_out(StatusCode::NO_CONTENT))
}

/// Ends the session of the token that it is called with: the session's tokens are refused from now on, and its connections
/// are closed. A token that belongs to no session stays valid: one of another back end, or of an earlier version.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", operation_id = "logOut",
    responses(
        (status = 204, description = "Done"),
        (status = 403, description = "The caller is a service", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn log_out(State(service): State<Service>, person: Person) -> Answer<WithCookie<StatusCode>> {
    let (user, credential) = person.credential()?;
    service.log_out(user, credential).await?;
    Ok(logged_out(StatusCode::NO_CONTENT))
}
