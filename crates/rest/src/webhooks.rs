//! The endpoints of webhooks, for services.
//!
//! What must stay true: a secret is shown once, in the answer to the creation.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::limits::{WEBHOOK_CONVERSATIONS_MAX, WEBHOOK_DESCRIPTION_CHARS_MAX};
use quintet_domain::{Code, ModelEventType, Refusal, Scope, WebhookChange, webhook_conversations, webhook_kinds};
use quintet_service::{NewWebhook, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems};
use utoipa::openapi::{RefOr, Schema};

use crate::error::{Answer, Problem, ProblemBody};
use crate::extract::{AuthUser, Backend, Body, Path};
use crate::scalars::{Moment, one_of, or_null};

fn kinds() -> RefOr<Schema> {
    one_of(ModelEventType::ALL.map(ModelEventType::as_str))
}

fn lists_of_kinds() -> RefOr<Schema> {
    ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(kinds()))).into()
}

fn given_kinds() -> RefOr<Schema> {
    or_null(lists_of_kinds())
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    id: String,
    url: String,
    description: String,
    /// The events that it is told of; empty for all but `report.created` and `push.needed`.
    #[schema(schema_with = lists_of_kinds)]
    events: Vec<&'static str>,
    /// The ids of the conversations that it is told of; empty for all.
    conversations: Vec<String>,
    /// Whether it is told of direct conversations and of notifications too, which the operator decides when it creates a
    /// webhook. Its address cannot be changed then.
    personal: bool,
    enabled: bool,
    /// Why the server itself has disabled it.
    disabled_because: Option<String>,
    /// The first failure since the last success; null if the last delivery succeeded.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Moment>,
    /// The position up to which everything was delivered.
    position: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// The secret that deliveries are signed with. Present only in the answer to the creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

impl WebhookView {
    fn of(webhook: quintet_domain::Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            events: webhook.filter.kinds.iter().map(|kind| kind.as_str()).collect(),
            conversations: webhook.filter.conversations.iter().map(ToString::to_string).collect(),
            personal: webhook.filter.personal,
            enabled: webhook.enabled,
            disabled_because: webhook.disabled_because,
            failing_since: webhook.failing_since.map(Moment),
            position: webhook.position,
            created_at: Moment(webhook.created_at),
            secret: None,
        }
    }
}

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    items: Vec<WebhookView>,
}

/// An attempt to deliver something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    /// The position of what was delivered.
    position: u64,
    #[schema(schema_with = kinds)]
    event: &'static str,
    /// The number of the attempt, from 1.
    attempt: u32,
    /// When the attempt began.
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
    /// The time until there was an answer, or none was waited for, in milliseconds.
    took_ms: u64,
    /// The status of the answer, if there was one.
    status: Option<u16>,
    delivered: bool,
    /// What was wrong.
    problem: Option<String>,
}

/// The newest attempts, at most 100, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    items: Vec<DeliveryView>,
}

/// A webhook to create.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WebhookInput {
    /// The address of the receiver: `https:`, or `http:` in a network that can be trusted.
    url: String,
    /// What it is for, in at most 200 characters.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// The events that it is told of; all but `report.created` and `push.needed` if absent or empty.
    #[serde(default)]
    #[schema(schema_with = lists_of_kinds)]
    events: Vec<String>,
    /// The ids of the conversations that it is told of, at most 100; all if absent or empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    conversations: Vec<String>,
}

/// Changes of a webhook. Absent fields are not changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WebhookPatch {
    url: Option<String>,
    #[schema(max_length = 200)]
    description: Option<String>,
    #[schema(schema_with = given_kinds, required = false)]
    events: Option<Vec<String>>,
    #[schema(max_items = 100)]
    conversations: Option<Vec<String>>,
    /// Whether it is told anything from now on. One that is enabled again goes on where it ended.
    enabled: Option<bool>,
}

// The document says these numbers.
const _: () = assert!(WEBHOOK_DESCRIPTION_CHARS_MAX == 200 && WEBHOOK_CONVERSATIONS_MAX == 100);

/// Where a webhook goes on.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Replay {
    /// The first position that is delivered again.
    #[schema(minimum = 1)]
    from: u64,
}

/// Lists all webhooks. For services.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    responses((status = 200, description = "The webhooks", body = Webhooks),
        (status = 403, description = "The caller is no service", body = ProblemBody,
            content_type = "application/problem+json"))
)]
pub(crate) async fn list(State(service): State<Service>, _: Backend) -> Answer<Json<Webhooks>> {
    let found = service.webhooks().await?;
    Ok(Json(Webhooks { items: found.into_iter().map(WebhookView::of).collect() }))
}

/// Refuses a key that may not hear by itself what a webhook of some kinds is told.
fn hears(caller: &AuthUser, kinds: &[ModelEventType]) -> Result<(), Refusal> {
    caller.needs(Scope::Read)?;
    caller.needs(Scope::Users)?;
    // A webhook that names no kinds is told what these scopes allow.
    kinds.iter().try_for_each(|kind| caller.needs(kind.scope()))
}

