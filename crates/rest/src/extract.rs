//! Extractors: the caller, its address, and the body, query, path and page of a request.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use quintet_domain::limits::{HEAVY_READ_COST, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use quintet_domain::{Code, Hidden, Links, Refusal, Scope, Scopes, ServerRole, UserId};
use quintet_input::authorization::bearer;
use quintet_input::json;
use quintet_service::{
    Account, Actor, Address, CookieToken, Credential, LoginSource, Owner, Party, Service, ServiceAccount, Source,
    Verified, is_token,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::app::App;
use crate::error::Problem;
use crate::permit::ReadPermit;
use crate::scopes;

/// The largest size of a JSON body, in bytes.
const BODY_BYTES_MAX: usize = 1_000_000;
/// The time within which a body has to arrive; for a form, the time for the head of each part.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The client's address as the server determined it. It is an extension of the request.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The authenticated caller: its account, the dialect in its token, its credential, how links are written for clients of
/// existing back ends at its address, what its key is good for, and what it is not shown of those who have blocked it. A
/// person has a credential and no key, a service has a key.
///
/// Verified and counted against the rate once per request.
#[derive(Clone, Debug)]
pub(crate) struct AuthUser(
    pub(crate) Account,
    pub(crate) Option<String>,
    pub(crate) Option<Credential>,
    pub(crate) Links,
    pub(crate) Option<Scopes>,
    pub(crate) Hidden,
);

impl AuthUser {
    pub(crate) fn id(&self) -> UserId {
        self.0.user.id.clone()
    }

    /// Returns how links are written for the caller, where its client is one of an existing back end.
    pub(crate) fn links(&self) -> &Links {
        &self.3
    }

    /// Returns what the caller is not shown of those who have blocked it, or have not accepted that it writes to them.
    pub(crate) fn hidden(&self) -> &Hidden {
        &self.5
    }

    /// Returns the caller with what it is not shown by now: it may just have begun a direct conversation that the other has
    /// not accepted.
    ///
    /// # Errors
    /// An internal error.
    pub(crate) async fn renewed(self, service: &Service) -> Result<Self, Refusal> {
        let hidden = service.hidden_now(self.id()).await?;
        let Self(account, dialect, credential, links, scopes, _) = self;
        Ok(Self(account, dialect, credential, links, scopes, hidden))
    }

    /// Returns the party that pays for the caller's reads, and the user as whom they run.
    pub(crate) fn reads(&self) -> (Party, UserId) {
        (Party::User(self.id()), self.id())
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor { user: self.id(), guest: false, guest_proof: None, address: None, origin: None, acked: false }
    }
}

/// An extractor that needs only the head of a request and the service.
trait Head: Sized {
    /// Extracts the value from the head of a request.
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem>;
}

/// Implements axum's extractor for types that implement [`Head`].
macro_rules! extractors {
    ($($name:ident),*) => {$(
        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                Self::read(parts, &app.service).await
            }
        }
    )*};
}

/// Returns how links are written for clients at the address of a request. `user` is the caller, if it has shown who it is.
///
/// # Errors
/// An internal error if the request has no address of a client.
fn links(parts: &Parts, service: &Service, user: Option<&UserId>) -> Result<Links, Refusal> {
    let asked = parts.extensions.get::<Address>().cloned().unwrap_or_default();
    let ClientAddress(address) = *parts.extensions.get::<ClientAddress>().ok_or_else(Refusal::internal)?;
    Ok(service.bases().links(service.bases().learn(&asked, Source { user, address })))
}

/// How links are written for a client whose request needs no token.
pub(crate) struct ReaderLinks(pub(crate) Links);

impl Head for ReaderLinks {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        Ok(Self(links(parts, service, None)?))
    }
}

extractors!(
    ReaderLinks,
    AuthUser,
    Lister,
    Anonymous,
    Person,
    Backend,
    ServerAdmin,
    ServerModerator,
    ClientIp,
    LoginFrom
);

impl Head for AuthUser {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = Self::if_any(parts, service).await?;
        Ok(caller.ok_or_else(|| Refusal::unauthenticated("a bearer token is needed"))?)
    }
}

impl AuthUser {
    /// Returns the caller, or `None` if the request has no token. A bad token in a cookie counts as none. A service whose
    /// key lacks the scope of the operation is refused.
    pub(crate) async fn if_any(parts: &mut Parts, service: &Service) -> Result<Option<Self>, Problem> {
        let caller = Self::verified(parts, service).await?;
        if let Some(scopes) = caller.as_ref().and_then(|caller| caller.4) {
            scopes::check(scopes, parts)?;
        }
        Ok(caller)
    }

