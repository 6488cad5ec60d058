//! The endpoints of browsers that messages are pushed to while their user is away.
//!
//! What must stay true: the keys of a browser are taken, and never shown.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_service::{PushInput, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Body, Person};
use crate::scalars::Moment;

/// The key by which push services know the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushKey {
    /// The public key in base64url, as `pushManager.subscribe` takes it as `applicationServerKey`.
    public_key: String,
}

/// Returns the public key with which a browser is subscribed to push messages (VAPID).
#[utoipa::path(
    get, path = "/push/key", tag = "me", operation_id = "getPushKey",
    responses((status = 200, description = "The key", body = PushKey))
)]
pub(crate) async fn key(State(service): State<Service>, _: AuthUser) -> Answer<Json<PushKey>> {
    Ok(Json(PushKey { public_key: service.push_key()?.to_owned() }))
}

/// A browser that messages are pushed to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushSubscriptionView {
    /// The URL at which the push service takes messages for the browser.
    endpoint: String,
    /// The time when it was subscribed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// The time when its subscription was last renewed.
    #[schema(value_type = String, format = DateTime)]
    renewed_at: Moment,
}

/// The browsers of the caller that messages are pushed to, the one that was renewed longest ago first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushSubscriptions {
    items: Vec<PushSubscriptionView>,
}

/// Lists the caller's browsers that messages are pushed to: at most 16.
#[utoipa::path(
    get, path = "/me/push", tag = "me", operation_id = "listPushSubscriptions",
    responses(
        (status = 200, description = "The browsers", body = PushSubscriptions),
        (status = 403, description = "The caller is a service", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(State(service): State<Service>, person: Person) -> Answer<Json<PushSubscriptions>> {
    let found = service.push_subscriptions(person.0.id()).await?;
    let items = found.into_iter().map(|row| PushSubscriptionView {
        endpoint: row.endpoint,
        created_at: Moment(row.created_at),
        renewed_at: Moment(row.renewed_at),
    });
    Ok(Json(PushSubscriptions { items: items.collect() }))
}

/// The keys of a browser.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BrowserKeys {
    /// The public key of the browser: a point on the curve P-256 in base64url.
    p256dh: String,
    /// The secret that the browser shares with the sender: 16 bytes in base64url.
    auth: String,
}

/// A browser to subscribe: what its `PushSubscription` says as JSON.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPushSubscription {
    /// The https URL at which the push service takes messages for the browser.
    #[schema(max_length = 2048)]
    endpoint: String,
    keys: BrowserKeys,
}

/// Subscribes a browser to the caller's push messages, or renews its subscription. A browser is subscribed for one user
/// at a time. Beyond 16 browsers, the one that was renewed longest ago is left out.
#[utoipa::path(
    post, path = "/me/push", tag = "me", operation_id = "subscribeToPush", request_body = NewPushSubscription,
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn subscribe(
    State(service): State<Service>,
    person: Person,
    Body(input): Body<NewPushSubscription>,
) -> Answer<StatusCode> {
    let NewPushSubscription { endpoint, keys: BrowserKeys { p256dh, auth } } = input;
    service.add_push_subscription(person.0.actor(), PushInput { endpoint, p256dh, auth }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A browser to end the subscription of.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EndedPushSubscription {
    /// The URL by which it was subscribed; absent for all browsers of the caller.
    endpoint: Option<String>,
}

/// Ends the subscription of one of the caller's browsers, or of all of them. Ending it again changes nothing.
#[utoipa::path(
    delete, path = "/me/push", tag = "me", operation_id = "unsubscribeFromPush",
    request_body(content = EndedPushSubscription), responses((status = 204, description = "Done"))
)]
pub(crate) async fn unsubscribe(
    State(service): State<Service>,
    person: Person,
    Body(input): Body<EndedPushSubscription>,
) -> Answer<StatusCode> {
    service.remove_push_subscriptions(person.0.id(), input.endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}
