//! A delivery that the operator asks for, to see whether a webhook works.

use bytes::Bytes;
use quintet_dialect::model_event_text;
use quintet_domain::Refusal;
use quintet_outbound::Outbound;
use quintet_service::Service;
use tokio::time::Instant;

use crate::send::{post, problem_of};

/// The kind of what is sent, which no event has.
const KIND: &str = "webhook.test";

/// Sends a test to a webhook, whether or not it is enabled, and notes nothing of it. Returns a sentence about the answer,
/// or the sentence that says what was wrong.
///
/// # Errors
/// `ERR_NOT_FOUND` if there is no webhook with the id.
pub async fn probe(service: &Service, outbound: &Outbound, id: &str) -> Result<Result<String, String>, Refusal> {
    let webhook = service.webhook(id).await?;
    let now = service.environment().now();
    let id = format!("test_{}", service.environment().new_id());
    let text: Bytes = model_event_text(Some(&id), KIND, now, Some(webhook.position), "{}").into();
    let began = Instant::now();
    Ok(match post(outbound, &webhook, (&id, &text), now).await {
        Ok(answer) if answer.is_success() => {
            let took = began.elapsed().as_millis();
            Ok(format!("The receiver answered with {} within {took} ms.", answer.status))
        }
        Ok(answer) => Err(problem_of(&answer).unwrap_or_default()),
        Err(error) => Err(error.to_string()),
    })
}
