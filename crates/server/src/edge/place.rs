//! The place of one connection: the step that it is at, since when, and how fast its peer reads.
//!
//! All fields are atomics, written by the connection's task and read once a second by [`super::places::Places`], so that
//! no connection needs a timer of its own.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quintet_domain::UserId;
use quintet_socketio::upgrade::Watch;

use super::places::Places;

/// Time that a client has for the handshake of TLS, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Time that a connection may be open between two requests. Proxies keep connections for up to a minute.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// Time that the reading of answers may lag behind [`ANSWER_BYTES_PER_SECOND`].
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The pace at which a client has to read what is written to it, counted over the time that writes wait for it.
const ANSWER_BYTES_PER_SECOND: u64 = 1_000;
/// Time after which a connection may be closed for others: one that finishes its step sooner is never closed.
pub(super) const CLOSABLE_AFTER: Duration = Duration::from_secs(1);

/// What is known of a peer when it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Nothing: its address has its bounds.
    Stranger,
    /// It is a proxy that is trusted: its address has no bound, and each request counts for the client that it names.
    Proxy,
    /// It came to a listener that trusts: its address has no bound.
    Trusted,
}

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
    /// Milliseconds by which the client lags behind the pace of answers, up to the last write. What it read faster than
    /// it had to earns no time for later: otherwise a large answer that was read at once would pay for hours of dripping.
    behind_ms: AtomicU64,
    /// When something was last written, plus one; zero while nothing was.
    wrote_at: AtomicU64,
}

impl State {
    pub(super) fn new(step: Step, now: u64) -> Self {
        let zero = || AtomicU64::new(0);
        let state = Self { step: zero(), waits_since: zero(), behind_ms: zero(), wrote_at: zero() };
        state.set(step, now);
        state
    }

    fn set(&self, step: Step, since: u64) {
        self.step.store(since << Step::BITS | step as u64, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn answers(&self, now: u64) {
        self.set(Step::Answering, now);
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

    /// Takes note of a write, as [`Watch::wrote`] has it. Only the connection's own task calls this.
    pub(super) fn wrote(&self, bytes: Option<usize>, now: u64) {
        let Some(bytes) = bytes else {
            if self.waits_since.load(Ordering::Relaxed) == 0 {
                self.waits_since.store(now + 1, Ordering::Relaxed);
            }
            return;
        };
        let since = self.waits_since.swap(0, Ordering::Relaxed);
        let waited = since.checked_sub(1).map_or(0, |since| now.saturating_sub(since));
        let earned = (bytes as u64).saturating_mul(1_000) / ANSWER_BYTES_PER_SECOND;
        let behind = self.behind_ms.load(Ordering::Relaxed) + waited;
        self.behind_ms.store(behind.saturating_sub(earned), Ordering::Relaxed);
        if bytes > 0 {
            self.wrote_at.store(now + 1, Ordering::Relaxed);
        }
    }

    /// Whether something was written within the last second.
    pub(super) fn is_written_to(&self, now: u64) -> bool {
        let at = self.wrote_at.load(Ordering::Relaxed).checked_sub(1);
        at.is_some_and(|at| Duration::from_millis(now.saturating_sub(at)) < CLOSABLE_AFTER)
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

    /// Whether the step has taken longer than it may, or the client reads too slowly. A body has its own clock, for its
    /// client gets an answer.
    pub(super) fn is_overdue(&self, now: u64) -> bool {
        let (step, since) = self.step();
        let took = Duration::from_millis(now.saturating_sub(since));
        let step_overdue = match step {
            Step::Handshake | Step::Head => took >= HEAD_TIMEOUT,
            Step::Idle => took >= IDLE_TIMEOUT,
            Step::Body | Step::Answering => false,
        };
        let behind = Duration::from_millis(self.behind_ms.load(Ordering::Relaxed));
        step_overdue || behind + self.write_waits(now).unwrap_or_default() >= WRITE_TIMEOUT
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
    /// The user whose share of the places of known users this one is taken from, if it is.
    pub(super) known: OnceLock<UserId>,
}

impl Place {
    pub(super) fn new(places: Arc<Places>, state: Arc<State>, key: u64, class: Class, proxied: bool) -> Self {
        let (class, switching, answered) = (AtomicU8::new(class as u8), AtomicBool::new(false), AtomicBool::new(false));
        Self { places, state, key, class, proxied, switching, answered, known: OnceLock::new() }
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

    /// Makes the place an ordinary one, for a user that is known. Says whether there was one left that the user may
    /// have.
    pub(crate) fn promote(&self, user: &UserId) -> bool {
        let promoted = self.places.promote(self, user);
        if promoted {
            // It is promoted once: from there on it is not in triage.
            let _ = self.known.set(user.clone());
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

    fn wrote(&self, bytes: Option<usize>) {
        self.state.wrote(bytes, self.places.now());
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
        unread.wrote(None, 5_000);
        assert!(!unread.is_closable(5_999) && unread.is_closable(6_000));
        assert!(!unread.is_overdue(24_999) && unread.is_overdue(25_000));
    }

    /// How long an answer is written of which a client reads so many bytes each time, so many milliseconds apart, after
    /// it read a megabyte at once. An hour at most.
    fn overdue_after(bytes: usize, apart_ms: u64) -> Option<u64> {
        let state = State::new(Step::Answering, 0);
        state.wrote(Some(1_000_000), 0);
        (0..3_600_000 / apart_ms).map(|n| n * apart_ms).find(|now| {
            state.wrote(None, *now);
            state.wrote(Some(bytes), now + apart_ms);
            state.is_overdue(now + apart_ms)
        })
    }

    #[test]
    fn an_answer_has_to_be_read_at_a_pace() {
        let dripped = overdue_after(10, 100).expect("a client that drips is found out");
        assert!((20_000..25_000).contains(&dripped), "{dripped}");
        assert!(
            overdue_after(900, 1_000).is_some_and(|after| after < 250_000),
            "nearly at the pace is too slow as well"
        );
        assert_eq!(overdue_after(1_000, 1_000), None);
        assert_eq!(overdue_after(19_000, 19_000), None, "however it comes");
        // An answer that is being worked on for long, as a poll is, lags behind nothing.
        let poll = State::new(Step::Answering, 0);
        poll.wrote(Some(200), 0);
        assert!(!poll.is_overdue(3_600_000));
        assert!(poll.is_written_to(999) && !poll.is_written_to(1_000));
    }
}
