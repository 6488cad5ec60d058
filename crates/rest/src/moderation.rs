//! The endpoints of bans from a conversation and of silences in it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_domain::{ConversationId, RestrictionKind, UserId};
use quintet_service::{RestrictionInput, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Body, BodyIfAny, Lister, PageQuery, Query, Why, long_answer};
use crate::ids::{Id, Ids};
use crate::scalars::moment;
use crate::views::{Moment, Page, User, Views};

/// A ban from a conversation, or a silence in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Restriction {
    user: User,
    /// The time when it ends; null for a ban that lasts until it is lifted.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
    /// The reason that was given, if one was.
    reason: Option<String>,
    /// The id of the user who decided it.
    by: String,
    /// The time when it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
    /// Present and true for what was decided about a report: only moderators of the server and services change and lift it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    by_server: bool,
}

fn shown(views: &Views<'_>, restriction: &quintet_domain::Restriction) -> Restriction {
    Restriction {
        user: views.user(&restriction.user),
        until: restriction.until.map(Moment),
        reason: restriction.reason.as_deref().map(str::to_owned),
        by: restriction.by.to_string(),
        at: Moment(restriction.at),
        by_server: restriction.by_server,
    }
}

#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct NewBan {
    /// The time when the ban ends, in ISO 8601; without one it lasts until it is lifted.
    until: Option<String>,
    /// The reason, of at most 512 bytes. The members of the conversation are told it.
    reason: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewSilence {
    /// The time when the silence ends, in ISO 8601.
    until: String,
    /// The reason, of at most 512 bytes.
    reason: Option<String>,
}

/// Bans a user from a group, a room or a meetup's chat. A member leaves it; the user cannot join it, be added to it or
/// find it until the ban ends. For the owner, admins and services.
#[utoipa::path(
    put, path = "/conversations/{id}/bans/{user}", tag = "moderation", operation_id = "banUser",
    params(("id" = String, Path), ("user" = String, Path)), request_body = Option<NewBan>,
    responses((status = 200, description = "The ban", body = Restriction))
)]
pub(crate) async fn ban(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<ConversationId, UserId>,
    BodyIfAny(input): BodyIfAny<NewBan>,
) -> Answer<Json<Restriction>> {
    let until = input.until.as_deref().map(|until| moment("until", until)).transpose()?;
    let input = RestrictionInput { kind: RestrictionKind::Ban, until, reason: input.reason };
    let restriction = service.restrict(caller.actor(), id, user, input).await?;
    Ok(Json(shown(&Views(&service, caller.hidden()), &restriction)))
}

/// Lifts a ban. The user is not a member again by that. What was decided for the server is lifted by its moderators and by services,
/// wherever it holds.
#[utoipa::path(
    delete, path = "/conversations/{id}/bans/{user}", tag = "moderation", operation_id = "liftBan",
    params(("id" = String, Path), ("user" = String, Path), Why),
    responses(
        (status = 204, description = "Done"),
        (status = 413, description = "The reason is too long", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn lift_ban(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<ConversationId, UserId>,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    service.lift_restriction(caller.actor(), id, user, RestrictionKind::Ban, why.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is banned from a conversation. For the owner, admins and services.
#[utoipa::path(
    get, path = "/conversations/{id}/bans", tag = "moderation", operation_id = "listBans",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, description = "A page of the list", body = Page<Restriction>))
)]
pub(crate) async fn bans(
    State(service): State<Service>,
    Lister(caller): Lister,
    Id(id): Id<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Answer<Response> {
    list(&service, &caller, id, RestrictionKind::Ban, query).await
}

/// Silences a member of a conversation: it can neither send, edit nor react there until the silence ends. For the owner,
/// admins and services.
#[utoipa::path(
    put, path = "/conversations/{id}/silences/{user}", tag = "moderation", operation_id = "silenceMember",
    params(("id" = String, Path), ("user" = String, Path)), request_body = NewSilence,
    responses((status = 200, description = "The silence", body = Restriction))
)]
pub(crate) async fn silence(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<ConversationId, UserId>,
    Body(input): Body<NewSilence>,
) -> Answer<Json<Restriction>> {
    let until = Some(moment("until", &input.until)?);
    let input = RestrictionInput { kind: RestrictionKind::Silence, until, reason: input.reason };
    let restriction = service.restrict(caller.actor(), id, user, input).await?;
    Ok(Json(shown(&Views(&service, caller.hidden()), &restriction)))
}

/// Lifts a silence. What was decided for the server is lifted by its moderators and by services, wherever it holds.
#[utoipa::path(
    delete, path = "/conversations/{id}/silences/{user}", tag = "moderation", operation_id = "liftSilence",
    params(("id" = String, Path), ("user" = String, Path), Why),
    responses(
        (status = 204, description = "Done"),
        (status = 413, description = "The reason is too long", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn lift_silence(
    State(service): State<Service>,
    caller: AuthUser,
    Ids(id, user): Ids<ConversationId, UserId>,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    service.lift_restriction(caller.actor(), id, user, RestrictionKind::Silence, why.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is silenced in a conversation. For the owner, admins and services.
#[utoipa::path(
    get, path = "/conversations/{id}/silences", tag = "moderation", operation_id = "listSilences",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, description = "A page of the list", body = Page<Restriction>))
)]
pub(crate) async fn silences(
    State(service): State<Service>,
    Lister(caller): Lister,
    Id(id): Id<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Answer<Response> {
    list(&service, &caller, id, RestrictionKind::Silence, query).await
}

async fn list(
    service: &Service,
    caller: &AuthUser,
    id: ConversationId,
    kind: RestrictionKind,
    query: PageQuery,
) -> Answer<Response> {
    let limit = query.limit()?;
    let found = service.restrictions(caller.id(), id, kind, query.cursor, limit).await?;
    let views = Views(service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |restriction| shown(&views, restriction))))
}
