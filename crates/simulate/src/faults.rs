//! Errors that the server logs, and panics of its tasks: both are violations, unless the simulation caused them.
//!
//! What must stay true: an assertion of the server that logs an error where it mends a fault is not passed over.

use std::cell::RefCell;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Errors that follow from the faults of a simulation: commits that fail.
const CAUSED: [&str; 2] = ["a group of writes was not committed", "a request failed in the store"];

thread_local! {
    static FAULTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Takes the faults that came since the last call.
pub(crate) fn take() -> Vec<String> {
    FAULTS.take()
}

/// Watches for errors and panics from here on, in the whole process.
pub fn watch() {
    // A subscriber that is there already, as in tests, watches too.
    let _ = tracing::subscriber::set_global_default(Watcher);
    std::panic::set_hook(Box::new(|panic| {
        let fault = format!("a task panicked: {panic}");
        FAULTS.with_borrow_mut(|faults| faults.push(fault));
    }));
}

/// Keeps errors for [`take`], and nothing else.
struct Watcher;

/// The text of an event.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Watcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if !CAUSED.iter().any(|caused| text.0.contains(caused)) {
            FAULTS.with_borrow_mut(|faults| faults.push(format!("an error was logged: {}", text.0.trim_end())));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
