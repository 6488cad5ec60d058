//! Data that a server's database must hold before an attack, and that would take too long to create over the API.

use std::io;
use std::path::Path;

use rusqlite::{Connection, params};

use crate::quintet;

/// The number of the user who is a member of very many groups.
pub(super) const CROWDED: usize = 3_000;
/// The number of groups, and the number of other members of each.
const GROUPS: i64 = 20_000;
const OTHERS: i64 = 3;

/// Writes an account in 20,000 groups into the database of a server that is not running.
pub(super) fn groups_of_one_account(data: &Path) -> io::Result<()> {
    write(&data.join("quintet.sqlite3")).map_err(io::Error::other)
}

fn write(file: &Path) -> rusqlite::Result<()> {
    let mut database = Connection::open(file)?;
    let transaction = database.transaction()?;
    let user = |pk: i64, id: &str| {
        transaction.execute(
            "INSERT INTO user (pk, id, kind, username, username_key, name, created_at)
             VALUES (?1, ?2, 'registered', ?2, ?2, ?2, 0)",
            params![pk, id],
        )
    };
    let first = 1_000_000;
    user(first, &quintet::user(CROWDED))?;
    for other in 1..=OTHERS * 100 {
        user(first + other, &format!("other-{other:06}"))?;
    }
    for group in 0..GROUPS {
        let pk = first + group;
        transaction.execute(
            "INSERT INTO conversation (pk, id, kind, name, open, owner_pk, member_count, created_at, updated_at)
             VALUES (?1, ?2, 'group', ?2, 0, ?3, ?4, 0, ?1)",
            params![pk, format!("group-{group:06}"), first, OTHERS + 1],
        )?;
        for member in 0..=OTHERS {
            let (user, role) = match member {
                0 => (first, "owner"),
                other => (first + 1 + (group * OTHERS + other) % (OTHERS * 100), "member"),
            };
            transaction.execute(
                "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
                 VALUES (?1, ?2, ?3, 0, 0, 0)",
                params![pk, user, role],
            )?;
        }
    }
    transaction.commit()
}
