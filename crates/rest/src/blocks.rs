//! The endpoints of the users whom the caller has blocked.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::UserId;
use quintet_service::{Block, Service};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::Person;
use crate::ids::Id;
use crate::scalars::Moment;
use crate::views::{User, Views};

/// A user whom the caller has blocked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockView {
    user: User,
    /// When the block began.
    #[schema(value_type = String, format = DateTime)]
    blocked_at: Moment,
}

/// The users whom the caller has blocked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Blocks {
    items: Vec<BlockView>,
}

/// Lists the users whom the caller has blocked, at most 1,000, in the order in which it did.
#[utoipa::path(
    get, path = "/me/blocks", tag = "me", operation_id = "listBlocks",
    responses(
        (status = 200, description = "The blocked users", body = Blocks),
        (status = 403, description = "The caller is a service", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(State(service): State<Service>, Person(caller): Person) -> Answer<Json<Blocks>> {
    let views = Views(&service, caller.hidden());
    let view = |block: &Block| BlockView { user: views.user(&block.user), blocked_at: Moment(block.at) };
    Ok(Json(Blocks { items: service.blocks(caller.id()).await?.iter().map(view).collect() }))
}

/// Blocks a user, who is not told. In their direct conversation both can only read and delete what they wrote; the user
/// cannot add the caller to a group or ask to meet it, and is shown neither its presence nor its receipts.
#[utoipa::path(
    put, path = "/me/blocks/{userId}", tag = "me", operation_id = "blockUser", params(("userId" = String, Path)),
    responses((status = 204, description = "Blocked, as it may have been before"))
)]
pub(crate) async fn block(
    State(service): State<Service>,
    Person(caller): Person,
    Id(user): Id<UserId>,
) -> Answer<StatusCode> {
    service.set_block(caller.actor(), user, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a block.
#[utoipa::path(
    delete, path = "/me/blocks/{userId}", tag = "me", operation_id = "unblockUser", params(("userId" = String, Path)),
    responses((status = 204, description = "Not blocked, as it may have been before"))
)]
pub(crate) async fn unblock(
    State(service): State<Service>,
    Person(caller): Person,
    Id(user): Id<UserId>,
) -> Answer<StatusCode> {
    service.set_block(caller.actor(), user, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
