//! Runs a task for each webhook that is enabled.
//!
//! What must stay true: a server without webhooks does nothing here, but that one of several nodes asks from time to time
//! whether there are any by now.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::Webhook;
use quintet_outbound::Outbound;
use quintet_service::{NotedFor, Service};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::endpoint;
use crate::metrics::WebhookMetrics;

/// The time between two looks at the webhooks, where other nodes may change them.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The time between two tries to read the webhooks.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A task that runs.
struct Running {
    /// The webhook when it began.
    webhook: Webhook,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the task of a webhook has panicked");
        }
    }
}

/// Wakes the tasks when something is committed, until it is dropped.
struct Waker(JoinHandle<()>);

impl Waker {
    fn start(service: &Service, wake: watch::Sender<()>) -> Self {
        let mut subscription = service.bus().subscribe();
        Self(tokio::spawn(async move {
            while subscription.next().await.is_some() {
                // Whatever else has come meanwhile needs no further one.
                while subscription.try_next().is_some() {}
                wake.send_replace(());
            }
        }))
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Delivers to all webhooks until it is stopped. Returns once everything that was delivered is noted.
pub async fn run(service: Service, outbound: Outbound, metrics: WebhookMetrics, stop: CancellationToken) {
    let identity = loop {
        tokio::select! {
            () = stop.cancelled() => return,
            found = service.data_identity() => if let Ok(identity) = found { break identity },
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    };
    // The bits are cut on purpose: a holder is any number that others do not have.
    let holder = service.environment().secret() as u64;
    let context = Arc::new(Context { service, outbound, metrics, identity, holder });
    let (wake, _) = watch::channel(());
    let (mut running, mut waker): (HashMap<String, Running>, Option<Waker>) = (HashMap::new(), None);
    while !stop.is_cancelled() {
        let again_in = match reconcile(&context, &wake, &mut running, &stop).await {
            Ok(()) => context.service.jobs().map(|_| LOOK_EVERY),
            Err(()) => Some(AGAIN_AFTER),
        };
        match (running.is_empty(), &waker) {
            (true, _) => waker = None,
            (false, None) => {
                waker = Some(Waker::start(&context.service, wake.clone()));
                // What was committed before the subscription woke nobody.
                wake.send_replace(());
            }
            (false, Some(_)) => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = context.service.webhooks_changed().notified() => {}
            () = tokio::time::sleep(again_in.unwrap_or_default()), if again_in.is_some() => {}
        }
    }
    for (_, one) in running {
        one.end().await;
    }
}

/// Ends the tasks of webhooks that were changed, and begins those of webhooks that are enabled.
async fn reconcile(
    context: &Arc<Context>,
    wake: &watch::Sender<()>,
    running: &mut HashMap<String, Running>,
    stop: &CancellationToken,
) -> Result<(), ()> {
    let found = context.service.webhooks().await.map_err(|_| ())?;
    let tells_pushes = found.iter().any(|webhook| webhook.enabled && webhook.filter.is_of_pushes());
    context.service.activity().set_noted(NotedFor::Webhooks, tells_pushes);
    context.metrics.disabled(found.iter().filter(|webhook| webhook.disabled_because.is_some()).count());
    let is_same = |id: &String, one: &mut Running| {
        found.iter().any(|webhook| webhook.id == *id && webhook.enabled && webhook.delivers_as(&one.webhook))
            && !one.task.is_finished()
    };
    let ended: Vec<Running> = running.extract_if(|id, one| !is_same(id, one)).map(|(_, ended)| ended).collect();
    for one in ended {
        one.end().await;
    }
    for webhook in found.into_iter().filter(|webhook| webhook.enabled) {
        if running.contains_key(&webhook.id) {
            continue;
        }
        let (begun, stop) = (webhook.clone(), stop.child_token());
        let (context, wake, stopping) = (Arc::clone(context), wake.subscribe(), stop.clone());
        let task = tokio::spawn(endpoint::run(context, webhook, wake, stopping));
        running.insert(begun.id.clone(), Running { webhook: begun, stop, task });
    }
    Ok(())
}
