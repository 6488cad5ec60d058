//! The parts of opening a database on PostgreSQL.
//!
//! What must stay true: a thread that belongs to an asynchronous runtime never waits for another one.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::clock::Clock;
use super::error::PostgresError;
use super::incarnation::Incarnation;
use super::migrate;
use super::rows::PostgresRows;
use super::target::PostgresTarget;
use super::writer::{WriterLink, WriterRows};
use crate::{Delivered, OpenError};

/// Runs a function on a thread of its own, and waits for it.
pub(super) fn on_a_thread<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, OpenError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, run).map_err(OpenError::Thread)?;
        thread.join().map_err(|_| OpenError::Thread(std::io::Error::other("the thread that opened it panicked")))
    })
}

/// Opens what the writer works with. Returns the newest position and the incarnation as well.
pub(super) fn open_writer(
    target: &Arc<PostgresTarget>,
    clock: Clock,
    waited_for: &Arc<AtomicU64>,
    delivered: Delivered,
) -> Result<(WriterRows, u64, Incarnation), OpenError> {
    let opened = WriterLink::open(Arc::clone(target), clock, Arc::clone(waited_for), delivered);
    let (link, position, incarnation) = opened.map_err(|error| match error {
        PostgresError::Database(error) => migrate::refused(target, &error),
        error => OpenError::Rows(error.into()),
    })?;
    Ok((PostgresRows(link), position, incarnation))
}
