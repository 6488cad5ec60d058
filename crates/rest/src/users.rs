//! The endpoints of users other than the caller.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_domain::limits::METADATA_BYTES_MAX;
use quintet_domain::{Hidden, UserId};
use quintet_service::{NewAccount, Reserved, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{AuthUser, Backend, Body, Lister, Query, long_answer, page_limit};
use crate::ids::{Id, user_id};
use crate::me::ProfilePatch;
use crate::new_details::metadata;
use crate::views::{Own, Page, Profile, User, Views};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NameSearch {
    /// A part of the username or the name, in any case.
    #[serde(default)]
    pub(crate) q: String,
    /// The value of `next` from the previous page.
    pub(crate) cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

/// Lists registered users whose username or name contains a text.
///
/// A page may have fewer than `limit` items although there are more. `next` shows whether there are.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "listUsers", params(NameSearch),
    responses((status = 200, description = "A page of the list", body = Page<User>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(search): Query<NameSearch>,
) -> Answer<Response> {
    let found = service.users(caller.id(), search.q, search.cursor, page_limit(search.limit)?).await?;
    let views = Views(&service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |user| views.user(user))))
}

/// Returns a user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", operation_id = "getUser", params(("id" = String, Path)),
    responses((status = 200, description = "The user", body = Profile))
)]
pub(crate) async fn get(State(service): State<Service>, caller: AuthUser, Id(id): Id<UserId>) -> Answer<Json<Profile>> {
    let (user, metadata) = service.profile(caller.id().into(), &id).await?;
    Ok(Json(Views(&service, caller.hidden()).profile(&user, metadata.as_ref())))
}

/// A user to create on behalf of another backend.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUser {
    /// The backend's id for the user, which its tokens carry; a new id if absent.
    id: Option<String>,
    /// The username. A reserved one gets a number appended.
    username: String,
    email: Option<String>,
    /// The password. Without one, the user can log in only with the backend's tokens.
    password: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
    /// Custom data of at most 4,096 bytes.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// Creates a user. For services.
#[utoipa::path(
    post, path = "/users", tag = "users", operation_id = "makeUser", request_body = NewUser,
    responses((status = 201, description = "Created", body = Own))
)]
pub(crate) async fn make(
    State(service): State<Service>,
    _: Backend,
    Body(input): Body<NewUser>,
) -> Answer<(StatusCode, Json<Own>)> {
    let id = input.id.as_deref().map(|id| user_id("id", id)).transpose()?;
    let metadata = metadata(input.metadata.as_deref(), METADATA_BYTES_MAX)?;
    let NewUser { username, email, password, name, avatar, .. } = input;
    let reserved = Reserved::Numbered;
    let new = NewAccount { id, username, email, password, name, avatar, metadata, reserved, ..NewAccount::default() };
    let account = service.make_user(new).await?;
    Ok((StatusCode::CREATED, Json(Views(&service, &Hidden::Nobody).own(&account))))
}

/// Changes a user's profile. Absent fields are not changed. For services.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", operation_id = "changeUser", params(("id" = String, Path)),
    request_body = ProfilePatch,
    responses((status = 200, description = "Changed", body = Own))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    _: Backend,
    Id(id): Id<UserId>,
    Body(input): Body<ProfilePatch>,
) -> Answer<Json<Own>> {
    let account = service.change_user(id, input.change()?).await?;
    Ok(Json(Views(&service, &Hidden::Nobody).own(&account)))
}

/// Erases a user, as the user itself could. For services.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", operation_id = "eraseUser", params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn erase(
    State(service): State<Service>,
    Backend(caller): Backend,
    Id(id): Id<UserId>,
) -> Answer<StatusCode> {
    service.erase_user(id, caller.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
