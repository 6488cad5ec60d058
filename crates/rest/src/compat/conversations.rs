//! The conversations vocabulary: every answer says whether it is a success.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{Conversation, ConversationId, MessageId, Refusal, Target, User, UserId};
use quintet_service::{Account, ConversationInput, NewAccount, ProfileChange, Service, Session};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    LIST_MAX, email_shown, mark_guest, messages, missing, own_conversations, required, send, shown_message, status,
    users,
};
use crate::auth::Credentials;
use crate::error::Answer;
use crate::extract::{AuthUser, Body, BodyIfAny, ClientIp, Lister, Path, Person, Query, long, present, user_id};

use crate::messages::NewMessage;
use crate::router::App;

const DIALECT: Dialect = Dialect::Conversations;

/// Messages of a page, where a client does not say.
const MESSAGES: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(me))
        .routes(routes!(list_users))
        .routes(routes!(search))
        .routes(routes!(change_profile))
        .routes(routes!(list, open))
        .routes(routes!(one, delete))
        .routes(routes!(history, say, edit, delete_message))
}

/// A user as lists and participants show it.
fn user(service: &Service, user: &User) -> Value {
    // Clients format when a user was last seen: it is always there.
    let last_seen = user.last_seen.unwrap_or(user.created_at);
    let mut object = json!({
        "_id": user.id.as_str(),
        "id": user.id.as_str(),
        "username": user.username,
        "avatar": user.avatar,
        "status": status(service, &user.id),
        "lastSeen": last_seen.to_string(),
        "createdAt": user.created_at.to_string(),
    });
    mark_guest(user, &mut object);
    object
}

/// A user as itself sees it.
pub(super) fn account(service: &Service, account: &Account) -> Value {
    let mut object = user(service, &account.user);
    object["email"] = account.email.as_deref().unwrap_or_default().into();
    object
}

fn session(service: &Service, session: &Session) -> Value {
    json!({ "success": true, "token": session.token, "user": account(service, &session.account) })
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Registration {
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
}

/// Registers by username, as the clients of two vocabularies do.
pub(super) async fn new_account(
    service: &Service,
    address: IpAddr,
    input: Registration,
    home: Option<Dialect>,
) -> Result<Session, Refusal> {
    service.rates().login(address)?;
    let new = NewAccount {
        username: required("username", input.username)?,
        email: Some(required("email", input.email)?),
        password: Some(required("password", input.password)?),
        name: input.name,
        home_dialect: home.map(|home| home.as_str().to_owned()),
        ..NewAccount::default()
    };
    service.register(new, address).await
}

#[utoipa::path(
    post, path = "/auth/register", tag = "clients of conversations", operation_id = "conversations_register",
    request_body = inline(Registration), security(()),
    responses((status = 201, description = "Made"))
)]
async fn register(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(input): BodyIfAny<Registration>,
) -> Answer<(StatusCode, Json<Value>)> {
    let made = new_account(&service, address, input, Some(DIALECT)).await?;
    Ok((StatusCode::CREATED, Json(session(&service, &made))))
}

#[utoipa::path(
    post, path = "/auth/login", tag = "clients of conversations", operation_id = "conversations_log_in",
    request_body = inline(Credentials), security(()),
    responses((status = 200, description = "Done"))
)]
async fn log_in(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<Json<Value>> {
    Ok(Json(session(&service, &credentials.log_in(&service, address, Some(DIALECT)).await?)))
}

#[utoipa::path(
    get, path = "/auth/me", tag = "clients of conversations", operation_id = "conversations_me",
    responses((status = 200, description = "Done"))
)]
async fn me(State(service): State<Service>, asker: AuthUser) -> Json<Value> {
    Json(json!({ "success": true, "user": account(&service, &asker.0) }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    #[serde(default)]
    pub(super) q: String,
}

/// Users that a search found.
pub(super) struct Listing {
    people: Vec<Arc<User>>,
}

impl Listing {
    /// Finds the users whose names match a query.
    pub(super) async fn of(service: &Service, asker: &AuthUser, query: &str) -> Result<Self, Refusal> {
        Ok(Self { people: users(service, asker, query).await? })
    }

    /// The users as a search shows them to the one who asked.
    pub(super) fn shown(&self, service: &Service, asker: &AuthUser) -> Vec<Value> {
        let shown = self.people.iter().map(|one| {
            let mut object = user(service, one);
            object["email"] = email_shown(asker, &one.id);
            object
        });
        shown.collect()
    }
}

#[utoipa::path(
    get, path = "/users", tag = "clients of conversations", operation_id = "conversations_list_users", params(Search),
    responses((status = 200, description = "Done"))
)]
async fn list_users(service: State<Service>, asker: Lister, search: Query<Search>) -> Answer<Response> {
    self::search(service, asker, search).await
}

#[utoipa::path(
    get, path = "/users/search", tag = "clients of conversations", operation_id = "conversations_search", params(Search),
    responses((status = 200, description = "Done"))
)]
async fn search(
    State(service): State<Service>,
    Lister(asker): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let found = Listing::of(&service, &asker, &search.q).await?;
    Ok(long(|| {
        let shown = found.shown(&service, &asker);
        json!({ "success": true, "count": shown.len(), "users": shown })
    }))
}

#[derive(Deserialize, ToSchema)]
struct Profile {
    username: Option<String>,
    #[serde(default, deserialize_with = "present")]
    avatar: Option<Option<String>>,
}

