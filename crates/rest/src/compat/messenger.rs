//! The messenger vocabulary: people by first and last name, direct messages by the other one's id, open groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{ConversationId, ConversationKind, MessageId, Refusal, Target, User, UserId};
use quintet_service::{Account, ConversationInput, Filter, Listing, NewAccount, ProfileChange, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LIST_MAX, email_shown, mark_guest, messages, required, send, username_for, users};
use crate::auth::Credentials;
use crate::error::Answer;
use crate::extract::{AuthUser, Body, BodyIfAny, ClientIp, Lister, Path, Person, long, user_id};

use crate::messages::NewMessage;
use crate::router::App;

const DIALECT: Dialect = Dialect::Messenger;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(list_users))
        .routes(routes!(profile, change_profile))
        .routes(routes!(change_password))
        .routes(routes!(direct_messages, say_direct))
        .routes(routes!(list_groups, create_group))
        .routes(routes!(one_group))
        .routes(routes!(join))
        .routes(routes!(leave))
        .routes(routes!(group_messages, say_in_group))
}

fn person(user: &User) -> Value {
    let mut object = json!({ "_id": user.id.as_str(), "firstName": user.first_name(), "lastName": user.last_name() });
    mark_guest(user, &mut object);
    object
}

/// A user as itself sees it.
pub(super) fn account(account: &Account) -> Value {
    json!({
        "id": account.user.id.as_str(),
        "_id": account.user.id.as_str(),
        "firstName": account.user.first_name(),
        "lastName": account.user.last_name(),
        "email": account.email,
        "country": account.country,
        "avatar": account.user.avatar,
        "role": "user",
        "createdAt": account.user.created_at.to_string(),
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignUp {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    password: Option<String>,
}

#[utoipa::path(
    post, path = "/auth/signup", tag = "clients of messenger", operation_id = "messenger_sign_up",
    request_body = inline(SignUp), security(()),
    responses((status = 201, description = "Made"))
)]
async fn sign_up(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(input): BodyIfAny<SignUp>,
) -> Answer<(StatusCode, Json<Value>)> {
    service.rates().login(address)?;
    let (first, last) = (required("firstName", input.first_name)?, required("lastName", input.last_name)?);
    let name = full_name(&first, &last);
    let new = NewAccount {
        username: username_for(&name),
        email: Some(required("email", input.email)?),
        password: Some(required("password", input.password)?),
        name: Some(name),
        home_dialect: Some(DIALECT.as_str().to_owned()),
        last_name: Some(last.trim().to_owned()),
        country: given(input.country),
        any_username: true,
        ..NewAccount::default()
    };
    let session = service.register(new, address).await?;
    let id = session.account.user.id.as_str();
    Ok((StatusCode::CREATED, Json(json!({ "message": "User created successfully", "userId": id }))))
}

/// What a form left empty is not given.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn full_name(first: &str, last: &str) -> String {
    format!("{} {}", first.trim(), last.trim()).trim().to_owned()
}

#[utoipa::path(
    post, path = "/auth/login", tag = "clients of messenger", operation_id = "messenger_log_in",
    request_body = inline(Credentials), security(()),
    responses((status = 200, description = "Done"))
)]
async fn log_in(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<Json<Value>> {
    let session = credentials.log_in(&service, address, Some(DIALECT)).await?;
    let user = account(&session.account);
    Ok(Json(json!({ "message": "Login successful", "token": session.token, "user": user })))
}

#[utoipa::path(
    get, path = "/users", tag = "clients of messenger", operation_id = "messenger_list_users",
    responses((status = 200, description = "Done"))
)]
async fn list_users(State(service): State<Service>, Lister(asker): Lister) -> Answer<Response> {
    let found = users(&service, &asker, "").await?;
    let shown = |user: &Arc<User>| {
        let mut object = person(user);
        object["email"] = email_shown(&asker, &user.id);
        object
    };
    Ok(long(|| found.iter().map(shown).collect::<Value>()))
}

