//! What waits on behalf of users who are connected to other nodes: the reads of their memberships, and the departures of
//! those whose node died.
//!
//! When a node comes or goes, very many users come or go with it. Both are done some at a time, so that the connections of
//! this node do not wait for them.
//!
//! What must stay true: few reads run at once, and each that fails is made again while its user is there; nobody goes
//! offline who has come back meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use quintet_domain::{Refusal, UserId};
use quintet_service::Service;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::directory::Directory;
use super::message::ClientMessage;
use super::presence::LastSeen;
use super::timers::{Timer, Timers};

/// Maximum number of reads at once.
const READS_AT_ONCE: usize = 16;

/// The time after which reads go on once one has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Maximum number of users who go offline in one batch.
const DEPARTURES_PER_BATCH: usize = 256;

/// Time between two batches, in which other messages are handled.
const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// What waits on behalf of users who are connected to other nodes.
pub(super) struct OtherNodes {
    service: Service,
    inbox: mpsc::WeakSender<ClientMessage>,
    /// The users whose memberships are to be read, each with the number of the read.
    waiting: VecDeque<(UserId, u64)>,
    /// The number of reads in progress.
    reading: usize,
    /// Whether a read failed a moment ago.
    paused: bool,
    /// The users of nodes that died who are to go offline.
    departing: VecDeque<(UserId, LastSeen)>,
}

impl OtherNodes {
    pub(super) fn new(service: Service, inbox: mpsc::WeakSender<ClientMessage>) -> Self {
        Self { service, inbox, waiting: VecDeque::new(), reading: 0, paused: false, departing: VecDeque::new() }
    }

    // --- reads ---

    /// Lets the profile and the memberships of a user be read.
    pub(super) fn read(&mut self, directory: &mut Directory, user: UserId, load: u64) {
        self.waiting.push_back((user, load));
        self.read_next(directory);
    }

    /// Notes that a read has ended.
    pub(super) fn read_ended(&mut self, directory: &mut Directory) {
        self.reading = self.reading.saturating_sub(1);
        self.read_next(directory);
    }

    /// Lets a read that failed be made again, after a pause.
    pub(super) fn read_failed(
        &mut self,
        timers: &mut Timers,
        (user, load): (UserId, u64),
        why: &Refusal,
        now: Instant,
    ) {
        tracing::debug!(%why, %user, "the memberships of a user on another node could not be read");
        self.waiting.push_back((user, load));
        if !std::mem::replace(&mut self.paused, true) {
            timers.add(now + AFTER_FAILURE, Timer::ReadElsewhere);
        }
    }

    /// Goes on with reads after a failure.
    pub(super) fn read_again(&mut self, directory: &mut Directory) {
        self.paused = false;
        self.read_next(directory);
    }

    fn read_next(&mut self, directory: &mut Directory) {
        while self.reading < READS_AT_ONCE
            && !self.paused
            && let Some((user, load)) = self.waiting.pop_front()
        {
            if !directory.is_awaited(&user, load) {
                continue;
            }
            self.reading += 1;
            let (service, inbox) = (self.service.clone(), self.inbox.clone());
            tokio::spawn(async move {
                let state = service.state_elsewhere(user.clone()).await;
                if let Some(inbox) = inbox.upgrade() {
                    let _ = inbox.send(ClientMessage::ReadElsewhere { user, load, state }).await;
                }
            });
        }
    }

    // --- departures ---

    /// Lets users of a node that died go offline, unless they come back before it is their turn.
    pub(super) fn depart(
        &mut self,
        timers: &mut Timers,
        users: impl IntoIterator<Item = (UserId, LastSeen)>,
        now: Instant,
    ) {
        let waited = !self.departing.is_empty();
        self.departing.extend(users);
        if !waited && !self.departing.is_empty() {
            timers.add(now, Timer::NodeGone);
        }
    }

    /// The users whose turn it is to go offline, if they are still connected to no node. The next ones have their turn a
    /// little later.
    pub(super) fn next_departures(&mut self, timers: &mut Timers, now: Instant) -> Vec<(UserId, LastSeen)> {
        let count = self.departing.len().min(DEPARTURES_PER_BATCH);
        let next = self.departing.drain(..count).collect();
        if self.departing.is_empty() {
            self.departing = VecDeque::new();
        } else {
            timers.add(now + BATCH_PAUSE, Timer::NodeGone);
        }
        next
    }
}
