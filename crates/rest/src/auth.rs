//! Registering, logging in, refreshing, revoking.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::Refusal;
use quintet_service::{NewAccount, Service, Session};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asker, Body, From};
use crate::views::Views;

#[derive(Deserialize)]
pub(crate) struct Registration {
    username: String,
    email: String,
    password: String,
    name: Option<String>,
    avatar: Option<String>,
}

pub(crate) async fn register(
    State(service): State<Service>,
    From(address): From,
    Body(input): Body<Registration>,
) -> Answer<(StatusCode, Json<Value>)> {
    service.rates().login(address)?;
    let Registration { username, email, password, name, avatar } = input;
    let new = NewAccount { username, email, password, name, avatar, ..NewAccount::default() };
    let session = service.register(new).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).session(&session))))
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

impl Credentials {
    /// Logs in from an address.
    pub(crate) async fn log_in(self, service: &Service, address: IpAddr) -> Result<Session, Refusal> {
        service.rates().login(address)?;
        let login =
            self.email.or(self.username).ok_or_else(|| Refusal::invalid("email", "or `username` is missing"))?;
        service.log_in(&login, self.password).await
    }
}

pub(crate) async fn log_in(
    State(service): State<Service>,
    From(address): From,
    Body(credentials): Body<Credentials>,
) -> Answer<Json<Value>> {
    Ok(Json(Views(&service).session(&credentials.log_in(&service, address).await?)))
}

pub(crate) async fn refresh(State(service): State<Service>, asker: Asker) -> Answer<Json<Value>> {
    let session = service.refresh(asker.0)?;
    Ok(Json(Views(&service).session(&session)))
}

pub(crate) async fn revoke(State(service): State<Service>, asker: Asker) -> Answer<StatusCode> {
    service.revoke(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