#[utoipa::path(
    put, path = "/users/profile", tag = "clients of conversations", operation_id = "conversations_change_profile",
    request_body = inline(Profile), responses((status = 200, description = "Done"))
)]
async fn change_profile(
    State(service): State<Service>,
    person: Person,
    ClientIp(address): ClientIp,
    Body(input): Body<Profile>,
) -> Answer<Json<Value>> {
    let change = ProfileChange { username: input.username, avatar: input.avatar, ..ProfileChange::default() };
    let changed = service.change_own_profile(&person.owner(address)?, change, None).await?;
    Ok(Json(json!({ "success": true, "user": account(&service, &changed) })))
}

fn conversation(service: &Service, asker: &AuthUser, conversation: &Conversation) -> Value {
    let participants: Vec<Value> = conversation.members.iter().map(|member| user(service, &member.user)).collect();
    let last = conversation.last_message.as_ref();
    json!({
        "_id": conversation.conversation.id.as_str(),
        "id": conversation.conversation.id.as_str(),
        "type": conversation.conversation.kind.as_str(),
        "name": conversation.conversation.name,
        "participants": participants,
        "lastMessage": last.map(|message| shown_message(service, asker, DIALECT, message)),
        "unreadCount": conversation.unread_count,
        "createdAt": conversation.created_at.to_string(),
        "updatedAt": conversation.updated_at.to_string(),
    })
}

#[utoipa::path(
    get, path = "/conversations", tag = "clients of conversations", operation_id = "conversations_list",
    responses((status = 200, description = "Done"))
)]
async fn list(State(service): State<Service>, Lister(asker): Lister) -> Answer<Response> {
    let found = own_conversations(&service, &asker).await?;
    Ok(long(|| {
        let shown: Vec<Value> = found.iter().map(|one| conversation(&service, &asker, one)).collect();
        json!({ "success": true, "count": shown.len(), "conversations": shown })
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Opening {
    participant_id: Option<String>,
}

#[utoipa::path(
    post, path = "/conversations", tag = "clients of conversations", operation_id = "conversations_open",
    request_body = inline(Opening),
    responses((status = 201, description = "Made"), (status = 200, description = "There already"))
)]
async fn open(
    State(service): State<Service>,
    asker: AuthUser,
    BodyIfAny(input): BodyIfAny<Opening>,
) -> Answer<(StatusCode, Json<Value>)> {
    let other: UserId = user_id("participantId", &required("participantId", input.participant_id)?)?;
    let wanted = ConversationInput::direct(other);
    let (opened, new) = service.create_conversation(asker.actor(), wanted).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let body = json!({ "success": true, "conversation": conversation(&service, &asker, &opened), "existed": !new });
    Ok((status, Json(body)))
}

#[utoipa::path(
    get, path = "/conversations/{id}", tag = "clients of conversations", operation_id = "conversations_one",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn one(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    let found = service.conversation(asker.id(), ConversationId::trusted(&id)).await?;
    Ok(Json(json!({ "success": true, "conversation": conversation(&service, &asker, &found) })))
}

#[utoipa::path(
    delete, path = "/conversations/{id}", tag = "clients of conversations", operation_id = "conversations_delete",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn delete(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    service.delete_conversation(asker.actor(), ConversationId::trusted(&id)).await?;
    Ok(Json(json!({ "success": true, "message": "Conversation deleted" })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    page: Option<u32>,
    limit: Option<u32>,
}

#[utoipa::path(
    get, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversations_history",
    params(("id" = String, Path), Page), responses((status = 200, description = "Done"))
)]
async fn history(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    Query(asked): Query<Page>,
) -> Answer<Json<Value>> {
    let limit = asked.limit.unwrap_or(MESSAGES).clamp(1, LIST_MAX);
    let page = asked.page.unwrap_or(1).max(1);
    let id = ConversationId::trusted(&id);
    let total = service.message_count(asker.id(), id.clone()).await?;
    let shown = messages(&service, asker.reads(), DIALECT, &id, ((page - 1).saturating_mul(limit), limit)).await?;
    Ok(Json(json!({
        "success": true,
        "messages": shown,
        "pagination": { "page": page, "limit": limit, "total": total, "pages": total.div_ceil(limit.into()) },
    })))
}

#[utoipa::path(
    post, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversations_say",
    params(("id" = String, Path)), request_body = inline(NewMessage),
    responses((status = 201, description = "Made"))
)]
async fn say(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<NewMessage>,
) -> Answer<(StatusCode, Json<Value>)> {
    let text = input.text(Target::Conversation(ConversationId::trusted(&id)))?;
    let sent = send(&service, &asker, DIALECT, text).await?;
    Ok((StatusCode::CREATED, Json(json!({ "success": true, "message": sent }))))
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Edit {
    pub(super) content: Option<String>,
}

#[utoipa::path(
    put, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversations_edit",
    params(("id" = String, Path)), request_body = inline(Edit),
    responses((status = 200, description = "Done"))
)]
async fn edit(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<Edit>,
) -> Answer<Json<Value>> {
    let content = input.content.ok_or_else(|| missing("content"))?;
    let edited = service.edit_message(asker.actor(), MessageId::trusted(&id), content).await?;
    let message = shown_message(&service, &asker, DIALECT, &edited);
    Ok(Json(json!({ "success": true, "message": message })))
}

#[utoipa::path(
    delete, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversations_delete_message",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn delete_message(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    service.delete_message(asker.actor(), MessageId::trusted(&id)).await?;
    Ok(Json(json!({ "success": true, "message": "Message deleted" })))
}
