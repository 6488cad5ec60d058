//! The calls of the conversations dialect. Each answer has a `success` field.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::limits::METADATA_BYTES_MAX;
use quintet_domain::{Conversation, ConversationId, Hidden, Links, MessageId, Target, User, UserId};
use quintet_service::{Account, ConversationInput, ProfileChange, Service, Session};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::conversations::{
    self as answers, Conversations, ConversationsPagination, ConversationsUser, Done, History, One, Opened, Own, Sent,
    Users,
};
use super::answers::shared::LoggedOut;
use super::common::{
    Edit, LIST_MAX, LogOut, Registration, Said, Search, email_shown, messages, new_account, own_conversations,
    required, send, shown_account, shown_conversation, shown_message, status, users,
};
use crate::app::App;
use crate::auth::Credentials;
use crate::cookie::{WithCookie, logged_in, logged_out};
use crate::error::Answer;
use crate::extract::{AuthUser, Body, BodyIfAny, Lister, LoginFrom, Person, Query, ReaderLinks, long_answer, present};
use crate::ids::{Id, user_id};
use crate::new_details::new_metadata;

const DIALECT: Dialect = Dialect::Conversations;

/// The number of messages on a page, if the client gives none.
const MESSAGES: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(me))
        .routes(routes!(list_users))
        .routes(routes!(search))
        .routes(routes!(change_profile))
        .routes(routes!(list, open))
        .routes(routes!(one, delete))
        .routes(routes!(history, say, edit, delete_message))
}

/// Returns a user as the user itself sees it.
fn account(service: &Service, links: &Links, account: &Account) -> ConversationsUser {
    let account = shown_account(service, links, account);
    let email = account.email.clone().unwrap_or_default();
    let user = ConversationsUser::of(&account.user, status(service, &Hidden::Nobody, &account.user.id), Some(email));
    user.with(account.metadata.as_ref())
}

fn session(service: &Service, links: &Links, session: &Session) -> Json<answers::Session> {
    let (user, token) = (account(service, links, &session.account), session.token.clone());
    Json(answers::Session { success: true, user, token })
}

/// Registers a user, and returns a token.
#[utoipa::path(
    post, path = "/auth/register", tag = "clients of conversations", operation_id = "conversationsRegister",
    request_body = inline(Registration), security(()),
    responses((status = 201, description = "Created", body = inline(answers::Session)))
)]
async fn register(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    ReaderLinks(links): ReaderLinks,
    BodyIfAny(input): BodyIfAny<Registration>,
) -> Answer<WithCookie<(StatusCode, Json<answers::Session>)>> {
    let made = new_account(&service, from, input, Some(DIALECT)).await?;
    Ok(logged_in(&made, (StatusCode::CREATED, session(&service, &links, &made))))
}

/// Logs in by email or username, and returns a token.
#[utoipa::path(
    post, path = "/auth/login", tag = "clients of conversations", operation_id = "conversationsLogIn",
    request_body = inline(Credentials), security(()),
    responses((status = 200, description = "Done", body = inline(answers::Session)))
)]
async fn log_in(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    ReaderLinks(links): ReaderLinks,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<WithCookie<Json<answers::Session>>> {
    let begun = credentials.log_in(&service, from, Some(DIALECT)).await?;
    Ok(logged_in(&begun, session(&service, &links, &begun)))
}

/// Logs out: ends the session of the token, if the request has one, and removes the cookie that holds it.
#[utoipa::path(
    post, path = "/auth/logout", tag = "clients of conversations", operation_id = "conversationsLogOut", security(()),
    responses((status = 200, description = "Done", body = inline(LoggedOut)))
)]
async fn log_out(_: LogOut) -> WithCookie<Json<LoggedOut>> {
    logged_out(Json(LoggedOut::DONE))
}

/// Returns the caller's account.
#[utoipa::path(
    get, path = "/auth/me", tag = "clients of conversations", operation_id = "conversationsGetMe",
    responses((status = 200, description = "Done", body = inline(Own)))
)]
async fn me(State(service): State<Service>, caller: AuthUser) -> Json<Own> {
    Json(Own { success: true, user: account(&service, caller.links(), &caller.0) })
}

/// Lists users.
#[utoipa::path(
    get, path = "/users", tag = "clients of conversations", operation_id = "conversationsListUsers", params(Search),
    responses((status = 200, description = "Done", body = inline(Users)))
)]
async fn list_users(service: State<Service>, caller: Lister, search: Query<Search>) -> Answer<Response> {
    self::search(service, caller, search).await
}

/// Finds users by a part of their name.
#[utoipa::path(
    get, path = "/users/search", tag = "clients of conversations", operation_id = "conversationsSearchUsers", params(Search),
    responses((status = 200, description = "Done", body = inline(Users)))
)]
async fn search(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let found = users(&service, &caller, &search.q).await?;
    let shown = |user: &Arc<User>| {
        let status = status(&service, caller.hidden(), &user.id);
        ConversationsUser::of(user, status, Some(email_shown(&caller, &user.id)))
    };
    Ok(long_answer(|| Users { success: true, count: found.len(), users: found.iter().map(shown).collect() }))
}

#[derive(Deserialize, ToSchema)]
struct Profile {
    username: Option<String>,
    #[serde(default, deserialize_with = "present")]
    avatar: Option<Option<String>>,
    /// Custom data, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
}

