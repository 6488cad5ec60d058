//! The task of one webhook.
//!
//! What must stay true: what was delivered is noted soon after, so that a server that starts again repeats little; a webhook
//! that was changed goes on as it is now.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::WEBHOOK_WINDOW;
use quintet_domain::{Code, NoteWebhook, Refusal, Webhook, WebhookDelivery};
use quintet_service::{HELD_FOR, LogPage, Party};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::envelope::Envelope;
use crate::pause::random_pause;
use crate::window::Window;

/// The time after which deliveries are noted.
const NOTE_AFTER: Duration = Duration::from_secs(1);
/// The time after which it is noted that a webhook has passed what it is not told of.
const NOTE_PASSED_AFTER: Duration = Duration::from_secs(30);
/// The number of attempts that are noted at once.
const ATTEMPTS_NOTED: usize = 100;
/// The time between two tries to read or note something that failed.
pub(crate) const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The time between two signs of a holder, and between two tries to become one.
const HOLD_EVERY: Duration = Duration::from_secs(5);

/// What is not noted yet.
struct Unnoted {
    attempts: Vec<WebhookDelivery>,
    is_failing: bool,
    /// When it is to be noted.
    due: Instant,
}

/// The task of one webhook.
pub(crate) struct Endpoint {
    pub(crate) context: Arc<Context>,
    pub(crate) webhook: Webhook,
    /// The position up to which everything is delivered.
    pub(crate) position: u64,
    unnoted: Option<Unnoted>,
    /// The failures in a row, as pauses grow with them.
    failures: u32,
    /// Changes when there is more in the log.
    pub(crate) wake: watch::Receiver<()>,
}

/// Why a task ends, or pauses.
pub(crate) enum End {
    /// The webhook was changed, deleted or disabled.
    Changed,
    /// Another process delivers to it.
    Lost,
}

/// Delivers to a webhook until it is stopped, or until the webhook is changed.
pub(crate) async fn run(context: Arc<Context>, webhook: Webhook, wake: watch::Receiver<()>, stop: CancellationToken) {
    let id = webhook.id.clone();
    let position = webhook.position;
    let mut endpoint = Endpoint { context: Arc::clone(&context), webhook, position, unnoted: None, failures: 0, wake };
    loop {
        let begun = async {
            held(&context, &id).await;
            endpoint.begin().await
        };
        let begun = tokio::select! {
            () = stop.clone().cancelled_owned() => false,
            begun = begun => begun,
        };
        if !begun {
            break;
        }
        let ended = tokio::select! {
            () = stop.clone().cancelled_owned() => None,
            () = lost(&context, &id) => Some(End::Lost),
            ended = endpoint.deliver() => Some(ended),
        };
        // What was delivered and is not noted would be delivered again.
        let noted = endpoint.note(None).await;
        context.metrics.behind(&id, None);
        match ended {
            Some(End::Lost) if noted.is_ok() => {}
            Some(End::Lost | End::Changed) | None => break,
        }
    }
    if let Some(jobs) = context.service.jobs()
        && let Err(error) = jobs.give_up(id, context.holder).await
    {
        tracing::debug!(%error, "the deliveries of a webhook were not given up");
    }
}

/// Waits until this process is the one that delivers to a webhook.
async fn held(context: &Context, id: &str) {
    let Some(jobs) = context.service.jobs() else { return };
    loop {
        match jobs.hold(id.to_owned(), context.holder).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "it is not known who delivers to a webhook"),
        }
        sleep(HOLD_EVERY).await;
    }
}

/// Says again and again that this process delivers to a webhook, until another one does, or might.
async fn lost(context: &Context, id: &str) {
    let Some(jobs) = context.service.jobs() else { return std::future::pending().await };
    let mut held_at = Instant::now();
    loop {
        sleep(HOLD_EVERY).await;
        let asked_at = Instant::now();
        match jobs.hold(id.to_owned(), context.holder).await {
            Ok(true) => held_at = asked_at,
            Ok(false) => return,
            Err(error) => tracing::debug!(%error, "it was not said who delivers to a webhook"),
        }
        if held_at.elapsed() >= HELD_FOR {
            return;
        }
    }
}

impl Endpoint {
    /// Looks where the webhook is now. Returns whether it is as this task knows it.
    async fn begin(&mut self) -> bool {
        loop {
            match self.context.service.webhook(&self.webhook.id).await {
                Ok(found) if !found.delivers_as(&self.webhook) => return false,
                Ok(found) => {
                    self.position = found.position;
                    self.webhook = found;
                    return true;
                }
                Err(refusal) if refusal.code == Code::NotFound => return false,
                Err(_) => sleep(AGAIN_AFTER).await,
            }
        }
    }

    async fn deliver(&mut self) -> End {
        if self.webhook.filter.is_of_pushes() {
            return self.deliver_pushes().await;
        }
        loop {
            self.wake.mark_unchanged();
            let page = match self.context.service.log_page(Party::Server, self.position, WEBHOOK_WINDOW).await {
                Ok(page) => page,
                Err(_) => {
                    sleep(AGAIN_AFTER).await;
                    continue;
                }
            };
            if page.after > self.position {
                tracing::warn!(
                    webhook = %self.webhook.id, from = self.position + 1, to = page.after,
                    "a webhook was behind the log, which is not kept so long: these positions are not delivered to it"
                );
            }
            if page.told.is_empty() && page.last <= self.position.max(page.after) {
                self.position = page.last;
                self.context.metrics.behind(&self.webhook.id, Some(0));
                if let Some(end) = self.rest().await {
                    return end;
                }
                continue;
            }
            if let Some(end) = self.deliver_page(&page).await {
                return end;
            }
        }
    }

