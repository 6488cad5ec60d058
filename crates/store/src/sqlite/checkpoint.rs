//! Checkpoints: a thread copies the pages of the log into the database file while the writer continues to commit.
//!
//! SQLite begins the log anew only if everything in it was copied when a transaction begins, and no reader uses it. Under
//! constant writes a pass beside the writer never reaches the end. The thread therefore copies all but a few pages, and
//! syncs the database file. The writer copies these few between two transactions. Only the pass that reaches the end of
//! the log is synced by SQLite itself, so that without the sync of the thread the writer would wait for all pages.
//!
//! What must stay true: the writer copies at most a small share of the log ([`copied_by_writer_max`]), except when the
//! log has grown beyond [`Sizes::max`]. A checkpoint that fails fails no write, and is tried again.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::OpenError;

/// The sizes of the log, in frames (pages in the log), at which something is done about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// The number of frames that the writer adds between two requests for a pass. A sync of the database file delays
    /// the syncs of the log, so that passes are small and frequent.
    pass: u32,
    /// The number of frames from which on the writer helps to empty the log. Each time costs a sync on the path of a
    /// commit.
    restart: u32,
    /// The number of frames from which on the writer copies the whole log, whatever it takes.
    max: u32,
}

impl Sizes {
    /// The ordinary sizes: 1 MiB, 16 MiB and 256 MiB.
    pub(super) const ORDINARY: Self = Self { pass: 250, restart: 4_000, max: 65_536 };
}

/// Maximum time that a connection waits for another one's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time that the writer waits for readers before it copies the whole log.
const READERS_WAIT: Duration = Duration::from_millis(100);
/// The size beyond which the file of the log is truncated once the log begins anew, in bytes. A log that is written over
/// in place needs no change of the file system's own records, so that the file is kept as long as its size is usual.
const FILE_BYTES_MAX: i64 = 64 << 20;

/// Maximum number of frames that the writer copies by itself when the log has this many.
const fn copied_by_writer_max(frames: u32) -> u32 {
    frames / 16
}

/// What the thread of the checkpoints needs.
#[derive(Debug)]
pub(super) struct Parts {
    /// A connection for the thread alone.
    pub(super) connection: Connection,
    /// The path of the database file.
    pub(super) path: PathBuf,
}

/// The state of the log, which the writer and the thread share.
#[derive(Debug)]
pub(in crate::sqlite) struct Log {
    /// The database file, by which the thread syncs it. It must not be closed before the connections: the system would
    /// give up the process's locks of the file.
    file: File,
    page_bytes: u64,
    sizes: Sizes,
    /// The number of frames at the newest commit.
    frames: AtomicU32,
    /// The number of frames that were copied and synced when the thread left the rest to the writer; 0 if it did not.
    copied: AtomicU32,
    /// Whether the last pass failed.
    failing: AtomicBool,
    pub(super) counts: Counts,
}

/// Counts what was done since the start.
#[derive(Debug, Default)]
pub(in crate::sqlite) struct Counts {
    /// Passes beside the writer.
    pub(super) passes: AtomicU64,
    /// Passes of the writer over the end of the log.
    pub(super) finished: AtomicU64,
    /// The largest number of frames that the writer copied in such a pass.
    pub(super) finished_frames_max: AtomicU32,
    /// Passes of the writer over a log that had grown too large.
    pub(super) blocking: AtomicU64,
}

impl Log {
    /// The size of the frames in the log, in bytes. The file may be larger.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.frames()) * self.page_bytes
    }

    fn frames(&self) -> u32 {
        self.frames.load(Ordering::Acquire)
    }

    /// Logs a failure, unless the previous pass failed as well.
    fn report<T>(&self, result: rusqlite::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the database's log can be copied into its file again");
                }
                Some(value)
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    let bytes = self.bytes();
                    tracing::error!(%error, bytes, "the database's log could not be copied into its file; it grows");
                }
                None
            }
        }
    }

    /// Copies the log in passes, until nothing is left or the rest can be left to the writer.
    fn copy(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut left_before = u32::MAX;
        loop {
            // The writer may be copying the end of the log just now, or all of it.
            let Some(pass) = pass(connection, "PASSIVE")? else { return Ok(()) };
            self.file.sync_data().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            self.counts.passes.fetch_add(1, Ordering::Relaxed);
            // If a reader still uses an earlier state, the next pass goes on.
            if pass.copied < pass.frames {
                return Ok(());
            }
            let frames = self.frames();
            let left = frames.saturating_sub(pass.copied);
            if left == 0 || frames < self.sizes.restart {
                return Ok(());
            }
            // Each pass is shorter than the previous one, until as much is added meanwhile as is copied.
            if left >= left_before {
                if left <= copied_by_writer_max(frames) {
                    self.copied.store(pass.copied, Ordering::Release);
                }
                return Ok(());
            }
            left_before = left;
        }
    }
}

/// The result of a pass.
struct Pass {
    /// The number of frames in the log when the pass began.
    frames: u32,
    /// The number of frames that are copied.
    copied: u32,
}

