//! The endpoints of invitations: to the server, and into groups.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::{ConversationId, InvitationBounds, Refusal, Scope, Timestamp};
use quintet_service::{NewInvitation, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Backend, Body, ClientIp, PageQuery, Path, Person, Query};
use crate::ids::{Id, existing};
use crate::scalars::Moment;
use crate::views::{Page, User, Views, conversation_kinds};

/// An invitation to make to the server.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NewServerInvitation {
    /// The groups and rooms that it leads into, at most 20.
    conversation_ids: Vec<String>,
    /// How often it may be used; any number of times if absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    uses_max: Option<u32>,
    /// The moment until which it is good; for good if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// A link into a group to make.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NewGroupInvitation {
    /// How often it may be used; any number of times if absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    uses_max: Option<u32>,
    /// The moment until which it is good; for good if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// A group or room that an invitation leads into.
#[derive(Serialize, ToSchema)]
pub(crate) struct Place {
    id: String,
    #[schema(schema_with = conversation_kinds)]
    kind: &'static str,
    name: Option<String>,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    /// The id by which the invitation is revoked.
    id: String,
    /// The code that opens it; present only in the answer to its making.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<String>,
    /// Whether people may register by it who have no account yet.
    admits: bool,
    /// The groups and rooms that it leads into.
    conversations: Vec<Place>,
    /// The user who made it; null if the operator did.
    made_by: Option<User>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Moment>,
    uses_max: Option<u32>,
    uses: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Moment>,
}

/// What an invitation is for, as those see it who have its code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offer {
    /// Whether people may register by it who have no account yet.
    admits: bool,
    /// The groups and rooms that it leads into.
    conversations: Vec<Place>,
    /// The username of the user who made it; null if the operator did.
    invited_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Moment>,
}

/// The groups and rooms of an accepted invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The groups and rooms of which the caller is a member now.
    conversations: Vec<Place>,
}

fn places(conversations: &[std::sync::Arc<quintet_domain::ConversationRef>]) -> Vec<Place> {
    let place = |one: &std::sync::Arc<quintet_domain::ConversationRef>| Place {
        id: one.id.to_string(),
        kind: one.kind.as_str(),
        name: one.name.as_deref().map(str::to_owned),
    };
    conversations.iter().map(place).collect()
}

fn view(views: &Views<'_>, made: &quintet_domain::Invitation, code: Option<String>) -> Invitation {
    Invitation {
        id: made.id.clone(),
        code,
        admits: made.admits,
        conversations: places(&made.conversations),
        made_by: made.made_by.as_ref().map(|user| views.user(user)),
        created_at: Moment(made.created_at),
        expires_at: made.bounds.expires_at.map(Moment),
        uses_max: made.bounds.uses_max,
        uses: made.state.uses,
        revoked_at: made.state.revoked_at.map(Moment),
    }
}

fn bounds(uses_max: Option<u32>, expires_at: Option<String>) -> Result<InvitationBounds, Refusal> {
    let parse = |text: String| {
        Timestamp::parse(&text)
            .ok_or_else(|| Refusal::invalid("expiresAt", "must be a moment, such as 2026-12-31T23:59:59Z"))
    };
    Ok(InvitationBounds { uses_max, expires_at: expires_at.map(parse).transpose()? })
}

/// Lists invitations, the newest first: the caller's own; for services, all.
#[utoipa::path(
    get, path = "/invitations", tag = "invitations", operation_id = "listInvitations", params(PageQuery),
    responses((status = 200, description = "A page of the list", body = Page<Invitation>))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    caller: AuthUser,
    Query(query): Query<PageQuery>,
) -> Answer<Json<Page<Invitation>>> {
    let limit = query.limit()?;
    let of = if caller.0.user.is_service() { None } else { Some(caller.id()) };
    let found = service.invitations(caller.reads().0, of, query.cursor, limit).await?;
    Ok(Json(Page::of(found, |made| view(&Views(&service, caller.hidden()), made, None))))
}