/// Creates a webhook that is told what happens from now on. For services whose key has the scopes `read` and `users` too,
/// because a webhook is told what these allow, and `moderate` for `report.created`. The secret is shown only here.
#[utoipa::path(
    post, path = "/webhooks", tag = "webhooks", operation_id = "addWebhook", request_body = WebhookInput,
    responses((status = 201, description = "Created", body = WebhookView))
)]
pub(crate) async fn add(
    State(service): State<Service>,
    _: Backend,
    caller: AuthUser,
    Body(input): Body<WebhookInput>,
) -> Answer<(StatusCode, Json<WebhookView>)> {
    hears(&caller, &[])?;
    let WebhookInput { url, description, events, conversations } = input;
    let (kinds, conversations) = (webhook_kinds(&events)?, webhook_conversations(&conversations)?);
    hears(&caller, &kinds)?;
    let new = NewWebhook { url, description, kinds, conversations, personal: false };
    let webhook = service.add_webhook(Some(caller.id()), new).await?;
    let secret = Some(webhook.secret.0.clone());
    Ok((StatusCode::CREATED, Json(WebhookView { secret, ..WebhookView::of(webhook) })))
}

/// Returns a webhook. For services.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "getWebhook", params(("id" = String, Path)),
    responses((status = 200, description = "The webhook", body = WebhookView))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    _: Backend,
    Path(id): Path<String>,
) -> Answer<Json<WebhookView>> {
    Ok(Json(WebhookView::of(service.webhook(&id).await?)))
}

/// Changes a webhook. Absent fields are not changed. For services.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "webhooks", operation_id = "changeWebhook", params(("id" = String, Path)),
    request_body = WebhookPatch,
    responses((status = 200, description = "Changed", body = WebhookView))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    _: Backend,
    caller: AuthUser,
    Path(id): Path<String>,
    Body(input): Body<WebhookPatch>,
) -> Answer<Json<WebhookView>> {
    let WebhookPatch { url, description, events, conversations, enabled } = input;
    // Nothing but a new description tells nobody more.
    let tells_more = url.is_some() || events.is_some() || conversations.is_some() || enabled == Some(true);
    if tells_more {
        hears(&caller, &[])?;
    }
    let kinds = events.map(|events| webhook_kinds(&events)).transpose()?;
    let conversations = conversations.map(|ids| webhook_conversations(&ids)).transpose()?;
    match &kinds {
        Some(kinds) => hears(&caller, kinds)?,
        None if tells_more => hears(&caller, &service.webhook(&id).await?.filter.kinds)?,
        None => {}
    }
    let change = WebhookChange { url, description, kinds, conversations, enabled };
    Ok(Json(WebhookView::of(service.change_webhook(Some(caller.id()), id, change).await?)))
}

/// Deletes a webhook. For services.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "deleteWebhook", params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn delete(
    State(service): State<Service>,
    Backend(caller): Backend,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    service.delete_webhook(Some(caller.id()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the newest attempts to deliver something to a webhook. For services.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "listDeliveries",
    params(("id" = String, Path)),
    responses((status = 200, description = "The attempts", body = Deliveries))
)]
pub(crate) async fn deliveries(
    State(service): State<Service>,
    _: Backend,
    Path(id): Path<String>,
) -> Answer<Json<Deliveries>> {
    let view = |delivery: quintet_domain::WebhookDelivery| DeliveryView {
        position: delivery.position,
        event: delivery.kind.as_str(),
        attempt: delivery.attempt,
        at: Moment(delivery.at),
        took_ms: delivery.took_ms,
        status: delivery.status,
        delivered: delivery.delivered,
        problem: delivery.problem,
    };
    let found = service.webhook_deliveries(&id).await?;
    Ok(Json(Deliveries { items: found.into_iter().map(view).collect() }))
}

/// Delivers everything from a position on to a webhook, again or for the first time. For services.
#[utoipa::path(
    post, path = "/webhooks/{id}/replay", tag = "webhooks", operation_id = "replayWebhook",
    params(("id" = String, Path)), request_body = Replay,
    responses(
        (status = 200, description = "The webhook goes on there", body = WebhookView),
        (status = 410, description = "The log does not go back so far", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn replay(
    State(service): State<Service>,
    _: Backend,
    caller: AuthUser,
    Path(id): Path<String>,
    Body(input): Body<Replay>,
) -> Answer<Json<WebhookView>> {
    hears(&caller, &[])?;
    // That the webhook is there is asked first, so that what is not found then is the position.
    hears(&caller, &service.webhook(&id).await?.filter.kinds)?;
    let replayed = service.replay_webhook(id, input.from).await.map_err(|refusal| match refusal.code {
        Code::NotFound => Problem::with_status(StatusCode::GONE, refusal),
        _ => refusal.into(),
    })?;
    Ok(Json(WebhookView::of(replayed)))
}
