//! The floor of durable sends of nodes: a bare client that commits the rows of messages to PostgreSQL in groups, and does
//! nothing else.
//!
//! What must stay true: the tables and their indexes are Quintet's own; the statements of a group are sent together.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, NoTls, Statement};

use super::services::Database;
use crate::peers;
use crate::process::{Cpu, SERVER_CORE};

/// The result of a measurement.
pub(super) struct Found {
    pub(super) rows_per_second: f64,
    /// The CPU time of the client in seconds.
    pub(super) cpu_s: f64,
}

const CONVERSATIONS: i64 = 64;
const TEXT: &str = "the quick brown fox jumps over the lazy dog, and once again.";

const FILL: &str =
    "INSERT INTO conversation (pk, id, kind, open, made_by_guest, created_at, sequence, member_count, updated_at)
     SELECT n, n::text, 'group', false, false, 0, 0, 1, 0 FROM generate_series(0, 63) AS n";
const INSERT: &str =
    "INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at,
         origin, acked)
     SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
         $8::bigint[], $9::bigint[], $10::boolean[])";
const GROUP: &str =
    "INSERT INTO commit_group (part, number, position, mark, at, users, conversations, member_conversations,
         member_users)
     VALUES (1, $1, $2, $3, $4, '{}', '{}', '{}', '{}')";

/// Measures in a process of its own, on the core of the servers.
pub(super) fn measure(database: &Database, group: usize, seconds: u64) -> io::Result<Found> {
    let migrated = Command::new(peers::beside("quintet")?).args(["migrate", "--database", &database.url]).output()?;
    if !migrated.status.success() {
        let why = String::from_utf8_lossy(&migrated.stderr).into_owned();
        return Err(io::Error::other(format!("the tables were not made: {why}")));
    }
    let output = Command::new("taskset")
        .args(["-c", SERVER_CORE])
        .arg(std::env::current_exe()?)
        .args(["postgres-floor", &database.url, &group.to_string(), &seconds.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [rows_per_second, cpu_s] if output.status.success() => Ok(Found { rows_per_second, cpu_s }),
        _ => Err(io::Error::other(format!("the floor failed: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}

/// The body of that process: commits for `seconds` seconds, then prints the rows per second and the CPU time in seconds.
pub(crate) fn run(url: &str, group: usize, seconds: u64) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let committed = runtime.block_on(commit(url, group.max(1), Duration::from_secs(seconds)));
    let rows = committed.map_err(io::Error::other)?;
    let cpu = Cpu::of(std::process::id(), &std::fs::read_to_string("/proc/self/stat")?);
    println!("{} {}", rows as f64 / seconds as f64, cpu.all);
    Ok(())
}

struct Statements {
    insert: Statement,
    group: Statement,
}

async fn commit(url: &str, group: usize, how_long: Duration) -> Result<u64, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(FILL).await?;
    let prepare = |sql| client.prepare(sql);
    let statements = Statements { insert: prepare(INSERT).await?, group: prepare(GROUP).await? };
    let (began, mut rows, mut number) = (Instant::now(), 0, 0);
    while began.elapsed() < how_long {
        number += 1;
        commit_group(&client, &statements, number, rows..rows + group as i64).await?;
        rows += group as i64;
    }
    Ok(rows.cast_unsigned())
}

async fn commit_group(
    client: &Client,
    statements: &Statements,
    number: i64,
    rows: std::ops::Range<i64>,
) -> Result<(), Error> {
    let at = |row: i64| 1_790_000_000_000 + row;
    // In the order of time, as the ids of messages are.
    let id = |row: i64| {
        let row = row.cast_unsigned();
        (u128::from(row) << 64 | u128::from(row.wrapping_mul(0x9E37_79B9_7F4A_7C15))).to_be_bytes().to_vec()
    };
    let longs = |of: &dyn Fn(i64) -> i64| rows.clone().map(of).collect::<Vec<i64>>();
    let conversation = |row: i64| row % CONVERSATIONS;
    let sequence = |row: i64| row / CONVERSATIONS + 1;
    let count = usize::try_from(rows.end - rows.start).unwrap_or_default();
    let (positions, conversations) = (longs(&|row| row + 1), longs(&conversation));
    let (sequences, times) = (longs(&sequence), longs(&at));
    let ids: Vec<Vec<u8>> = rows.clone().map(id).collect();
    let (kinds, texts, acked) = (vec!["text"; count], vec![TEXT; count], vec![true; count]);
    let messages: [&(dyn ToSql + Sync); 10] =
        [&positions, &ids, &conversations, &sequences, &conversations, &kinds, &texts, &times, &conversations, &acked];
    let mark = number.to_be_bytes().to_vec();
    let now = at(rows.end);
    let group: [&(dyn ToSql + Sync); 4] = [&number, &rows.end, &mark, &now];
    let (begun, inserted, marked, committed) = tokio::join!(
        biased;
        client.batch_execute("BEGIN"),
        client.execute(&statements.insert, &messages),
        client.execute(&statements.group, &group),
        client.batch_execute("COMMIT"),
    );
    begun?;
    inserted?;
    marked?;
    committed
}
