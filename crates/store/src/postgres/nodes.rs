//! The table of nodes: each says every second that it reaches the database, and learns which others do.
//!
//! What must stay true: all times are those of the database, so that nodes whose clocks differ agree on who is alive; no
//! node waits for another one here, nor for a disk.

use std::sync::Arc;
use std::time::Duration;

use quintet_domain::NodeId;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::error::{Fetched, PostgresError};
use super::link::{Link, Value, is_lost};
use super::target::PostgresTarget;
use crate::StoreError;

/// The time after its last heartbeat for which a node counts as alive. With the time between two heartbeats and between two
/// looks at them, its death is noticed within 15 seconds.
pub const NODE_FRESH_FOR: Duration = Duration::from_secs(12);
/// The time after its last heartbeat for which the row of a node is kept.
const NODE_KEPT_FOR: Duration = Duration::from_secs(60 * 60);
/// Maximum time of a statement, with the time to connect.
const WITHIN: Duration = Duration::from_secs(8);

/// What the connection is told first. A heartbeat that is lost with the server's memory does no harm, and none waits for
/// a standby.
const SETTINGS: &str = "
    SET synchronous_commit = off;
    SET default_transaction_isolation = 'read committed';
    SET statement_timeout = '5s'";

/// Writes the node's own row, removes those of nodes that ended long ago, and returns the newest position and the
/// incarnation beside each of the other nodes that are alive, or beside nothing. Rows that another node is about to remove
/// are passed over, so that no two nodes wait for each other.
const BEAT: &str = "
    WITH own AS (
        INSERT INTO node (id, address, seen_at) VALUES ($1, $2, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET address = excluded.address, seen_at = excluded.seen_at
    ), removed AS (
        DELETE FROM node WHERE id IN (
            SELECT id FROM node WHERE id <> $1 AND seen_at < clock_timestamp() - make_interval(secs => $4)
            FOR UPDATE SKIP LOCKED)
    )
    SELECT newest.position, other.id, other.address, newest.incarnation FROM (
        SELECT coalesce((SELECT position FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1), 0) AS position,
            (SELECT incarnation FROM part WHERE id = 1) AS incarnation
    ) newest
    LEFT JOIN node other ON other.id <> $1 AND other.seen_at > clock_timestamp() - make_interval(secs => $3)
    ORDER BY other.id";

/// The values of a statement.
type Owned = Vec<Value>;

/// What a node learns by its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The newest position that is committed.
    pub position: u64,
    /// The other nodes that are alive, by their ids.
    pub others: Vec<FreshNode>,
}

/// Another node that uses the same database and is alive: its last heartbeat is at most [`NODE_FRESH_FOR`] old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshNode {
    /// The id of the node.
    pub id: NodeId,
    /// How other nodes reach it, as it says itself; `None` if they cannot.
    pub address: Option<String>,
}

/// A connection of its own for heartbeats, which is made when it is first needed, and again after it was lost.
#[derive(Clone)]
pub(super) struct NodesLink {
    target: Arc<PostgresTarget>,
    /// The runtime that drives the connection.
    handle: Handle,
    link: Arc<Mutex<Option<Link>>>,
}

impl NodesLink {
    pub(super) fn new(target: Arc<PostgresTarget>, handle: Handle) -> Self {
        Self { target, handle, link: Arc::default() }
    }

    /// Writes the row of a node, and reads those of the others and the incarnation of the data, in one round trip.
    pub(super) async fn beat(&self, node: NodeId, address: Option<String>) -> Result<(Heartbeat, i64), StoreError> {
        let (fresh_s, kept_s) = (NODE_FRESH_FOR.as_secs_f64(), NODE_KEPT_FOR.as_secs_f64());
        let id = node.0.cast_signed();
        let rows = self.ask(BEAT, vec![Box::new(id), Box::new(address), Box::new(fresh_s), Box::new(kept_s)]).await?;
        Ok(heartbeat(&rows)?)
    }

    /// Removes the row of a node.
    pub(super) async fn leave(&self, node: NodeId) -> Result<(), StoreError> {
        self.ask("DELETE FROM node WHERE id = $1", vec![Box::new(node.0.cast_signed())]).await?;
        Ok(())
    }

    /// Runs a statement on the runtime of the connection.
    async fn ask(&self, sql: &'static str, values: Owned) -> Fetched<Vec<Row>> {
        let (kept, target) = (Arc::clone(&self.link), Arc::clone(&self.target));
        let asked = self.handle.spawn(async move {
            let mut kept = kept.lock().await;
            let answer = tokio::time::timeout(WITHIN, run(&mut kept, &target, sql, &values)).await;
            let answer = answer.unwrap_or(Err(PostgresError::TooSlow));
            if answer.is_err() {
                // Whatever the connection was at is not known.
                *kept = None;
            }
            answer
        });
        asked.await.map_err(|_| PostgresError::Lost)?
    }
}

/// Runs a statement. If the connection was lost since the last one, it is made again.
async fn run(kept: &mut Option<Link>, target: &PostgresTarget, sql: &'static str, values: &Owned) -> Fetched<Vec<Row>> {
    if let Some(link) = kept.as_ref().filter(|link| !link.client.is_closed()) {
        match run_on(link, sql, values).await {
            Err(error) if is_lost(&error) => {}
            answer => return Ok(answer?),
        }
    }
    let link = kept.insert(Link::connect(target, SETTINGS).await?);
    Ok(run_on(link, sql, values).await?)
}

async fn run_on(link: &Link, sql: &'static str, values: &Owned) -> Result<Vec<Row>, Error> {
    let statement = link.prepare(sql).await?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    link.client.query(&statement, &values).await
}

fn heartbeat(rows: &[Row]) -> Fetched<(Heartbeat, i64)> {
    let first = rows.first().ok_or(PostgresError::Lost)?;
    let position = first.try_get::<_, i64>(0)?.cast_unsigned();
    let mut others = Vec::new();
    for row in rows {
        if let Some(id) = row.try_get::<_, Option<i64>>(1)? {
            others.push(FreshNode { id: NodeId(id.cast_unsigned()), address: row.try_get(2)? });
        }
    }
    Ok((Heartbeat { position, others }, first.try_get(3)?))
}
