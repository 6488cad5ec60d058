//! The calls of the chat dialect: names in snake case, and `data` next to a message for people.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::limits::CONVERSATION_METADATA_BYTES_MAX;
use quintet_domain::{
    Conversation, ConversationId, ConversationKind, Hidden, Links, MessageId, Refusal, Target, User, UserId,
};
use quintet_service::{ConversationChange, ConversationInput, Service, Session};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::chat::{self as answers, Changed, Chat, ChatUser, Chats, Done, History, One, OneChat, Sent, Users};
use super::answers::shared::LoggedOut;
use super::common::{
    Edit, LIST_MAX, LogOut, Registration, Said, Search, messages, new_account, own_conversations, required, send,
    shown_conversation, shown_message, status, users,
};
use crate::app::App;
use crate::auth::Credentials;
use crate::cookie::{WithCookie, logged_in, logged_out};
use crate::error::Answer;
use crate::extract::{AuthUser, BodyIfAny, Lister, LoginFrom, Query, ReaderLinks, long_answer, present};
use crate::ids::{Id, Ids, user_id};
use crate::message_details::custom_data;
use crate::new_details::{metadata, new_metadata};
use crate::views::Moment;

const DIALECT: Dialect = Dialect::Chat;

/// The number of messages on a page, if the client gives none.
const MESSAGES: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(me))
        .routes(routes!(search))
        .routes(routes!(one_user))
        .routes(routes!(list, create))
        .routes(routes!(one, rename, delete_chat))
        .routes(routes!(add))
        .routes(routes!(remove))
        .routes(routes!(history, say))
        .routes(routes!(edit, delete_message))
        .routes(routes!(read))
}

/// Returns a user that was looked up.
fn found(service: &Service, hidden: &Hidden, user: &User) -> ChatUser {
    let status = status(service, hidden, &user.id);
    ChatUser { created_at: Some(Moment(user.created_at)), ..ChatUser::of(user, status) }
}

/// Returns a token with its owner as the owner sees it.
fn session(service: &Service, links: &Links, message: &'static str, session: &Session) -> Json<answers::Session> {
    let shown = links.user(&session.account.user);
    let user = ChatUser {
        email: session.account.email.clone().map(Some),
        ..ChatUser::of(&shown, status(service, &Hidden::Nobody, &shown.id))
    };
    Json(answers::Session { message, user, token: session.token.clone() })
}

/// Registers a user, and returns a token.
#[utoipa::path(
    post, path = "/auth/register", tag = "clients of chat", operation_id = "chatRegister", request_body = inline(Registration),
    security(()), responses((status = 201, description = "Created", body = inline(answers::Session)))
)]
async fn register(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    ReaderLinks(links): ReaderLinks,
    BodyIfAny(input): BodyIfAny<Registration>,
) -> Answer<WithCookie<(StatusCode, Json<answers::Session>)>> {
    let made = new_account(&service, from, input, Some(DIALECT)).await?;
    Ok(logged_in(&made, (StatusCode::CREATED, session(&service, &links, "User registered successfully", &made))))
}

/// Logs in by email or username, and returns a token.
#[utoipa::path(
    post, path = "/auth/login", tag = "clients of chat", operation_id = "chatLogIn", request_body = inline(Credentials),
    security(()), responses((status = 200, description = "Done", body = inline(answers::Session)))
)]
async fn log_in(
    State(service): State<Service>,
    LoginFrom(from): LoginFrom,
    ReaderLinks(links): ReaderLinks,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<WithCookie<Json<answers::Session>>> {
    let begun = credentials.log_in(&service, from, Some(DIALECT)).await?;
    Ok(logged_in(&begun, session(&service, &links, "Login successful", &begun)))
}

/// Logs out: ends the session of the token, if the request has one, and removes the cookie that holds it.
#[utoipa::path(
    post, path = "/auth/logout", tag = "clients of chat", operation_id = "chatLogOut", security(()),
    responses((status = 200, description = "Done", body = inline(LoggedOut)))
)]
async fn log_out(_: LogOut) -> WithCookie<Json<LoggedOut>> {
    logged_out(Json(LoggedOut::DONE))
}

/// Returns the caller's account.
#[utoipa::path(
    get, path = "/auth/me", tag = "clients of chat", operation_id = "chatGetMe",
    responses((status = 200, description = "Done", body = inline(One)))
)]
async fn me(State(service): State<Service>, caller: AuthUser) -> Json<One> {
    let (email, metadata) = (Some(caller.0.email.clone()), custom_data(caller.0.metadata.as_ref()));
    Json(One {
        user: ChatUser { email, metadata, ..found(&service, &Hidden::Nobody, &caller.links().user(&caller.0.user)) },
    })
}

/// Finds users by a part of their name.
#[utoipa::path(
    get, path = "/users/search", tag = "clients of chat", operation_id = "chatSearchUsers", params(Search),
    responses((status = 200, description = "Done", body = inline(Users)))
)]
async fn search(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let people = users(&service, &caller, &search.q).await?;
    Ok(long_answer(|| Users {
        users: people.iter().map(|one| found(&service, caller.hidden(), one)).collect(),
        count: people.len(),
    }))
}

