//! A task that keeps the index behind the commits, while no other node does.
//!
//! What must stay true: who fills the index holds the lock of its progress, which is committed together with what was
//! indexed. Positions become visible in their order, because writers commit one after the other. While one node rests
//! between two steps, no other takes its turn: all of them together take no more than one would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet_domain::{SEARCH_TERMS_VERSION, search_terms};
use quintet_rules::log::ChangeRecord;
use quintet_rules::message_search::searched_texts;
use quintet_rules::rows::MessageRow;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_postgres::Row;

use super::scope_term;
use crate::postgres::error::{Fetched, PostgresError};
use crate::postgres::link::Link;
use crate::postgres::rows::{Values, message_at, message_columns};
use crate::postgres::target::PostgresTarget;

/// The time between two looks at whether something was committed.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Maximum messages, and maximum changes, of one step.
const STEP_ROWS: i64 = 500;
/// Maximum positions of one step.
const STEP_POSITIONS: i64 = 50_000;
/// The time for which it rests after each step, as a multiple of what the step took: under load the index falls behind
/// rather than take more than a quarter of a core from those who send.
const REST: u32 = 3;
/// Maximum time for which it rests, so that the server does not take the session for one of a node that hangs.
const REST_MAX: Duration = Duration::from_secs(20);
/// The key of the advisory lock of the node whose turn it is: the bytes of `quintet3`.
const TURN: i64 = i64::from_be_bytes(*b"quintet3");
/// What the connection is told first. What a crash of the server takes is indexed again; a node that hangs in its turn, or
/// whose machine is gone, loses its session, and the turn with it.
const SETTINGS: &str = "SET synchronous_commit = off; SET statement_timeout = '60s'; SET idle_session_timeout = '60s';
    SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// How far the index has come, and the newest position.
const LOOK: &str = "SELECT p.position, p.terms_version, coalesce(
         (SELECT position FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1), 0)
     FROM message_search_progress p";

/// The task that fills the index. It ends when this is dropped.
pub(in crate::postgres) struct SearchFeed {
    task: JoinHandle<()>,
    wake: Arc<Notify>,
    /// The position up to which the index has come, as far as this node has seen.
    fed: watch::Receiver<i64>,
}

impl SearchFeed {
    pub(in crate::postgres) fn start(target: Arc<PostgresTarget>, handle: &Handle) -> Self {
        let (told, fed) = watch::channel(i64::MIN);
        let wake = Arc::<Notify>::default();
        let task = handle.spawn(run(target, told, Arc::clone(&wake)));
        Self { task, wake, fed }
    }

    /// Waits until the index has come to a position, whichever node fills it. Returns false if it ends before that.
    pub(in crate::postgres) async fn reached(&self, position: u64) -> bool {
        let mut fed = self.fed.clone();
        self.wake.notify_one();
        fed.wait_for(|fed| *fed >= position.cast_signed()).await.is_ok()
    }
}