    /// Waits for more in the log, and notes what is due meanwhile.
    async fn rest(&mut self) -> Option<End> {
        self.rest_until(None).await
    }

    /// Waits for more in the log or for a moment, and notes what is due meanwhile.
    pub(crate) async fn rest_until(&mut self, until: Option<Instant>) -> Option<End> {
        let due = self.unnoted.as_ref().map(|unnoted| unnoted.due);
        tokio::select! {
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => None,
            changed = self.wake.changed() => {
                // The server stops.
                if changed.is_err() {
                    std::future::pending::<()>().await;
                }
                None
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.noted(None).await,
        }
    }

    async fn deliver_page(&mut self, page: &LogPage) -> Option<End> {
        let context = Arc::clone(&self.context);
        let Context { service, metrics, identity, .. } = &*context;
        let envelopes = page.told.iter().filter_map(|told| Envelope::of(service, identity, told));
        let filter = &self.webhook.filter;
        let wanted = envelopes
            .filter(|envelope| filter.wants(envelope.kind, envelope.conversation.as_ref(), envelope.is_personal));
        metrics.behind(&self.webhook.id, Some(page.newest.saturating_sub(self.position)));
        let mut window = Window::of(wanted.collect());
        while !window.is_empty() {
            if let Some(end) = self.deliver_window(&mut window, Some(page)).await {
                return Some(end);
            }
            self.renew(&mut window).await;
        }
        self.position = page.last;
        metrics.behind(&self.webhook.id, Some(page.newest.saturating_sub(self.position)));
        self.pass().await
    }

    /// Delivers what is in a window. After a failure it pauses, and leaves the rest there. The window of a page moves the
    /// position with it; another one leaves it where it is.
    pub(crate) async fn deliver_window(&mut self, window: &mut Window, page: Option<&LogPage>) -> Option<End> {
        let context = Arc::clone(&self.context);
        let round = window.round(&context, &self.webhook).await;
        if let Some(page) = page {
            self.position = window.first().map_or(page.last, |first| first - 1);
            let behind = page.newest.saturating_sub(self.position);
            context.metrics.behind(&self.webhook.id, Some(behind));
        }
        let gets_through = round.attempts.iter().any(|attempt| attempt.delivered);
        self.keep(round.attempts, round.has_failed);
        if round.is_gone {
            let because = "The receiver answered with 410, which says that it wants nothing any more.";
            return self.noted(Some(because.to_owned())).await.or(Some(End::Changed));
        }
        if !round.has_failed {
            self.failures = 0;
            return None;
        }
        if let Some(end) = self.noted(None).await {
            return Some(end);
        }
        // Pauses grow only where nothing gets through.
        self.failures = if gets_through { 1 } else { self.failures + 1 };
        sleep(random_pause(self.failures)).await;
        None
    }

    /// Notes that the position has moved, if much is to be noted or it was long ago.
    pub(crate) async fn pass(&mut self) -> Option<End> {
        let unnoted = self.unnoted.get_or_insert_with(|| Unnoted {
            attempts: Vec::new(),
            is_failing: false,
            due: Instant::now() + NOTE_PASSED_AFTER,
        });
        match unnoted.attempts.len() >= ATTEMPTS_NOTED || unnoted.due <= Instant::now() {
            true => self.noted(None).await,
            false => None,
        }
    }

    /// Reads again what waits in a window, so that what was edited, deleted or erased during a pause is told as it is now.
    async fn renew(&self, window: &mut Window) {
        let Some(first) = window.first() else { return };
        let Context { service, identity, .. } = &*self.context;
        // What cannot be read now is read before the next attempt.
        let Ok(page) = service.log_page(Party::Server, first - 1, WEBHOOK_WINDOW).await else { return };
        window.renew(page.told.iter().filter_map(|told| Envelope::of(service, identity, told)));
    }

    /// Keeps attempts until they are noted.
    fn keep(&mut self, attempts: Vec<WebhookDelivery>, is_failing: bool) {
        let due = Instant::now() + NOTE_AFTER;
        let unnoted = self.unnoted.get_or_insert_with(|| Unnoted { attempts: Vec::new(), is_failing, due });
        unnoted.attempts.extend(attempts);
        unnoted.is_failing = is_failing;
        unnoted.due = unnoted.due.min(due);
    }

    /// Notes what was delivered. Returns why the task ends, if it does.
    async fn noted(&mut self, disable: Option<String>) -> Option<End> {
        loop {
            match self.note(disable.clone()).await {
                Ok(()) if self.webhook.enabled => return None,
                Ok(()) => return Some(End::Changed),
                Err(refusal) if matches!(refusal.code, Code::Conflict | Code::NotFound) => return Some(End::Changed),
                Err(_) => sleep(AGAIN_AFTER).await,
            }
        }
    }

    async fn note(&mut self, disable: Option<String>) -> Result<(), Refusal> {
        let Some(unnoted) = &self.unnoted else { return Ok(()) };
        let note = NoteWebhook {
            id: self.webhook.id.clone(),
            turn: self.webhook.turn,
            position: self.position,
            attempts: unnoted.attempts.clone(),
            is_failing: unnoted.is_failing,
            disable,
        };
        self.webhook = self.context.service.note_webhook(note).await?;
        self.unnoted = None;
        if let Some(because) = self.webhook.disabled_because.as_ref().filter(|_| !self.webhook.enabled) {
            tracing::warn!(webhook = %self.webhook.id, because, "a webhook is disabled");
            self.context.service.webhooks_changed().notify_one();
        }
        Ok(())
    }
}
