//! Operations on the rows of requests, and of groups that people have left.
//!
//! What must stay true: a person has at most one request for each conversation.

use std::ops::Deref;

use quintet_domain::{RequestId, RequestKind, Role, Timestamp};
use quintet_rules::rows::{ContactRequestRow, ContactRequestRows};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of, parsed};

/// The columns of a request, for [`request_at`].
macro_rules! request_columns {
    () => {
        "id, kind, from_pk, to_pk, conversation_pk, role, at, declined"
    };
}

fn request_at(row: &Row<'_>) -> rusqlite::Result<ContactRequestRow> {
    Ok(ContactRequestRow {
        id: RequestId::trusted(row.get_ref(0)?.as_str()?),
        kind: parsed(row, 1, RequestKind::parse)?,
        from: UserKey(row.get(2)?),
        to: UserKey(row.get(3)?),
        conversation: ConversationKey(row.get(4)?),
        role: parsed(row, 5, Role::parse)?,
        at: Timestamp(row.get(6)?),
        declined: row.get(7)?,
    })
}

impl<C: Deref<Target = Connection>> ContactRequestRows for SqliteRows<C> {
    fn contact_request(&self, id: &RequestId) -> RowResult<Option<ContactRequestRow>> {
        let sql = concat!("SELECT ", request_columns!(), " FROM contact_request WHERE id = ?1");
        self.find(sql, [id.as_str()], request_at)
    }

    fn contact_request_for(&self, to: UserKey, conversation: ConversationKey) -> RowResult<Option<ContactRequestRow>> {
        let sql =
            concat!("SELECT ", request_columns!(), " FROM contact_request WHERE to_pk = ?1 AND conversation_pk = ?2");
        self.find(sql, [to.0, conversation.0], request_at)
    }

    fn contact_requests_to(&self, to: UserKey, after: Timestamp, limit: usize) -> RowResult<Vec<ContactRequestRow>> {
        let sql = concat!(
            "SELECT ",
            request_columns!(),
            " FROM contact_request WHERE to_pk = ?1 AND at > ?2 AND declined = 0
             ORDER BY at DESC, conversation_pk DESC LIMIT ?3"
        );
        self.list(sql, [to.0, after.0, limit_of(limit)], request_at)
    }

    fn put_contact_request(&mut self, row: &ContactRequestRow) -> RowResult<()> {
        self.run(
            "INSERT INTO contact_request (id, kind, from_pk, to_pk, conversation_pk, role, at, declined)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (to_pk, conversation_pk) DO UPDATE SET id = excluded.id, kind = excluded.kind,
                 from_pk = excluded.from_pk, role = excluded.role, at = excluded.at, declined = excluded.declined",
            params![
                row.id.as_str(),
                row.kind.as_str(),
                row.from.0,
                row.to.0,
                row.conversation.0,
                row.role.as_str(),
                row.at.0,
                row.declined
            ],
        )?;
        Ok(())
    }

    fn decline_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()> {
        let sql = "UPDATE contact_request SET declined = 1 WHERE to_pk = ?1 AND conversation_pk = ?2";
        self.run(sql, [to.0, conversation.0])?;
        Ok(())
    }

    fn delete_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()> {
        let sql = "DELETE FROM contact_request WHERE to_pk = ?1 AND conversation_pk = ?2";
        self.run(sql, [to.0, conversation.0])?;
        Ok(())
    }

    fn delete_contact_requests_between(&mut self, from: UserKey, to: UserKey) -> RowResult<()> {
        self.run("DELETE FROM contact_request WHERE from_pk = ?1 AND to_pk = ?2", [from.0, to.0])?;
        Ok(())
    }

    fn delete_contact_requests_about(&mut self, conversation: ConversationKey) -> RowResult<()> {
        self.run("DELETE FROM contact_request WHERE conversation_pk = ?1", [conversation.0])?;
        Ok(())
    }

    fn delete_contact_requests_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM contact_request WHERE (to_pk, conversation_pk) IN (
                 SELECT to_pk, conversation_pk FROM contact_request WHERE from_pk = ?1 OR to_pk = ?1 LIMIT ?2)",
            [user.0, limit_of(limit)],
        )
    }

    fn prune_contact_requests(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM contact_request WHERE (to_pk, conversation_pk) IN (
                 SELECT to_pk, conversation_pk FROM contact_request WHERE at < ?1 LIMIT ?2)",
            [before.0, limit_of(limit)],
        )
    }

    fn insert_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()> {
        let sql = "INSERT INTO left_group (user_pk, conversation_pk) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.run(sql, [user.0, group.0])?;
        Ok(())
    }

    fn has_left_group(&self, user: UserKey, group: ConversationKey) -> RowResult<bool> {
        self.exists("SELECT 1 FROM left_group WHERE user_pk = ?1 AND conversation_pk = ?2", [user.0, group.0])
    }

    fn delete_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()> {
        self.run("DELETE FROM left_group WHERE user_pk = ?1 AND conversation_pk = ?2", [user.0, group.0])?;
        Ok(())
    }

    fn delete_left_groups_about(&mut self, group: ConversationKey) -> RowResult<()> {
        self.run("DELETE FROM left_group WHERE conversation_pk = ?1", [group.0])?;
        Ok(())
    }

    fn delete_left_groups_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM left_group WHERE (user_pk, conversation_pk) IN (
                 SELECT user_pk, conversation_pk FROM left_group WHERE user_pk = ?1 LIMIT ?2)",
            [user.0, limit_of(limit)],
        )
    }
}
