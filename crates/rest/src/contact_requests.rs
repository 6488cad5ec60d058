//! The endpoints of requests to reach the caller: to write to it, or to take it into a group.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::{ConversationKind, RequestId, RequestKind};
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::conversations::shown;
use crate::error::{Answer, ProblemBody};
use crate::extract::Person;
use crate::ids::Id;
use crate::scalars::{Moment, one_of};
use crate::views::{Conversation, Message, User, Views, conversation_kinds};

fn request_kinds() -> RefOr<Schema> {
    one_of([RequestKind::Message, RequestKind::Group].map(RequestKind::as_str))
}

/// The conversation that a request is about, of which the caller is no member yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestedConversation {
    id: String,
    #[schema(schema_with = conversation_kinds)]
    kind: &'static str,
    /// The name; a direct conversation has none.
    name: Option<String>,
}

/// A request to reach the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactRequest {
    id: String,
    /// What is asked: to write to the caller, or to take it into a group.
    #[serde(rename = "type")]
    #[schema(schema_with = request_kinds)]
    kind: &'static str,
    /// The user who asks to reach the caller.
    from: User,
    conversation: RequestedConversation,
    /// The message that waits; none for a group, and once it is deleted.
    message: Option<Message>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
}

/// The requests to reach the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactRequests {
    items: Vec<ContactRequest>,
}

/// Lists the requests that wait for the caller's decision, the newest first. Each can be accepted for 30 days.
#[utoipa::path(
    get, path = "/me/requests", tag = "me", operation_id = "listContactRequests",
    responses(
        (status = 200, description = "The requests, at most 200", body = ContactRequests),
        (status = 403, description = "The caller is a service", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(State(service): State<Service>, Person(caller): Person) -> Answer<Json<ContactRequests>> {
    let found = service.contact_requests(caller.id()).await?;
    let waiting = found.iter().filter_map(|request| request.message.as_ref());
    let own = service.own_reactions(caller.id(), waiting).await?;
    let views = Views(&service, caller.hidden());
    let view = |request: &quintet_domain::ContactRequest| ContactRequest {
        id: request.id.to_string(),
        kind: request.kind.as_str(),
        from: views.user(&request.from),
        conversation: RequestedConversation {
            id: request.conversation.id.to_string(),
            kind: ConversationKind::as_str(request.conversation.kind),
            name: request.conversation.name.as_deref().map(str::to_owned),
        },
        message: request.message.as_ref().map(|message| views.message(message, &own)),
        created_at: Moment(request.at),
    };
    Ok(Json(ContactRequests { items: found.iter().map(view).collect() }))
}

/// Accepts a request: the caller becomes a member of the conversation, and receives the message that waits.
#[utoipa::path(
    post, path = "/me/requests/{id}/accept", tag = "me", operation_id = "acceptContactRequest",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The conversation", body = Conversation),
        (status = 404, description = "There is no such request, or no longer", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "Whoever invited the caller cannot add members to the group any more",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn accept(
    State(service): State<Service>,
    Person(caller): Person,
    Id(request): Id<RequestId>,
) -> Answer<Json<Conversation>> {
    let accepted = service.decide_contact(caller.actor(), request, true).await?;
    let conversation = service.conversation(caller.id(), accepted.id.clone()).await?;
    Ok(Json(shown(&service, &caller, &conversation).await?))
}

/// Declines a request. Whoever asked is not told, and cannot ask again within 30 days of asking.
#[utoipa::path(
    post, path = "/me/requests/{id}/decline", tag = "me", operation_id = "declineContactRequest",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Declined"),
        (status = 404, description = "There is no such request, or no longer", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn decline(
    State(service): State<Service>,
    Person(caller): Person,
    Id(request): Id<RequestId>,
) -> Answer<StatusCode> {
    service.decide_contact(caller.actor(), request, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
