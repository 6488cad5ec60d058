//! The endpoints of how long a conversation keeps its messages.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::ConversationId;
use quintet_service::{KeptFor, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{AuthUser, Body};
use crate::ids::Id;

/// How long a conversation keeps its messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Retention {
    /// The days for which messages are kept; null for ever. Pinned messages are kept in any case.
    kept_days: Option<u32>,
    /// The days that were decided for this conversation alone; null for none.
    days: Option<u32>,
    /// Whether an admin of the server, or a service, has decided them. Then the owner and admins may only shorten the time.
    by_server: bool,
}

impl From<KeptFor> for Retention {
    fn from(kept: KeptFor) -> Self {
        let given = |days: u32| Some(days).filter(|days| *days != 0);
        Self { kept_days: given(kept.days), days: given(kept.own.days), by_server: kept.own.by_server }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRetention {
    /// The days for which messages are kept; null for as long as the server keeps those of conversations of this kind.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, minimum = 1, maximum = 36500)]
    days: Option<u32>,
    /// The reason, of at most 512 bytes, which the audit log keeps.
    reason: Option<String>,
}

/// Says how long a conversation keeps its messages.
#[utoipa::path(
    get, path = "/conversations/{id}/retention", tag = "moderation", operation_id = "getRetention",
    params(("id" = String, Path)),
    responses((status = 200, description = "How long it keeps them", body = Retention))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Retention>> {
    Ok(Json(service.retention(caller.id(), id).await?.into()))
}

/// Decides how long a conversation keeps its messages. The owner and admins may shorten the time for which the server keeps
/// them; services and admins of the server may decide any. What is older is removed soon, for all members, and nobody is told.
#[utoipa::path(
    put, path = "/conversations/{id}/retention", tag = "moderation", operation_id = "setRetention",
    params(("id" = String, Path)), request_body = NewRetention,
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn set(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<NewRetention>,
) -> Answer<StatusCode> {
    service.set_retention(caller.actor(), id, input.days, input.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
