//! A database of PostgreSQL as the source or the target of a copy.
//!
//! What must stay true: no node uses the database meanwhile, and none writes to it: the copy has the lock of all nodes and
//! the lock of the order. A database whose copy did not end has a row in `incomplete_copy`, and no server opens it.

use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use quintet_domain::MessageId;
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error};

use super::error::explained;
use super::link::Link;
use super::migrate;
use super::nodes_lock::LOCK;
use super::rows::{id_bytes, message_id_at};
use super::target::PostgresTarget;
use crate::OpenError;
use crate::copy::seam::{CopyError, Copying, Facts, ROWS_AT_ONCE, Row, Source, TargetCopy, Value};
use crate::copy::tables::{Kind, TABLES, Table};

/// What the connection of a copy is told first: it may take long, and waits for nobody for long.
const SETTINGS: &str =
    "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '10s'";
/// The time to wait for processes that end.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// The place of U+0000, which PostgreSQL cannot store in texts.
const REPLACEMENT: &str = "\u{FFFD}";

const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'quintet' AND pid <> pg_backend_pid()";

/// A connection that has the locks of a copy, and the runtime that drives it.
struct Locked {
    runtime: Runtime,
    link: Link,
    place: String,
    target: PostgresTarget,
}

impl Locked {
    /// Connects to a database that no other process uses.
    fn open(target: &PostgresTarget) -> Copying<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
        let place = format!("the database {}", target.name());
        let opened = runtime.block_on(async {
            let link = Link::connect(target, SETTINGS).await?;
            let until = Instant::now() + PATIENCE;
            loop {
                let alone = is_alone(&link.client).await?;
                if alone || Instant::now() > until {
                    return Ok::<_, Error>((link, alone));
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        let (link, alone) = opened.map_err(|error| migrate::refused(target, &error))?;
        if !alone {
            return Err(CopyError::InUse(place));
        }
        Ok(Self { runtime, link, place, target: target.clone() })
    }

    fn failed(&self) -> impl Fn(Error) -> CopyError + use<> {
        let place = self.place.clone();
        move |error| CopyError::Statement { place: place.clone(), why: explained(&error) }
    }

    /// Runs statements.
    fn run(&self, sql: &str) -> Copying<()> {
        self.runtime.block_on(self.link.client.batch_execute(sql)).map_err(self.failed())
    }

    /// Reads the only number of a statement.
    fn number(&self, sql: &str) -> Copying<i64> {
        let read = async { self.link.client.query_one(sql, &[]).await?.try_get(0) };
        self.runtime.block_on(read).map_err(self.failed())
    }

    /// Refuses a database of an earlier version.
    fn check_version(&self) -> Copying<i64> {
        let found = self.runtime.block_on(migrate::version(&self.link.client)).map_err(self.failed())?;
        let known = migrate::known_version();
        if found > known {
            return Err(OpenError::NewerSchema { database: self.target.name(), found, known }.into());
        }
        if found != 0 && found < known {
            return Err(CopyError::Older { place: self.place.clone(), found, known });
        }
        Ok(found)
    }

    fn facts(&self) -> Copying<Facts> {
        self.runtime.block_on(facts(&self.link.client)).map_err(self.failed())
    }
}

/// Takes the lock, and returns whether no other process is connected.
async fn is_alone(client: &Client) -> Result<bool, Error> {
    let locked: bool = client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await?.try_get(0)?;
    let others: i64 = client.query_one(OTHERS, &[]).await?.try_get(0)?;
    Ok(locked && others == 0)
}

async fn facts(client: &Client) -> Result<Facts, Error> {
    let identity = client.query_one("SELECT id FROM identity", &[]).await?.try_get(0)?;
    let position = client
        .query_one(
            "SELECT coalesce(max(position), 0)::bigint FROM (
                 SELECT position FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1) newest",
            &[],
        )
        .await?
        .try_get(0)?;
    let secrets = client
        .query_one("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM guest_secret_pk_seq", &[])
        .await?
        .try_get(0)?;
    let mut rows = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM {}", table.postgres);
        let count: i64 = client.query_one(sql.as_str(), &[]).await?.try_get(0)?;
        rows.push(count.cast_unsigned());
    }
    Ok(Facts { identity, position, secrets, rows })
}

fn of_table(table: &'static Table) -> impl Fn(Error) -> CopyError {
    move |error| CopyError::Rows { table: table.postgres, why: explained(&error) }
}

/// The names of a table's columns, separated by commas.
fn columns(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

/// A database that is copied from.
pub(crate) struct PostgresSource(Locked);

impl PostgresSource {
    /// Opens a database that no process uses.
    pub(crate) fn open(target: &PostgresTarget) -> Copying<Self> {
        let locked = Locked::open(target)?;
        if locked.check_version()? == 0 {
            let why = "it has no tables of Quintet".to_owned();
            return Err(CopyError::Statement { place: locked.place.clone(), why });
        }
        // The state that is read is the one after the lock was given.
        locked.run("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE part IN EXCLUSIVE MODE")?;
        if locked.number("SELECT count(*) FROM incomplete_copy")? > 0 {
            return Err(OpenError::Incomplete(locked.place.clone()).into());
        }
        // The rows of conversations do not have what messages have changed since.
        locked.run(
            "UPDATE conversation c
             SET sequence = latest.sequence, last_message = latest.position, updated_at = latest.created_at
             FROM (SELECT DISTINCT ON (conversation_pk) conversation_pk, sequence, position, created_at FROM message
                   ORDER BY conversation_pk, sequence DESC) latest
             WHERE latest.conversation_pk = c.pk AND latest.sequence > c.sequence",
        )?;
        Ok(Self(locked))
    }
}

/// Reads a value.
fn value_at(row: &tokio_postgres::Row, at: usize, kind: Kind) -> Result<Value, CopyValueError> {
    let whole = |number: Option<i64>| number.map_or(Value::Null, Value::Whole);
    Ok(match kind {
        Kind::Whole | Kind::WholeOrZero | Kind::Hidden => whole(row.try_get(at)?),
        Kind::Flag => row.try_get::<_, Option<bool>>(at)?.map_or(Value::Null, Value::Flag),
        Kind::Text => row.try_get::<_, Option<String>>(at)?.map_or(Value::Null, Value::Text),
        Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(at)?.map_or(Value::Null, Value::Bytes),
        Kind::MessageId => {
            let id = message_id_at(row, at).map_err(|error| CopyValueError(error.to_string()))?;
            Value::Text(id.as_str().to_owned())
        }
    })
}

/// A value that cannot be read, in words.
struct CopyValueError(String);

impl From<Error> for CopyValueError {
    fn from(error: Error) -> Self {
        Self(explained(&error))
    }
}

impl Source for PostgresSource {
    fn facts(&mut self) -> Copying<Facts> {
        self.0.facts()
    }

    fn newest_at(&mut self) -> Copying<i64> {
        self.0.number("SELECT coalesce(max(at), 0) FROM commit_group WHERE part = 1")
    }

    fn read(&mut self, table: &'static Table, each: &mut dyn FnMut(Vec<Row>) -> Copying<()>) -> Copying<()> {
        let Locked { runtime, link, .. } = &self.0;
        let failed = of_table(table);
        let sql = format!("SELECT {} FROM {}", columns(table), table.postgres);
        let found = runtime.block_on(link.client.query_raw(sql.as_str(), Vec::<i64>::new())).map_err(&failed)?;
        // Its end is asked for twice.
        let mut found = Box::pin(found.fuse());
        loop {
            let next = async {
                let mut rows = Vec::new();
                while rows.len() < ROWS_AT_ONCE
                    && let Some(row) = found.next().await
                {
                    rows.push(row?);
                }
                Ok::<_, Error>(rows)
            };
            let rows = runtime.block_on(next).map_err(&failed)?;
            if rows.is_empty() {
                return Ok(());
            }
            let read = |row: &tokio_postgres::Row| {
                table.columns.iter().enumerate().map(|(at, column)| value_at(row, at, column.kind)).collect()
            };
            let rows = rows.iter().map(read).collect::<Result<Vec<Row>, CopyValueError>>();
            each(rows.map_err(|error| CopyError::Rows { table: table.postgres, why: error.0 })?)?;
        }
    }

    fn files(&mut self) -> Copying<Vec<String>> {
        let read = async {
            let rows = self.0.link.client.query("SELECT id FROM file WHERE size IS NOT NULL ORDER BY pk", &[]).await?;
            rows.iter().map(|row| row.try_get(0)).collect::<Result<_, Error>>()
        };
        self.0.runtime.block_on(read).map_err(self.0.failed())
    }
}

/// A database that is copied to.
pub(crate) struct PostgresTargetCopy {
    locked: Locked,
    table: Option<(&'static Table, Pin<Box<BinaryCopyInWriter>>)>,
    replaced: u64,
}

impl PostgresTargetCopy {
    /// Makes the tables of a database that has none, or takes one whose tables are empty, or whose copy did not end.
    pub(crate) fn open(target: &PostgresTarget, source: &str) -> Copying<Self> {
        let locked = Locked::open(target)?;
        locked.check_version()?;
        locked.runtime.block_on(migrate::migrate(target))?;
        locked.run("BEGIN; LOCK TABLE part IN EXCLUSIVE MODE")?;
        if locked.number("SELECT count(*) FROM incomplete_copy")? == 0 {
            let used = TABLES.iter().filter(|table| !table.is_preset).map(|table| table.postgres);
            for table in used.chain(["commit_group"]) {
                if locked.number(&format!("SELECT count(*) FROM (SELECT FROM {table} LIMIT 1) found"))? > 0 {
                    return Err(CopyError::NotEmpty(locked.place.clone()));
                }
            }
            let mark = async {
                let client = &locked.link.client;
                client.execute("INSERT INTO incomplete_copy (source) VALUES ($1)", &[&source]).await
            };
            locked.runtime.block_on(mark).map_err(locked.failed())?;
        }
        let names: Vec<&str> = TABLES.iter().map(|table| table.postgres).collect();
        locked.run(&format!(
            "COMMIT; BEGIN; LOCK TABLE part IN EXCLUSIVE MODE; UPDATE message_search_progress SET terms_version = 0;
             TRUNCATE {}, commit_group, installation_key, message_search",
            names.join(", ")
        ))?;
        Ok(Self { locked, table: None, replaced: 0 })
    }
}

/// The type of the column of a value.
fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Whole | Kind::WholeOrZero | Kind::Hidden => Type::INT8,
        Kind::Flag => Type::BOOL,
        Kind::Text => Type::TEXT,
        Kind::Bytes | Kind::MessageId => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Whole(number) => number.to_sql(kind, out),
            Self::Flag(flag) => flag.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as its column stores it, and the number of characters that had to be replaced.
fn stored(value: Value, kind: Kind) -> (Value, u64) {
    match (kind, value) {
        (Kind::MessageId, Value::Text(id)) => (Value::Bytes(id_bytes(&MessageId::trusted(&id))), 0),
        (_, Value::Text(text)) => match text.matches('\0').count() {
            0 => (Value::Text(text), 0),
            count => (Value::Text(text.replace('\0', REPLACEMENT)), count as u64),
        },
        (_, value) => (value, 0),
    }
}

impl TargetCopy for PostgresTargetCopy {
    fn begin(&mut self, table: &'static Table) -> Copying<()> {
        let sql = format!("COPY {} ({}) FROM STDIN BINARY", table.postgres, columns(table));
        let sink = self.locked.link.client.copy_in::<_, Bytes>(sql.as_str());
        let sink = self.locked.runtime.block_on(sink).map_err(of_table(table))?;
        let types: Vec<Type> = table.columns.iter().map(|column| type_of(column.kind)).collect();
        self.table = Some((table, Box::pin(BinaryCopyInWriter::new(sink, &types))));
        Ok(())
    }

    fn write(&mut self, rows: Vec<Row>) -> Copying<()> {
        let Some((table, writer)) = &mut self.table else { return Ok(()) };
        let table = *table;
        let replaced = &mut self.replaced;
        let write = async {
            for row in rows {
                let values = row.into_iter().zip(table.columns).map(|(value, column)| {
                    let (value, count) = stored(value, column.kind);
                    *replaced += count;
                    value
                });
                let values: Vec<Value> = values.collect();
                writer.as_mut().write_raw(&values).await?;
            }
            Ok::<_, Error>(())
        };
        self.locked.runtime.block_on(write).map_err(of_table(table))
    }

    fn end(&mut self) -> Copying<()> {
        let Some((table, mut writer)) = self.table.take() else { return Ok(()) };
        self.locked.runtime.block_on(writer.as_mut().finish()).map(|_| ()).map_err(of_table(table))
    }

    fn settle(&mut self, facts: &Facts, newest_at: i64) -> Copying<Facts> {
        let settle = async {
            let client = &self.locked.link.client;
            if facts.position > 0 {
                // From here on positions go on; its mark is that of no node.
                let group = "INSERT INTO commit_group (part, number, position, mark, at, users, conversations,
                         member_conversations, member_users)
                     VALUES (1, 1, $1, decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), $2, '{}', '{}', '{}', '{}')";
                client.execute(group, &[&facts.position, &newest_at]).await?;
            }
            let next = "SELECT setval('guest_secret_pk_seq', greatest($1::bigint, 1), $1::bigint > 0)";
            client.query_one(next, &[&facts.secrets]).await?;
            client.batch_execute("UPDATE part SET epoch = epoch + 1; COMMIT").await
        };
        self.locked.runtime.block_on(settle).map_err(self.locked.failed())?;
        // So that the first reads are planned with what is there.
        self.locked.run("ANALYZE")?;
        self.locked.facts()
    }

    fn complete(self: Box<Self>) -> Copying<()> {
        self.locked.run("DELETE FROM incomplete_copy")
    }

    fn replaced(&self) -> u64 {
        self.replaced
    }
}
