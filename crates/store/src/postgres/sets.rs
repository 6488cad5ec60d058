//! Users of lists, each read once however often it occurs.
//!
//! What must stay true: all users are of one read, so that none is older than the rest of its page.

use std::collections::HashMap;
use std::sync::Arc;

use quintet_domain::User;
use tokio_postgres::Row;

use super::error::Fetched;
use super::reader::ReadLink;
use super::rows::{Channel, shown_user_at, shown_user_columns};

/// Users that were read before.
#[derive(Debug, Default)]
pub(super) struct Users(HashMap<i64, Arc<User>>);

impl Users {
    /// Reads the users of some keys.
    pub(super) fn load(conn: &ReadLink, pks: &[i64]) -> Fetched<Self> {
        let mut users = Self::default();
        let sql = concat!("SELECT ", shown_user_columns!(), " FROM chat_user u WHERE u.pk = ANY($1)");
        for row in conn.read(sql, &[&pks])? {
            users.at(&row, 0)?;
        }
        Ok(users)
    }

    /// The user whose columns start at `at` in a row.
    pub(super) fn at(&mut self, row: &Row, at: usize) -> Fetched<Arc<User>> {
        let pk: i64 = row.try_get(at)?;
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
