//! The clock of an import, which stands at the moment at which something has happened, and the ids that it has had.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use quintet_domain::{Environment, Timestamp};

use crate::environment::SystemEnvironment;

/// A clock that is set by hand, and ids that are known before. Only a process that serves nobody has it.
#[derive(Debug)]
pub(super) struct Past {
    now: AtomicI64,
    next_id: Mutex<Option<String>>,
    system: SystemEnvironment,
}

impl Past {
    /// Creates a clock that stands at the present.
    pub(super) fn new() -> Self {
        let system = SystemEnvironment::default();
        Self { now: AtomicI64::new(system.now().0), next_id: Mutex::default(), system }
    }

    /// Sets the clock.
    pub(super) fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::Relaxed);
    }

    /// Names the id that is made next.
    pub(super) fn set_next_id(&self, id: Option<String>) {
        *self.next_id.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// Returns whether an id was named that nothing has got.
    pub(super) fn has_next_id(&self) -> bool {
        self.next_id.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Environment for Past {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn new_id(&self) -> String {
        let named = self.next_id.lock().unwrap_or_else(PoisonError::into_inner).take();
        named.unwrap_or_else(|| self.system.new_id())
    }

    fn secret(&self) -> u128 {
        self.system.secret()
    }
}
