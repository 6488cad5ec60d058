//! The questions to the hook.
//!
//! What must stay true: the wait for a place, the connection, the answer and its body share one time. A question is sent once.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use quintet_dialect::{DraftQuestion, model_event_text};
use quintet_domain::limits::{HOOK_ANSWER_BYTES_MAX, HOOK_REQUESTS_AT_ONCE};
use quintet_domain::{Code, Refusal, Rewrite, WebhookSecret};
use quintet_outbound::{AnswerBounds, Outbound, Reach};
use quintet_service::{BeforeSend, Question};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::answer::{Decision, decision};
use super::failures::Failures;
use super::metrics::{HookMetrics, Outcome};
use crate::signature::headers;

/// The time after which a message may be sent again that the hook could not be asked about, in milliseconds.
const RETRY_AFTER_MS: u64 = 2_000;

/// What a failure of the hook means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The message is written as it is.
    #[default]
    Allow,
    /// The message is refused; the same one can be sent again.
    Refuse,
}

/// The settings of the hook.
#[derive(Clone, Debug)]
pub struct HookSettings {
    /// The address of the hook.
    pub url: String,
    /// The secret that questions are signed with.
    pub secret: WebhookSecret,
    /// The time that a question takes at most.
    pub timeout: Duration,
    /// What a failure means.
    pub on_failure: OnFailure,
}

/// The hook that is asked before messages are sent and edited.
#[derive(Debug)]
pub struct BeforeSendHook {
    settings: HookSettings,
    outbound: Outbound,
    places: Semaphore,
    metrics: HookMetrics,
    failures: Failures,
}

impl BeforeSendHook {
    /// Creates the hook.
    #[must_use]
    pub fn new(settings: HookSettings, outbound: Outbound, metrics: HookMetrics) -> Self {
        let places = Semaphore::new(HOOK_REQUESTS_AT_ONCE);
        Self { settings, outbound, places, metrics, failures: Failures::default() }
    }

    /// Asks a question.
    ///
    /// # Errors
    /// A sentence that says why there is no answer.
    async fn decide(&self, question: Question<'_>) -> Result<Decision, String> {
        let HookSettings { url, secret, timeout, on_failure: _ } = &self.settings;
        let until = Instant::now() + *timeout;
        let Question { id, at, draft, context, links } = question;
        let DraftQuestion { kind, data } = DraftQuestion::of(draft, context, links);
        let body = Bytes::from(model_event_text(Some(id), kind, at, None, &data));
        let headers = headers(secret, id, at, &body);
        let place = timeout_at(until, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(format!("{HOOK_REQUESTS_AT_ONCE} questions waited for their answer all the time."));
        };
        let bounds = AnswerBounds { within: until - Instant::now(), bytes_max: HOOK_ANSWER_BYTES_MAX };
        let answer = self.outbound.post(Reach::Guarded, url, headers, body, bounds).await;
        decision(&answer.map_err(|error| error.to_string())?, context.has_file(draft))
    }

    async fn asked(&self, question: Question<'_>) -> Result<Option<Rewrite>, Refusal> {
        let began = Instant::now();
        let (outcome, result) = match self.decide(question).await {
            Ok(Decision::Allow) => (Outcome::Allowed, Ok(None)),
            Ok(Decision::Refuse(sentence)) => (Outcome::Refused, Err(Refusal::forbidden(sentence))),
            Ok(Decision::Rewrite(rewrite)) => (Outcome::Rewritten, Ok(Some(rewrite))),
            Err(why) => {
                self.failures.note(&why);
                (Outcome::Failed, self.on_failure())
            }
        };
        self.metrics.asked(outcome, began.elapsed());
        result
    }

    fn on_failure(&self) -> Result<Option<Rewrite>, Refusal> {
        match self.settings.on_failure {
            OnFailure::Allow => Ok(None),
            OnFailure::Refuse => Err(Refusal {
                retry_after_ms: Some(RETRY_AFTER_MS),
                ..Refusal::new(Code::Busy, "Nothing was sent, because messages cannot be checked now; try again later.")
            }),
        }
    }
}

impl BeforeSend for BeforeSendHook {
    fn ask<'q>(&'q self, question: Question<'q>) -> BoxFuture<'q, Result<Option<Rewrite>, Refusal>> {
        self.asked(question).boxed()
    }
}
