//! Databases whose every column has values, whatever columns there are.
//!
//! What must stay true: the tables and columns are read from the databases, so that new ones are filled and compared as
//! well.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::support::postgres::TestDatabase;

/// Columns that hold yes or no.
const FLAGS: [&str; 14] = [
    "service",
    "disabled",
    "erased",
    "is_blocked",
    "open",
    "blocked",
    "declined",
    "made_by_guest",
    "acked",
    "delivered",
    "admits",
    "by_server",
    "personal",
    "enabled",
];
/// Tables of SQLite that hold no data.
const TOOLS: [&str; 2] = ["sqlite_sequence", "refinery_schema_history"];
/// Tables of PostgreSQL that a copy begins anew, and columns that it leaves out.
const LEFT_OUT: [&str; 12] = [
    "change.told",
    "node.",
    "installation_key.",
    "incomplete_copy.",
    "refinery_schema_history.",
    "part.",
    "commit_group.",
    "message_search.",
    "message_search_progress.",
    "shared_rate.",
    "login_failure.",
    "job.",
];

struct Column {
    name: String,
    kind: String,
    required: bool,
    in_key: bool,
}

fn open(folder: &Path) -> Connection {
    Connection::open(folder.join("quintet.sqlite3")).unwrap()
}

fn tables(conn: &Connection) -> Vec<String> {
    let mut statement = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    names.filter(|name| !TOOLS.contains(&name.as_str())).collect()
}

fn columns(conn: &Connection, table: &str) -> Vec<Column> {
    let mut statement = conn.prepare(&format!("PRAGMA table_info(\"{table}\")")).unwrap();
    let columns = statement.query_map([], |row| {
        let key: i64 = row.get(5)?;
        Ok(Column { name: row.get(1)?, kind: row.get(2)?, required: row.get(3)?, in_key: key > 0 })
    });
    columns.unwrap().map(Result::unwrap).collect()
}

/// The value of a column in the first or the second row of a table.
fn value(table: &str, column: &Column, row: i64, number: i64) -> Value {
    let name = column.name.as_str();
    let refers = name.ends_with("_pk") || ["pk", "position", "message", "last_message", "root"].contains(&name);
    if row == 2 && !column.required && !column.in_key && !refers {
        return Value::Null;
    }
    let word = match (table, name) {
        ("user", "kind") => Some("registered"),
        ("conversation", "kind") => Some("group"),
        ("message", "kind") => Some("text"),
        ("restriction", "kind") => Some("ban"),
        (_, "role") => Some("admin"),
        (_, "status") => Some("open"),
        _ => None,
    };
    match (column.kind.as_str(), word) {
        ("INTEGER", _) if FLAGS.contains(&name) => Value::Integer(row % 2),
        // Both rows refer to rows of their own number.
        ("INTEGER", _) if refers => Value::Integer(row),
        ("INTEGER", _) if name == "hidden_sequence" && row == 2 => Value::Integer(-1),
        ("INTEGER", _) => Value::Integer(1_000 * row + number),
        ("TEXT", Some(word)) => Value::Text(word.to_owned()),
        ("TEXT", None) => Value::Text(format!("{table}.{name} {row} \u{e9}\n\t\\\u{1F600}")),
        ("BLOB", _) => Value::Blob(vec![0, 1, 255, u8::try_from(row).unwrap()]),
        // The id of a message: a UUID, and a text of as many bytes.
        ("ANY", _) if row == 1 => Value::Blob((0..16).collect()),
        ("ANY", _) => Value::Text("0123456789abcdef".to_owned()),
        (kind, _) => panic!("{table}.{name} has the type {kind}, which no test knows"),
    }
}

/// Fills an empty database: two rows in each table, and in the first one a value in each column.
pub fn fill(folder: &Path) {
    let conn = open(folder);
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    for table in tables(&conn) {
        let columns = columns(&conn, &table);
        // A table of the state of the whole has one row.
        let rows = if columns.len() == 1 { 1 } else { 2 };
        conn.execute(&format!("DELETE FROM \"{table}\""), []).unwrap();
        for row in 1..=rows {
            let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let places = vec!["?"; columns.len()].join(", ");
            let values = columns.iter().enumerate();
            let values = values.map(|(at, column)| value(&table, column, row, i64::try_from(at).unwrap()));
            let sql = format!("INSERT INTO \"{table}\" ({}) VALUES ({places})", names.join(", "));
            conn.execute(&sql, params_from_iter(values)).unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
    // Secrets were made that are gone.
    conn.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'guest_secret'", []).unwrap();
    let dangling = conn.query_row("PRAGMA foreign_key_check", [], |row| row.get::<_, String>(0)).ok();
    assert_eq!(dangling, None);
    // The log is not left beside the file.
    conn.pragma_update(None, "journal_mode", "DELETE").unwrap();
}

/// All rows of all tables as text, with the numbers of sequences.
pub fn dump(folder: &Path) -> Vec<String> {
    let conn = open(folder);
    let mut lines = Vec::new();
    for table in tables(&conn).iter().map(String::as_str).chain(["sqlite_sequence"]) {
        let mut statement = conn.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let values = names.iter().map(|name| format!("{name}: {:?}", row.get::<_, Value>(name.as_str()).unwrap()));
            found.push(format!("{table} {}", values.collect::<Vec<_>>().join(", ")));
        }
        found.sort();
        lines.extend(found);
    }
    lines
}

/// The columns of PostgreSQL that have no value in any row, but those that a copy leaves out.
pub fn unfilled(database: &TestDatabase) -> Vec<String> {
    let all = database.number("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'");
    let mut unfilled = Vec::new();
    for at in 0..all {
        let named = database.text(&format!(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'
             ORDER BY table_name, column_name OFFSET {at} LIMIT 1"
        ));
        let (table, column) = named.split_once('.').unwrap();
        if LEFT_OUT.iter().any(|left| named.starts_with(left)) {
            continue;
        }
        if database.number(&format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")) == 0 {
            unfilled.push(named);
        }
    }
    unfilled
}