/// Returns a user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "clients of chat", operation_id = "chatGetUser", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = inline(One)))
)]
async fn one_user(State(service): State<Service>, caller: AuthUser, Id(id): Id<UserId>) -> Answer<Json<One>> {
    let (one, metadata) = service.profile(caller.id().into(), &id).await?;
    let metadata = custom_data(metadata.as_ref());
    let shown = caller.hidden().user(&caller.links().user(&one));
    Ok(Json(One { user: ChatUser { metadata, ..found(&service, caller.hidden(), &shown) } }))
}

/// Returns a chat as the caller sees it.
fn chat(service: &Service, caller: &AuthUser, chat: &Conversation) -> Box<RawValue> {
    shown_conversation(service, caller, DIALECT, chat)
}

/// Lists the caller's chats.
#[utoipa::path(
    get, path = "/chats", tag = "clients of chat", operation_id = "chatListChats",
    responses((status = 200, description = "Done", body = inline(Chats)))
)]
async fn list(State(service): State<Service>, Lister(caller): Lister) -> Answer<Response> {
    let found = own_conversations(&service, &caller).await?;
    Ok(long_answer(|| {
        let chats: Vec<_> = found.iter().map(|one| chat(&service, &caller, one)).collect();
        Chats { count: chats.len(), chats }
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Creation {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    participant_ids: Vec<String>,
    /// An https link to a picture, or the link of a file that the user itself or a service has uploaded. Groups can have
    /// one.
    picture: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// Creates a chat, or returns the direct chat with a user.
#[utoipa::path(
    post, path = "/chats", tag = "clients of chat", operation_id = "chatCreateChat", request_body = inline(Creation),
    responses((status = 201, description = "Created", body = inline(Changed)))
)]
async fn create(
    State(service): State<Service>,
    caller: AuthUser,
    BodyIfAny(input): BodyIfAny<Creation>,
) -> Answer<(StatusCode, Json<Changed>)> {
    let mut members =
        input.participant_ids.iter().map(|id| user_id("participantIds", id)).collect::<Result<Vec<_>, _>>()?;
    members.retain(|member| *member != caller.0.user.id);
    let metadata = metadata(input.metadata.as_deref(), CONVERSATION_METADATA_BYTES_MAX)?;
    let wanted = match (input.kind.as_deref().or(Some("direct")), &members[..]) {
        (Some("direct"), [other]) => {
            ConversationInput { picture: input.picture, metadata, ..ConversationInput::direct(other.clone()) }
        }
        (Some("direct"), _) => {
            return Err(Refusal::invalid("participantIds", "must name exactly one other user").into());
        }
        (Some("group"), _) => ConversationInput {
            kind: ConversationKind::Group,
            name: Some(required("name", input.name)?),
            description: None,
            picture: input.picture,
            metadata,
            members,
            owner: None,
            open: false,
        },
        _ => return Err(Refusal::invalid("type", "must be `direct` or `group`").into()),
    };
    let (made, _) = service.create_conversation(caller.actor(), wanted).await?;
    let caller = caller.renewed(&service).await?;
    let data = chat(&service, &caller, &made);
    Ok((StatusCode::CREATED, Json(Changed { message: "Chat created successfully", data })))
}

/// Returns a chat of the caller.
#[utoipa::path(
    get, path = "/chats/{id}", tag = "clients of chat", operation_id = "chatGetChat", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = Chat))
)]
async fn one(State(service): State<Service>, caller: AuthUser, Id(id): Id<ConversationId>) -> Answer<Response> {
    let found = service.conversation(caller.id(), id).await?;
    let chat = chat(&service, &caller, &found);
    let fields = serde_json::from_str(chat.get()).map_err(|_| Refusal::internal())?;
    Ok(Json(OneChat { fields, chat }).into_response())
}

#[derive(Deserialize, ToSchema)]
struct Rename {
    /// The new name, which may be absent if there is a new picture or new custom data.
    name: Option<String>,
    /// An https link to a picture, or the link of a file that the user itself or a service has uploaded; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    picture: Option<Option<String>>,
    /// Custom data, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
}

/// Changes the name of a chat, its picture, or its custom data.
#[utoipa::path(
    put, path = "/chats/{id}", tag = "clients of chat", operation_id = "chatChangeChat", params(("id" = String, Path)),
    request_body = inline(Rename), responses((status = 200, description = "Done", body = inline(Changed)))
)]
async fn rename(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<Rename>,
) -> Answer<Json<Changed>> {
    let metadata = input.metadata.as_ref().map(Option::as_deref);
    let metadata = new_metadata(metadata, CONVERSATION_METADATA_BYTES_MAX)?;
    let name = match input.name {
        None if metadata.is_some() || input.picture.is_some() => None,
        name => Some(required("name", name)?),
    };
    let change = ConversationChange { name, picture: input.picture, metadata, ..ConversationChange::default() };
    let changed = service.change_conversation(caller.actor(), id, change).await?;
    let data = chat(&service, &caller, &changed);
    Ok(Json(Changed { message: "Chat updated successfully", data }))
}

