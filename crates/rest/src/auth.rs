//! Registering, logging in, refreshing, revoking.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::Refusal;
use quintet_service::{NewAccount, Service};
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
    let new = NewAccount { username, email, password, name, avatar, home_dialect: None };
    let session = service.register(new).await?;
    Ok((StatusCode::CREATED, Json(Views(&service).session(&session))))
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

pub(crate) async fn log_in(
    State(service): State<Service>,
    From(address): From,
    Body(input): Body<Credentials>,
) -> Answer<Json<Value>> {
    service.rates().login(address)?;
    let login = input.email.or(input.username).ok_or_else(|| Refusal::invalid("email", "or `username` is missing"))?;
    let session = service.log_in(&login, input.password).await?;
    Ok(Json(Views(&service).session(&session)))
}

pub(crate) async fn refresh(State(service): State<Service>, asker: Asker) -> Answer<Json<Value>> {
    let session = service.refresh(asker.0)?;
    Ok(Json(Views(&service).session(&session)))
}

pub(crate) async fn revoke(State(service): State<Service>, asker: Asker) -> Answer<StatusCode> {
    service.revoke(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
