//! Oneself.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_service::{ProfileChange, Service};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asker, Body, From, present};
use crate::views::Views;

pub(crate) async fn get(State(service): State<Service>, asker: Asker) -> Json<Value> {
    Json(Views(&service).own(&asker.0))
}

#[derive(Deserialize)]
pub(crate) struct Change {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    avatar: Option<Option<String>>,
}

pub(crate) async fn change(
    State(service): State<Service>,
    asker: Asker,
    Body(input): Body<Change>,
) -> Answer<Json<Value>> {
    let Change { username, email, name, avatar } = input;
    let account =
        service.change_profile(asker.id(), ProfileChange { username, email, name, avatar, country: None }).await?;
    Ok(Json(Views(&service).own(&account)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordChange {
    current_password: String,
    new_password: String,
}

pub(crate) async fn change_password(
    State(service): State<Service>,
    asker: Asker,
    From(address): From,
    Body(input): Body<PasswordChange>,
) -> Answer<Json<Value>> {
    // The current password can be guessed here as well as at the log-in.
    service.rates().login(address)?;
    let session = service.change_password(asker.id(), input.current_password, input.new_password).await?;
    Ok(Json(Views(&service).session(&session)))
}

pub(crate) async fn erase(State(service): State<Service>, asker: Asker) -> Answer<StatusCode> {
    service.erase(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
