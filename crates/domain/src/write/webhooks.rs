//! Writes about webhooks.

use crate::{UserId, WebhookChange, WebhookDelivery, WebhookFilter, WebhookSecret};

/// Creates a webhook that is told what happens from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddWebhook {
    /// The address of the receiver.
    pub url: String,
    /// The secret that deliveries are signed with.
    pub secret: WebhookSecret,
    /// What it is for, for people.
    pub description: String,
    /// What it is told of.
    pub filter: WebhookFilter,
    /// The service that asked for it, for the audit log; none if the operator did.
    pub by: Option<UserId>,
}

/// Changes a webhook. One that is enabled again goes on where it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeWebhook {
    /// The id of the webhook.
    pub id: String,
    /// The fields that are replaced.
    pub change: WebhookChange,
    /// The service that asked for it, for the audit log; none if the operator did.
    pub by: Option<UserId>,
}

/// Deletes a webhook, with what is kept of its deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteWebhook {
    /// The id of the webhook.
    pub id: String,
    /// The service that asked for it, for the audit log; none if the operator did.
    pub by: Option<UserId>,
}

/// Sends a webhook back or ahead to a position. Refused with `ERR_NOT_FOUND` if the log does not go back so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayWebhook {
    /// The id of the webhook.
    pub id: String,
    /// The first position that it is told next.
    pub from: u64,
}

/// Notes the outcome of deliveries. Refused with `ERR_CONFLICT` if the webhook was sent back or disabled since they began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteWebhook {
    /// The id of the webhook.
    pub id: String,
    /// The turn of the webhook when they began.
    pub turn: u64,
    /// The position up to which everything was delivered.
    pub position: u64,
    /// The attempts, oldest first.
    pub attempts: Vec<WebhookDelivery>,
    /// Whether the last attempt of something failed.
    pub is_failing: bool,
    /// Why the webhook is to be disabled, as a sentence.
    pub disable: Option<String>,
}
