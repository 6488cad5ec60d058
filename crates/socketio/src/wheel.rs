//! One timer for all connections: a timer wheel that one task turns, instead of a timer for each connection.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Number of slots of the wheel. A delay is at most this many ticks, less one.
const SLOTS: usize = 1_024;

/// The purpose of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// To send a ping, or to check that the last one was answered.
    Heartbeat,
    /// To check that a CONNECT came.
    Connect,
    /// To remove a closed polling session whose client did not come back.
    Forget,
}

/// An object that the wheel can wake.
pub(crate) trait Alarmed: Send + Sync {
    /// Called when the delay has passed. A returned delay schedules the same alarm again.
    fn alarm(self: Arc<Self>, alarm: Alarm) -> Option<Duration>;
}

/// Alarms that go off together. Typed, because each idle connection has two, and a pointer to a trait object is twice as
/// large.
type Slot<T> = Vec<(Weak<T>, Alarm)>;

pub(crate) struct Wheel<T> {
    slots: Mutex<(usize, Vec<Slot<T>>)>,
    tick: Duration,
}

impl<T: Alarmed + 'static> Wheel<T> {
    /// Creates a wheel for delays of about `shortest` or more. Alarms go off up to a twentieth of it early, never late.
    pub(crate) fn new(shortest: Duration) -> Arc<Self> {
        let tick = (shortest / 20).clamp(Duration::from_millis(5), Duration::from_secs(1));
        let slots = std::iter::repeat_with(Vec::new).take(SLOTS).collect();
        Arc::new(Self { slots: Mutex::new((0, slots)), tick })
    }

    /// Starts the task that turns the wheel. It ends when the wheel is dropped.
    pub(crate) fn spawn(self: &Arc<Self>) {
        let (wheel, tick) = (Arc::downgrade(self), self.tick);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(tick);
            loop {
                interval.tick().await;
                let Some(wheel) = wheel.upgrade() else { return };
                wheel.turn();
            }
        });
    }

    pub(crate) fn add(&self, target: Weak<T>, alarm: Alarm, delay: Duration) {
        let ticks = (delay.as_nanos() / self.tick.as_nanos()).clamp(1, SLOTS as u128 - 1) as usize;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (slots.0 + ticks) % SLOTS;
        slots.1[at].push((target, alarm));
    }

    fn turn(&self) {
        let due = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.0 = (slots.0 + 1) % SLOTS;
            let at = slots.0;
            std::mem::take(&mut slots.1[at])
        };
        for (target, alarm) in due {
            if let Some(strong) = target.upgrade()
                && let Some(delay) = strong.alarm(alarm)
            {
                self.add(target, alarm, delay);
            }
        }
    }
}
