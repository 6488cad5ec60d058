//! The endpoints of reactions to messages and of pinned messages.
//!
//! What must stay true: doing something twice is answered as the first time.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use http::StatusCode;
use http::request::Parts;
use quintet_domain::{ConversationId, Emoji, MessageId, UserId};
use quintet_service::{PinnedMessage, Reaction, Service};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, Problem};
use crate::extract::{AuthUser, Path};
use crate::ids::{Id, existing};
use crate::views::{Message, Moment, Views};

/// The message and the emoji in a path.
pub(crate) struct Reacting {
    message: MessageId,
    emoji: Emoji,
}

impl<S: Send + Sync> FromRequestParts<S> for Reacting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((message, emoji)) = Path::<(String, String)>::from_request_parts(parts, state).await?;
        Ok(Self { message: existing(&message)?, emoji: Emoji::new("emoji", &emoji)? })
    }
}

/// The reactions to a message with one emoji.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReactionView {
    emoji: String,
    /// The number of users who reacted with it.
    count: u32,
    /// The users who reacted first, at most 20.
    user_ids: Vec<String>,
    /// Whether the caller is one of those who reacted.
    mine: bool,
}

impl ReactionView {
    fn of(reaction: Reaction) -> Self {
        Self {
            emoji: reaction.emoji.to_string(),
            count: reaction.count,
            user_ids: reaction.users.iter().map(UserId::to_string).collect(),
            mine: reaction.mine,
        }
    }
}

/// The reactions to a message, in the order in which the emojis came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reactions {
    items: Vec<ReactionView>,
}

/// A pinned message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinnedView {
    message: Message,
    /// The id of the user who pinned it.
    by: String,
    /// The time when it was pinned.
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
}

/// The pinned messages of a conversation, the newest pin first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pins {
    items: Vec<PinnedView>,
}

/// Reacts to a message with an emoji.
#[utoipa::path(
    put, path = "/messages/{id}/reactions/{emoji}", tag = "messages", operation_id = "addReaction",
    params(("id" = String, Path), ("emoji" = String, Path,
            description = "1 to 64 bytes without spaces and control characters, usually one emoji")),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn react(
    State(service): State<Service>,
    caller: AuthUser,
    Reacting { message, emoji }: Reacting,
) -> Answer<StatusCode> {
    service.react(caller.actor(), message, emoji, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a reaction of the caller back.
#[utoipa::path(
    delete, path = "/messages/{id}/reactions/{emoji}", tag = "messages", operation_id = "removeReaction",
    params(("id" = String, Path), ("emoji" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn unreact(
    State(service): State<Service>,
    caller: AuthUser,
    Reacting { message, emoji }: Reacting,
) -> Answer<StatusCode> {
    service.react(caller.actor(), message, emoji, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the reactions to a message: at most 50 emojis, in the order in which they came.
#[utoipa::path(
    get, path = "/messages/{id}/reactions", tag = "messages", operation_id = "listReactions",
    params(("id" = String, Path)),
    responses((status = 200, description = "The reactions", body = Reactions))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
) -> Answer<Json<Reactions>> {
    let found = service.reactions(caller.id(), id).await?;
    Ok(Json(Reactions { items: found.into_iter().map(ReactionView::of).collect() }))
}

/// Pins a message to its conversation.
#[utoipa::path(
    put, path = "/messages/{id}/pin", tag = "messages", operation_id = "pinMessage", params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn pin(State(service): State<Service>, caller: AuthUser, Id(id): Id<MessageId>) -> Answer<StatusCode> {
    service.pin(caller.actor(), id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unpins a message.
#[utoipa::path(
    delete, path = "/messages/{id}/pin", tag = "messages", operation_id = "unpinMessage",
    params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn unpin(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
) -> Answer<StatusCode> {
    service.pin(caller.actor(), id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the pinned messages of a conversation, at most 50, the newest pin first.
#[utoipa::path(
    get, path = "/conversations/{id}/pins", tag = "messages", operation_id = "listPins",
    params(("id" = String, Path)),
    responses((status = 200, description = "The pinned messages", body = Pins))
)]
pub(crate) async fn pins(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
) -> Answer<Json<Pins>> {
    let found = service.pins(caller.id(), id).await?;
    let own = service.own_reactions(caller.id(), found.iter().map(|pinned| &pinned.message)).await?;
    let view = |PinnedMessage { message, by, at }: PinnedMessage| PinnedView {
        message: Views(&service, caller.hidden()).message(&message, &own),
        by: by.to_string(),
        at: Moment(at),
    };
    Ok(Json(Pins { items: found.into_iter().map(view).collect() }))
}
