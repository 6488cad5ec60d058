//! The calls of the messenger dialect: people by first and last name, direct messages by the other user's id, open
//! groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_dialect::{Dialect, Own, Shown};
use quintet_domain::limits::{CONVERSATION_METADATA_BYTES_MAX, METADATA_BYTES_MAX};
use quintet_domain::{ConversationId, ConversationKind, Links, Moderation, Refusal, Target, User, UserId};
use quintet_service::{ConversationInput, Filter, Listing, NewAccount, ProfileChange, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::messenger::{
    Done, GroupMade, LoggedIn, MessengerAccount, MessengerGroup, MessengerMessage, MessengerPerson, OneGroup,
    PasswordChanged, ProfileChanged, SignedUp,
};
use super::answers::shared::LoggedOut;
use super::common::{LIST_MAX, LogOut, Said, email_shown, messages, required, send, username_for, users};
use crate::app::App;
use crate::auth::Credentials;
use crate::cookie::{WithCookie, logged_in, logged_out, replaced};
use crate::error::Answer;
use crate::extract::{AuthUser, Body, BodyIfAny, Lister, LoginFrom, Path, Person, ReaderLinks, long_answer, present};
use crate::ids::Id;
use crate::new_details::{metadata, new_metadata};

const DIALECT: Dialect = Dialect::Messenger;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
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

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignUp {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    password: Option<String>,
    /// The code of an invitation, if the server wants one.
    #[serde(alias = "invite")]
    invitation: Option<String>,
}

/// Registers a user.
#[utoipa::path(
    post, path = "/auth/signup", tag = "clients of messenger", operation_id = "messengerSignUp",
    request_body = inline(SignUp), security(()),
    responses((status = 201, description = "Created", body = inline(SignedUp)))
)]
async fn sign_up(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    BodyIfAny(input): BodyIfAny<SignUp>,
) -> Answer<(StatusCode, Json<SignedUp>)> {
    service.count_login(from.address).await?;
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
        invitation: input.invitation,
        ..NewAccount::default()
    };
    let session = service.register(new, from).await?;
    let user_id = session.account.user.id.to_string();
    Ok((StatusCode::CREATED, Json(SignedUp { message: "User created successfully", user_id })))
}

/// Treats an empty field of a form as absent.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn full_name(first: &str, last: &str) -> String {
    format!("{} {}", first.trim(), last.trim()).trim().to_owned()
}

/// Logs in by email or username, and returns a token.
#[utoipa::path(
    post, path = "/auth/login", tag = "clients of messenger", operation_id = "messengerLogIn",
    request_body = inline(Credentials), security(()),
    responses((status = 200, description = "Done", body = inline(LoggedIn)))
)]
async fn log_in(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    ReaderLinks(links): ReaderLinks,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<WithCookie<Json<LoggedIn>>> {
    let session = credentials.log_in(&service, from, Some(DIALECT)).await?;
    let (user, token) = (MessengerAccount::of(&links.account(&session.account)), session.token.clone());
    Ok(logged_in(&session, Json(LoggedIn { message: "Login successful", token, user })))
}

/// Logs out: ends the session of the token, if the request has one, and removes the cookie that holds it.
#[utoipa::path(
    post, path = "/auth/logout", tag = "clients of messenger", operation_id = "messengerLogOut", security(()),
    responses((status = 200, description = "Done", body = inline(LoggedOut)))
)]
async fn log_out(_: LogOut) -> WithCookie<Json<LoggedOut>> {
    logged_out(Json(LoggedOut::DONE))
}

/// Lists users.
#[utoipa::path(
    get, path = "/users", tag = "clients of messenger", operation_id = "messengerListUsers",
    responses((status = 200, description = "Done", body = Vec<MessengerPerson>))
)]
async fn list_users(State(service): State<Service>, Lister(caller): Lister) -> Answer<Response> {
    let found = users(&service, &caller, "").await?;
    let shown = |user: &Arc<User>| MessengerPerson::of(user, Some(email_shown(&caller, &user.id)));
    Ok(long_answer(|| found.iter().map(shown).collect::<Vec<_>>()))
}