#[utoipa::path(
    get, path = "/users/profile", tag = "clients of messenger", operation_id = "messenger_profile",
    responses((status = 200, description = "Done"))
)]
async fn profile(asker: AuthUser) -> Json<Value> {
    Json(account(&asker.0))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Profile {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    /// Needed with another email address, by accounts that have a password.
    #[serde(alias = "oldPassword")]
    current_password: Option<String>,
}

#[utoipa::path(
    put, path = "/users/profile", tag = "clients of messenger", operation_id = "messenger_change_profile",
    request_body = inline(Profile), responses((status = 200, description = "Done"))
)]
async fn change_profile(
    State(service): State<Service>,
    person: Person,
    ClientIp(address): ClientIp,
    Body(input): Body<Profile>,
) -> Answer<Json<Value>> {
    let owner = person.owner(address)?;
    let user = &owner.account.user;
    let renamed = input.first_name.is_some() || input.last_name.is_some();
    let first = input.first_name.as_deref().unwrap_or_else(|| user.first_name());
    let last = input.last_name.as_deref().unwrap_or_else(|| user.last_name());
    let change = ProfileChange {
        name: renamed.then(|| full_name(first, last)),
        last_name: renamed.then(|| last.trim().to_owned()),
        email: given(input.email),
        country: given(input.country),
        ..ProfileChange::default()
    };
    let changed = service.change_own_profile(&owner, change, input.current_password).await?;
    Ok(Json(json!({ "message": "Profile updated successfully", "user": account(&changed) })))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    #[serde(alias = "oldPassword")]
    current_password: Option<String>,
    new_password: Option<String>,
}

#[utoipa::path(
    put, path = "/users/change-password", tag = "clients of messenger", operation_id = "messenger_change_password",
    request_body = inline(PasswordChange), responses((status = 200, description = "Done"))
)]
async fn change_password(
    State(service): State<Service>,
    person: Person,
    ClientIp(address): ClientIp,
    BodyIfAny(input): BodyIfAny<PasswordChange>,
) -> Answer<Json<Value>> {
    let new = required("newPassword", input.new_password)?;
    // What came in by the old password ends, so a client goes on with a new token.
    let session = service.change_own_password(&person.owner(address)?, input.current_password, new).await?;
    Ok(Json(json!({ "message": "Password changed successfully", "token": session.token })))
}

/// All messages of a place, oldest first, as far as a list goes; the newest of them is read by that.
async fn read(service: &Service, asker: &AuthUser, id: &ConversationId) -> Result<Vec<Value>, Refusal> {
    let shown = messages(service, asker.reads(), DIALECT, id, (0, LIST_MAX)).await?;
    // Another backend has read nothing by looking.
    if !asker.0.user.is_service()
        && let Some(newest) = shown.last().and_then(|message| message["_id"].as_str())
    {
        service.mark_read(asker.actor(), Some(id.clone()), MessageId::trusted(newest)).await?;
    }
    Ok(shown)
}

#[utoipa::path(
    get, path = "/users/{id}/messages", tag = "clients of messenger", operation_id = "messenger_direct_messages",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn direct_messages(
    State(service): State<Service>,
    Lister(asker): Lister,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    // Not only with those who are still there: one's history with who is gone stays.
    let shown = match service.direct(asker.id(), UserId::trusted(&id)).await? {
        Some(conversation) => read(&service, &asker, &conversation).await?,
        None => Vec::new(),
    };
    Ok(Json(shown.into()))
}

#[utoipa::path(
    post, path = "/users/{id}/messages", tag = "clients of messenger", operation_id = "messenger_say_direct",
    params(("id" = String, Path)), request_body = inline(NewMessage),
    responses((status = 201, description = "Made"))
)]
async fn say_direct(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<NewMessage>,
) -> Answer<(StatusCode, Json<Value>)> {
    let text = input.text(Target::Direct(user_id("id", &id)?))?;
    Ok((StatusCode::CREATED, Json(send(&service, &asker, DIALECT, text).await?)))
}

// --- groups ---

