//! A thread that keeps the index behind the commits, in the order of their positions.
//!
//! What must stay true: a commit costs the writer one store into an atomic number, and no system call. Each step reads one
//! committed state of the database, and ends its transaction there before it begins one of the index.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quintet_domain::Environment;
use quintet_rules::log::ChangeRecord;
use quintet_rules::rows::MessageRow;
use rusqlite::{Connection, ErrorCode, Row};
use tokio::sync::watch;

use super::index::{
    Progress, add, advance, empty_partition, newest, note_stale, partition_of, positions_of, progress, seal_partition,
    shrink, stalest,
};
use crate::OpenError;
use crate::sqlite::rows::{message_at, message_columns};

/// The time between two looks at whether something was committed.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The time for which it rests after each step, as a multiple of what the step took: under load the index falls behind
/// rather than take more than a quarter of a core from those who send.
const REST: u32 = 3;
/// Maximum messages, and maximum changes, of one step.
const STEP_ROWS: i64 = 2_000;
/// Maximum positions of one step.
const STEP_POSITIONS: i64 = 50_000;
/// The time for which the index may have words of messages that were deleted or edited, in milliseconds.
const STALE_MS_MAX: i64 = 24 * 60 * 60 * 1_000;

/// What the thread of the index needs.
pub(in crate::sqlite) struct SearchParts {
    /// The only connection that writes to the index.
    pub(in crate::sqlite) index: Connection,
    /// A connection to the database.
    pub(in crate::sqlite) source: Connection,
    /// The path of the index, if it is a file.
    pub(in crate::sqlite) file: Option<PathBuf>,
}

/// The thread that fills the index. It ends when this is dropped.
#[derive(Debug)]
pub(in crate::sqlite) struct SearchFeed {
    /// Wakes the thread; `None` once it is to end.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The newest position that is known to be committed.
    committed: Arc<AtomicU64>,
    /// The position up to which the index has come.
    fed: watch::Receiver<u64>,
}

impl SearchFeed {
    /// Starts the thread. `committed` is the newest position, which the writer advances after each commit.
    pub(in crate::sqlite) fn start(
        parts: SearchParts,
        committed: Arc<AtomicU64>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, OpenError> {
        let (wake, woken) = sync_channel(1);
        let (told, fed) = watch::channel(0);
        let feeder = Feeder { parts, committed: Arc::clone(&committed), environment, told, failing: false };
        let thread = std::thread::Builder::new()
            .name("store-search".to_owned())
            .spawn(move || feeder.run(&woken))
            .map_err(OpenError::Thread)?;
        Ok(Self { wake: Some(wake), thread: Some(thread), committed, fed })
    }

    /// Waits until the index has come to a position. Returns false if it ends before that.
    pub(in crate::sqlite) async fn reached(&self, position: u64) -> bool {
        let mut fed = self.fed.clone();
        // Its writer may not have said so yet.
        self.committed.fetch_max(position, Ordering::AcqRel);
        // A full channel holds an earlier call, which serves as well.
        let _ = self.wake.as_ref().map(|wake| wake.try_send(()));
        fed.wait_for(|fed| *fed >= position).await.is_ok()
    }
}

impl Drop for SearchFeed {
    fn drop(&mut self) {
        self.wake = None;
        if matches!(self.thread.take().map(JoinHandle::join), Some(Err(_))) {
            tracing::error!("the thread of the search index panicked");
        }
    }
}

struct Feeder {
    parts: SearchParts,
    committed: Arc<AtomicU64>,
    environment: Arc<dyn Environment>,
    told: watch::Sender<u64>,
    /// Whether the last step failed.
    failing: bool,
}

/// What one step adds to the index.
struct Step {
    /// The position up to which it goes.
    up_to: i64,
    /// The messages that were sent.
    sent: Vec<MessageRow>,
    /// Indexed messages that were edited or deleted, in the order of their keys.
    changed: Vec<MessageRow>,
    /// The keys of indexed messages whose rows are gone.
    gone: Vec<i64>,
}

impl Feeder {
    fn run(mut self, woken: &Receiver<()>) {
        loop {
            match self.catch_up(woken) {
                Ok(goes_on) => {
                    if !goes_on {
                        return;
                    }
                    if std::mem::take(&mut self.failing) {
                        tracing::info!("the search index can be written again");
                    }
                }
                Err(error) if is_damage(&error) => {
                    tracing::error!(%error, "the search index is damaged; it is made anew at the next start");
                    if let Some(file) = &self.parts.file {
                        // Those who have it open keep what they have.
                        let _ = std::fs::remove_file(file);
                    }
                    return;
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::error!(%error, "the search index cannot be written; newer messages are not found");
                    }
                }
            }
            match woken.recv_timeout(LOOK_EVERY) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Brings the index up to what is committed. Returns false if the thread is to end.
    fn catch_up(&mut self, woken: &Receiver<()>) -> rusqlite::Result<bool> {
        let mut reached = self.reached()?;
        self.told.send_replace(u64::try_from(reached.position).unwrap_or(0));
        while reached.position < self.committed.load(Ordering::Acquire).cast_signed() {
            let began = Instant::now();
            let Some(step) = self.read_step(reached)? else { break };
            self.write_step(&step)?;
            reached.position = step.up_to;
            self.told.send_replace(u64::try_from(reached.position).unwrap_or(0));
            if woken.recv_timeout(began.elapsed() * REST) == Err(RecvTimeoutError::Disconnected) {
                return Ok(false);
            }
        }
        let now_ms = self.environment.now().0;
        if let Some(partition) = stalest(&self.parts.index, now_ms.saturating_sub(STALE_MS_MAX))? {
            self.make_anew(partition, reached.position)?;
        }
        Ok(true)
    }

    fn reached(&self) -> rusqlite::Result<Progress> {
        progress(&self.parts.index)
    }

    fn read_step(&self, reached: Progress) -> rusqlite::Result<Option<Step>> {
        let tx = self.parts.source.unchecked_transaction()?;
        let after = reached.position;
        let mut up_to = newest(&tx).min(after.saturating_add(STEP_POSITIONS));
        if up_to <= after {
            return Ok(None);
        }
        let changes_after = after.max(reached.made_at);
        let mut keys = Vec::new();
        let mut found = tx.prepare_cached(
            "SELECT position, version, data FROM change WHERE position > ?1 AND position <= ?2
                 AND data ->> 'kind' IN ('message_edited', 'message_deleted', 'messages_purged')
             ORDER BY position LIMIT ?3",
        )?;
        let mut found = found.query([changes_after, up_to, STEP_ROWS])?;
        let mut changes = 0;
        while let Some(row) = found.next()? {
            keys.extend(changed_messages(row)?.into_iter().filter(|key| *key <= after));
            changes += 1;
            if changes == STEP_ROWS {
                up_to = row.get(0)?;
            }
        }
        let sent = messages(
            &tx,
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM message m WHERE m.position > ?1 AND m.position <= ?2 ORDER BY m.position LIMIT ?3"
            ),
            [after, up_to, STEP_ROWS],
        )?;
        if sent.len() as i64 == STEP_ROWS
            && let Some(last) = sent.last()
        {
            // Changes behind it are read again by the next step, and are in the messages by then.
            up_to = last.key.0;
        }
        keys.sort_unstable();
        keys.dedup();
        let (mut changed, mut gone) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in keys {
            let sql = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.position = ?1");
            match messages(&tx, sql, [key])?.pop() {
                Some(row) => changed.push(row),
                None => gone.push(key),
            }
        }
        Ok(Some(Step { up_to, sent, changed, gone }))
    }