/// Deletes a chat, or hides a direct one from the caller.
#[utoipa::path(
    delete, path = "/chats/{id}", tag = "clients of chat", operation_id = "chatDeleteChat", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn delete_chat(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Done>> {
    service.delete_conversation(caller.actor(), id).await?;
    Ok(Json(Done { message: "Chat deleted successfully" }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Participant {
    user_id: Option<String>,
}

/// Adds a member to a chat.
#[utoipa::path(
    post, path = "/chats/{id}/participants", tag = "clients of chat", operation_id = "chatAddParticipant", params(("id" = String, Path)),
    request_body = inline(Participant), responses((status = 200, description = "Done", body = inline(Changed)))
)]
async fn add(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<Participant>,
) -> Answer<Json<Changed>> {
    let other = user_id("userId", &required("userId", input.user_id)?)?;
    service.add_member(caller.actor(), id.clone(), other, None, None).await?;
    let data = chat(&service, &caller, &service.conversation(caller.id(), id).await?);
    Ok(Json(Changed { message: "Participant added successfully", data }))
}

/// Removes a member from a chat, or leaves it.
#[utoipa::path(
    delete, path = "/chats/{id}/participants/{user}", tag = "clients of chat", operation_id = "chatRemoveParticipant",
    params(("id" = String, Path), ("user" = String, Path)),
    responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn remove(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, other): Ids<ConversationId, UserId>,
) -> Answer<Json<Done>> {
    service.remove_member(caller.actor(), id, other, None).await?;
    Ok(Json(Done { message: "Participant removed successfully" }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    #[param(value_type = Option<u64>)]
    limit: Option<u32>,
    #[serde(default)]
    #[param(value_type = u64)]
    offset: u32,
}

/// Lists messages of a chat.
#[utoipa::path(
    get, path = "/chats/{id}/messages", tag = "clients of chat", operation_id = "chatListMessages",
    params(("id" = String, Path), Page), responses((status = 200, description = "Done", body = inline(History)))
)]
async fn history(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Query(page): Query<Page>,
) -> Answer<Json<History>> {
    let limit = page.limit.unwrap_or(MESSAGES).clamp(1, LIST_MAX);
    let messages =
        messages(&service, caller.reads(), (DIALECT, caller.links(), caller.hidden()), &id, (page.offset, limit))
            .await?
            .shown;
    Ok(Json(History { count: messages.len(), messages }))
}

/// Sends a message to a chat.
#[utoipa::path(
    post, path = "/chats/{id}/messages", tag = "clients of chat", operation_id = "chatSendMessage", params(("id" = String, Path)),
    request_body = inline(Said), responses((status = 201, description = "Created", body = inline(Sent)))
)]
async fn say(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<Said>,
) -> Answer<(StatusCode, Json<Sent>)> {
    let text = input.text(Target::Conversation(id))?;
    let data = send(&service, &caller, DIALECT, text).await?;
    Ok((StatusCode::CREATED, Json(Sent { message: "Message sent successfully", data })))
}

/// Changes the text of a message of the caller.
#[utoipa::path(
    put, path = "/messages/{id}", tag = "clients of chat", operation_id = "chatEditMessage", params(("id" = String, Path)),
    request_body = inline(Edit), responses((status = 200, description = "Done", body = inline(Sent)))
)]
async fn edit(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
    BodyIfAny(input): BodyIfAny<Edit>,
) -> Answer<Json<Sent>> {
    let content = input.content()?;
    let edited = service.edit_message(caller.actor(), id, content, None).await?;
    let data = shown_message(&service, &caller, DIALECT, &edited);
    Ok(Json(Sent { message: "Message updated successfully", data }))
}

/// Deletes a message.
#[utoipa::path(
    delete, path = "/messages/{id}", tag = "clients of chat", operation_id = "chatDeleteMessage",
    params(("id" = String, Path)), responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn delete_message(State(service): State<Service>, caller: AuthUser, Id(id): Id<MessageId>) -> Answer<Json<Done>> {
    service.delete_message(caller.actor(), id).await?;
    Ok(Json(Done { message: "Message deleted successfully" }))
}

/// Marks a message and all messages before it as read.
#[utoipa::path(
    post, path = "/messages/{id}/read", tag = "clients of chat", operation_id = "chatMarkRead", params(("id" = String, Path)),
    responses((status = 200, description = "Done", body = inline(Done)))
)]
async fn read(State(service): State<Service>, caller: AuthUser, Id(id): Id<MessageId>) -> Answer<Json<Done>> {
    service.mark_read(caller.actor(), None, id).await?;
    Ok(Json(Done { message: "Message marked as read" }))
}
