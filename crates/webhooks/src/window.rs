//! A window over the log: what is delivered before anything behind it is read.
//!
//! Each conversation has a lane, and what is about no conversation has one together. Lanes are delivered beside each other,
//! a bounded number at a time; in a lane, one delivery follows the other.
//!
//! What must stay true: a delivery that failed stays the first of its lane.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream};
use quintet_domain::limits::WEBHOOK_DELIVERIES_AT_ONCE;
use quintet_domain::{ConversationId, Webhook, WebhookDelivery};

use crate::context::Context;
use crate::envelope::Envelope;
use crate::send::attempt;

/// What is delivered in order.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Envelope>,
    /// The number of attempts to deliver the first.
    attempts: u32,
}

/// The outcome of one round over all lanes.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// The attempts, in the order in which they ended.
    pub(crate) attempts: Vec<WebhookDelivery>,
    /// Whether one of them failed.
    pub(crate) has_failed: bool,
    /// Whether the receiver wants nothing any more.
    pub(crate) is_gone: bool,
}

/// A window over the log.
#[derive(Debug, Default)]
pub(crate) struct Window {
    lanes: Vec<Lane>,
}

impl Window {
    /// The window of some things to deliver, in the order of their positions.
    pub(crate) fn of(envelopes: Vec<Envelope>) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut of_conversation: HashMap<Option<ConversationId>, usize> = HashMap::new();
        for envelope in envelopes {
            let lane = *of_conversation.entry(envelope.conversation.clone()).or_insert_with(|| {
                lanes.push(Lane::default());
                lanes.len() - 1
            });
            lanes[lane].waiting.push_back(envelope);
        }
        Self { lanes }
    }

    /// Whether everything is delivered.
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.waiting.is_empty())
    }

    /// The first position that is not delivered.
    pub(crate) fn first(&self) -> Option<u64> {
        self.lanes.iter().filter_map(|lane| lane.waiting.front()).map(|envelope| envelope.position).min()
    }

    /// The ids of what is not delivered.
    pub(crate) fn left(&self) -> impl Iterator<Item = &str> {
        self.lanes.iter().flat_map(|lane| &lane.waiting).map(|envelope| envelope.id.as_str())
    }

    /// Replaces what waits by the same things as they are now, by their positions.
    pub(crate) fn renew(&mut self, now: impl Iterator<Item = Envelope>) {
        let mut now: HashMap<u64, Envelope> = now.map(|envelope| (envelope.position, envelope)).collect();
        for waiting in self.lanes.iter_mut().flat_map(|lane| &mut lane.waiting) {
            if let Some(envelope) = now.remove(&waiting.position) {
                *waiting = envelope;
            }
        }
    }

    /// Delivers what waits in each lane, up to the first failure there.
    pub(crate) async fn round(&mut self, context: &Arc<Context>, webhook: &Webhook) -> Round {
        let webhook = Arc::new(webhook.clone());
        let lanes = std::mem::take(&mut self.lanes).into_iter().filter(|lane| !lane.waiting.is_empty());
        let delivering: Vec<_> =
            lanes.map(|lane| lane.deliver(Arc::clone(context), Arc::clone(&webhook)).boxed()).collect();
        let mut ended = stream::iter(delivering).buffer_unordered(WEBHOOK_DELIVERIES_AT_ONCE);
        let mut round = Round::default();
        while let Some((lane, of_lane)) = ended.next().await {
            self.lanes.push(lane);
            round.attempts.extend(of_lane.attempts);
            round.has_failed |= of_lane.has_failed;
            round.is_gone |= of_lane.is_gone;
        }
        round
    }
}

impl Lane {
    /// Delivers what waits, up to the first failure.
    async fn deliver(mut self, context: Arc<Context>, webhook: Arc<Webhook>) -> (Self, Round) {
        let mut round = Round::default();
        while let Some(envelope) = self.waiting.front() {
            self.attempts += 1;
            let now = context.service.environment().now();
            let ended = attempt(&context.outbound, &webhook, envelope, self.attempts, now).await;
            let delivered = ended.delivery.delivered;
            context.metrics.attempted(delivered);
            round.attempts.push(ended.delivery);
            if !delivered {
                round.has_failed = true;
                round.is_gone = ended.is_gone;
                break;
            }
            self.waiting.pop_front();
            self.attempts = 0;
        }
        (self, round)
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::ModelEventType;

    use super::*;

    fn envelope(position: u64, conversation: Option<&str>) -> Envelope {
        let conversation = conversation.map(ConversationId::trusted);
        let (id, kind, body) = (position.to_string(), ModelEventType::MessageCreated, "".into());
        Envelope { id, kind, position, conversation, is_personal: false, body }
    }

    #[test]
    fn each_conversation_has_a_lane_in_its_order() {
        let window = Window::of(vec![
            envelope(1, Some("a")),
            envelope(2, None),
            envelope(3, Some("b")),
            envelope(4, Some("a")),
            envelope(5, None),
        ]);
        let lanes: Vec<Vec<u64>> =
            window.lanes.iter().map(|lane| lane.waiting.iter().map(|envelope| envelope.position).collect()).collect();
        assert_eq!(lanes, [vec![1, 4], vec![2, 5], vec![3]]);
        assert_eq!((window.first(), window.is_empty()), (Some(1), false));
        assert!(Window::of(Vec::new()).is_empty());
    }
}
