//! The chat vocabulary: snake case, and `data` beside a word for people.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_dialect::Dialect;
use quintet_domain::{Conversation, ConversationId, ConversationKind, MessageId, Refusal, Target, User, UserId};
use quintet_service::{Account, ConversationChange, ConversationInput, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::conversations::{Edit, Registration, Search, new_account};
use super::{
    LIST_MAX, email_shown, mark_guest, messages, missing, own_conversations, required, send, shown_message, status,
    users,
};
use crate::auth::Credentials;
use crate::error::Answer;
use crate::extract::{AuthUser, BodyIfAny, ClientIp, Lister, Path, Query, long, user_id};
use crate::messages::new_text;
use crate::router::App;

const DIALECT: Dialect = Dialect::Chat;

/// Messages of a page, where a client does not say.
const MESSAGES: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
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

fn user(service: &Service, user: &User, email: Option<&str>) -> Value {
    let mut object = json!({
        "id": user.id.as_str(),
        "username": user.username,
        "avatar_url": user.avatar,
        "status": status(service, &user.id),
    });
    if let Some(email) = email {
        object["email"] = email.into();
    }
    mark_guest(user, &mut object);
    object
}

/// A user who is looked up.
fn found(service: &Service, one: &User) -> Value {
    let mut object = user(service, one, None);
    object["created_at"] = one.created_at.to_string().into();
    object
}

/// A user as itself sees it.
pub(super) fn account(service: &Service, account: &Account) -> Value {
    user(service, &account.user, account.email.as_deref())
}

#[utoipa::path(
    post, path = "/auth/register", tag = "clients of chat", operation_id = "chat_register", request_body = inline(Registration),
    security(()), responses((status = 201, description = "Made"))
)]
async fn register(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(input): BodyIfAny<Registration>,
) -> Answer<(StatusCode, Json<Value>)> {
    let session = new_account(&service, address, input, Some(DIALECT)).await?;
    let user = account(&service, &session.account);
    let body = json!({ "message": "User registered successfully", "user": user, "token": session.token });
    Ok((StatusCode::CREATED, Json(body)))
}

#[utoipa::path(
    post, path = "/auth/login", tag = "clients of chat", operation_id = "chat_log_in", request_body = inline(Credentials),
    security(()), responses((status = 200, description = "Done"))
)]
async fn log_in(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    BodyIfAny(credentials): BodyIfAny<Credentials>,
) -> Answer<Json<Value>> {
    let session = credentials.log_in(&service, address, Some(DIALECT)).await?;
    let user = account(&service, &session.account);
    Ok(Json(json!({ "message": "Login successful", "user": user, "token": session.token })))
}

#[utoipa::path(
    get, path = "/auth/me", tag = "clients of chat", operation_id = "chat_me",
    responses((status = 200, description = "Done"))
)]
async fn me(State(service): State<Service>, asker: AuthUser) -> Json<Value> {
    let mut user = found(&service, &asker.0.user);
    user["email"] = asker.0.email.as_deref().into();
    Json(json!({ "user": user }))
}

#[utoipa::path(
    get, path = "/users/search", tag = "clients of chat", operation_id = "chat_search", params(Search),
    responses((status = 200, description = "Done"))
)]
async fn search(
    State(service): State<Service>,
    Lister(asker): Lister,
    Query(search): Query<Search>,
) -> Answer<Response> {
    let people = users(&service, &asker, &search.q).await?;
    Ok(long(|| {
        let shown: Vec<Value> = people.iter().map(|one| found(&service, one)).collect();
        json!({ "users": shown, "count": shown.len() })
    }))
}

#[utoipa::path(
    get, path = "/users/{id}", tag = "clients of chat", operation_id = "chat_one_user", params(("id" = String, Path)),
    responses((status = 200, description = "Done"))
)]
async fn one_user(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    let one = service.user(asker.id().into(), &UserId::trusted(&id)).await?;
    Ok(Json(json!({ "user": found(&service, &one) })))
}