/// Returns the caller's account.
#[utoipa::path(
    get, path = "/users/profile", tag = "clients of messenger", operation_id = "messengerGetProfile",
    responses((status = 200, description = "Done", body = MessengerAccount))
)]
async fn profile(caller: AuthUser) -> Json<MessengerAccount> {
    Json(MessengerAccount::of(&caller.links().account(&caller.0)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Profile {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    /// Custom data, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
    /// The current password, needed to change the email address of an account that has a password.
    #[serde(alias = "oldPassword")]
    current_password: Option<String>,
}

/// Changes the caller's profile.
#[utoipa::path(
    put, path = "/users/profile", tag = "clients of messenger", operation_id = "messengerChangeProfile",
    request_body = inline(Profile), responses((status = 200, description = "Done", body = inline(ProfileChanged)))
)]
async fn change_profile(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    Body(input): Body<Profile>,
) -> Answer<Json<ProfileChanged>> {
    let links = person.0.links().clone();
    let owner = person.owner(from)?;
    let user = &owner.account.user;
    let renamed = input.first_name.is_some() || input.last_name.is_some();
    let first = input.first_name.as_deref().unwrap_or_else(|| user.first_name());
    let last = input.last_name.as_deref().unwrap_or_else(|| user.last_name());
    let metadata = new_metadata(input.metadata.as_ref().map(Option::as_deref), METADATA_BYTES_MAX)?;
    let change = ProfileChange {
        name: renamed.then(|| full_name(first, last)),
        last_name: renamed.then(|| last.trim().to_owned()),
        email: given(input.email),
        country: given(input.country),
        metadata,
        ..ProfileChange::default()
    };
    let changed = service.change_own_profile(&owner, change, input.current_password).await?;
    let user = MessengerAccount::of(&links.account(&changed));
    Ok(Json(ProfileChanged { message: "Profile updated successfully", user }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    #[serde(alias = "oldPassword")]
    current_password: Option<String>,
    new_password: Option<String>,
}

/// Changes the caller's password, and ends all its sessions.
#[utoipa::path(
    put, path = "/users/change-password", tag = "clients of messenger", operation_id = "messengerChangePassword",
    request_body = inline(PasswordChange), responses((status = 200, description = "Done", body = inline(PasswordChanged)))
)]
async fn change_password(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    BodyIfAny(input): BodyIfAny<PasswordChange>,
) -> Answer<WithCookie<Json<PasswordChanged>>> {
    let new = required("newPassword", input.new_password)?;
    // The change ends all tokens, and so the client needs a new one.
    let session = service.change_own_password(&person.owner(from)?, input.current_password, new).await?;
    let token = session.token.clone();
    Ok(replaced(&session, Json(PasswordChanged { message: "Password changed successfully", token })))
}

/// Returns the messages of a conversation, oldest first, up to the length of a list, and marks them as read.
async fn read(service: &Service, caller: &AuthUser, id: &ConversationId) -> Result<Vec<Box<RawValue>>, Refusal> {
    let page = messages(service, caller.reads(), (DIALECT, caller.links(), caller.hidden()), id, (0, LIST_MAX)).await?;
    // A service reads on behalf of many users, and so it marks nothing as read.
    if !caller.0.user.is_service()
        && let Some(newest) = page.newest
    {
        service.mark_read(caller.actor(), Some(id.clone()), newest).await?;
    }
    Ok(page.shown)
}

/// Lists the newest messages of a direct conversation with a user.
#[utoipa::path(
    get, path = "/users/{id}/messages", tag = "clients of messenger", operation_id = "messengerListDirectMessages",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = Vec<MessengerMessage>))
)]
async fn direct_messages(
    State(service): State<Service>,
    Lister(caller): Lister,
    Path(id): Path<String>,
) -> Answer<Json<Vec<Box<RawValue>>>> {
    // With a user who is not known there is no history, and neither with one whose id is malformed.
    let Ok(id) = UserId::new(&id) else { return Ok(Json(Vec::new())) };
    // The history with an erased user stays.
    let shown = match service.direct(caller.id(), id).await? {
        Some(conversation) => read(&service, &caller, &conversation).await?,
        None => Vec::new(),
    };
    Ok(Json(shown))
}

/// Sends a message to a user.
#[utoipa::path(
    post, path = "/users/{id}/messages", tag = "clients of messenger", operation_id = "messengerSendDirectMessage",
    params(("id" = String, Path)), request_body = inline(Said),
    responses((status = 201, description = "Created", body = MessengerMessage))
)]
async fn say_direct(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<UserId>,
    BodyIfAny(input): BodyIfAny<Said>,
) -> Answer<(StatusCode, Json<Box<RawValue>>)> {
    let text = input.text(Target::Direct(id))?;
    Ok((StatusCode::CREATED, Json(send(&service, &caller, DIALECT, text).await?)))
}

// --- groups ---

/// Returns a group of a list as the dialect writes it.
fn group(links: &Links, found: &Listing) -> Box<RawValue> {
    let picture = links.conversation_picture(found.picture.as_ref());
    let shown = Shown {
        conversation: &found.conversation,
        description: found.description.as_deref(),
        picture: picture.as_deref(),
        metadata: found.metadata.as_ref(),
        open: found.open,
        moderation: Moderation::default(),
        owner: found.owner.as_ref(),
        members: &[],
        member_count: found.member_count,
        is_member: found.is_member,
        last_message: None,
        created_at: found.created_at,
        updated_at: found.updated_at,
        own: Own::Nobody,
    };
    // It shows nobody, and so it does not show who is online.
    quintet_dialect::conversation(DIALECT, &shown, &|_| false)
}

