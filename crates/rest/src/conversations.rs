//! The endpoints of conversations and their members.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_domain::limits::CONVERSATION_METADATA_BYTES_MAX;
use quintet_domain::{
    ConversationId, ConversationKind, MessageId, ModerationChange, Refusal, Role, UserId, given_reason,
};
use quintet_service::{ConversationChange, ConversationInput, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Body, BodyIfAny, Lister, PageQuery, Query, Why, long_answer, page_limit, present};
use crate::ids::{Id, Ids, existing, user_id};
use crate::new_details::{metadata, new_metadata};
use crate::users::NameSearch;
use crate::views::{Conversation, Member, Page, Views, given_roles, made_kinds};

/// Converts a conversation of the caller.
pub(crate) async fn shown(
    service: &Service,
    caller: &AuthUser,
    conversation: &quintet_domain::Conversation,
) -> Result<Conversation, Refusal> {
    let own = service.own_reactions(caller.id(), conversation.last_message.as_ref()).await?;
    Ok(Views(service, caller.hidden()).conversation(conversation, &own))
}

/// Lists the caller's conversations, newest activity first.
#[utoipa::path(
    get, path = "/conversations", tag = "conversations", operation_id = "listConversations", params(PageQuery),
    responses((status = 200, description = "A page of the list", body = Page<Conversation>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(query): Query<PageQuery>,
) -> Answer<Response> {
    let limit = query.limit()?;
    let found = service.conversations(caller.id(), query.cursor, limit).await?;
    let newest = found.items.iter().filter_map(|item| item.last_message.as_ref());
    let own = service.own_reactions(caller.id(), newest).await?;
    let views = Views(&service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |item| views.conversation(item, &own))))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewConversation {
    #[schema(schema_with = made_kinds)]
    kind: String,
    /// The name, which groups and rooms need.
    name: Option<String>,
    description: Option<String>,
    /// An https link to a picture, or the link of a file that the user itself or a service has uploaded. Groups and rooms
    /// can have one.
    picture: Option<String>,
    /// Custom data of at most 16,384 bytes, which groups and rooms can have.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    #[serde(default)]
    /// The members besides the owner; for a direct conversation, the one other member.
    member_ids: Vec<String>,
    /// The owner, if a service creates the conversation on behalf of a user.
    owner_id: Option<String>,
    /// Whether anyone who knows a group's id may join it. Rooms are always open.
    #[serde(default)]
    open: bool,
}

/// Creates a conversation. If a direct conversation of the two users exists, it is returned instead.
#[utoipa::path(
    post, path = "/conversations", tag = "conversations", operation_id = "createConversation",
    request_body = NewConversation,
    responses(
        (status = 201, description = "Created", body = Conversation),
        (status = 200, description = "The existing direct conversation", body = Conversation),
        (status = 404, description = "A member does not exist",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn create(
    State(service): State<Service>,
    caller: AuthUser,
    Body(input): Body<NewConversation>,
) -> Answer<(StatusCode, Json<Conversation>)> {
    let kind = ConversationKind::parse(&input.kind)
        .ok_or_else(|| Refusal::invalid("kind", "must be `direct`, `group` or `room`"))?;
    let members = input.member_ids.iter().map(|id| user_id("memberIds", id)).collect::<Result<_, _>>()?;
    let owner = input.owner_id.as_deref().map(|id| user_id("ownerId", id)).transpose()?;
    let metadata = metadata(input.metadata.as_deref(), CONVERSATION_METADATA_BYTES_MAX)?;
    let NewConversation { name, description, picture, open, .. } = input;
    let wanted = ConversationInput { kind, name, description, picture, metadata, members, owner, open };
    let (conversation, new) = service.create_conversation(caller.actor(), wanted).await?;
    let caller = caller.renewed(&service).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown(&service, &caller, &conversation).await?)))
}

