//! Looking for what is to be pushed, and telling other nodes who is there.
//!
//! What must stay true: the cursor moves only once what was found waits here. One node at a time looks; each node looks
//! again at what waits with it.

use std::collections::HashMap;
use std::time::Duration;

use quintet_domain::{Timestamp, UserId};
use quintet_service::{Job, NotedFor, PUSH_AWAY_MS, PushWaiting, Service};
use tokio::time::Instant;

use super::counts::Counts;

/// The interval at which it is looked for what is to be sent.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// The interval at which it is looked whether anybody has subscribed at another node.
const SUBSCRIBERS_EVERY: Duration = Duration::from_secs(15);
/// The interval at which other nodes are told that a user is still there, in milliseconds.
const TELL_EVERY_MS: i64 = 15_000;
/// Maximum users of whom one write tells.
const TOLD_AT_ONCE: usize = 1_000;
/// Maximum steps of one look.
const STEPS_MAX: usize = 40;

/// What looks for what is to be pushed.
pub(super) struct Look {
    service: Service,
    /// When it was last looked whether anybody is a subscriber; `None` before the first time.
    subscribers_at: Option<Instant>,
    /// When other nodes were last told of users.
    told: HashMap<UserId, Timestamp>,
}

impl Look {
    pub(super) fn new(service: Service) -> Self {
        Self { service, subscribers_at: None, told: HashMap::new() }
    }

    /// Notes whether anybody is a subscriber: at the start, and where there are other nodes, again and again.
    pub(super) async fn look_for_subscribers(&mut self) {
        let is_due = match self.subscribers_at {
            None => true,
            Some(at) => self.service.jobs().is_some() && at.elapsed() >= SUBSCRIBERS_EVERY,
        };
        if is_due && self.note_subscribers().await {
            self.subscribers_at = Some(Instant::now());
        }
    }

    /// Returns whether the store has answered.
    async fn note_subscribers(&self) -> bool {
        match self.service.has_push_subscribers().await {
            Ok(has) => {
                self.service.activity().set_noted(NotedFor::Browsers, has);
                if !has && matches!(self.service.has_push_subscribers().await, Ok(true)) {
                    // Somebody has subscribed meanwhile.
                    self.service.activity().set_noted(NotedFor::Browsers, true);
                }
                true
            }
            Err(error) => {
                tracing::debug!(%error, "it is not known whether anybody is sent push messages");
                false
            }
        }
    }

    /// Stores who was active here, where there are other nodes.
    pub(super) async fn tell_other_nodes(&mut self) {
        if self.service.jobs().is_none() {
            return;
        }
        let now = self.service.environment().now();
        self.told.retain(|_, at| *at >= now.plus_ms(-PUSH_AWAY_MS));
        let mut news = self.service.activity().after(now.plus_ms(-PUSH_AWAY_MS));
        news.retain(|(user, at)| match self.told.get(user) {
            Some(told) => told < at && *told <= now.plus_ms(-TELL_EVERY_MS),
            None => true,
        });
        for some in news.chunks(TOLD_AT_ONCE) {
            match self.service.store_push_activity(some.to_vec()).await {
                Ok(()) => self.told.extend(some.iter().map(|(user, _)| (user.clone(), now))),
                Err(error) => return tracing::debug!(%error, "other nodes are not told who is there"),
            }
        }
    }

    /// Lets wait what was committed behind the cursor and concerns subscribers.
    pub(super) async fn look(&mut self, waiting: &mut PushWaiting, counts: &Counts) {
        if let Some(jobs) = self.service.jobs() {
            match jobs.take(vec![Job::Push]).await {
                Ok(taken) if taken.is_empty() => return,
                Ok(_) => {}
                Err(error) => return tracing::debug!(%error, "it is not known who decides about push messages"),
            }
        }
        for _ in 0..STEPS_MAX {
            if !waiting.has_room() || !self.step(waiting).await {
                break;
            }
        }
        counts.waiting(waiting.count());
        if let Some(jobs) = self.service.jobs()
            && let Err(error) = jobs.done(Job::Push, 0, TICK).await
        {
            tracing::debug!(%error, "it was not noted that push messages were decided about");
        }
    }

    /// Looks a step further. Returns whether there is more.
    async fn step(&self, waiting: &mut PushWaiting) -> bool {
        let step = match self.service.push_step().await {
            Ok(step) => step,
            Err(error) => {
                tracing::warn!(%error, "it could not be decided who is sent push messages");
                return false;
            }
        };
        if !step.has_subscribers {
            self.note_subscribers().await;
            return false;
        }
        let now = self.service.environment().now();
        for candidate in step.candidates {
            waiting.add(candidate, now);
        }
        if step.up_to > step.after
            && let Err(error) = self.service.move_push_cursor(step.up_to).await
        {
            tracing::warn!(%error, "push messages may be sent twice");
            return false;
        }
        step.more
    }
}
