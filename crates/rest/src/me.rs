//! The endpoints of the caller's own account.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::limits::METADATA_BYTES_MAX;
use quintet_domain::{Hidden, Refusal};
use quintet_service::{ProfileChange, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::cookie::{WithCookie, logged_out, replaced};
use crate::error::Answer;
use crate::extract::{AuthUser, Body, BodyIfAny, LoginFrom, Person, present};
use crate::new_details::new_metadata;
use crate::views::{Own, Session, Views};

/// Returns the caller's account.
#[utoipa::path(
    get, path = "/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "The account", body = Own))
)]
pub(crate) async fn get(State(service): State<Service>, caller: AuthUser) -> Json<Own> {
    Json(Views(&service, &Hidden::Nobody).own(&caller.0))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct ProfilePatch {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    /// A link to a picture; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    avatar: Option<Option<String>>,
    /// Custom data of at most 4,096 bytes, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
}

impl ProfilePatch {
    pub(crate) fn change(self) -> Result<ProfileChange, Refusal> {
        let Self { username, email, name, avatar, metadata } = self;
        let metadata = new_metadata(metadata.as_ref().map(Option::as_deref), METADATA_BYTES_MAX)?;
        Ok(ProfileChange { username, email, name, avatar, metadata, ..ProfileChange::default() })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnPatch {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    /// A link to a picture; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    avatar: Option<Option<String>>,
    /// Custom data of at most 4,096 bytes, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
    /// The current password, needed to change the email address of an account that has a password.
    current_password: Option<String>,
}

/// Changes the caller's profile. Absent fields are not changed. To change the email address, the current password is
/// needed, or, for an account without a password, a token that was issued in the last ten minutes.
#[utoipa::path(
    patch, path = "/me", tag = "me", operation_id = "changeMe", request_body = OwnPatch,
    responses((status = 200, description = "Changed", body = Own))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    Body(input): Body<OwnPatch>,
) -> Answer<Json<Own>> {
    let OwnPatch { username, email, name, avatar, metadata, current_password } = input;
    let change = ProfilePatch { username, email, name, avatar, metadata }.change()?;
    let account = service.change_own_profile(&person.owner(from)?, change, current_password).await?;
    Ok(Json(Views(&service, &Hidden::Nobody).own(&account)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordChange {
    /// The current password, needed by accounts that have one.
    current_password: Option<String>,
    new_password: String,
}

/// Changes the caller's password, ends all its sessions, and returns a new token. The connections of the old token may end
/// before the answer arrives.
#[utoipa::path(
    put, path = "/me/password", tag = "me", operation_id = "changePassword", request_body = PasswordChange,
    responses((status = 200, description = "Changed", body = Session))
)]
pub(crate) async fn change_password(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    Body(input): Body<PasswordChange>,
) -> Answer<WithCookie<Json<Session>>> {
    let PasswordChange { current_password, new_password } = input;
    let session = service.change_own_password(&person.owner(from)?, current_password, new_password).await?;
    Ok(replaced(&session, Json(Views(&service, &Hidden::Nobody).session(&session))))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Erasure {
    /// The current password, needed by accounts that have one.
    current_password: Option<String>,
}

/// Erases the caller: name, email, credentials and content. Sequence numbers in conversations stay. The current
/// password is needed, or, for an account without a password, a token that was issued in the last ten minutes.
#[utoipa::path(
    delete, path = "/me", tag = "me", operation_id = "eraseMe", request_body(content = Erasure),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn erase(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    BodyIfAny(input): BodyIfAny<Erasure>,
) -> Answer<WithCookie<StatusCode>> {
    service.erase_own(&person.owner(from)?, input.current_password).await?;
    Ok(logged_out(StatusCode::NO_CONTENT))
}
