//! Oneself.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::Refusal;
use quintet_service::{Account, ProfileChange, Service};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{Asker, Body, From, Person, present};
use crate::views::{Own, Session, Views};

/// Oneself.
#[utoipa::path(
    get, path = "/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "Oneself", body = Own))
)]
pub(crate) async fn get(State(service): State<Service>, asker: Asker) -> Json<Own> {
    Json(Views(&service).own(&asker.0))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct ProfilePatch {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    /// A link to a picture; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    avatar: Option<Option<String>>,
}

impl ProfilePatch {
    pub(crate) fn change(self) -> ProfileChange {
        let Self { username, email, name, avatar } = self;
        ProfileChange { username, email, name, avatar, ..ProfileChange::default() }
    }
}

/// Changes the asker's profile. Whether a name or an address is registered can be found out here as well as at a
/// registration: it has the same rate.
pub(crate) async fn change_own(
    service: &Service,
    address: IpAddr,
    asker: &Asker,
    change: ProfileChange,
) -> Result<Account, Refusal> {
    if change.username.is_some() || change.email.is_some() {
        service.rates().login(address)?;
    }
    service.change_profile(asker.id(), change).await
}

/// Changes the own profile; what is not given stays.
#[utoipa::path(
    patch, path = "/me", tag = "me", operation_id = "changeMe", request_body = ProfilePatch,
    responses((status = 200, description = "Changed", body = Own))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    Person(asker): Person,
    From(address): From,
    Body(input): Body<ProfilePatch>,
) -> Answer<Json<Own>> {
    let account = change_own(&service, address, &asker, input.change()).await?;
    Ok(Json(Views(&service).own(&account)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordChange {
    current_password: String,
    #[schema(min_length = 8)]
    new_password: String,
}

/// Changes the own password, ends all sessions and gives a new one.
#[utoipa::path(
    put, path = "/me/password", tag = "me", operation_id = "changePassword", request_body = PasswordChange,
    responses((status = 200, description = "Changed", body = Session))
)]
pub(crate) async fn change_password(
    State(service): State<Service>,
    Person(asker): Person,
    From(address): From,
    Body(input): Body<PasswordChange>,
) -> Answer<Json<Session>> {
    // The current password can be guessed here as well as at the log-in.
    service.rates().login(address)?;
    let passwords = (input.current_password, input.new_password);
    let session = service.change_password(asker.id(), passwords, asker.1.as_deref(), address).await?;
    Ok(Json(Views(&service).session(&session)))
}

/// Erases the person: name, email, credentials and content. The conversations keep their numbers.
#[utoipa::path(
    delete, path = "/me", tag = "me", operation_id = "eraseMe",
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn erase(State(service): State<Service>, Person(asker): Person) -> Answer<StatusCode> {
    service.erase(asker.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
