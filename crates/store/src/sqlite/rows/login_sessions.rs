//! Operations on the rows of sessions of users.
//!
//! What must stay true: the sessions of a user are read by the index of their user.

use std::ops::Deref;

use quintet_domain::{LoginSession, LoginSessionId, Timestamp};
use quintet_rules::rows::{LoginSessionRow, LoginSessionRows};
use quintet_rules::{RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of};

/// The columns of a session, for [`login_session_at`].
macro_rules! login_session_columns {
    () => {
        "s.user_pk, s.id, s.client, s.created_at, s.seen_at, s.expires_at"
    };
}

fn login_session_at(row: &Row<'_>) -> rusqlite::Result<LoginSessionRow> {
    Ok(LoginSessionRow {
        user: UserKey(row.get(0)?),
        session: LoginSession {
            id: LoginSessionId::trusted(row.get_ref(1)?.as_str()?),
            client: row.get_ref(2)?.as_str_or_null()?.map(Into::into),
            created_at: Timestamp(row.get(3)?),
            seen_at: Timestamp(row.get(4)?),
            expires_at: Timestamp(row.get(5)?),
        },
    })
}

impl<C: Deref<Target = Connection>> LoginSessionRows for SqliteRows<C> {
    fn login_session(&self, id: &LoginSessionId) -> RowResult<Option<LoginSessionRow>> {
        let sql = concat!("SELECT ", login_session_columns!(), " FROM login_session s WHERE s.id = ?1");
        self.find(sql, [id.as_str()], login_session_at)
    }

    fn login_sessions(&self, user: UserKey) -> RowResult<Vec<LoginSessionRow>> {
        self.list(
            concat!(
                "SELECT ",
                login_session_columns!(),
                " FROM login_session s WHERE s.user_pk = ?1 ORDER BY s.seen_at DESC, s.id DESC"
            ),
            [user.0],
            login_session_at,
        )
    }

    fn insert_login_session(&mut self, row: &LoginSessionRow) -> RowResult<()> {
        let LoginSession { id, client, created_at, seen_at, expires_at } = &row.session;
        self.run(
            "INSERT INTO login_session (id, user_pk, client, created_at, seen_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id.as_str(), row.user.0, client.as_deref(), created_at.0, seen_at.0, expires_at.0],
        )?;
        Ok(())
    }

    fn set_login_session(&mut self, id: &LoginSessionId, seen_at: Timestamp, expires_at: Timestamp) -> RowResult<()> {
        let sql = "UPDATE login_session SET seen_at = ?2, expires_at = ?3 WHERE id = ?1";
        self.run(sql, params![id.as_str(), seen_at.0, expires_at.0])?;
        Ok(())
    }

    fn delete_login_session(&mut self, id: &LoginSessionId) -> RowResult<()> {
        self.run("DELETE FROM login_session WHERE id = ?1", [id.as_str()])?;
        Ok(())
    }

    fn delete_login_sessions_of(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM login_session WHERE user_pk = ?1", [user.0])?;
        Ok(())
    }

    fn prune_login_sessions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM login_session WHERE id IN (
                 SELECT id FROM login_session WHERE expires_at < ?1 ORDER BY expires_at, id LIMIT ?2)",
            params![before.0, limit_of(limit)],
        )
    }
}