fn group(found: &Listing) -> Value {
    json!({
        "_id": found.conversation.id.as_str(),
        "name": found.conversation.name,
        "description": found.description.as_deref().unwrap_or_default(),
        "creator": found.owner.as_ref().map(UserId::as_str),
        "memberCount": found.member_count,
        "isMember": found.is_member,
        "createdAt": found.created_at.to_string(),
    })
}

/// A group as the asker finds it, with its members where it is one of them.
async fn shown_group(service: &Service, asker: &AuthUser, id: ConversationId) -> Result<Value, Refusal> {
    let found = service.find_conversations(asker.id(), String::new(), Filter::One(id.clone()), None, 1).await?;
    let found = found.items.first().ok_or_else(|| Refusal::not_found("group", &id))?;
    let mut object = group(found);
    // Who is in it is for those who are.
    object["members"] = match found.is_member {
        true => service.conversation(asker.id(), id).await?.members.iter().map(|member| person(&member.user)).collect(),
        false => json!([]),
    };
    Ok(object)
}

#[utoipa::path(
    get, path = "/groups", tag = "clients of messenger", operation_id = "messenger_list_groups",
    responses((status = 200, description = "Done"))
)]
async fn list_groups(State(service): State<Service>, Lister(asker): Lister) -> Answer<Response> {
    let found = service.find_conversations(asker.id(), String::new(), Filter::OpenOrMine, None, LIST_MAX).await?;
    Ok(long(|| found.items.iter().map(group).collect::<Value>()))
}

#[utoipa::path(
    get, path = "/groups/{id}", tag = "clients of messenger", operation_id = "messenger_one_group",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn one_group(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    Ok(Json(shown_group(&service, &asker, ConversationId::trusted(&id)).await?))
}

#[derive(Deserialize, ToSchema)]
struct NewGroup {
    name: Option<String>,
    description: Option<String>,
}

#[utoipa::path(
    post, path = "/groups", tag = "clients of messenger", operation_id = "messenger_create_group",
    request_body = inline(NewGroup), responses((status = 201, description = "Made"))
)]
async fn create_group(
    State(service): State<Service>,
    asker: AuthUser,
    BodyIfAny(input): BodyIfAny<NewGroup>,
) -> Answer<(StatusCode, Json<Value>)> {
    let wanted = ConversationInput {
        kind: ConversationKind::Group,
        name: Some(required("name", input.name)?),
        description: input.description,
        members: Vec::new(),
        owner: None,
        // Whoever knows of a group of this vocabulary may join it.
        open: true,
    };
    let (made, _) = service.create_conversation(asker.actor(), wanted).await?;
    let group = shown_group(&service, &asker, made.conversation.id.clone()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "message": "Group created successfully", "group": group }))))
}

#[utoipa::path(
    post, path = "/groups/{id}/join", tag = "clients of messenger", operation_id = "messenger_join",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn join(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    service.add_member(asker.actor(), ConversationId::trusted(&id), asker.id(), None).await?;
    Ok(Json(json!({ "message": "Joined group successfully" })))
}

#[utoipa::path(
    post, path = "/groups/{id}/leave", tag = "clients of messenger", operation_id = "messenger_leave",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn leave(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    service.remove_member(asker.actor(), ConversationId::trusted(&id), asker.id()).await?;
    Ok(Json(json!({ "message": "Left group successfully" })))
}

#[utoipa::path(
    get, path = "/groups/{id}/messages", tag = "clients of messenger", operation_id = "messenger_group_messages",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn group_messages(
    State(service): State<Service>,
    Lister(asker): Lister,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    Ok(Json(read(&service, &asker, &ConversationId::trusted(&id)).await?.into()))
}

#[utoipa::path(
    post, path = "/groups/{id}/messages", tag = "clients of messenger", operation_id = "messenger_say_in_group",
    params(("id" = String, Path)), request_body = inline(NewMessage),
    responses((status = 201, description = "Made"))
)]
async fn say_in_group(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<NewMessage>,
) -> Answer<(StatusCode, Json<Value>)> {
    let text = input.text(Target::Conversation(ConversationId::trusted(&id)))?;
    Ok((StatusCode::CREATED, Json(send(&service, &asker, DIALECT, text).await?)))
}