    fn write_step(&self, step: &Step) -> rusqlite::Result<()> {
        let index = &self.parts.index;
        let before = self.reached()?.position;
        let now_ms = self.environment.now().0;
        let tx = index.unchecked_transaction()?;
        for row in &step.changed {
            add(&tx, row)?;
            note_stale(&tx, row.key.0, now_ms)?;
        }
        // Each partition once: they are in the order of their keys.
        let mut partitions: Vec<i64> = step.gone.clone();
        partitions.dedup_by_key(|key| partition_of(*key));
        for key in partitions {
            note_stale(&tx, key, now_ms)?;
        }
        for row in &step.sent {
            add(&tx, row)?;
        }
        advance(&tx, step.up_to)?;
        let is_full = partition_of(before) < partition_of(step.up_to);
        if is_full {
            seal_partition(&tx, partition_of(before))?;
        }
        tx.commit()?;
        if is_full { shrink(index) } else { Ok(()) }
    }

    /// Makes a partition anew from its messages, so that it has the words of no others.
    fn make_anew(&self, partition: i64, reached: i64) -> rusqlite::Result<()> {
        let tx = self.parts.index.unchecked_transaction()?;
        empty_partition(&tx, partition)?;
        let (first, last) = positions_of(partition);
        let (mut after, last) = (first - 1, last.min(reached));
        loop {
            let sql = concat!(
                "SELECT ",
                message_columns!(),
                " FROM message m WHERE m.position > ?1 AND m.position <= ?2 ORDER BY m.position LIMIT ?3"
            );
            let rows = messages(&self.parts.source, sql, [after, last, STEP_ROWS])?;
            let Some(newest) = rows.last() else { break };
            after = newest.key.0;
            for row in &rows {
                add(&tx, row)?;
            }
        }
        seal_partition(&tx, partition)?;
        tx.commit()?;
        shrink(&self.parts.index)
    }
}

fn messages(source: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<Vec<MessageRow>> {
    source.prepare_cached(sql)?.query_map(params, |row| message_at(row, 0))?.collect()
}

/// The keys of the messages that a change is about.
fn changed_messages(row: &Row<'_>) -> rusqlite::Result<Vec<i64>> {
    match ChangeRecord::decode(row.get(1)?, row.get_ref(2)?.as_str()?) {
        Ok(ChangeRecord::MessageEdited { message, .. } | ChangeRecord::MessageDeleted { message, .. }) => {
            Ok(vec![message.0])
        }
        Ok(ChangeRecord::MessagesPurged { messages, .. }) => Ok(messages.into_iter().map(|key| key.0).collect()),
        Ok(_) => Ok(Vec::new()),
        Err(error) => {
            tracing::warn!(%error, "a change of a message cannot be read; the search index keeps its earlier words");
            Ok(Vec::new())
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
