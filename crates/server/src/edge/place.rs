//! The place of one connection: its current step, when that began, and whether a write waits for the peer to read.
//!
//! All fields are atomics, written by the connection's task and read once a second by [`super::places::Places`], so that
//! no connection needs a timer of its own.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use quintet_socketio::upgrade::Watch;

use super::places::Places;

/// Time that a client has for the handshake of TLS, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Time that a connection may be open between two requests. Proxies keep connections for up to a minute.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// Time in which a client has to read something of what is written to it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time after which a connection may be closed for others: one that finishes its step sooner is never closed.
pub(super) const CLOSABLE_AFTER: Duration = Duration::from_secs(1);

/// The step that a connection is at before it is a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The handshake of TLS.
    Handshake,
    /// The head of a request is awaited or has begun.
    Head,
    /// More of the body of a request is awaited.
    Body,
    /// A request is being answered.
    Answering,
    /// The last request is answered, and nothing of the next has come.
    Idle,
}

impl Step {
    const ALL: [Self; 5] = [Self::Handshake, Self::Head, Self::Body, Self::Answering, Self::Idle];
    /// Bits of a [`State`] that hold the step.
    const BITS: u32 = 3;
}

/// The state of a connection that is not a WebSocket. Times are milliseconds since the start of [`Places`].
#[derive(Debug)]
pub(super) struct State {
    /// The step in the low bits, and above them when it began.
    step: AtomicU64,
    /// When the pending write started, plus one; zero if none is pending.
    waits_since: AtomicU64,
}

impl State {
    pub(super) fn new(step: Step, now: u64) -> Self {
        let state = Self { step: AtomicU64::new(0), waits_since: AtomicU64::new(0) };
        state.set(step, now);
        state
    }

    fn set(&self, step: Step, since: u64) {
        self.step.store(since << Step::BITS | step as u64, Ordering::Relaxed);
    }

    /// The step, and when it began.
    pub(super) fn step(&self) -> (Step, u64) {
        let packed = self.step.load(Ordering::Relaxed);
        let index = usize::try_from(packed & ((1 << Step::BITS) - 1)).unwrap_or_default();
        (Step::ALL.get(index).copied().unwrap_or(Step::Head), packed >> Step::BITS)
    }

    fn write_waits(&self, now: u64) -> Option<Duration> {
        let since = self.waits_since.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_millis(now.saturating_sub(since)))
    }

    /// Whether the connection can be closed without losing work in progress.
    pub(super) fn is_closable(&self, now: u64) -> bool {
        let (step, since) = self.step();
        if self.write_waits(now).is_some_and(|waits| waits >= CLOSABLE_AFTER) {
            return true;
        }
        match step {
            Step::Handshake | Step::Head | Step::Body | Step::Idle => {
                Duration::from_millis(now.saturating_sub(since)) >= CLOSABLE_AFTER
            }
            Step::Answering => false,
        }
    }

    /// Whether the step has taken longer than it may. A body has its own clock, for its client gets an answer.
    pub(super) fn is_overdue(&self, now: u64) -> bool {
        let (step, since) = self.step();
        let took = Duration::from_millis(now.saturating_sub(since));
        let step_overdue = match step {
            Step::Handshake | Step::Head => took >= HEAD_TIMEOUT,
            Step::Idle => took >= IDLE_TIMEOUT,
            Step::Body | Step::Answering => false,
        };
        step_overdue || self.write_waits(now).is_some_and(|waits| waits >= WRITE_TIMEOUT)
    }
}

/// The kind of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// One of the ordinary places.
    Ordinary,
    /// One of the few places for when all ordinary ones are taken.
    Triage,
    /// A place of a WebSocket, which needs one descriptor only.
    WebSocket,
}

/// The place of one connection, given back when it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    pub(super) state: Arc<State>,
    pub(super) key: u64,
    class: AtomicU8,
    /// Whether the peer is a proxy that is trusted: then each request counts for the client that it names.
    pub(super) proxied: bool,
    /// Whether a request was answered by switching to WebSocket.
    switching: AtomicBool,
    /// Whether the connection has sent a request already.
    answered: AtomicBool,
}