/// A chat as the asker sees it.
fn chat(service: &Service, asker: &AuthUser, chat: &Conversation) -> Value {
    let participants: Vec<Value> = chat
        .members
        .iter()
        .map(|member| {
            let mut object = user(service, &member.user, None);
            object["email"] = email_shown(asker, &member.user.id);
            object["joined_at"] = member.joined_at.to_string().into();
            object["last_read_at"] = member.read_at.map(|at| at.to_string()).into();
            object
        })
        .collect();
    let own = chat.members.iter().find(|member| member.user.id == asker.0.user.id);
    let last = chat.last_message.as_ref();
    json!({
        "id": chat.conversation.id.as_str(),
        "name": chat.conversation.name,
        "type": if chat.conversation.kind == ConversationKind::Direct { "direct" } else { "group" },
        "created_by": chat.owner.as_ref().map(UserId::as_str),
        "created_at": chat.created_at.to_string(),
        "updated_at": chat.updated_at.to_string(),
        "last_read_at": own.and_then(|member| member.read_at).map(|at| at.to_string()),
        "unread_count": chat.unread_count,
        "last_message": last.map(|message| shown_message(service, asker, DIALECT, message)),
        "participants": participants,
    })
}

#[utoipa::path(
    get, path = "/chats", tag = "clients of chat", operation_id = "chat_list",
    responses((status = 200, description = "Done"))
)]
async fn list(State(service): State<Service>, Lister(asker): Lister) -> Answer<Response> {
    let found = own_conversations(&service, &asker).await?;
    Ok(long(|| {
        let chats: Vec<Value> = found.iter().map(|one| chat(&service, &asker, one)).collect();
        json!({ "chats": chats, "count": chats.len() })
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
}

#[utoipa::path(
    post, path = "/chats", tag = "clients of chat", operation_id = "chat_create", request_body = inline(Creation),
    responses((status = 201, description = "Made"))
)]
async fn create(
    State(service): State<Service>,
    asker: AuthUser,
    BodyIfAny(input): BodyIfAny<Creation>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut members =
        input.participant_ids.iter().map(|id| user_id("participantIds", id)).collect::<Result<Vec<_>, _>>()?;
    members.retain(|member| *member != asker.0.user.id);
    let wanted = match (input.kind.as_deref().or(Some("direct")), &members[..]) {
        (Some("direct"), [other]) => ConversationInput::direct(other.clone()),
        (Some("direct"), _) => {
            return Err(Refusal::invalid("participantIds", "must name exactly one other user").into());
        }
        (Some("group"), _) => ConversationInput {
            kind: ConversationKind::Group,
            name: Some(required("name", input.name)?),
            description: None,
            members,
            owner: None,
            open: false,
        },
        _ => return Err(Refusal::invalid("type", "must be `direct` or `group`").into()),
    };
    let (made, _) = service.create_conversation(asker.actor(), wanted).await?;
    let data = chat(&service, &asker, &made);
    Ok((StatusCode::CREATED, Json(json!({ "message": "Chat created successfully", "data": data }))))
}

#[utoipa::path(
    get, path = "/chats/{id}", tag = "clients of chat", operation_id = "chat_one", params(("id" = String, Path)),
    responses((status = 200, description = "Done"))
)]
async fn one(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    let found = service.conversation(asker.id(), ConversationId::trusted(&id)).await?;
    let mut object = chat(&service, &asker, &found);
    // Some clients look for it under this name.
    object["chat"] = object.clone();
    Ok(Json(object))
}

#[derive(Deserialize, ToSchema)]
struct Rename {
    name: Option<String>,
}

#[utoipa::path(
    put, path = "/chats/{id}", tag = "clients of chat", operation_id = "chat_rename", params(("id" = String, Path)),
    request_body = inline(Rename), responses((status = 200, description = "Done"))
)]
async fn rename(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<Rename>,
) -> Answer<Json<Value>> {
    let change = ConversationChange { name: Some(required("name", input.name)?), open: None };
    let changed = service.change_conversation(asker.actor(), ConversationId::trusted(&id), change).await?;
    let data = chat(&service, &asker, &changed);
    Ok(Json(json!({ "message": "Chat updated successfully", "data": data })))
}

#[utoipa::path(
    delete, path = "/chats/{id}", tag = "clients of chat", operation_id = "chat_delete_chat", params(("id" = String, Path)),
    responses((status = 200, description = "Done"))
)]
async fn delete_chat(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    service.delete_conversation(asker.actor(), ConversationId::trusted(&id)).await?;
    Ok(Json(json!({ "message": "Chat deleted successfully" })))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Participant {
    user_id: Option<String>,
}

#[utoipa::path(
    post, path = "/chats/{id}/participants", tag = "clients of chat", operation_id = "chat_add", params(("id" = String, Path)),
    request_body = inline(Participant), responses((status = 200, description = "Done"))
)]
async fn add(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<Participant>,
) -> Answer<Json<Value>> {
    let other = user_id("userId", &required("userId", input.user_id)?)?;
    let id = ConversationId::trusted(&id);
    service.add_member(asker.actor(), id.clone(), other, None).await?;
    let data = chat(&service, &asker, &service.conversation(asker.id(), id).await?);
    Ok(Json(json!({ "message": "Participant added successfully", "data": data })))
}