    /// Refuses a service whose key lacks a scope that a request needs beside the one of its operation.
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), Refusal> {
        self.4.map_or(Ok(()), |scopes| scopes.check(scope))
    }

    /// Refuses a service whose key lacks the scope of an operation, which has no route of its own.
    pub(crate) fn may(&self, method: &str, path: &str) -> Result<(), Refusal> {
        self.4.map_or(Ok(()), |scopes| scopes::check_at(scopes, method, path))
    }

    async fn verified(parts: &mut Parts, service: &Service) -> Result<Option<Self>, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(Some(known.clone()));
        }
        let caller = match bearer(&parts.headers).filter(|token| is_token(token)).map(str::to_owned) {
            Some(token) => {
                let ClientIp(address) = ClientIp::read(parts, service).await?;
                match service.verify_key(&token, address).await? {
                    // A service belongs to the operator and acts for many users, and so it has no rate.
                    Some(ServiceAccount { account, scopes }) => {
                        let links = links(parts, service, Some(&account.user.id))?;
                        Self(account, None, None, links, Some(scopes), Hidden::Nobody)
                    }
                    None => rated(parts, service, service.verify(&token).await?).await?,
                }
            }
            None => {
                let Some(cookie) = parts.extensions.get::<CookieToken>().cloned() else { return Ok(None) };
                let Some(verified) = service.verify_cookie(&cookie).await? else { return Ok(None) };
                rated(parts, service, verified).await?
            }
        };
        parts.extensions.insert(caller.clone());
        Ok(Some(caller))
    }
}

/// Counts a request against the rate of its user, and returns the user as the caller.
async fn rated(parts: &Parts, service: &Service, verified: Verified) -> Result<AuthUser, Refusal> {
    let user = verified.account.user.id.clone();
    match parts.method.is_safe() {
        true => service.rates().read(user.clone(), 1)?,
        false => service.rates().change(user.clone())?,
    }
    let links = links(parts, service, Some(&user))?;
    let hidden = service.hidden_from(&verified.account).await?;
    Ok(AuthUser(verified.account, verified.dialect, Some(verified.credential), links, None, hidden))
}

/// Serialises an answer that may be long, while the thread's other tasks are moved to another thread.
pub(crate) fn long_answer<T: Serialize>(make: impl FnOnce() -> T) -> Response {
    tokio::task::block_in_place(|| Json(make()).into_response())
}

/// The caller of a list, a search or a very long page, which costs several reads of the caller's rate.
pub(crate) struct Lister(pub(crate) AuthUser);

impl Head for Lister {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = AuthUser::read(parts, service).await?;
        if !caller.0.user.is_service() {
            // The request itself was already counted as one read.
            service.rates().read(caller.id(), HEAVY_READ_COST - 1)?;
            let turn = service.heavy_turn(&caller.id()).await?;
            if let Some(held) = parts.extensions.get::<ReadPermit>() {
                held.hold(turn);
            }
        }
        Ok(Self(caller))
    }
}

/// The address of a client whose request needs no token. Counted against the rate of the address.
pub(crate) struct Anonymous(pub(crate) IpAddr);

impl Head for Anonymous {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let ClientIp(address) = ClientIp::read(parts, service).await?;
        service.rates().anonymous_read(address)?;
        Ok(Self(address))
    }
}

/// Returns the caller if its account may call; otherwise a refusal with a message.
async fn caller_that(
    parts: &mut Parts,
    service: &Service,
    may: impl FnOnce(&Account) -> bool,
    message: &str,
) -> Result<AuthUser, Problem> {
    let caller = AuthUser::read(parts, service).await?;
    if may(&caller.0) { Ok(caller) } else { Err(Refusal::forbidden(message).into()) }
}

/// Whether an account is that of a service, or of a person with a role on the whole server.
fn has_role(account: &Account, role: ServerRole) -> bool {
    account.user.is_service() || account.server_role >= role
}

/// The caller, which must be a person. Services have no password and no sessions.
pub(crate) struct Person(pub(crate) AuthUser);

impl Person {
    /// Returns the caller as the owner of the account that it wants to change.
    ///
    /// # Errors
    /// An internal error if the caller is a service.
    pub(crate) fn owner(self, from: LoginSource) -> Result<Owner, Refusal> {
        let AuthUser(account, dialect, credential, ..) = self.0;
        Ok(Owner { account, credential: credential.ok_or_else(Refusal::internal)?, from, dialect })
    }

    /// Returns the caller's id, and how it authenticated.
    ///
    /// # Errors
    /// An internal error if the caller is a service.
    pub(crate) fn credential(self) -> Result<(UserId, Credential), Refusal> {
        let AuthUser(account, _, credential, ..) = self.0;
        Ok((account.user.id.clone(), credential.ok_or_else(Refusal::internal)?))
    }
}

impl Head for Person {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let say = "This is only for users; a service has only its key.";
        caller_that(parts, service, |account| !account.user.is_service(), say).await.map(Self)
    }
}

/// The caller, which must be a service.
pub(crate) struct Backend(pub(crate) AuthUser);

