//! The pool of readers: each read takes a connection of its own, off the async threads.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::StoreError;
use crate::store::ReadResult;

#[derive(Debug)]
pub(super) struct Readers {
    free: Arc<Mutex<Vec<Connection>>>,
    count: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let count = Arc::new(Semaphore::new(connections.len()));
        Self { free: Arc::new(Mutex::new(connections)), count }
    }

    /// Runs a read in a transaction of its own, so that all its queries see one state.
    pub(super) fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> ReadResult<'_, T> {
        Box::pin(async move {
            let permit = Arc::clone(&self.count).acquire_owned().await.map_err(|_| StoreError::Closed)?;
            let free = Arc::clone(&self.free);
            let task = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let conn = free.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(StoreError::Closed)?;
                let result = in_transaction(&conn, read);
                free.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
                result
            });
            task.await.map_err(|_| StoreError::Closed)?
        })
    }
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
