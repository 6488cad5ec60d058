//! Operations on the rows of meetups, and of requests to take part in them.
//!
//! What must stay true: a row is written whole, so that a read returns what the rule wrote.

use quintet_domain::{MeetupId, Timestamp};
use quintet_rules::rows::{MeetupRow, MeetupRows};
use quintet_rules::{MeetupKey, RowResult, UserKey};

use super::{Channel, PostgresRows, limit_of, meetup_at, meetup_columns};
use crate::postgres::error::get;

impl<C: Channel> PostgresRows<C> {
    /// Runs one of the two statements that write a whole meetup and return its key. The first parameter is the key.
    fn write_meetup(&self, sql: &'static str, key: Option<MeetupKey>, row: &MeetupRow) -> RowResult<i64> {
        self.insert(
            sql,
            &[
                &key.map(|key| key.0),
                &row.id.as_str(),
                &row.conversation.0,
                &row.host.0,
                &row.activity,
                &row.location,
                &row.starts_at.0,
                &row.expires_at.0,
                &row.capacity.map(i64::from),
                &row.status.as_str(),
                &row.deleted_at.map(|at| at.0),
            ],
        )
    }
}

impl<C: Channel> MeetupRows for PostgresRows<C> {
    fn meetup(&self, id: &MeetupId) -> RowResult<Option<MeetupRow>> {
        let sql = concat!("SELECT ", meetup_columns!(), " FROM meetup t WHERE t.id = $1 AND t.deleted_at IS NULL");
        self.find(sql, &[&id.as_str()], meetup_at)
    }

    fn insert_meetup(&mut self, row: &MeetupRow) -> RowResult<MeetupKey> {
        let key = self.write_meetup(
            "INSERT INTO meetup (pk, id, conversation_pk, host_pk, activity, location, starts_at, expires_at, capacity,
                 status, deleted_at)
             VALUES (coalesce($1, (SELECT max(pk) FROM meetup), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             RETURNING pk",
            None,
            row,
        )?;
        Ok(MeetupKey(key))
    }

    fn update_meetup(&mut self, row: &MeetupRow) -> RowResult<()> {
        self.write_meetup(
            "UPDATE meetup SET id = $2, conversation_pk = $3, host_pk = $4, activity = $5, location = $6,
                 starts_at = $7, expires_at = $8, capacity = $9, status = $10, deleted_at = $11
             WHERE pk = $1 RETURNING pk",
            Some(row.key),
            row,
        )?;
        Ok(())
    }

    fn current_meetups(&self, host: UserKey) -> RowResult<i64> {
        self.get(
            "SELECT count(*) FROM meetup
             WHERE host_pk = $1 AND deleted_at IS NULL AND status IN ('open', 'confirmed')",
            &[&host.0],
            |row| get(row, 0),
        )
    }

    fn meetups_of(&self, host: UserKey) -> RowResult<Vec<MeetupRow>> {
        let sql = concat!("SELECT ", meetup_columns!(), " FROM meetup t WHERE t.host_pk = $1 ORDER BY t.pk");
        self.list(sql, &[&host.0], meetup_at)
    }

    fn expired_meetups(&self, now: Timestamp) -> RowResult<Vec<MeetupRow>> {
        let sql = concat!(
            "SELECT ",
            meetup_columns!(),
            " FROM meetup t
             WHERE t.status = 'open' AND t.expires_at <= $1 AND t.deleted_at IS NULL ORDER BY t.pk"
        );
        self.list(sql, &[&now.0], meetup_at)
    }

    fn insert_request(&mut self, meetup: MeetupKey, user: UserKey, at: Timestamp) -> RowResult<bool> {
        let made = self.run(
            "INSERT INTO meetup_request (meetup_pk, user_pk, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[&meetup.0, &user.0, &at.0],
        )?;
        Ok(made > 0)
    }

    fn delete_request(&mut self, meetup: MeetupKey, user: UserKey) -> RowResult<bool> {
        let sql = "DELETE FROM meetup_request WHERE meetup_pk = $1 AND user_pk = $2";
        Ok(self.run(sql, &[&meetup.0, &user.0])? > 0)
    }

    fn delete_requests(&mut self, meetup: MeetupKey) -> RowResult<()> {
        self.run("DELETE FROM meetup_request WHERE meetup_pk = $1", &[&meetup.0])?;
        Ok(())
    }

    fn delete_requests_of(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM meetup_request WHERE user_pk = $1", &[&user.0])?;
        Ok(())
    }

    fn requests(&self, meetup: MeetupKey, limit: usize) -> RowResult<Vec<(UserKey, Timestamp)>> {
        self.list(
            "SELECT user_pk, created_at FROM meetup_request WHERE meetup_pk = $1
             ORDER BY created_at, user_pk LIMIT $2",
            &[&meetup.0, &limit_of(limit)],
            |row| Ok((UserKey(row.try_get(0)?), Timestamp(row.try_get(1)?))),
        )
    }

    fn request_of(&self, meetup: MeetupKey, user: UserKey) -> RowResult<Option<Timestamp>> {
        let sql = "SELECT created_at FROM meetup_request WHERE meetup_pk = $1 AND user_pk = $2";
        self.find(sql, &[&meetup.0, &user.0], |row| Ok(Timestamp(row.try_get(0)?)))
    }

    fn request_count(&self, meetup: MeetupKey) -> RowResult<i64> {
        self.get("SELECT count(*) FROM meetup_request WHERE meetup_pk = $1", &[&meetup.0], |row| get(row, 0))
    }
}
