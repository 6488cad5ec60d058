//! What requests carry: who asks, from where, with which body, query and page.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use quintet_domain::limits::{HEAVY_READ_COST, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use quintet_domain::{Code, Refusal, UserId};
use quintet_service::{Account, Actor, Credential, Owner, Party, Service};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::app::App;
use crate::error::Problem;
use crate::held::Held;

/// Bytes of a body, at most.
const BODY_BYTES_MAX: usize = 1_000_000;
/// Time in which a body has to come; of a form, each of its parts' heads.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The address that a request comes from, as the server made it out. Put into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// Who asks, by its token, and the dialect that the token carries. Found out, and counted, once for a request. A person
/// has a credential, a service none.
#[derive(Clone, Debug)]
pub(crate) struct AuthUser(pub(crate) Account, pub(crate) Option<String>, pub(crate) Option<Credential>);

impl AuthUser {
    pub(crate) fn id(&self) -> UserId {
        self.0.user.id.clone()
    }

    /// The party that the asker's reads count for, and the user as whom they run.
    pub(crate) fn reads(&self) -> (Party, UserId) {
        (Party::User(self.id()), self.id())
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor { user: self.id(), guest: false, guest_proof: None, address: None, origin: None, acked: false }
    }
}

/// An extractor that reads the head of a request with the help of the service.
trait Head: Sized {
    /// Reads the head of a request.
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem>;
}

/// Makes axum's extractors of those that implement [`Head`].
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

extractors!(AuthUser, Lister, Anybody, Person, Backend, ClientIp);

impl Head for AuthUser {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let ClientIp(address) = ClientIp::read(parts, service).await?;
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = token.ok_or_else(|| Refusal::unauthenticated("a bearer token is needed"))?;
        let asker = match service.verify_key(token, address).await? {
            // Another backend is the operator's own, and acts for many: it has no rate.
            Some(account) => Self(account, None, None),
            None => {
                let verified = service.verify(token).await?;
                let user = verified.account.user.id.clone();
                match parts.method.is_safe() {
                    true => service.rates().read(user, 1)?,
                    false => service.rates().change(user)?,
                }
                Self(verified.account, verified.dialect, Some(verified.credential))
            }
        };
        parts.extensions.insert(asker.clone());
        Ok(asker)
    }
}

/// Writes down an answer that may be long: that may take a while, in which the thread's other tasks are done by
/// another.
pub(crate) fn long<T: Serialize>(make: impl FnOnce() -> T) -> Response {
    tokio::task::block_in_place(|| Json(make()).into_response())
}

/// Who asks for a list, a search or a very long page: that counts as many reads of the asker's.
pub(crate) struct Lister(pub(crate) AuthUser);

impl Head for Lister {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let asker = AuthUser::read(parts, service).await?;
        if !asker.0.user.is_service() {
            // The request itself counted as one.
            service.rates().read(asker.id(), HEAVY_READ_COST - 1)?;
            let turn = service.heavy_turn(&asker.id()).await?;
            if let Some(held) = parts.extensions.get::<Held>() {
                held.hold(turn);
            }
        }
        Ok(Self(asker))
    }
}

/// The address of somebody who asks for what needs no token: as often as an address may.
pub(crate) struct Anybody(pub(crate) IpAddr);

impl Head for Anybody {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let ClientIp(address) = ClientIp::read(parts, service).await?;
        service.rates().anonymous_read(address)?;
        Ok(Self(address))
    }
}

/// Who asks, if that is a service or is none, as it has to be.
async fn asker_that(
    parts: &mut Parts,
    service: &Service,
    is_service: bool,
    else_say: &str,
) -> Result<AuthUser, Problem> {
    let asker = AuthUser::read(parts, service).await?;
    if asker.0.user.is_service() == is_service { Ok(asker) } else { Err(Refusal::forbidden(else_say).into()) }
}

/// Who asks, where that is to be a person: services have no password and no sessions.
pub(crate) struct Person(pub(crate) AuthUser);

impl Person {
    /// The asker, as the owner of the account that it wants to change.
    ///
    /// # Errors
    /// An internal error where the asker is a service, which is no person.
    pub(crate) fn owner(self, address: IpAddr) -> Result<Owner, Refusal> {
        let AuthUser(account, dialect, credential) = self.0;
        Ok(Owner { account, credential: credential.ok_or_else(Refusal::internal)?, address, dialect })
    }
}

impl Head for Person {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        asker_that(parts, service, false, "That is for people; a service has its key alone.").await.map(Self)
    }
}

/// That a service asks.
pub(crate) struct Backend;

impl Head for Backend {
    async fn read(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let say = "That is for services; `quintet key add NAME` makes one's key.";
        asker_that(parts, service, true, say).await.map(|_| Self)
    }
}

/// The address of who asks.
pub(crate) struct ClientIp(pub(crate) IpAddr);

impl Head for ClientIp {
    async fn read(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let address = parts.extensions.get::<ClientAddress>().copied();
        Ok(Self(address.ok_or_else(Refusal::internal)?.0))
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = whole(request).await?;
        if bytes.is_empty() {
            let refusal = Refusal::invalid("body", "is missing");
            return Err(Problem::with_status(StatusCode::BAD_REQUEST, refusal));
        }
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out where nothing in it must be there.
pub(crate) struct BodyIfAny<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for BodyIfAny<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = whole(request).await?;
        parse(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

/// That the client took too long: it may try again.
pub(crate) fn too_slow() -> Problem {
    let refusal = Refusal::invalid("body", format!("did not come within {} s", BODY_WITHIN.as_secs()));
    Problem::with_status(StatusCode::REQUEST_TIMEOUT, refusal)
}

async fn whole(request: Request) -> Result<Bytes, Problem> {
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

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    // A list would be taken for an object whose names are left out.
    if json.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::invalid("body", "must be an object").into());
    }
    serde_json::from_slice(json).map_err(|error| {
        // Bad JSON is the client's grammar, anything else what it says.
        let refusal = Refusal::invalid("body", format!("is not as it should be: {error}"));
        if error.is_data() { refusal.into() } else { Problem::with_status(StatusCode::BAD_REQUEST, refusal) }
    })
}

/// The query.
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

/// The parts of the path.
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

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items of a page.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

impl PageQuery {
    pub(crate) fn limit(&self) -> Result<u32, Refusal> {
        page_limit(self.limit)
    }
}

/// The number of items that a page is to have.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32, Refusal> {
    match limit {
        None => Ok(PAGE_ITEMS_DEFAULT),
        Some(limit @ 1..=PAGE_ITEMS_MAX) => Ok(limit),
        Some(_) => Err(Refusal::invalid("limit", format!("must be from 1 to {PAGE_ITEMS_MAX}"))),
    }
}

/// Tells a field that is null from one that is not there.
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
        let refused = whole(Request::new(Bytes::from_stream(stalled))).await.expect_err("refused");
        assert_eq!(began.elapsed(), BODY_WITHIN);
        let response = axum::response::IntoResponse::into_response(refused);
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
