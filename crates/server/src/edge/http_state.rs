//! The state of one HTTP connection: the step that it is at, since when, and how fast its peer reads.
//!
//! What must stay true: all fields are atomics, written by the connection's task and read once a second by
//! [`super::places::Places`], so that no connection needs a timer of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time that a client has for the TLS handshake, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// The time that a connection may be open between two requests. Proxies keep connections open for up to a minute.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// The time by which reading an answer may lag behind [`ANSWER_BYTES_PER_SECOND`].
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// The rate at which a client has to read answers, in bytes per second, measured over the time that writes wait for it.
const ANSWER_BYTES_PER_SECOND: u64 = 1_000;
/// The time after which a connection may be closed in favour of others. One that finishes its step sooner is never
/// closed.
pub(super) const CLOSABLE_AFTER: Duration = Duration::from_secs(1);

/// The step that a connection is at, until it is a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The TLS handshake is in progress.
    Handshake,
    /// The head of a request is awaited, or has begun to arrive.
    Head,
    /// The rest of a request's body is awaited.
    Body,
    /// A request is being answered.
    Answering,
    /// The last request is answered, and nothing of the next one has arrived.
    Idle,
}

impl Step {
    const ALL: [Self; 5] = [Self::Handshake, Self::Head, Self::Body, Self::Answering, Self::Idle];
    /// The number of bits of [`HttpState`] that hold the step.
    const BITS: u32 = 3;
}

/// The state of a connection that is not a WebSocket. Times are milliseconds since the server's start.
#[derive(Debug)]
pub(super) struct HttpState {
    /// The step in the low bits, and the time when it began above them.
    step: AtomicU64,
    /// The time when the pending write started, plus one; zero if no write is pending.
    waits_since: AtomicU64,
    /// The milliseconds by which the client lags behind the required rate, up to the last write. Reading faster than
    /// required earns no credit. Otherwise a large answer that was read at once would pay for hours of slow reading.
    behind_ms: AtomicU64,
    /// The time of the last write of at least one byte, plus one; zero before the first.
    wrote_at: AtomicU64,
}

impl HttpState {
    pub(super) fn new(step: Step, now: u64) -> Self {
        let zero = || AtomicU64::new(0);
        let state = Self { step: zero(), waits_since: zero(), behind_ms: zero(), wrote_at: zero() };
        state.set(step, now);
        state
    }

    pub(super) fn set(&self, step: Step, since: u64) {
        self.step.store(since << Step::BITS | step as u64, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn answers(&self, now: u64) {
        self.set(Step::Answering, now);
    }

    /// Returns the step, and the time when it began.
    pub(super) fn step(&self) -> (Step, u64) {
        let packed = self.step.load(Ordering::Relaxed);
        let index = usize::try_from(packed & ((1 << Step::BITS) - 1)).unwrap_or_default();
        (Step::ALL.get(index).copied().unwrap_or(Step::Head), packed >> Step::BITS)
    }

    fn write_waits(&self, now: u64) -> Option<Duration> {
        let since = self.waits_since.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_millis(now.saturating_sub(since)))
    }

    /// Records a write, as [`Watch::wrote`](quintet_socketio::upgrade::Watch::wrote) describes it. Only the
    /// connection's own task calls this.
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

    /// Returns whether something was written within the last second.
    pub(super) fn is_written_to(&self, now: u64) -> bool {
        let at = self.wrote_at.load(Ordering::Relaxed).checked_sub(1);
        at.is_some_and(|at| Duration::from_millis(now.saturating_sub(at)) < CLOSABLE_AFTER)
    }

    /// Returns whether the connection can be closed without losing work in progress.
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

    /// Returns whether the step has exceeded its time, or the client reads too slowly. A body has its own time limit,
    /// after which its client gets an answer.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_time() {
        let overdue_after = |step: Step| {
            let state = HttpState::new(step, 1_000);
            assert_eq!(state.step(), (step, 1_000));
            (0..200).find(|s| state.is_overdue(1_000 + s * 1_000))
        };
        assert_eq!(Step::ALL.map(overdue_after), [Some(15), Some(15), None, None, Some(75)]);
        let closable_after = |step: Step| {
            let state = HttpState::new(step, 0);
            (0..200).find(|s| state.is_closable(s * 1_000))
        };
        assert_eq!(Step::ALL.map(closable_after), [Some(1), Some(1), Some(1), None, Some(1)]);
        // A connection whose answer is not read can be closed, too.
        let unread = HttpState::new(Step::Answering, 0);
        unread.wrote(None, 5_000);
        assert!(!unread.is_closable(5_999) && unread.is_closable(6_000));
        assert!(!unread.is_overdue(24_999) && unread.is_overdue(25_000));
    }

    /// Returns the milliseconds after which a client is overdue that reads a megabyte at once and then `bytes` bytes
    /// every `apart_ms` milliseconds. Gives up after an hour.
    fn overdue_after(bytes: usize, apart_ms: u64) -> Option<u64> {
        let state = HttpState::new(Step::Answering, 0);
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
        // A client that waits for a slow answer, such as a poll, does not lag behind.
        let poll = HttpState::new(Step::Answering, 0);
        poll.wrote(Some(200), 0);
        assert!(!poll.is_overdue(3_600_000));
        assert!(poll.is_written_to(999) && !poll.is_written_to(1_000));
    }
}
