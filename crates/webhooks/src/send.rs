//! One attempt to deliver something.
//!
//! What must stay true: every attempt ends within its time, and has a sentence if something was wrong.

use std::time::Duration;

use bytes::Bytes;
use quintet_domain::limits::WEBHOOK_ANSWER_SECONDS_MAX;
use quintet_domain::{Timestamp, Webhook, WebhookDelivery, webhook_problem};
use quintet_outbound::{Answer, Outbound, OutboundError, Reach};
use tokio::time::Instant;

use crate::envelope::Envelope;
use crate::signature::headers;

/// The time that a receiver has to answer.
const WITHIN: Duration = Duration::from_secs(WEBHOOK_ANSWER_SECONDS_MAX);
/// The status by which a receiver says that it wants nothing any more.
const GONE: u16 = 410;
/// Characters of an answer that a sentence quotes.
const QUOTED_CHARS_MAX: usize = 100;

/// Sends a body to a webhook, signed at a moment.
pub(crate) async fn post(
    outbound: &Outbound,
    webhook: &Webhook,
    (id, body): (&str, &Bytes),
    now: Timestamp,
) -> Result<Answer, OutboundError> {
    let headers = headers(&webhook.secret, id, now, body);
    outbound.post(Reach::Guarded, &webhook.url, headers, body.clone(), WITHIN).await
}

/// Returns what was wrong with an answer, as a sentence.
pub(crate) fn problem_of(answer: &Answer) -> Option<String> {
    if answer.is_success() {
        return answer.cut_off.clone();
    }
    let text = String::from_utf8_lossy(&answer.body);
    let quoted: String = text.trim().chars().take(QUOTED_CHARS_MAX).collect();
    let status = answer.status;
    Some(match quoted.is_empty() {
        true => format!("The receiver answered with {status}."),
        false => format!("The receiver answered with {status}: {quoted}"),
    })
}

/// The outcome of an attempt.
pub(crate) struct Attempt {
    pub(crate) delivery: WebhookDelivery,
    /// Whether the receiver wants nothing any more.
    pub(crate) is_gone: bool,
}

/// Delivers something. `attempt` is the number of the attempt.
pub(crate) async fn attempt(
    outbound: &Outbound,
    webhook: &Webhook,
    envelope: &Envelope,
    attempt: u32,
    now: Timestamp,
) -> Attempt {
    let began = Instant::now();
    let answer = post(outbound, webhook, (&envelope.id, &envelope.body), now).await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, delivered, problem) = match &answer {
        Ok(answer) => (Some(answer.status), answer.is_success(), problem_of(answer)),
        Err(OutboundError::Redirect { status, .. }) => {
            (Some(*status), false, answer.as_ref().err().map(ToString::to_string))
        }
        Err(error) => (None, false, Some(error.to_string())),
    };
    let problem = problem.as_deref().map(webhook_problem);
    let (position, kind) = (envelope.position, envelope.kind);
    let delivery = WebhookDelivery { position, kind, attempt, at: now, took_ms, status, delivered, problem };
    Attempt { delivery, is_gone: status == Some(GONE) }
}
