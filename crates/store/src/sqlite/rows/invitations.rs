//! Operations on the rows of invitations.
//!
//! What must stay true: lists are read by the index of their maker, or by the key.

use std::ops::Deref;

use quintet_domain::{InvitationBounds, InvitationState, Timestamp};
use quintet_rules::rows::{InvitationRow, InvitationRows};
use quintet_rules::{RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::columns::moment;
use super::{SqliteRows, limit_of};
use crate::invitation_columns;

/// The columns of an invitation, for [`invitation_at`].
macro_rules! invitation_columns {
    () => {
        "i.pk, i.id, i.hash, i.admits, i.conversations, i.made_by_pk, i.created_at, i.expires_at, i.uses_max, i.uses,
         i.revoked_at"
    };
}

fn invitation_at(row: &Row<'_>) -> rusqlite::Result<InvitationRow> {
    let conversations = invitation_columns::read(row.get_ref(4)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(InvitationRow {
        key: row.get(0)?,
        id: row.get(1)?,
        hash: row.get(2)?,
        admits: row.get(3)?,
        conversations,
        made_by: row.get::<_, Option<i64>>(5)?.map(UserKey),
        created_at: Timestamp(row.get(6)?),
        bounds: InvitationBounds { uses_max: row.get(8)?, expires_at: moment(row, 7)? },
        state: InvitationState { uses: row.get(9)?, revoked_at: moment(row, 10)? },
    })
}

impl<C: Deref<Target = Connection>> InvitationRows for SqliteRows<C> {
    fn invitation_by_hash(&self, hash: &str) -> RowResult<Option<InvitationRow>> {
        let sql = concat!("SELECT ", invitation_columns!(), " FROM invitation i WHERE i.hash = ?1");
        self.find(sql, [hash], invitation_at)
    }

    fn invitation(&self, id: &str) -> RowResult<Option<InvitationRow>> {
        let sql = concat!("SELECT ", invitation_columns!(), " FROM invitation i WHERE i.id = ?1");
        self.find(sql, [id], invitation_at)
    }

    fn insert_invitation(&mut self, row: &InvitationRow) -> RowResult<()> {
        self.run(
            "INSERT INTO invitation
                 (id, hash, admits, conversations, made_by_pk, created_at, expires_at, uses_max, uses, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                row.id,
                row.hash,
                row.admits,
                invitation_columns::written(&row.conversations),
                row.made_by.map(|user| user.0),
                row.created_at.0,
                row.bounds.expires_at.map(|at| at.0),
                row.bounds.uses_max,
                row.state.uses,
                row.state.revoked_at.map(|at| at.0),
            ],
        )?;
        Ok(())
    }

    fn set_invitation_state(&mut self, key: i64, state: InvitationState) -> RowResult<()> {
        let InvitationState { uses, revoked_at } = state;
        let sql = "UPDATE invitation SET uses = ?2, revoked_at = ?3 WHERE pk = ?1";
        self.run(sql, params![key, uses, revoked_at.map(|at| at.0)])?;
        Ok(())
    }

    fn invitations_before(&self, of: Option<UserKey>, before: i64, limit: usize) -> RowResult<Vec<InvitationRow>> {
        match of {
            Some(user) => self.list(
                concat!(
                    "SELECT ",
                    invitation_columns!(),
                    " FROM invitation i WHERE i.made_by_pk = ?1 AND i.pk < ?2 ORDER BY i.pk DESC LIMIT ?3"
                ),
                [user.0, before, limit_of(limit)],
                invitation_at,
            ),
            None => self.list(
                concat!(
                    "SELECT ",
                    invitation_columns!(),
                    " FROM invitation i WHERE i.pk < ?1 ORDER BY i.pk DESC LIMIT ?2"
                ),
                [before, limit_of(limit)],
                invitation_at,
            ),
        }
    }

    fn delete_invitations_of(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM invitation WHERE made_by_pk = ?1", [user.0])?;
        Ok(())
    }

    fn prune_invitations(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM invitation WHERE pk IN (
                 SELECT pk FROM invitation WHERE expires_at < ?1 OR revoked_at < ?1 ORDER BY pk LIMIT ?2)",
            [before.0, limit_of(limit)],
        )
    }
}
