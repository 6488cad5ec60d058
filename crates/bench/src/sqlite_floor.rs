//! The floor of durable sends: a bare loop over SQLite that commits the rows of messages in groups, and does nothing
//! else.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::process::{Cpu, SERVER_CORE};

/// The result of a measurement.
pub(crate) struct Found {
    pub(crate) rows_per_second: f64,
    /// CPU time of one row in microseconds.
    pub(crate) cpu_us: f64,
}

/// The tables that a message is written to, as Quintet has them: the message, keyed by its position in the commit order,
/// with its two indexes, and its conversation.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE conversation (pk INTEGER PRIMARY KEY, sequence INTEGER, updated_at INTEGER, last_message INTEGER);
    CREATE TABLE message (position INTEGER PRIMARY KEY, id BLOB UNIQUE, conversation_pk INTEGER, sequence INTEGER,
        sender_pk INTEGER, kind TEXT, content TEXT, created_at INTEGER, origin INTEGER, acked INTEGER) STRICT;
    CREATE UNIQUE INDEX message_order ON message (conversation_pk, sequence);";

const CONVERSATIONS: i64 = 64;

/// Measures in a process of its own, on the server's core.
pub(crate) fn measure(folder: &Path, group: usize, seconds: u64) -> io::Result<Found> {
    let output = Command::new("taskset")
        .args(["-c", SERVER_CORE])
        .arg(std::env::current_exe()?)
        .args(["sqlite-floor", &group.to_string(), &seconds.to_string()])
        .arg(folder.join("floor.sqlite3"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [rows_per_second, cpu_us] if output.status.success() => Ok(Found { rows_per_second, cpu_us }),
        _ => Err(io::Error::other(format!("the floor failed: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}

/// The body of that process: commits for `seconds` seconds, then prints the rows per second and the microseconds of CPU
/// time of each.
pub(crate) fn run(group: usize, seconds: u64, file: &Path) -> io::Result<()> {
    let rows = commit(group.max(1), Duration::from_secs(seconds), file).map_err(io::Error::other)?;
    let cpu = Cpu::of(std::process::id(), &std::fs::read_to_string("/proc/self/stat")?);
    println!("{} {}", rows as f64 / seconds as f64, cpu.all * 1e6 / rows as f64);
    Ok(())
}

fn commit(group: usize, how_long: Duration, file: &Path) -> rusqlite::Result<u64> {
    let db = Connection::open(file)?;
    db.execute_batch(SCHEMA)?;
    for pk in 0..CONVERSATIONS {
        db.execute("INSERT INTO conversation VALUES (?1, 0, 0, NULL)", [pk])?;
    }
    let text = "the quick brown fox jumps over the lazy dog, and once again.";
    let (began, mut rows) = (Instant::now(), 0_u64);
    while began.elapsed() < how_long {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..group {
            let (conversation, sequence) = (rows as i64 % CONVERSATIONS, rows as i64 / CONVERSATIONS + 1);
            let at = 1_790_000_000_000 + rows as i64;
            // In the order of time, as the ids of messages are.
            let id = u128::from(rows) << 64 | u128::from(rows).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let position = rows as i64 + 1;
            db.prepare_cached(
                "INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at, origin,
                     acked)
                 VALUES (?1, ?2, ?3, ?4, ?3, 'text', ?5, ?6, ?3, 1)",
            )?
            .execute(params![position, id.to_be_bytes(), conversation, sequence, text, at])?;
            db.prepare_cached(
                "UPDATE conversation SET sequence = ?2, updated_at = ?3, last_message = ?4 WHERE pk = ?1",
            )?
            .execute(params![conversation, sequence, at, position])?;
            rows += 1;
        }
        db.execute_batch("COMMIT")?;
    }
    Ok(rows)
}
