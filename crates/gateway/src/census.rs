//! The number of connections by dialect, and the numbers and names that stand for a dialect in connections and metrics.
//!
//! What must stay true: every connection is counted in one place from its beginning to its end.

use std::sync::atomic::{AtomicUsize, Ordering};

use quintet_dialect::Dialect;

/// The name of the vocabulary of services, by which a client asks for it over a plain WebSocket.
pub(crate) const SERVICES_NAME: &str = "services";

/// The number of a connection whose dialect is not decided.
pub(crate) const UNDECIDED: u8 = u8::MAX;

/// The number that stands for the vocabulary of services, in connections and in their resume tokens.
pub(crate) const SERVICES: u8 = u8::MAX - 1;

/// The name of a dialect by its number, for metrics; `undecided` for any other number.
pub(crate) fn dialect_name(number: u8) -> &'static str {
    match number {
        SERVICES => SERVICES_NAME,
        number => Dialect::ALL.get(usize::from(number)).map_or("undecided", |dialect| dialect.as_str()),
    }
}

/// The number of connections by dialect, then undecided ones, and those of services.
#[derive(Debug, Default)]
pub(crate) struct Census([AtomicUsize; Dialect::ALL.len() + 2]);

impl Census {
    pub(crate) fn of(&self, dialect: Option<Dialect>) -> &AtomicUsize {
        &self.0[dialect.map_or(Dialect::ALL.len(), |dialect| dialect as usize)]
    }

    /// The place of the connections with a number: that of a dialect, [`SERVICES`] or [`UNDECIDED`].
    pub(crate) fn of_number(&self, number: u8) -> &AtomicUsize {
        match number {
            SERVICES => &self.0[Dialect::ALL.len() + 1],
            number => self.of(Dialect::ALL.get(usize::from(number)).copied()),
        }
    }

    /// The number of connections of services.
    pub(crate) fn services(&self) -> usize {
        self.of_number(SERVICES).load(Ordering::Relaxed)
    }

    /// The number of connections of a dialect, or of undecided ones.
    pub(crate) fn count(&self, dialect: Option<Dialect>) -> usize {
        self.of(dialect).load(Ordering::Relaxed)
    }

    /// Whether any connection may receive who is present in a room.
    pub(crate) fn any_shows_room_presence(&self) -> bool {
        let mut showing = Dialect::ALL.into_iter().filter(|dialect| dialect.shows_room_presence());
        self.count(None) > 0 || showing.any(|dialect| self.count(Some(dialect)) > 0)
    }
}
