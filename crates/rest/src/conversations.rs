//! Conversations and their members.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::{ConversationId, ConversationKind, MessageId, Refusal, Role, UserId};
use quintet_service::{ConversationChange, ConversationInput, Service};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Answer;
use crate::extract::{Asked, Asker, Body, PageQuery, Path, user_id};
use crate::views::{Views, page};

pub(crate) async fn list(
    State(service): State<Service>,
    asker: Asker,
    Asked(query): Asked<PageQuery>,
) -> Answer<Json<Value>> {
    let limit = query.limit()?;
    let found = service.conversations(asker.id(), query.cursor, limit).await?;
    let views = Views(&service);
    Ok(Json(page(found.items.iter().map(|item| views.conversation(item)).collect(), found.next)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Creation {
    kind: String,
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    member_ids: Vec<String>,
    #[serde(default)]
    open: bool,
}

pub(crate) async fn create(
    State(service): State<Service>,
    asker: Asker,
    Body(input): Body<Creation>,
) -> Answer<(StatusCode, Json<Value>)> {
    let kind = ConversationKind::parse(&input.kind)
        .ok_or_else(|| Refusal::invalid("kind", "must be `direct`, `group` or `room`"))?;
    let members = input.member_ids.iter().map(|id| user_id("memberIds", id)).collect::<Result<_, _>>()?;
    let wanted =
        ConversationInput { kind, name: input.name, description: input.description, members, open: input.open };
    let (conversation, new) = service.create_conversation(asker.actor(), wanted).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Views(&service).conversation(&conversation))))
}

pub(crate) async fn get(State(service): State<Service>, asker: Asker, Path(id): Path<String>) -> Answer<Json<Value>> {
    let conversation = service.conversation(asker.id(), ConversationId::trusted(&id)).await?;
    Ok(Json(Views(&service).conversation(&conversation)))
}

#[derive(Deserialize)]
pub(crate) struct Change {
    name: Option<String>,
    open: Option<bool>,
}

pub(crate) async fn change(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
    Body(input): Body<Change>,
) -> Answer<Json<Value>> {
    let patch = ConversationChange { name: input.name, open: input.open };
    let conversation = service.change_conversation(asker.actor(), ConversationId::trusted(&id), patch).await?;
    Ok(Json(Views(&service).conversation(&conversation)))
}

pub(crate) async fn delete(State(service): State<Service>, asker: Asker, Path(id): Path<String>) -> Answer<StatusCode> {
    service.delete_conversation(asker.actor(), ConversationId::trusted(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMember {
    /// Oneself, where none is named.
    user_id: Option<String>,
    role: Option<String>,
}

pub(crate) async fn add_member(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
    Body(input): Body<NewMember>,
) -> Answer<(StatusCode, Json<Value>)> {
    let user = match &input.user_id {
        Some(id) => user_id("userId", id)?,
        None => asker.id(),
    };
    let role = match input.role.as_deref() {
        None => None,
        Some(role) => Some(Role::parse(role).ok_or_else(|| Refusal::invalid("role", "must be `admin` or `member`"))?),
    };
    let joined = service.add_member(asker.actor(), ConversationId::trusted(&id), user, role).await?;
    let conversation = service.conversation(asker.id(), joined.place.id.clone()).await?;
    let status = if joined.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Views(&service).conversation(&conversation))))
}

pub(crate) async fn remove_member(
    State(service): State<Service>,
    asker: Asker,
    Path((id, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    service.remove_member(asker.actor(), ConversationId::trusted(&id), UserId::trusted(&user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Read {
    message_id: String,
}

pub(crate) async fn mark_read(
    State(service): State<Service>,
    asker: Asker,
    Path(id): Path<String>,
    Body(input): Body<Read>,
) -> Answer<StatusCode> {
    let message = MessageId::trusted(&input.message_id);
    service.mark_read(asker.actor(), Some(ConversationId::trusted(&id)), message).await?;
    Ok(StatusCode::NO_CONTENT)
}