/// Copies what can be copied. Returns `None` if another connection is copying: SQLite says -1 for both numbers then.
fn pass(connection: &Connection, mode: &str) -> rusqlite::Result<Option<Pass>> {
    connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| {
        if row.get::<_, i64>(1)? < 0 {
            return Ok(None);
        }
        Ok(Some(Pass { frames: row.get(1)?, copied: row.get(2)? }))
    })
}

/// The writer's side of the checkpoints. The thread ends when this is dropped.
#[derive(Debug)]
pub(in crate::sqlite) struct Checkpoints {
    log: Arc<Log>,
    /// Holds one request, which the thread takes when it begins; `None` once the thread is to end.
    requests: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The number of frames at the last request.
    requested_at: u32,
    /// The number of frames from which on the writer copies the whole log.
    blocking_at: u32,
}

impl Checkpoints {
    /// Starts the thread. From now on the writer's connection makes no checkpoint by itself.
    pub(super) fn start(writer: &mut Connection, parts: Parts, sizes: Sizes) -> Result<Self, OpenError> {
        let Parts { connection, path } = parts;
        let file = File::open(&path).map_err(|why| OpenError::Folder { folder: path, why })?;
        let page_bytes: u32 = writer.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let log = Arc::new(Log {
            file,
            page_bytes: page_bytes.into(),
            sizes,
            frames: AtomicU32::new(0),
            copied: AtomicU32::new(0),
            failing: AtomicBool::new(false),
            counts: Counts::default(),
        });
        writer.pragma_update(None, "journal_size_limit", FILE_BYTES_MAX)?;
        // Replaced by the hook, which is called in each commit.
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        let hooked = Arc::clone(&log);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, frames: i32| {
            hooked.frames.store(frames.unsigned_abs(), Ordering::Release);
            Ok(())
        }))?;
        let (requests, requested) = sync_channel(1);
        // A log that an earlier process left behind is copied at once.
        let _ = requests.try_send(());
        let shared = Arc::clone(&log);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || serve(&requested, &connection, &shared))
            .map_err(OpenError::Thread)?;
        let (requests, thread) = (Some(requests), Some(thread));
        Ok(Self { log, requests, thread, requested_at: 0, blocking_at: sizes.max })
    }

    /// The state of the log.
    pub(super) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Requests a pass after a commit if enough was added to the log.
    pub(super) fn committed(&mut self) {
        let frames = self.log.frames();
        if frames < self.requested_at {
            // The log has begun anew.
            (self.requested_at, self.blocking_at) = (0, self.log.sizes.max);
        }
        if frames - self.requested_at >= self.log.sizes.pass {
            self.request(frames);
        }
    }

    /// Copies the end of the log before a transaction begins, if the thread has left it to the writer.
    pub(super) fn before_transaction(&mut self, writer: &Connection) {
        let frames = self.log.frames();
        let copied = self.log.copied.swap(0, Ordering::AcqRel);
        if copied > 0 && frames > copied {
            let left = frames - copied;
            if left <= copied_by_writer_max(frames) {
                self.log.counts.finished.fetch_add(1, Ordering::Relaxed);
                self.log.counts.finished_frames_max.fetch_max(left, Ordering::Relaxed);
                self.log.report(pass(writer, "PASSIVE"));
            } else {
                self.request(frames);
            }
        }
        if frames >= self.blocking_at {
            self.blocking_at = frames.saturating_add(self.log.sizes.max / 4);
            self.log.counts.blocking.fetch_add(1, Ordering::Relaxed);
            let bytes = self.log.bytes();
            tracing::warn!(bytes, "the database's log has grown large; commits wait while it is copied into its file");
            self.log.report(blocking_pass(writer));
        }
    }

    fn request(&mut self, frames: u32) {
        self.requested_at = frames;
        // A full channel holds an earlier request, which serves as well. A thread that ended takes no more of them.
        let _ = self.requests.as_ref().map(|requests| requests.try_send(()));
    }
}

/// Copies the whole log, and waits a moment for the readers that use it.
fn blocking_pass(writer: &Connection) -> rusqlite::Result<Option<Pass>> {
    writer.busy_timeout(READERS_WAIT)?;
    let result = pass(writer, "RESTART");
    writer.busy_timeout(BUSY_TIMEOUT)?;
    result
}

/// How many times as long as a copy the thread rests after it. Under constant writes, pages are changed again and again:
/// copying them less often takes less of the processor and the disk from the writer.
const REST: u32 = 10;
/// Maximum time that the thread rests, so that the log stays small while much is written.
const REST_MAX: Duration = Duration::from_millis(250);

fn serve(requested: &Receiver<()>, connection: &Connection, log: &Log) {
    let mut pending = false;
    while pending || requested.recv().is_ok() {
        let began = Instant::now();
        log.report(log.copy(connection));
        let rest_until = Instant::now() + (began.elapsed() * REST).min(REST_MAX);
        pending = false;
        loop {
            match requested.recv_timeout(rest_until.saturating_duration_since(Instant::now())) {
                Ok(()) => pending = true,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.requests = None;
        let ended = self.thread.take().map(JoinHandle::join);
        if matches!(ended, Some(Err(_))) {
            tracing::error!("the thread of the checkpoints panicked");
        }
    }
}