impl Head for Backend {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let say = "This is only for services; `quintet key add NAME` creates a service's key.";
        caller_that(parts, service, |account| account.user.is_service(), say).await.map(Self)
    }
}

/// The caller of a list for the whole server, which must be a service or an admin of the server. It costs what a list costs.
pub(crate) struct ServerAdmin(pub(crate) AuthUser);

impl Head for ServerAdmin {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let say = "This is only for services and admins of the server; `quintet user role NAME admin` makes one.";
        caller_that(parts, service, |account| has_role(account, ServerRole::Admin), say).await?;
        let Lister(caller) = Lister::read(parts, service).await?;
        Ok(Self(caller))
    }
}

/// The caller, which must be a service or a moderator of the server.
pub(crate) struct ServerModerator(pub(crate) AuthUser);

impl Head for ServerModerator {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let say =
            "This is only for services and moderators of the server; `quintet user role NAME moderator` makes one.";
        caller_that(parts, service, |account| has_role(account, ServerRole::Moderator), say).await.map(Self)
    }
}

/// Where a log-in comes from.
pub(crate) struct LoginFrom(pub(crate) LoginSource);

impl Head for LoginFrom {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let ClientIp(address) = ClientIp::read(parts, service).await?;
        let client = parts.headers.get(http::header::USER_AGENT).map(|said| String::from_utf8_lossy(said.as_bytes()));
        Ok(Self(LoginSource { address, client: client.map(|said| said.into_owned()) }))
    }
}

/// The address of the client.
pub(crate) struct ClientIp(pub(crate) IpAddr);

impl Head for ClientIp {
    async fn read(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let address = parts.extensions.get::<ClientAddress>().copied();
        Ok(Self(address.ok_or_else(Refusal::internal)?.0))
    }
}

/// Why something is undone or ended, by a call that has no body.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Why {
    /// Why, in at most 512 bytes, for the audit log.
    pub(crate) reason: Option<String>,
}

/// A JSON body, which must be present.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read_body(request).await?;
        if bytes.is_empty() {
            let refusal = Refusal::invalid("body", "is missing");
            return Err(Problem::with_status(StatusCode::BAD_REQUEST, refusal));
        }
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be absent, which is the same as an empty object.
pub(crate) struct BodyIfAny<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for BodyIfAny<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read_body(request).await?;
        parse(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

/// Returns the failure of a body that did not arrive in time. The client may retry.
pub(crate) fn too_slow() -> Problem {
    let refusal = Refusal::invalid("body", format!("did not arrive within {} s", BODY_WITHIN.as_secs()));
    Problem::with_status(StatusCode::REQUEST_TIMEOUT, refusal)
}

async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let collecting = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
    let collected = tokio::time::timeout(BODY_WITHIN, collecting).await.map_err(|_| too_slow())?.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Refusal::too_large("body", format!("has at most {BODY_BYTES_MAX} bytes"))
        } else {
            Refusal::invalid("body", "broke off")
        }
    })?;
    Ok(collected.to_bytes())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // `serde` would accept an array as an object whose field names are left out.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::invalid("body", "must be an object").into());
    }
    serde_json::from_slice(&json::well_formed_bytes(body)).map_err(|error| {
        // Malformed JSON is 400. JSON that does not fit the type is 422.
        let refusal = Refusal::invalid("body", format!("is malformed: {error}"));
        if error.is_data() { refusal.into() } else { Problem::with_status(StatusCode::BAD_REQUEST, refusal) }
    })
}

/// The query parameters of a request.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(error) => Err(Refusal::new(Code::InvalidPayload, error.body_text()).into()),
        }
    }
}

/// The parameters in the path of a request.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(error) => {
                let refusal = Refusal::new(Code::InvalidPayload, error.body_text());
                Err(Problem::with_status(StatusCode::BAD_REQUEST, refusal))
            }
        }
    }
}

/// The page of a list that is requested.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The value of `next` from the previous page.
    pub(crate) cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

impl PageQuery {
    pub(crate) fn limit(&self) -> Result<u32, Refusal> {
        page_limit(self.limit)
    }
}

/// Returns the number of items on a page, with the default applied.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32, Refusal> {
    match limit {
        None => Ok(PAGE_ITEMS_DEFAULT),
        Some(limit @ 1..=PAGE_ITEMS_MAX) => Ok(limit),
        Some(_) => Err(Refusal::invalid("limit", format!("must be from 1 to {PAGE_ITEMS_MAX}"))),
    }
}

/// Deserialises a field so that null differs from an absent field.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use axum::body::Body as Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let stalled = stream::iter([Ok::<_, std::io::Error>("{")]).chain(stream::pending());
        let began = tokio::time::Instant::now();
        let refused = read_body(Request::new(Bytes::from_stream(stalled))).await.expect_err("refused");
        assert_eq!(began.elapsed(), BODY_WITHIN);
        let response = axum::response::IntoResponse::into_response(refused);
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