#[utoipa::path(
    delete, path = "/chats/{id}/participants/{user}", tag = "clients of chat", operation_id = "chat_remove",
    params(("id" = String, Path), ("user" = String, Path)),
    responses((status = 200, description = "Done"))
)]
async fn remove(
    State(service): State<Service>,
    asker: AuthUser,
    Path((id, other)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    service.remove_member(asker.actor(), ConversationId::trusted(&id), UserId::trusted(&other)).await?;
    Ok(Json(json!({ "message": "Participant removed successfully" })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    limit: Option<u32>,
    #[serde(default)]
    offset: u32,
}

#[utoipa::path(
    get, path = "/chats/{id}/messages", tag = "clients of chat", operation_id = "chat_history",
    params(("id" = String, Path), Page), responses((status = 200, description = "Done"))
)]
async fn history(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Answer<Json<Value>> {
    let limit = page.limit.unwrap_or(MESSAGES).clamp(1, LIST_MAX);
    let id = ConversationId::trusted(&id);
    let shown = messages(&service, asker.reads(), DIALECT, &id, (page.offset, limit)).await?;
    Ok(Json(json!({ "messages": shown, "count": shown.len() })))
}

#[derive(Deserialize, ToSchema)]
struct NewMessage {
    #[serde(default)]
    content: String,
    #[serde(alias = "messageType")]
    message_type: Option<String>,
    #[serde(rename = "fileUrl")]
    file_url: Option<String>,
    #[serde(rename = "fileName")]
    file_name: Option<String>,
}

#[utoipa::path(
    post, path = "/chats/{id}/messages", tag = "clients of chat", operation_id = "chat_say", params(("id" = String, Path)),
    request_body = inline(NewMessage), responses((status = 201, description = "Made"))
)]
async fn say(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<NewMessage>,
) -> Answer<(StatusCode, Json<Value>)> {
    let target = Target::Conversation(ConversationId::trusted(&id));
    let file = (input.file_url, input.file_name);
    let text = new_text(target, ("message_type", input.message_type.as_deref()), input.content, file)?;
    let data = send(&service, &asker, DIALECT, text).await?;
    Ok((StatusCode::CREATED, Json(json!({ "message": "Message sent successfully", "data": data }))))
}

#[utoipa::path(
    put, path = "/messages/{id}", tag = "clients of chat", operation_id = "chat_edit", params(("id" = String, Path)),
    request_body = inline(Edit), responses((status = 200, description = "Done"))
)]
async fn edit(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
    BodyIfAny(input): BodyIfAny<Edit>,
) -> Answer<Json<Value>> {
    let content = input.content.ok_or_else(|| missing("content"))?;
    let edited = service.edit_message(asker.actor(), MessageId::trusted(&id), content).await?;
    let data = shown_message(&service, &asker, DIALECT, &edited);
    Ok(Json(json!({ "message": "Message updated successfully", "data": data })))
}

#[utoipa::path(
    delete, path = "/messages/{id}", tag = "clients of chat", operation_id = "chat_delete_message",
    params(("id" = String, Path)), responses((status = 200, description = "Done"))
)]
async fn delete_message(
    State(service): State<Service>,
    asker: AuthUser,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    service.delete_message(asker.actor(), MessageId::trusted(&id)).await?;
    Ok(Json(json!({ "message": "Message deleted successfully" })))
}

#[utoipa::path(
    post, path = "/messages/{id}/read", tag = "clients of chat", operation_id = "chat_read", params(("id" = String, Path)),
    responses((status = 200, description = "Done"))
)]
async fn read(State(service): State<Service>, asker: AuthUser, Path(id): Path<String>) -> Answer<Json<Value>> {
    service.mark_read(asker.actor(), None, MessageId::trusted(&id)).await?;
    Ok(Json(json!({ "message": "Message marked as read" })))
}
