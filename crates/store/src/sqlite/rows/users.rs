//! Operations on the rows of users, their credentials and counts, and the secrets of guests.
//!
//! What must stay true: a row is written whole, so that a read returns what the rule wrote.

use std::ops::Deref;

use quintet_domain::{Metadata, Scopes, ServerRole, Timestamp, UserId, UserKind};
use quintet_rules::rows::{CountDelta, GuestRows, UserCounts, UserRow, UserRows};
use quintet_rules::{RowResult, RowsError, SecretKey, UserKey};
use rusqlite::{Connection, ErrorCode, Row, params};

use super::{SqliteRows, limit_of, user_at, user_columns};

/// The kind of a user as its column stores it. A service is stored as a registered user with a flag.
fn kind_of(row: &UserRow) -> &'static str {
    match row.user.kind {
        UserKind::Registered | UserKind::Service => "registered",
        UserKind::Guest => "guest",
    }
}

/// The role as it is stored: nothing for what every person may.
fn stored_role(row: &UserRow) -> Option<&'static str> {
    Some(row.server_role).filter(|role| *role != ServerRole::User).map(ServerRole::as_str)
}

fn counts_at(row: &Row<'_>) -> rusqlite::Result<UserCounts> {
    Ok(UserCounts { conversations: row.get(0)?, notifications: row.get(1)?, file_bytes: row.get(2)? })
}

impl<C: Deref<Target = Connection>> SqliteRows<C> {
    /// Runs one of the two statements that write a whole user, whose first parameter is the key.
    fn write_user(&self, sql: &str, key: Option<UserKey>, row: &UserRow) -> RowResult<i64> {
        let (user, names) = (&*row.user, row.names.as_ref());
        self.insert(
            sql,
            params![
                key.map(|key| key.0),
                user.id.as_str(),
                kind_of(row),
                user.is_service(),
                user.username,
                user.name,
                user.last_name,
                user.avatar,
                user.last_seen.map(|at| at.0),
                user.created_at.0,
                names.map(|names| &names.username_key),
                names.and_then(|names| names.key.as_ref()),
                names.and_then(|names| names.look.as_ref()),
                row.email,
                row.email_key,
                row.password_hash,
                row.home_dialect,
                row.country,
                row.token_generation.cast_signed(),
                row.tokens_from_s,
                row.disabled,
                row.erased,
                row.erasing.map(|progress| progress.sequence.cast_signed()),
                row.erasing.map_or(0, |progress| progress.conversation.0),
                row.picture.map(|picture| picture.0),
                row.former_id.as_ref().map(UserId::as_str),
                row.metadata.as_ref().map(Metadata::as_str),
                row.is_blocked,
                row.blocks_position.map(u64::cast_signed),
                stored_role(row),
            ],
        )
    }
}

impl<C: Deref<Target = Connection>> UserRows for SqliteRows<C> {
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>> {
        self.find(concat!("SELECT ", user_columns!(), " FROM user u WHERE u.id = ?1"), [id.as_str()], user_at)
    }

    fn user_by_key(&self, key: UserKey) -> RowResult<Option<UserRow>> {
        self.find(concat!("SELECT ", user_columns!(), " FROM user u WHERE u.pk = ?1"), [key.0], user_at)
    }

    fn user_by_email_key(&self, email_key: &str) -> RowResult<Option<UserRow>> {
        self.find(concat!("SELECT ", user_columns!(), " FROM user u WHERE u.email_key = ?1"), [email_key], user_at)
    }

    fn user_by_username_key(&self, username_key: &str) -> RowResult<Option<UserRow>> {
        let sql = concat!("SELECT ", user_columns!(), " FROM user u WHERE u.username_key = ?1");
        self.find(sql, [username_key], user_at)
    }

    fn users_by_name_key(&self, name_key: &str, limit: usize) -> RowResult<Vec<UserKey>> {
        let sql = "SELECT pk FROM user WHERE name_key = ?1 ORDER BY pk LIMIT ?2";
        self.list(sql, params![name_key, limit_of(limit)], |row| Ok(UserKey(row.get(0)?)))
    }

