//! A connection of SQLite as a reader: one transaction per read, interrupted once its time is over.
//!
//! What must stay true: after a read the connection can be used as before.

use rusqlite::{Connection, ErrorCode};

use crate::StoreError;
use crate::readers::{Reader, Time};

/// Number of steps of SQLite's virtual machine between two checks of the clock: a fraction of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

impl Reader for Connection {
    fn read_within<T>(
        &mut self,
        time: Time,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || time.is_over()))?;
        let result = in_transaction(self, read);
        self.progress_handler(0, None::<fn() -> bool>)?;
        result.map_err(|error| if is_interrupted(&error) { StoreError::TooSlow } else { error })
    }
}

/// Whether SQLite was interrupted, in a statement of a read itself or of the rows that it uses.
fn is_interrupted(error: &StoreError) -> bool {
    let error = match error {
        StoreError::Database(error) => Some(error),
        StoreError::Rows(error) => error.downcast_ref::<rusqlite::Error>(),
        _ => None,
    };
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::OperationInterrupted)
}

fn in_transaction<T>(
    conn: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = conn.unchecked_transaction()?;
    let result = read(&transaction);
    transaction.rollback()?;
    result
}
