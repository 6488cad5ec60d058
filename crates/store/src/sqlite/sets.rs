//! Reading sets: many rows by one statement, whose keys are passed as a JSON array.
//!
//! What must stay true: a statement over `json_each` returns the index of the key that a row belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use quintet_domain::{Message, User};
use rusqlite::{Connection, Row};

use super::rows::{shown_user_at, shown_user_columns};
use crate::error::Read;

/// Approximate bytes of a list item without its names, links and texts: ids, times, flags.
const ITEM_BYTES: usize = 300;

/// Keys as `json_each` takes them.
pub(super) fn keys(pks: impl IntoIterator<Item = i64>) -> String {
    let mut list = String::from("[");
    for pk in pks {
        if list.len() > 1 {
            list.push(',');
        }
        list += &pk.to_string();
    }
    list.push(']');
    list
}

/// The index of the key that a row belongs to, from the row's first column.
pub(super) fn nth(row: &Row<'_>) -> rusqlite::Result<usize> {
    Ok(row.get::<_, u32>(0)? as usize)
}

/// Users that were read before, each kept once however often it occurs in a list.
#[derive(Debug, Default)]
pub(super) struct Users(HashMap<i64, Arc<User>>);

impl Users {
    /// Reads the users of some keys.
    pub(super) fn load(conn: &Connection, pks: impl IntoIterator<Item = i64>) -> Read<Self> {
        let mut users = Self::default();
        let mut statement = conn.prepare_cached(concat!(
            "SELECT ",
            shown_user_columns!(),
            " FROM json_each(?1) j CROSS JOIN user u ON u.pk = j.value"
        ))?;
        let mut found = statement.query([keys(pks)])?;
        while let Some(row) = found.next()? {
            users.at(row, 0)?;
        }
        Ok(users)
    }

    /// The user whose columns start at `at` in a row.
    pub(super) fn at(&mut self, row: &Row<'_>, at: usize) -> rusqlite::Result<Arc<User>> {
        let pk: i64 = row.get(at)?;
        if let Some(known) = self.0.get(&pk) {
            return Ok(Arc::clone(known));
        }
        let user = Arc::new(shown_user_at(row, at)?);
        self.0.insert(pk, Arc::clone(&user));
        Ok(user)
    }

    /// A user that was read before, by its key.
    pub(super) fn get(&self, pk: i64) -> Option<&Arc<User>> {
        self.0.get(&pk)
    }
}

/// Approximate bytes of a user in a list.
pub(super) fn user_bytes(user: &User) -> usize {
    ITEM_BYTES + user.username.len() + user.name.len() + user.avatar.as_ref().map_or(0, String::len)
}

/// The bytes of a message's texts and links, including the link to its sender's picture.
pub(super) fn text_bytes(message: &Message) -> usize {
    let file = message.file.as_ref().map_or(0, |file| file.url.len() + file.name.as_ref().map_or(0, String::len));
    let details = message.details.as_ref().map_or(0, |details| details.size_bytes());
    message.content.len() + file + details + message.sender.avatar.as_ref().map_or(0, String::len)
}

/// Approximate bytes of a message and its sender in a list.
pub(super) fn message_bytes(message: &Message) -> usize {
    2 * ITEM_BYTES + text_bytes(message) + message.sender.username.len() + message.sender.name.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_written() {
        let conn = Connection::open_in_memory().unwrap();
        let read = |list: String| -> Vec<String> {
            let mut statement = conn.prepare("SELECT CAST(value AS TEXT) FROM json_each(?1)").unwrap();
            statement.query_map([list], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        assert_eq!(read(keys([3, -1, i64::MAX])), ["3", "-1", "9223372036854775807"]);
        assert!(read(keys([])).is_empty());
    }
}
