//! The size of the log under constant writes, beside readers, and when checkpoints fail.
//!
//! What must stay true: nothing here depends on how fast the thread is; the loops write until something has happened.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::sync::atomic::Ordering;

use tempfile::TempDir;

use super::super::open::{self, Location};
use super::*;

/// Small sizes, so that a test writes little.
const SMALL: Sizes = Sizes { pass: 20, restart: 200, max: 2_000 };
/// Maximum number of commits until something must have happened.
const COMMITS_MAX: u64 = 20_000;

/// A database with a table of random rows, its writer and the checkpoints beside it.
struct Stage {
    folder: TempDir,
    checkpoints: Checkpoints,
    writer: Connection,
    commits: u64,
}

impl Stage {
    fn new(change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = open::open(&Location::Folder(folder.path().to_owned())).unwrap();
        opened.writer.execute_batch("CREATE TABLE trial (key INTEGER PRIMARY KEY, value BLOB NOT NULL)").unwrap();
        let mut parts = opened.checkpoints.unwrap();
        change(&mut parts);
        let checkpoints = Checkpoints::start(&mut opened.writer, parts, SMALL).unwrap();
        Self { folder, checkpoints, writer: opened.writer, commits: 0 }
    }

    /// Commits a row of about one page, as the writer commits a group. Returns the frames in the log.
    fn commit(&mut self) -> u32 {
        self.commits += 1;
        assert!(self.commits < COMMITS_MAX, "what is waited for never happens");
        self.checkpoints.before_transaction(&self.writer);
        // Keys repeat, so that the database stays small.
        self.writer
            .execute(
                "INSERT OR REPLACE INTO trial VALUES (?1, randomblob(3000))",
                [(self.commits % 1_000).cast_signed()],
            )
            .unwrap();
        self.checkpoints.committed();
        self.frames()
    }

    fn frames(&self) -> u32 {
        self.checkpoints.log().frames()
    }

    /// Commits until the log has begun anew. Returns the largest number of frames that it had.
    fn commit_until_restart(&mut self) -> u32 {
        let mut largest = self.frames();
        loop {
            let frames = self.commit();
            if frames < largest {
                return largest;
            }
            largest = frames;
        }
    }

    /// A reader that uses the present state of the database.
    fn reader(&self) -> Connection {
        let reader = open::connect(file(self.folder.path())).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM trial;").unwrap();
        reader
    }
}

/// Makes every pass of the thread fail: a connection with an open transaction cannot make a checkpoint.
fn hinder(parts: &mut Parts) {
    parts.connection.execute_batch("BEGIN; SELECT count(*) FROM trial").unwrap();
}

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("quintet.sqlite3")
}

/// Commits never pause, so that no pass beside them reaches the end of the log by itself for long.
#[test]
fn the_log_begins_anew_under_constant_writes() {
    let mut stage = Stage::new(|_| ());
    // The frames of one commit.
    let slack = 16;
    for _ in 0..20 {
        let largest = stage.commit_until_restart();
        assert!(largest <= SMALL.max + slack, "{largest}");
    }
    let counts = &stage.checkpoints.log().counts;
    assert!(counts.passes.load(Ordering::Relaxed) > 0, "{counts:?}");
    let copied_by_writer = counts.finished_frames_max.load(Ordering::Relaxed);
    assert!(copied_by_writer <= copied_by_writer_max(SMALL.max + slack), "{counts:?}");
}

/// The writer copies the end of the log once the thread has left it, and no more than that.
#[test]
fn the_writer_copies_no_more_than_the_end() {
    let mut stage = Stage::new(hinder);
    while stage.commit() < SMALL.restart {}
    let log = Arc::clone(stage.checkpoints.log());
    let frames = log.frames();
    log.copied.store(frames - 5, Ordering::Release);
    stage.checkpoints.before_transaction(&stage.writer);
    let finished =
        || (log.counts.finished.load(Ordering::Relaxed), log.counts.finished_frames_max.load(Ordering::Relaxed));
    assert_eq!(finished(), (1, 5));
    // More was added since than the writer may copy: the thread is to go on.
    stage.checkpoints.requested_at = 0;
    log.copied.store(frames - copied_by_writer_max(frames) - 1, Ordering::Release);
    stage.checkpoints.before_transaction(&stage.writer);
    assert_eq!(finished(), (1, 5));
    assert_eq!(stage.checkpoints.requested_at, frames);
}

/// A reader that stays keeps the log from beginning anew. Commits go on, and wait for it only a few times.
#[test]
fn a_reader_that_stays_blocks_no_commit() {
    let mut stage = Stage::new(|_| ());
    stage.commit();
    let reader = stage.reader();
    while stage.commit() < SMALL.max * 2 {}
    let blocking = stage.checkpoints.log().counts.blocking.load(Ordering::Relaxed);
    // Once at the limit, and once for each quarter of it that was added.
    assert!((1..=5).contains(&blocking), "{blocking}");
    drop(reader);
    stage.commit_until_restart();
    assert!(stage.frames() < SMALL.restart);
    let largest = stage.commit_until_restart();
    assert!(largest < SMALL.max * 2, "the log is as small as before: {largest}");
}

/// A pass beside that of another connection is not a failure: it was logged as one.
#[test]
fn a_pass_beside_another_one_is_no_failure() {
    let mut stage = Stage::new(hinder);
    stage.commit();
    let _reader = stage.reader();
    let connect = || open::connect(file(stage.folder.path())).unwrap();
    let (mut copying, beside) = (connect(), connect());
    let (results, result) = std::sync::mpsc::channel();
    // The handler is called while the connection waits for the reader and holds the lock of the checkpoints.
    let handler = move |_| {
        let _ = results.send(pass(&beside, "PASSIVE").map(|pass| pass.is_none()));
        false
    };
    copying.busy_handler(Some(handler)).unwrap();
    pass(&copying, "RESTART").unwrap();
    assert_eq!(result.recv().unwrap(), Ok(true));
    assert!(pass(&connect(), "PASSIVE").unwrap().is_some(), "nobody else is copying any more");
}

/// A failing checkpoint fails no write.
#[test]
fn a_checkpoint_that_fails_fails_no_write() {
    let mut stage = Stage::new(hinder);
    while !stage.checkpoints.log().failing.load(Ordering::Relaxed) || stage.commits < 100 {
        stage.commit();
    }
    let count = "SELECT count(*) FROM trial WHERE length(value) = 3000";
    let rows: i64 = stage.writer.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(rows.cast_unsigned(), stage.commits.min(1_000));
}

/// A clean shutdown leaves one file.
#[test]
fn a_clean_shutdown_leaves_an_empty_log() {
    use crate::sqlite::rows::WriterConnection;

    let folder = tempfile::tempdir().unwrap();
    let opened = open::open(&Location::Folder(folder.path().to_owned())).unwrap();
    let writer = WriterConnection::with_checkpoints(opened.writer, opened.checkpoints).unwrap();
    writer.execute_batch("CREATE TABLE trial (value BLOB); INSERT INTO trial VALUES (randomblob(100000))").unwrap();
    assert!(writer.log().unwrap().bytes() > 100_000);
    drop((writer, opened.readers));
    let mut log = file(folder.path()).into_os_string();
    log.push("-wal");
    assert!(std::fs::metadata(log).map_or(0, |log| log.len()) == 0);
}