    fn name_is_taken(&self, username_key: &str, key: &str, look: &str, except: Option<UserKey>) -> RowResult<bool> {
        self.exists(
            "SELECT 1 FROM user
             WHERE (username_key = ?1 OR name_key IN (?2, ?3) OR name_look IN (?2, ?3)) AND pk IS NOT ?4",
            params![username_key, key, look, except.map(|key| key.0)],
        )
    }

    fn insert_user(&mut self, row: &UserRow) -> RowResult<UserKey> {
        let key = self.write_user(
            "INSERT INTO user (pk, id, kind, service, username, name, last_name, avatar, last_seen, created_at,
                 username_key, name_key, name_look, email, email_key, password_hash, home_dialect, country,
                 token_generation, tokens_from_s, disabled, erased, erasing_from, erasing_conversation_pk, picture_pk,
                 former_id, metadata, is_blocked, blocks_position, server_role)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                 ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
            None,
            row,
        )?;
        Ok(UserKey(key))
    }

    fn update_user(&mut self, row: &UserRow) -> RowResult<()> {
        self.write_user(
            "UPDATE user SET id = ?2, kind = ?3, service = ?4, username = ?5, name = ?6, last_name = ?7, avatar = ?8,
                 last_seen = ?9, created_at = ?10, username_key = ?11, name_key = ?12, name_look = ?13, email = ?14,
                 email_key = ?15, password_hash = ?16, home_dialect = ?17, country = ?18, token_generation = ?19,
                 tokens_from_s = ?20, disabled = ?21, erased = ?22, erasing_from = ?23,
                 erasing_conversation_pk = ?24, picture_pk = ?25, former_id = ?26, metadata = ?27,
                 is_blocked = ?28, blocks_position = ?29, server_role = ?30
             WHERE pk = ?1",
            Some(row.key),
            row,
        )?;
        Ok(())
    }

    fn delete_user(&mut self, key: UserKey) -> RowResult<bool> {
        let deleted =
            self.0.prepare_cached("DELETE FROM user WHERE pk = ?1").and_then(|mut delete| delete.execute([key.0]));
        match deleted {
            Ok(_) => Ok(true),
            Err(rusqlite::Error::SqliteFailure(why, _)) if why.code == ErrorCode::ConstraintViolation => Ok(false),
            Err(error) => Err(RowsError::new(error)),
        }
    }

    fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RowResult<()> {
        self.run("UPDATE user SET last_seen = ?2 WHERE pk = ?1", [key.0, at.0])?;
        Ok(())
    }

    fn user_counts(&self, key: UserKey) -> RowResult<UserCounts> {
        let sql = "SELECT conversations, notifications, file_bytes FROM user WHERE pk = ?1";
        Ok(self.find(sql, [key.0], counts_at)?.unwrap_or_default())
    }

    fn add_user_counts(&mut self, key: UserKey, delta: CountDelta) -> RowResult<UserCounts> {
        let sums = self.find(
            "UPDATE user SET conversations = conversations + ?2, notifications = notifications + ?3,
                 file_bytes = file_bytes + ?4
             WHERE pk = ?1 RETURNING conversations, notifications, file_bytes",
            [key.0, delta.conversations, delta.notifications, delta.file_bytes],
            counts_at,
        )?;
        Ok(sums.unwrap_or_default())
    }

    fn guests(&self, after: UserKey, limit: usize) -> RowResult<Vec<UserRow>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM user u WHERE u.kind = 'guest' AND u.pk > ?1 ORDER BY u.pk LIMIT ?2"
        );
        self.list(sql, [after.0, limit_of(limit)], user_at)
    }

    fn newest_user(&self) -> RowResult<Option<UserKey>> {
        self.get("SELECT max(pk) FROM user", [], |row| Ok(row.get::<_, Option<i64>>(0)?.map(UserKey)))
    }

    fn add_contacts(&mut self, key: UserKey, day: i64, added: i64, direct: i64) -> RowResult<(i64, i64)> {
        self.get(
            "INSERT INTO contacts (user_pk, day, added, direct) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_pk) DO UPDATE SET
                 added = excluded.added + CASE WHEN day = excluded.day THEN added ELSE 0 END,
                 direct = excluded.direct + CASE WHEN day = excluded.day THEN direct ELSE 0 END,
                 day = excluded.day
             RETURNING added, direct",
            [key.0, day, added, direct],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    fn prune_contacts(&mut self, day: i64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM contacts WHERE user_pk IN (
                 SELECT user_pk FROM contacts WHERE day < ?1 ORDER BY day LIMIT ?2)",
            [day, limit_of(limit)],
        )
    }

    fn set_login_network(&mut self, key: UserKey, network: &str, at: Timestamp) -> RowResult<()> {
        self.run(
            "INSERT INTO login_network (user_pk, network, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_pk, network) DO UPDATE SET at = excluded.at",
            params![key.0, network, at.0],
        )?;
        Ok(())
    }

    fn login_network(&self, key: UserKey, network: &str) -> RowResult<Option<Timestamp>> {
        let sql = "SELECT at FROM login_network WHERE user_pk = ?1 AND network = ?2";
        self.find(sql, params![key.0, network], |row| Ok(Timestamp(row.get(0)?)))
    }

    fn delete_login_networks(&mut self, key: UserKey) -> RowResult<()> {
        self.run("DELETE FROM login_network WHERE user_pk = ?1", [key.0])?;
        Ok(())
    }

    fn trim_login_networks(&mut self, key: UserKey, keep: usize) -> RowResult<()> {
        self.run(
            "DELETE FROM login_network WHERE user_pk = ?1 AND network NOT IN
                 (SELECT network FROM login_network WHERE user_pk = ?1 ORDER BY at DESC, network LIMIT ?2)",
            [key.0, limit_of(keep)],
        )?;
        Ok(())
    }

    fn prune_login_networks(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM login_network WHERE (user_pk, network) IN (
                 SELECT user_pk, network FROM login_network WHERE at < ?1 ORDER BY at LIMIT ?2)",
            [before.0, limit_of(limit)],
        )
    }

    fn insert_service_key(&mut self, key: UserKey, (hash, scopes): (&str, Scopes), at: Timestamp) -> RowResult<bool> {
        let made = self.run(
            "INSERT INTO service_key (user_pk, hash, created_at, scopes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![key.0, hash, at.0, scopes.names()],
        )?;
        Ok(made > 0)
    }

    fn delete_service_key(&mut self, key: UserKey) -> RowResult<bool> {
        Ok(self.run("DELETE FROM service_key WHERE user_pk = ?1", [key.0])? > 0)
    }
}

impl<C: Deref<Target = Connection>> GuestRows for SqliteRows<C> {
    fn guest_secret(&self, guest: UserKey, name: &str) -> RowResult<Option<(SecretKey, Vec<u8>)>> {
        let sql = "SELECT pk, hash FROM guest_secret WHERE name = ?1 AND user_pk = ?2";
        self.find(sql, params![name, guest.0], |row| Ok((SecretKey(row.get(0)?), row.get(1)?)))
    }

    fn insert_guest_secret(
        &mut self,
        guest: UserKey,
        name: &str,
        hash: &[u8],
        at: Timestamp,
    ) -> RowResult<Option<SecretKey>> {
        self.find(
            "INSERT INTO guest_secret (user_pk, name, hash, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING RETURNING pk",
            params![guest.0, name, hash, at.0],
            |row| Ok(SecretKey(row.get(0)?)),
        )
    }

    fn delete_guest_secrets(&mut self, guest: UserKey) -> RowResult<()> {
        self.run("DELETE FROM guest_secret WHERE user_pk = ?1", [guest.0])?;
        Ok(())
    }
}