impl Drop for SearchFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(target: Arc<PostgresTarget>, told: watch::Sender<i64>, wake: Arc<Notify>) {
    let (mut kept, mut failing) = (None, false);
    loop {
        match catch_up(&mut kept, &target, &told).await {
            Ok(()) if std::mem::take(&mut failing) => tracing::info!("the search index can be written again"),
            Ok(()) => {}
            Err(error) => {
                // Whatever the connection was at is not known.
                kept = None;
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!(%error, "the search index cannot be written; newer messages are not found");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = wake.notified() => {}
        }
    }
}

/// Brings the index up to what is committed, unless it is another node's turn.
async fn catch_up(kept: &mut Option<Link>, target: &PostgresTarget, told: &watch::Sender<i64>) -> Fetched<()> {
    let link = match kept.take().filter(|link| !link.client.is_closed()) {
        Some(link) => link,
        None => Link::connect_by_keys(target, SETTINGS).await?,
    };
    let link = kept.insert(link);
    let mut has_turn = false;
    loop {
        let looked = ask(link, LOOK, &[]).await?;
        let row = looked.first().ok_or(PostgresError::Lost)?;
        let (position, version, newest): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        told.send_replace(position);
        let is_whole = version == SEARCH_TERMS_VERSION && position >= newest;
        if !is_whole && !has_turn {
            has_turn = flag(link, "SELECT pg_try_advisory_lock($1)").await?;
        }
        let began = Instant::now();
        if is_whole || !has_turn || !step(link).await? {
            break;
        }
        tokio::time::sleep((began.elapsed() * REST).min(REST_MAX)).await;
    }
    if has_turn {
        flag(link, "SELECT pg_advisory_unlock($1)").await?;
    }
    Ok(())
}

/// Asks something about the turn.
async fn flag(link: &Link, sql: &'static str) -> Fetched<bool> {
    Ok(ask(link, sql, &[&TURN]).await?.first().ok_or(PostgresError::Lost)?.try_get(0)?)
}

async fn ask(link: &Link, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
    let statement = link.prepare(sql).await?;
    Ok(link.client.query(&statement, values).await?)
}

/// Indexes what comes next. Returns false if another node does.
async fn step(link: &Link) -> Fetched<bool> {
    // One state for the whole step: the lock of the progress comes first, so that it is the newest.
    link.client.batch_execute("BEGIN").await?;
    let done = step_within(link).await;
    let end = if matches!(done, Ok(true)) { "COMMIT" } else { "ROLLBACK" };
    link.client.batch_execute(end).await?;
    done
}

async fn step_within(link: &Link) -> Fetched<bool> {
    let locked =
        ask(link, "SELECT position, terms_version, made_at FROM message_search_progress FOR UPDATE SKIP LOCKED", &[])
            .await?;
    let Some(row) = locked.first() else { return Ok(false) };
    let (mut after, version, mut made_at): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if version > SEARCH_TERMS_VERSION {
        // A node of a newer version makes it; two that made it anew in turns would never end.
        return Ok(false);
    }
    let newest: i64 = number(
        link,
        "SELECT coalesce(
             (SELECT position FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1), 0)",
    )
    .await?;
    let pruned = number(link, "SELECT coalesce(max(position), 0) FROM pruned").await?;
    // The log of changes may not reach back to where the index has come.
    if version != SEARCH_TERMS_VERSION || after > newest || pruned > after.max(made_at) {
        link.client.batch_execute("TRUNCATE message_search").await?;
        after = number(link, "SELECT coalesce(min(position), 1) - 1 FROM message").await?.min(0);
        made_at = newest;
    }
    let mut up_to = newest.min(after.saturating_add(STEP_POSITIONS)).max(after);
    let changes = ask(
        link,
        "SELECT position, version, data FROM change WHERE position > $1 AND position <= $2
             AND (data LIKE '%\"message_edited\"%' OR data LIKE '%\"message_deleted\"%'
                 OR data LIKE '%\"messages_purged\"%')
         ORDER BY position LIMIT $3",
        &[&after.max(made_at), &up_to, &STEP_ROWS],
    )
    .await?;
    if changes.len() as i64 == STEP_ROWS
        && let Some(last) = changes.last()
    {
        up_to = last.try_get(0)?;
    }
    let sent = messages(
        link,
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m WHERE m.position > $1 AND m.position <= $2 ORDER BY m.position LIMIT $3"
        ),
        &[&after, &up_to, &STEP_ROWS],
    )
    .await?;
    if sent.len() as i64 == STEP_ROWS
        && let Some(last) = sent.last()
    {
        up_to = last.key.0;
    }
    let mut keys = Vec::new();
    for row in &changes {
        keys.extend(changed_messages(row)?.into_iter().filter(|key| *key <= after));
    }
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() {
        ask(link, "DELETE FROM message_search WHERE position = ANY($1)", &[&keys]).await?;
        let sql =
            concat!("SELECT ", message_columns!(), " FROM message m WHERE m.position = ANY($1) ORDER BY m.position");
        add(link, &messages(link, sql, &[&keys]).await?).await?;
    }
    add(link, &sent).await?;
    ask(
        link,
        "UPDATE message_search_progress SET position = $1, terms_version = $2, made_at = $3",
        &[&up_to, &SEARCH_TERMS_VERSION, &made_at],
    )
    .await?;
    Ok(true)
}

async fn number(link: &Link, sql: &'static str) -> Fetched<i64> {
    let rows = ask(link, sql, &[]).await?;
    Ok(rows.first().ok_or(PostgresError::Lost)?.try_get(0)?)
}

async fn messages(link: &Link, sql: &'static str, values: Values<'_>) -> Fetched<Vec<MessageRow>> {
    ask(link, sql, values).await?.iter().map(|row| message_at(row, 0)).collect()
}

/// Adds messages to the index, unless they are deleted or have no words.
async fn add(link: &Link, rows: &[MessageRow]) -> Fetched<()> {
    let (mut positions, mut texts) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.deleted_at.is_none()) {
        let mut text = scope_term(row.conversation);
        let mut has_words = false;
        for term in searched_texts(row).flat_map(search_terms) {
            has_words = true;
            text.push(' ');
            text += &term;
        }
        if has_words {
            positions.push(row.key.0);
            texts.push(text);
        }
    }
    if positions.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO message_search (position, terms)
         SELECT position, array_to_tsvector(string_to_array(terms, ' ')) FROM unnest($1::bigint[], $2::text[]) m (position, terms)
         ON CONFLICT (position) DO UPDATE SET terms = excluded.terms";
    ask(link, sql, &[&positions, &texts]).await.map(|_| ())
}

/// The keys of the messages that a change is about.
fn changed_messages(row: &Row) -> Fetched<Vec<i64>> {
    match ChangeRecord::decode(row.try_get(1)?, row.try_get(2)?) {
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
