//! The incarnation of the data that this process works with. When the database has lost commits that clients have seen,
//! the next incarnation begins, and everything that was derived from the previous one is invalid.
//!
//! What must stay true: an incarnation that has ended never continues. To continue, the process opens the store again.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_postgres::Row;

use super::error::PostgresError;
use super::reader::ReadLink;
use super::rows::Channel;
use crate::error::Read;

/// An incarnation of the data, and whether it is over. Clones share the latter.
#[derive(Clone, Debug)]
pub(super) struct Incarnation {
    number: i64,
    over: Arc<watch::Sender<bool>>,
}

impl Incarnation {
    /// The incarnation with a number, which is not over.
    pub(super) fn new(number: i64) -> Self {
        Self { number, over: Arc::new(watch::Sender::new(false)) }
    }

    /// The number of the incarnation: those of later ones are greater.
    pub(super) fn number(&self) -> i64 {
        self.number
    }

    /// Whether this process has noticed that it is over.
    pub(super) fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Notes that it is over.
    pub(super) fn end(&self) {
        self.over.send_replace(true);
    }

    /// Waits until it is over.
    pub(super) async fn ended(&self) {
        // The sender is kept here.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Notes the number of the incarnation that the database has. A smaller one is for the writer to judge.
    pub(super) fn found(&self, number: i64) {
        if number > self.number {
            self.end();
        }
    }

    /// Refuses a read that would mix two incarnations.
    pub(super) fn check(&self, conn: &ReadLink) -> Read<()> {
        let rows = conn.read("SELECT incarnation FROM part WHERE id = 1", &[])?;
        let number = rows.first().map(|row: &Row| row.try_get(0)).transpose().map_err(PostgresError::from)?;
        let number: i64 = number.ok_or(PostgresError::Lost)?;
        self.found(number);
        if number == self.number { Ok(()) } else { Err(PostgresError::Over.into()) }
    }
}
