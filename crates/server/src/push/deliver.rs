//! Handing push messages to push services.
//!
//! What must stay true: so many are under way at once and no more; each is tried a few times, within a bounded time. A
//! subscription that its push service does not know any more is removed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quintet_outbound::{Outbound, OutboundError, Reach};
use quintet_push::{BrowserKeys, Delivery, Endpoint, PushRequest, Subscription, Urgency, request};
use quintet_service::{PushNotice, PushSubscriptionRow, Service};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::counts::Outcome;
use super::parts::Push;
use super::payload::{topic, written};
use super::rest::Resting;

/// Maximum requests to push services at once.
const AT_ONCE: usize = 64;
/// Maximum push messages that are under way, those that wait for their request included.
const UNDER_WAY_MAX: usize = 1_000;
/// The time in which a push service has to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The pauses before a push message is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// The time for which a push service keeps a message for a device that it does not reach, in seconds.
const TTL_S: u32 = 24 * 60 * 60;

/// What all deliveries share.
struct Shared {
    service: Service,
    push: Arc<Push>,
    places: Semaphore,
    resting: Mutex<Resting>,
}

/// Push messages that are under way. They end when this is dropped.
pub(super) struct Deliveries {
    shared: Arc<Shared>,
    under_way: JoinSet<()>,
}

/// What a push service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answered {
    /// It has taken the message.
    Taken,
    /// It does not know the browser any more.
    Gone,
    /// It may take the message later.
    Busy(String),
    /// It will not take the message.
    Refused(String),
}

fn answered(status: u16) -> Answered {
    match status {
        200..300 => Answered::Taken,
        404 | 410 => Answered::Gone,
        408 | 425 | 429 | 500.. => Answered::Busy(format!("it answered with {status}")),
        _ => Answered::Refused(format!("it answered with {status}")),
    }
}

impl Deliveries {
    pub(super) fn new(service: Service, push: Arc<Push>) -> Self {
        let (places, resting) = (Semaphore::new(AT_ONCE), Mutex::default());
        Self { shared: Arc::new(Shared { service, push, places, resting }), under_way: JoinSet::new() }
    }

    /// Whether another push message may begin.
    pub(super) fn have_room(&mut self) -> bool {
        while self.under_way.try_join_next().is_some() {}
        self.under_way.len() < UNDER_WAY_MAX
    }

    /// Begins to hand a push message to the push services of all browsers of its user.
    pub(super) fn begin(&mut self, notice: &PushNotice) {
        let payload: Arc<[u8]> = written(&notice.content).into();
        let topic = topic(&notice.content);
        for row in &notice.subscriptions {
            let (shared, row, payload) = (Arc::clone(&self.shared), row.clone(), Arc::clone(&payload));
            let delivery = Delivery { ttl_s: TTL_S, urgency: Urgency::High, topic: Some(topic.clone()) };
            self.under_way.spawn(async move {
                let outcome = shared.deliver(&row, &payload, &delivery).await;
                shared.push.counts.count(outcome);
            });
        }
    }
}

impl Shared {
    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the endpoint of a browser rests.
    fn rests(&self, row: &PushSubscriptionRow) -> bool {
        self.resting().has(&row.endpoint, self.service.environment().now())
    }

    /// Delivers a push message to one browser, unless its endpoint rests.
    async fn deliver(&self, row: &PushSubscriptionRow, payload: &[u8], delivery: &Delivery) -> Outcome {
        let Some(subscription) = subscription(row) else { return Outcome::Failed };
        let mut pauses = PAUSES.into_iter();
        // Whether this delivery was the first to notice that the endpoint fails. It tries again, and the others give up.
        let mut has_noticed = false;
        loop {
            let Ok(place) = self.places.acquire().await else { return Outcome::Failed };
            // Only now: it may have begun to rest while this delivery waited for its place.
            if !has_noticed && self.rests(row) {
                return Outcome::Failed;
            }
            let answer = self.attempt(&subscription, payload, delivery).await;
            drop(place);
            match answer {
                Answered::Taken => {
                    self.resting().answered(&row.endpoint);
                    return Outcome::Sent;
                }
                Answered::Gone => return self.remove(row).await,
                Answered::Busy(_) if !has_noticed && self.rests(row) => return Outcome::Failed,
                Answered::Busy(why) => {
                    if !has_noticed {
                        has_noticed = true;
                        self.failed(&subscription, &why);
                    }
                    let Some(pause) = pauses.next() else { return Outcome::Failed };
                    tokio::time::sleep(pause).await;
                }
                Answered::Refused(why) => return self.failed(&subscription, &why),
            }
        }
    }

    fn failed(&self, subscription: &Subscription, why: &str) -> Outcome {
        // The rest of the URL is a secret of the browser.
        tracing::debug!(host = subscription.endpoint.host(), why, "a push service has not taken a message");
        self.resting().failed(subscription.endpoint.as_str(), self.service.environment().now());
        Outcome::Failed
    }

    async fn remove(&self, row: &PushSubscriptionRow) -> Outcome {
        match self.service.remove_dead_push_subscription(row.endpoint.clone()).await {
            Ok(_) => Outcome::Removed,
            Err(error) => {
                tracing::debug!(%error, "a subscription that has ended could not be removed");
                Outcome::Failed
            }
        }
    }

    /// Asks a push service once.
    async fn attempt(&self, subscription: &Subscription, payload: &[u8], delivery: &Delivery) -> Answered {
        let now_s = u64::try_from(self.service.environment().now().seconds()).unwrap_or_default();
        let key = (&self.push.key, self.push.contact.as_deref());
        let request = match request(subscription, payload, delivery, key, now_s) {
            Ok(request) => request,
            Err(error) => return Answered::Refused(error.to_string()),
        };
        send(&self.push.client, request).await
    }
}

/// The browser of a row. What is stored was parsed before.
fn subscription(row: &PushSubscriptionRow) -> Option<Subscription> {
    let endpoint = Endpoint::parse(&row.endpoint).ok()?;
    Some(Subscription { endpoint, keys: BrowserKeys::stored(&row.p256dh, &row.auth)? })
}

async fn send(client: &Outbound, request: PushRequest) -> Answered {
    let PushRequest { url, headers, body } = request;
    let headers = headers.into_iter().collect();
    match client.post(Reach::Guarded, &url, headers, body.into(), ANSWER_WITHIN).await {
        Ok(answer) => answered(answer.status),
        Err(
            error @ (OutboundError::NotUrl(_)
            | OutboundError::Scheme(_)
            | OutboundError::Credentials
            | OutboundError::Refused { .. }
            | OutboundError::Redirect { .. }
            | OutboundError::NoClient(_)),
        ) => Answered::Refused(error.to_string()),
        Err(
            error @ (OutboundError::Unknown { .. }
            | OutboundError::Unreachable { .. }
            | OutboundError::TooSlow { .. }
            | OutboundError::Broken { .. }),
        ) => Answered::Busy(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_it_is_tried_again() {
        for status in [200, 201, 202] {
            assert_eq!(answered(status), Answered::Taken);
        }
        for status in [404, 410] {
            assert_eq!(answered(status), Answered::Gone);
        }
        for status in [429, 500, 503] {
            assert!(matches!(answered(status), Answered::Busy(_)), "{status}");
        }
        // A wrong key of the server, a message that is too large: the next attempt is answered alike.
        for status in [400, 401, 403, 413] {
            assert!(matches!(answered(status), Answered::Refused(_)), "{status}");
        }
    }
}
