//! Webhooks: what services and the operator do with them, and what is read and noted to deliver to them.
//!
//! What must stay true: an address that is refused is refused again when something is delivered, because a name may lead
//! elsewhere by then.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use quintet_domain::limits::{URL_BYTES_MAX, WEBHOOK_DELIVERIES_KEPT};
use quintet_domain::{
    AddWebhook, ChangeWebhook, ConversationId, DeleteWebhook, ModelEventType, NoteWebhook, Refusal, ReplayWebhook,
    UserId, Webhook, WebhookChange, WebhookDelivery, WebhookFilter, WebhookSecret, validate_webhook_description,
};
use tokio::sync::Notify;

use crate::Service;

/// The prefix of secrets, by which libraries for Standard Webhooks recognise them.
pub const WEBHOOK_SECRET_PREFIX: &str = "whsec_";

/// A webhook that is to be created.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    /// The address of the receiver.
    pub url: String,
    /// What it is for, for people.
    pub description: String,
    /// The kinds that it is told of; empty for all.
    pub kinds: Vec<ModelEventType>,
    /// The conversations that it is told of; empty for all.
    pub conversations: Vec<ConversationId>,
    /// Whether it is told of direct conversations and notifications, which only the operator can decide.
    pub personal: bool,
}

/// Refuses what is no id of a webhook, such as a text with U+0000, which not every database takes.
fn check_id(id: &str) -> Result<(), Refusal> {
    match id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        true => Ok(()),
        false => Err(Refusal::not_found("webhook", id)),
    }
}

impl Service {
    /// Returns the normal form of an address. Refuses one that nothing can be delivered to.
    fn webhook_url(&self, url: &str) -> Result<String, Refusal> {
        let check_length = |url: &str| match url.len() {
            0..=URL_BYTES_MAX => Ok(()),
            bytes => Err(Refusal::too_large("url", format!("has {bytes} bytes; at most {URL_BYTES_MAX} are allowed"))),
        };
        check_length(url)?;
        let url = quintet_outbound::check_url(url, &self.0.settings.outbound).map_err(|error| {
            let why = error.to_string();
            Refusal::invalid("url", format!("cannot be delivered to: {}", why.trim_end_matches('.')))
        })?;
        check_length(&url)?;
        Ok(url)
    }

    /// Returns a new secret for signatures, in the form of Standard Webhooks.
    fn new_webhook_secret(&self) -> WebhookSecret {
        let halves = [self.0.environment.secret(), self.0.environment.secret()];
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_be_bytes()).collect();
        WebhookSecret(format!("{WEBHOOK_SECRET_PREFIX}{}", BASE64.encode(bytes)))
    }

    /// Creates a webhook, which receives the events from now on. `by` is the service that asked for it; none for the operator.
    /// The secret of the webhook is shown nowhere else.
    ///
    /// # Errors
    /// A refusal that names an invalid field; `ERR_CONFLICT` if there are too many webhooks.
    pub async fn add_webhook(&self, by: Option<UserId>, new: NewWebhook) -> Result<Webhook, Refusal> {
        let NewWebhook { url, description, kinds, conversations, personal } = new;
        let url = self.webhook_url(&url)?;
        validate_webhook_description(&description)?;
        let (secret, filter) = (self.new_webhook_secret(), WebhookFilter { kinds, conversations, personal });
        let webhook = self.write(AddWebhook { url, secret, description, filter, by }).await?;
        self.webhooks_changed().notify_one();
        Ok(webhook)
    }

    /// Returns all webhooks, by their ids.
    ///
    /// # Errors
    /// An internal error.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Refusal> {
        Ok(self.store().webhooks().await?)
    }

    /// Returns a webhook.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is none with the id.
    pub async fn webhook(&self, id: &str) -> Result<Webhook, Refusal> {
        let found = self.webhooks().await?.into_iter().find(|webhook| webhook.id == id);
        found.ok_or_else(|| Refusal::not_found("webhook", id))
    }

    /// Changes a webhook. One that is enabled again goes on where it ended.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`; a refusal that names an invalid field.
    pub async fn change_webhook(
        &self,
        by: Option<UserId>,
        id: String,
        mut change: WebhookChange,
    ) -> Result<Webhook, Refusal> {
        check_id(&id)?;
        change.url = change.url.map(|url| self.webhook_url(&url)).transpose()?;
        if let Some(description) = &change.description {
            validate_webhook_description(description)?;
        }
        let webhook = self.write(ChangeWebhook { id, change, by }).await?;
        self.webhooks_changed().notify_one();
        Ok(webhook)
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is none with the id.
    pub async fn delete_webhook(&self, by: Option<UserId>, id: String) -> Result<(), Refusal> {
        check_id(&id)?;
        self.write(DeleteWebhook { id, by }).await?;
        self.webhooks_changed().notify_one();
        Ok(())
    }

    /// Lets a webhook be told again everything from a position on.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such webhook, or if the log does not go back so far; a refusal that names `from` if
    /// there is no such position.
    pub async fn replay_webhook(&self, id: String, from: u64) -> Result<Webhook, Refusal> {
        check_id(&id)?;
        let webhook = self.write(ReplayWebhook { id, from }).await?;
        self.webhooks_changed().notify_one();
        Ok(webhook)
    }

    /// Returns the newest attempts to deliver something to a webhook, the newest first.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no webhook with the id.
    pub async fn webhook_deliveries(&self, id: &str) -> Result<Vec<WebhookDelivery>, Refusal> {
        check_id(id)?;
        let found = self.store().webhook_deliveries(id.to_owned(), WEBHOOK_DELIVERIES_KEPT as u32).await?;
        found.ok_or_else(|| Refusal::not_found("webhook", id))
    }

    /// Notes the outcome of deliveries. Returns the webhook, which may be disabled now.
    ///
    /// # Errors
    /// `ERR_CONFLICT` or `ERR_NOT_FOUND` if the webhook was sent back, disabled or deleted since they began.
    pub async fn note_webhook(&self, deliveries: NoteWebhook) -> Result<Webhook, Refusal> {
        self.write(deliveries).await
    }

    /// Returns the identity of the data: positions of other data mean something else.
    ///
    /// # Errors
    /// An internal error.
    pub async fn data_identity(&self) -> Result<String, Refusal> {
        Ok(self.store().identity().await?)
    }

    /// Returns what is notified when this process has changed a webhook.
    #[must_use]
    pub fn webhooks_changed(&self) -> &Notify {
        &self.0.webhooks_changed
    }
}