/// Changes the caller's profile.
#[utoipa::path(
    put, path = "/users/profile", tag = "clients of conversations", operation_id = "conversationsChangeProfile",
    request_body = inline(Profile), responses((status = 200, description = "Done", body = inline(Own)))
)]
async fn change_profile(
    State(service): State<Service>,
    person: Person,
    LoginFrom(from): LoginFrom,
    Body(input): Body<Profile>,
) -> Answer<Json<Own>> {
    let Profile { username, avatar, metadata } = input;
    let metadata = new_metadata(metadata.as_ref().map(Option::as_deref), METADATA_BYTES_MAX)?;
    let change = ProfileChange { username, avatar, metadata, ..ProfileChange::default() };
    let links = person.0.links().clone();
    let changed = service.change_own_profile(&person.owner(from)?, change, None).await?;
    Ok(Json(Own { success: true, user: account(&service, &links, &changed) }))
}

fn conversation(service: &Service, caller: &AuthUser, conversation: &Conversation) -> Box<RawValue> {
    shown_conversation(service, caller, DIALECT, conversation)
}

/// Lists the caller's conversations.
#[utoipa::path(
    get, path = "/conversations", tag = "clients of conversations", operation_id = "conversationsListConversations",
    responses((status = 200, description = "Done", body = inline(Conversations)))
)]
async fn list(State(service): State<Service>, Lister(caller): Lister) -> Answer<Response> {
    let found = own_conversations(&service, &caller).await?;
    Ok(long_answer(|| {
        let conversations: Vec<_> = found.iter().map(|one| conversation(&service, &caller, one)).collect();
        Conversations { success: true, count: conversations.len(), conversations }
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Opening {
    participant_id: Option<String>,
}

/// Returns the direct conversation with a user, which is created if there is none.
#[utoipa::path(
    post, path = "/conversations", tag = "clients of conversations", operation_id = "conversationsOpenConversation",
    request_body = inline(Opening),
    responses((status = 201, description = "Created", body = inline(Opened)), (status = 200, description = "The existing conversation", body = inline(Opened)))
)]
async fn open(
    State(service): State<Service>,
    caller: AuthUser,
    BodyIfAny(input): BodyIfAny<Opening>,
) -> Answer<(StatusCode, Json<Opened>)> {
    let other: UserId = user_id("participantId", &required("participantId", input.participant_id)?)?;
    let wanted = ConversationInput::direct(other);
    let (opened, new) = service.create_conversation(caller.actor(), wanted).await?;
    let caller = caller.renewed(&service).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let conversation = conversation(&service, &caller, &opened);
    Ok((status, Json(Opened { success: true, conversation, existed: !new })))
}

/// Returns a conversation of the caller.
#[utoipa::path(
    get, path = "/conversations/{id}", tag = "clients of conversations", operation_id = "conversationsGetConversation",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(One)))
)]
async fn one(State(service): State<Service>, caller: AuthUser, Id(id): Id<ConversationId>) -> Answer<Json<One>> {
    let found = service.conversation(caller.id(), id).await?;
    Ok(Json(One { success: true, conversation: conversation(&service, &caller, &found) }))
}

/// Deletes a conversation, or hides a direct one from the caller.
#[utoipa::path(
    delete, path = "/conversations/{id}", tag = "clients of conversations", operation_id = "conversationsDeleteConversation",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn delete(State(service): State<Service>, caller: AuthUser, Id(id): Id<ConversationId>) -> Answer<Json<Done>> {
    service.delete_conversation(caller.actor(), id).await?;
    Ok(Json(Done { success: true, message: "Conversation deleted" }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    #[param(value_type = Option<u64>)]
    page: Option<u32>,
    #[param(value_type = Option<u64>)]
    limit: Option<u32>,
}

/// Lists messages of a conversation.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversationsListMessages",
    params(("id" = String, Path), Page), responses((status = 200, description = "Done", body = inline(History)))
)]
async fn history(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Query(asked): Query<Page>,
) -> Answer<Json<History>> {
    let limit = asked.limit.unwrap_or(MESSAGES).clamp(1, LIST_MAX);
    let page = asked.page.unwrap_or(1).max(1);
    let total = service.message_count(caller.id(), id.clone()).await?;
    let (shown, span) = ((DIALECT, caller.links(), caller.hidden()), ((page - 1).saturating_mul(limit), limit));
    let found = messages(&service, caller.reads(), shown, &id, span).await?;
    let pagination = ConversationsPagination { page, limit, total, pages: total.div_ceil(limit.into()) };
    Ok(Json(History { success: true, messages: found.shown, pagination }))
}

/// Sends a message to a conversation.
#[utoipa::path(
    post, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversationsSendMessage",
    params(("id" = String, Path)), request_body = inline(Said),
    responses((status = 201, description = "Created", body = inline(Sent)))
)]
async fn say(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<Said>,
) -> Answer<(StatusCode, Json<Sent>)> {
    let text = input.text(Target::Conversation(id))?;
    let sent = send(&service, &caller, DIALECT, text).await?;
    Ok((StatusCode::CREATED, Json(Sent { success: true, message: sent })))
}

/// Changes the text of a message of the caller.
#[utoipa::path(
    put, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversationsEditMessage",
    params(("id" = String, Path)), request_body = inline(Edit),
    responses((status = 200, description = "Done", body = inline(Sent)))
)]
async fn edit(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
    BodyIfAny(input): BodyIfAny<Edit>,
) -> Answer<Json<Sent>> {
    let content = input.content()?;
    let edited = service.edit_message(caller.actor(), id, content, None).await?;
    let message = shown_message(&service, &caller, DIALECT, &edited);
    Ok(Json(Sent { success: true, message }))
}

/// Deletes a message.
#[utoipa::path(
    delete, path = "/messages/{id}", tag = "clients of conversations", operation_id = "conversationsDeleteMessage",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn delete_message(State(service): State<Service>, caller: AuthUser, Id(id): Id<MessageId>) -> Answer<Json<Done>> {
    service.delete_message(caller.actor(), id).await?;
    Ok(Json(Done { success: true, message: "Message deleted" }))
}