impl Place {
    pub(super) fn new(places: Arc<Places>, state: Arc<State>, key: u64, class: Class, proxied: bool) -> Self {
        let (class, switching, answered) = (AtomicU8::new(class as u8), AtomicBool::new(false), AtomicBool::new(false));
        Self { places, state, key, class, proxied, switching, answered }
    }

    /// The number of the place among all.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn class(&self) -> Class {
        match self.class.load(Ordering::Relaxed) {
            class if class == Class::Triage as u8 => Class::Triage,
            class if class == Class::WebSocket as u8 => Class::WebSocket,
            _ => Class::Ordinary,
        }
    }

    /// Marks the end of the handshake of TLS: now the head of a request has to come.
    pub(crate) fn awaits_head(&self) {
        self.state.set(Step::Head, self.places.now());
    }

    /// Marks that the head of a request has come. Says whether it is not the first of the connection.
    pub(crate) fn answers(&self) -> bool {
        self.state.set(Step::Answering, self.places.now());
        self.answered.swap(true, Ordering::Relaxed)
    }

    /// Marks whether more of the body is awaited. A request that comes a byte at a time does not grow younger by that.
    pub(crate) fn awaits_body(&self, awaits: bool) {
        let (_, since) = self.state.step();
        self.state.set(if awaits { Step::Body } else { Step::Answering }, since);
    }

    /// Marks that the request is answered.
    pub(crate) fn idles(&self) {
        self.state.set(Step::Idle, self.places.now());
        if self.proxied {
            self.places.count_for_proxy(self);
        }
    }

    /// Counts a request of a proxy for the client that it names. Says whether the client may have one more.
    pub(crate) fn counts_for(&self, client: IpAddr) -> bool {
        !self.proxied || self.places.count_for(self, client)
    }

    /// Whether all ordinary places were taken when the connection came.
    pub(crate) fn is_triage(&self) -> bool {
        self.class() == Class::Triage
    }

    /// Makes the place an ordinary one, for a user that is known. Says whether there was one left.
    pub(crate) fn promote(&self) -> bool {
        let promoted = self.places.promote(self);
        if promoted {
            self.class.store(Class::Ordinary as u8, Ordering::Relaxed);
        }
        promoted
    }

    /// Marks that the answer switches to WebSocket, which happens once it is written.
    pub(crate) fn switches(&self) {
        self.switching.store(true, Ordering::Relaxed);
    }

    /// Marks the end of HTTP. From here on the WebSocket driver bounds a connection that switched.
    pub(crate) fn http_ended(&self) {
        if self.switching.load(Ordering::Relaxed) && self.class() == Class::Ordinary {
            self.places.switched(self);
            self.class.store(Class::WebSocket as u8, Ordering::Relaxed);
        }
    }
}

impl Watch for Place {
    fn read(&self) {
        if self.state.step().0 == Step::Idle {
            self.awaits_head();
        }
    }

    fn wrote(&self, waits: bool) {
        let since = &self.state.waits_since;
        match waits {
            false => since.store(0, Ordering::Relaxed),
            true if since.load(Ordering::Relaxed) == 0 => since.store(self.places.now() + 1, Ordering::Relaxed),
            true => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.leave(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_time() {
        let overdue_after = |step: Step| {
            let state = State::new(step, 1_000);
            assert_eq!(state.step(), (step, 1_000));
            (0..200).find(|s| state.is_overdue(1_000 + s * 1_000))
        };
        assert_eq!(Step::ALL.map(overdue_after), [Some(15), Some(15), None, None, Some(75)]);
        let closable_after = |step: Step| {
            let state = State::new(step, 0);
            (0..200).find(|s| state.is_closable(s * 1_000))
        };
        assert_eq!(Step::ALL.map(closable_after), [Some(1), Some(1), Some(1), None, Some(1)]);
        // What is answered and not read is closed all the same.
        let unread = State::new(Step::Answering, 0);
        unread.waits_since.store(5_001, Ordering::Relaxed);
        assert!(!unread.is_closable(5_999) && unread.is_closable(6_000));
        assert!(!unread.is_overdue(24_999) && unread.is_overdue(25_000));
    }
}