/// Returns a conversation of the caller.
#[utoipa::path(
    get, path = "/conversations/{id}", tag = "conversations", operation_id = "getConversation",
    params(("id" = String, Path)),
    responses((status = 200, description = "The conversation", body = Conversation))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Conversation>> {
    let conversation = service.conversation(caller.id(), id).await?;
    Ok(Json(shown(&service, &caller, &conversation).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationPatch {
    name: Option<String>,
    open: Option<bool>,
    /// An https link to a picture, or the link of a file that the user itself or a service has uploaded; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    picture: Option<Option<String>>,
    /// Custom data of at most 16,384 bytes, which replaces what there is; null or an empty object removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Box<RawValue>>>,
    /// Slow mode: the seconds between two messages of one member, which the owner and admins need not wait; 0 for none.
    #[schema(maximum = 86400)]
    slow_mode_s: Option<u32>,
    /// Whether only the owner and admins write.
    only_admins_write: Option<bool>,
    /// The reason of a change of these two, of at most 512 bytes, which the audit log keeps.
    reason: Option<String>,
}

/// Changes the name of a conversation, whether it is open, its picture, its custom data, or what its members may write. The
/// last is for the owner and admins of rooms too.
#[utoipa::path(
    patch, path = "/conversations/{id}", tag = "conversations", operation_id = "changeConversation",
    params(("id" = String, Path)), request_body = ConversationPatch,
    responses((status = 200, description = "Changed", body = Conversation))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<ConversationPatch>,
) -> Answer<Json<Conversation>> {
    let metadata = input.metadata.as_ref().map(Option::as_deref);
    let metadata = new_metadata(metadata, CONVERSATION_METADATA_BYTES_MAX)?;
    let moderation = ModerationChange {
        slow_mode_s: input.slow_mode_s,
        only_admins_write: input.only_admins_write,
        reason: given_reason(input.reason.as_deref())?,
    };
    let ConversationPatch { name, open, picture, .. } = input;
    let patch = ConversationChange { name, open, picture, metadata, moderation };
    let conversation = service.change_conversation(caller.actor(), id, patch).await?;
    Ok(Json(shown(&service, &caller, &conversation).await?))
}

/// Deletes a group or room for all members, or hides a direct conversation from the caller.
#[utoipa::path(
    delete, path = "/conversations/{id}", tag = "conversations", operation_id = "deleteConversation",
    params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn delete(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<StatusCode> {
    service.delete_conversation(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMember {
    /// The user to add; the caller, if none is given.
    user_id: Option<String>,
    #[schema(schema_with = given_roles, required = false)]
    role: Option<String>,
    /// Why the role is given, in at most 512 bytes, for the audit log.
    reason: Option<String>,
}

/// Lists the members of a conversation of the caller, longest membership first, or those whose username or name contains a
/// text: also those of a large one whom its object does not list.
#[utoipa::path(
    get, path = "/conversations/{id}/members", tag = "conversations", operation_id = "listMembers",
    params(("id" = String, Path), NameSearch),
    responses((status = 200, description = "A page of the list", body = Page<Member>))
)]
pub(crate) async fn members(
    State(service): State<Service>,
    Lister(caller): Lister,
    Id(id): Id<ConversationId>,
    Query(search): Query<NameSearch>,
) -> Answer<Response> {
    let limit = page_limit(search.limit)?;
    let found = service.members(caller.id(), id, search.q, search.cursor, limit).await?;
    let views = Views(&service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |member| views.member(member))))
}

/// Adds a member, or changes a member's role. Without `userId`, the caller joins an open conversation. Somebody who has left the
/// group, or who has to be asked first, becomes a member once it accepts.
#[utoipa::path(
    post, path = "/conversations/{id}/members", tag = "conversations", operation_id = "addMember",
    params(("id" = String, Path)), request_body = Option<NewMember>,
    responses(
        (status = 201, description = "A new member, or somebody who is asked", body = Conversation),
        (status = 200, description = "The user is a member already", body = Conversation)
    )
)]
pub(crate) async fn add_member(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    BodyIfAny(input): BodyIfAny<NewMember>,
) -> Answer<(StatusCode, Json<Conversation>)> {
    let user = match &input.user_id {
        Some(id) => user_id("userId", id)?,
        None => caller.id(),
    };
    let role = match input.role.as_deref() {
        None => None,
        Some(role) => Some(Role::parse(role).ok_or_else(|| Refusal::invalid("role", "must be `admin` or `member`"))?),
    };
    let joined = service.add_member(caller.actor(), id, user, role, input.reason.as_deref()).await?;
    let conversation = service.conversation(caller.id(), joined.conversation.id.clone()).await?;
    let status = if joined.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown(&service, &caller, &conversation).await?)))
}

/// Removes a member, or leaves the conversation.
#[utoipa::path(
    delete, path = "/conversations/{id}/members/{user}", tag = "conversations", operation_id = "removeMember",
    params(("id" = String, Path), ("user" = String, Path), Why),
    responses(
        (status = 204, description = "Done"),
        (status = 413, description = "The reason is too long", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn remove_member(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<ConversationId, UserId>,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    service.remove_member(caller.actor(), id, user, why.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Read {
    message_id: String,
}

/// Marks a message and all messages before it as read.
#[utoipa::path(
    put, path = "/conversations/{id}/read", tag = "conversations", operation_id = "markRead",
    params(("id" = String, Path)), request_body = Read,
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn mark_read(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<Read>,
) -> Answer<StatusCode> {
    let message = existing::<MessageId>(&input.message_id)?;
    service.mark_read(caller.actor(), Some(id), message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a message and all messages before it have reached a device of the caller. Their authors are told.
#[utoipa::path(
    put, path = "/conversations/{id}/delivered", tag = "conversations", operation_id = "markDelivered",
    params(("id" = String, Path)), request_body = Read,
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn mark_delivered(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<Read>,
) -> Answer<StatusCode> {
    let message = existing::<MessageId>(&input.message_id)?;
    service.note_delivery(caller.actor(), id, message).await?;
    Ok(StatusCode::NO_CONTENT)
}
