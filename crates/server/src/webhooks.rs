//! The operator's commands about webhooks, as text.
//!
//! What must stay true: a secret is printed once, by the command that creates it.

use std::fmt::Write;

use quintet_domain::{Refusal, Webhook, webhook_conversations, webhook_kinds};
use quintet_service::{NewWebhook, Service};

/// What is printed about the id and the secret of a new webhook.
pub(crate) const ADDED: &str = "These are the id of the webhook and the secret that its deliveries are signed with. The \
                                secret is shown only once.\n";

/// Creates a webhook. Returns a line with its id and its secret.
pub(crate) async fn add(
    service: &Service,
    (url, description): (String, String),
    (events, conversations): (&[String], &[String]),
    personal: bool,
) -> Result<String, Refusal> {
    let (kinds, conversations) = (webhook_kinds(events)?, webhook_conversations(conversations)?);
    let new = NewWebhook { url, description, kinds, conversations, personal };
    let webhook = service.add_webhook(None, new).await?;
    Ok(format!("{} {}\n", webhook.id, webhook.secret.0))
}

/// Lists webhooks, one per line: the id, the address, how far it is, and what is wrong with it.
pub(crate) fn listed(webhooks: &[Webhook]) -> String {
    let mut output = String::new();
    for webhook in webhooks {
        // Writing to text in memory does not fail.
        let _ = write!(output, "{} {} position {}", webhook.id, webhook.url, webhook.position);
        match (&webhook.disabled_because, webhook.enabled, webhook.failing_since) {
            (Some(because), false, _) => {
                let _ = write!(output, " (disabled: {because})");
            }
            (None, false, _) => output += " (disabled)",
            (_, true, Some(since)) => {
                let _ = write!(output, " (failing since {since})");
            }
            (_, true, None) => {}
        }
        output.push('\n');
    }
    output
}