/// Makes an invitation to the server, by which people may register. For services; one that leads into groups needs the
/// scope `moderate` too.
#[utoipa::path(
    post, path = "/invitations", tag = "invitations", operation_id = "makeInvitation",
    request_body = NewServerInvitation,
    responses(
        (status = 201, description = "Made; its code is shown only now", body = Invitation),
        (status = 404, description = "There is no such conversation", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn make(
    State(service): State<Service>,
    _: Backend,
    caller: AuthUser,
    Body(input): Body<NewServerInvitation>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    let conversations: Result<Vec<ConversationId>, Refusal> =
        input.conversation_ids.iter().map(|id| existing(id)).collect();
    let bounds = bounds(input.uses_max, input.expires_at)?;
    if !input.conversation_ids.is_empty() {
        // Whoever accepts it becomes a member, which the key could not bring about otherwise.
        caller.needs(Scope::Moderate)?;
    }
    let new = NewInvitation { admits: true, conversations: conversations?, bounds };
    let (code, made) = service.invite(Some(caller.actor()), new).await?;
    Ok((StatusCode::CREATED, Json(view(&Views(&service, caller.hidden()), &made, Some(code)))))
}

/// Makes a link into a group, for people who have an account. Whoever may add members may make one; the link is good only
/// as long as that is so.
#[utoipa::path(
    post, path = "/conversations/{id}/invitations", tag = "invitations", operation_id = "makeGroupInvitation",
    params(("id" = String, Path)), request_body = NewGroupInvitation,
    responses((status = 201, description = "Made; its code is shown only now", body = Invitation))
)]
pub(crate) async fn make_for_group(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<NewGroupInvitation>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    let bounds = bounds(input.uses_max, input.expires_at)?;
    let new = NewInvitation { admits: false, conversations: vec![id], bounds };
    let (code, made) = service.invite(Some(caller.actor()), new).await?;
    Ok((StatusCode::CREATED, Json(view(&Views(&service, caller.hidden()), &made, Some(code)))))
}

/// Revokes an invitation: one's own, one into a group to which the caller may add members, or, for services, any.
#[utoipa::path(
    delete, path = "/invitations/{id}", tag = "invitations", operation_id = "revokeInvitation",
    params(("id" = String, Path)), responses((status = 204, description = "Revoked"))
)]
pub(crate) async fn revoke(
    State(service): State<Service>,
    caller: AuthUser,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    service.revoke_invitation(Some(caller.actor()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what an invitation is for, to whoever has its code.
#[utoipa::path(
    get, path = "/invitations/{code}/accept", tag = "invitations", operation_id = "getInvitation",
    params(("code" = String, Path)), security(()),
    responses(
        (status = 200, description = "What it is for", body = Offer),
        (status = 403, description = "It is not good any more; the detail says why",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn offer(
    State(service): State<Service>,
    ClientIp(address): ClientIp,
    Path(code): Path<String>,
) -> Answer<Json<Offer>> {
    service.count_login(address).await?;
    let found = service.invitation(&code, address).await?;
    Ok(Json(Offer {
        admits: found.admits,
        conversations: places(&found.conversations),
        invited_by: found.made_by.as_ref().map(|user| user.username.clone()),
        expires_at: found.bounds.expires_at.map(Moment),
    }))
}

/// Accepts an invitation: the caller becomes a member of its groups and rooms. One that the caller has left may be joined
/// again so. What changes nothing does not count as a use.
#[utoipa::path(
    post, path = "/invitations/{code}/accept", tag = "invitations", operation_id = "acceptInvitation",
    params(("code" = String, Path)), responses((status = 200, description = "Accepted", body = Accepted))
)]
pub(crate) async fn accept(
    State(service): State<Service>,
    Person(caller): Person,
    ClientIp(address): ClientIp,
    Path(code): Path<String>,
) -> Answer<Json<Accepted>> {
    service.count_login(address).await?;
    let accepted = service.accept_invitation(caller.actor(), &code).await?;
    Ok(Json(Accepted { conversations: places(&accepted.conversations) }))
}