/// Returns a group as the caller sees it, with its members if the caller is a member.
async fn shown_group(service: &Service, caller: &AuthUser, id: ConversationId) -> Result<OneGroup, Refusal> {
    let found = service.find_conversations(caller.id(), String::new(), Filter::One(id.clone()), None, 1).await?;
    let found = found.items.first().ok_or_else(|| Refusal::not_found("group", &id))?;
    let members = match found.is_member {
        true => service.conversation(caller.id(), id).await?.members,
        false => Vec::new(),
    };
    let members = members.iter().map(|member| MessengerPerson::of(&member.user, None));
    OneGroup::of(&group(caller.links(), found), members.collect())
}

/// Lists groups: open ones, and those of the caller.
#[utoipa::path(
    get, path = "/groups", tag = "clients of messenger", operation_id = "messengerListGroups",
    responses((status = 200, description = "Done", body = Vec<MessengerGroup>))
)]
async fn list_groups(State(service): State<Service>, Lister(caller): Lister) -> Answer<Response> {
    let found = service.find_conversations(caller.id(), String::new(), Filter::OpenOrMine, None, LIST_MAX).await?;
    Ok(long_answer(|| found.items.iter().map(|one| group(caller.links(), one)).collect::<Vec<_>>()))
}

/// Returns a group and its members.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "clients of messenger", operation_id = "messengerGetGroup",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = MessengerGroup))
)]
async fn one_group(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<OneGroup>> {
    Ok(Json(shown_group(&service, &caller, id).await?))
}

#[derive(Deserialize, ToSchema)]
struct NewGroup {
    name: Option<String>,
    description: Option<String>,
    /// An https link to a picture, or the link of a file that the user itself or a service has uploaded.
    picture: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// Creates a group.
#[utoipa::path(
    post, path = "/groups", tag = "clients of messenger", operation_id = "messengerCreateGroup",
    request_body = inline(NewGroup), responses((status = 201, description = "Created", body = inline(GroupMade)))
)]
async fn create_group(
    State(service): State<Service>,
    caller: AuthUser,
    BodyIfAny(input): BodyIfAny<NewGroup>,
) -> Answer<(StatusCode, Json<GroupMade>)> {
    let wanted = ConversationInput {
        kind: ConversationKind::Group,
        name: Some(required("name", input.name)?),
        description: input.description,
        picture: input.picture,
        metadata: metadata(input.metadata.as_deref(), CONVERSATION_METADATA_BYTES_MAX)?,
        members: Vec::new(),
        owner: None,
        // In this dialect, anyone who knows the id of a group may join it.
        open: true,
    };
    let (made, _) = service.create_conversation(caller.actor(), wanted).await?;
    let group = shown_group(&service, &caller, made.conversation.id.clone()).await?;
    Ok((StatusCode::CREATED, Json(GroupMade { message: "Group created successfully", group })))
}

/// Joins an open group.
#[utoipa::path(
    post, path = "/groups/{id}/join", tag = "clients of messenger", operation_id = "messengerJoinGroup",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn join(State(service): State<Service>, caller: AuthUser, Id(id): Id<ConversationId>) -> Answer<Json<Done>> {
    service.add_member(caller.actor(), id, caller.id(), None, None).await?;
    Ok(Json(Done { message: "Joined group successfully" }))
}

/// Leaves a group.
#[utoipa::path(
    post, path = "/groups/{id}/leave", tag = "clients of messenger", operation_id = "messengerLeaveGroup",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn leave(State(service): State<Service>, caller: AuthUser, Id(id): Id<ConversationId>) -> Answer<Json<Done>> {
    service.remove_member(caller.actor(), id, caller.id(), None).await?;
    Ok(Json(Done { message: "Left group successfully" }))
}

/// Lists the newest messages of a group.
#[utoipa::path(
    get, path = "/groups/{id}/messages", tag = "clients of messenger", operation_id = "messengerListGroupMessages",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = Vec<MessengerMessage>))
)]
async fn group_messages(
    State(service): State<Service>,
    Lister(caller): Lister,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Vec<Box<RawValue>>>> {
    Ok(Json(read(&service, &caller, &id).await?))
}

/// Sends a message to a group.
#[utoipa::path(
    post, path = "/groups/{id}/messages", tag = "clients of messenger", operation_id = "messengerSendGroupMessage",
    params(("id" = String, Path)), request_body = inline(Said),
    responses((status = 201, description = "Created", body = MessengerMessage))
)]
async fn say_in_group(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<Said>,
) -> Answer<(StatusCode, Json<Box<RawValue>>)> {
    let text = input.text(Target::Conversation(id))?;
    Ok((StatusCode::CREATED, Json(send(&service, &caller, DIALECT, text).await?)))
}
