//! Operations on the rows of users, their credentials and counts, and the secrets of guests.
//!
//! What must stay true: a row is written whole, so that a read returns what the rule wrote.

use quintet_domain::{Metadata, Scopes, ServerRole, Timestamp, UserId, UserKind};
use quintet_rules::rows::{CountDelta, GuestRows, UserCounts, UserRow, UserRows};
use quintet_rules::{RowResult, SecretKey, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, limit_of, user_at, user_columns};

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

fn counts_at(row: &Row) -> Fetched<UserCounts> {
    Ok(UserCounts { conversations: row.try_get(0)?, notifications: row.try_get(1)?, file_bytes: row.try_get(2)? })
}

impl<C: Channel> PostgresRows<C> {
    /// Runs one of the two statements that write a whole user and return its key. The first parameter is the key.
    fn write_user(&self, sql: &'static str, key: Option<UserKey>, row: &UserRow) -> RowResult<UserKey> {
        let (user, names) = (&*row.user, row.names.as_ref());
        let key = self.insert(
            sql,
            &[
                &key.map(|key| key.0),
                &user.id.as_str(),
                &kind_of(row),
                &user.is_service(),
                &user.username,
                &user.name,
                &user.last_name,
                &user.avatar,
                &user.last_seen.map(|at| at.0),
                &user.created_at.0,
                &names.map(|names| &names.username_key),
                &names.and_then(|names| names.key.as_ref()),
                &names.and_then(|names| names.look.as_ref()),
                &row.email,
                &row.email_key,
                &row.password_hash,
                &row.home_dialect,
                &row.country,
                &row.token_generation.cast_signed(),
                &row.tokens_from_s,
                &row.disabled,
                &row.erased,
                &row.erasing.map(|progress| progress.sequence.cast_signed()),
                &row.erasing.map_or(0, |progress| progress.conversation.0),
                &row.picture.map(|picture| picture.0),
                &row.former_id.as_ref().map(UserId::as_str),
                &row.metadata.as_ref().map(Metadata::as_str),
                &row.is_blocked,
                &row.blocks_position.map(u64::cast_signed),
                &stored_role(row),
            ],
        )?;
        self.0.user_changed(UserKey(key));
        Ok(UserKey(key))
    }
}

impl<C: Channel> UserRows for PostgresRows<C> {
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>> {
        self.find(concat!("SELECT ", user_columns!(), " FROM chat_user u WHERE u.id = $1"), &[&id.as_str()], user_at)
    }

    fn user_by_key(&self, key: UserKey) -> RowResult<Option<UserRow>> {
        self.find(concat!("SELECT ", user_columns!(), " FROM chat_user u WHERE u.pk = $1"), &[&key.0], user_at)
    }

    fn user_by_email_key(&self, email_key: &str) -> RowResult<Option<UserRow>> {
        self.find(
            concat!("SELECT ", user_columns!(), " FROM chat_user u WHERE u.email_key = $1"),
            &[&email_key],
            user_at,
        )
    }

    fn user_by_username_key(&self, username_key: &str) -> RowResult<Option<UserRow>> {
        let sql = concat!("SELECT ", user_columns!(), " FROM chat_user u WHERE u.username_key = $1");
        self.find(sql, &[&username_key], user_at)
    }

    fn users_by_name_key(&self, name_key: &str, limit: usize) -> RowResult<Vec<UserKey>> {
        let sql = "SELECT pk FROM chat_user WHERE name_key = $1 ORDER BY pk LIMIT $2";
        self.list(sql, &[&name_key, &limit_of(limit)], |row| Ok(UserKey(row.try_get(0)?)))
    }

    fn name_is_taken(&self, username_key: &str, key: &str, look: &str, except: Option<UserKey>) -> RowResult<bool> {
        self.exists(
            "SELECT 1 FROM chat_user
             WHERE (username_key = $1 OR name_key IN ($2, $3) OR name_look IN ($2, $3)) AND pk IS DISTINCT FROM $4 LIMIT 1",
            &[&username_key, &key, &look, &except.map(|key| key.0)],
        )
    }

    fn insert_user(&mut self, row: &UserRow) -> RowResult<UserKey> {
        self.write_user(
            "INSERT INTO chat_user (pk, id, kind, service, username, name, last_name, avatar, last_seen, created_at,
                 username_key, name_key, name_look, email, email_key, password_hash, home_dialect, country,
                 token_generation, tokens_from_s, disabled, erased, erasing_from, erasing_conversation_pk, picture_pk,
                 former_id, metadata, is_blocked, blocks_position, server_role)
             VALUES (coalesce($1, (SELECT max(pk) FROM chat_user), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                 $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
             RETURNING pk",
            None,
            row,
        )
    }

    fn update_user(&mut self, row: &UserRow) -> RowResult<()> {
        self.write_user(
            "UPDATE chat_user SET id = $2, kind = $3, service = $4, username = $5, name = $6, last_name = $7, avatar = $8,
                 last_seen = $9, created_at = $10, username_key = $11, name_key = $12, name_look = $13, email = $14,
                 email_key = $15, password_hash = $16, home_dialect = $17, country = $18, token_generation = $19,
                 tokens_from_s = $20, disabled = $21, erased = $22, erasing_from = $23,
                 erasing_conversation_pk = $24, picture_pk = $25, former_id = $26, metadata = $27,
                 is_blocked = $28, blocks_position = $29, server_role = $30
             WHERE pk = $1 RETURNING pk",
            Some(row.key),
            row,
        )?;
        Ok(())
    }

    fn delete_user(&mut self, key: UserKey) -> RowResult<bool> {
        let deleted = self.run(
            "DELETE FROM chat_user WHERE pk = $1
                 AND NOT EXISTS (SELECT 1 FROM conversation WHERE owner_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM conversation WHERE first_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM conversation WHERE second_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM member WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM author WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM reaction WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM pin WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM restriction WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM restriction WHERE by_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM meetup WHERE host_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM meetup_request WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM notification WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM notification WHERE cause_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM file WHERE uploader_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM service_key WHERE user_pk = $1)
                 AND NOT EXISTS (SELECT 1 FROM contacts WHERE user_pk = $1)",
            &[&key.0],
        )?;
        if deleted > 0 {
            self.run("DELETE FROM guest_secret WHERE user_pk = $1", &[&key.0])?;
            self.run("DELETE FROM login_network WHERE user_pk = $1", &[&key.0])?;
        }
        self.0.user_changed(key);
        Ok(deleted > 0)
    }

    fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RowResult<()> {
        self.run("UPDATE chat_user SET last_seen = $2 WHERE pk = $1", &[&key.0, &at.0])?;
        self.0.user_changed(key);
        Ok(())
    }

    fn user_counts(&self, key: UserKey) -> RowResult<UserCounts> {
        let sql = "SELECT conversations, notifications, file_bytes FROM chat_user WHERE pk = $1";
        Ok(self.find(sql, &[&key.0], counts_at)?.unwrap_or_default())
    }

    fn add_user_counts(&mut self, key: UserKey, delta: CountDelta) -> RowResult<UserCounts> {
        let sums = self.find_written(
            "UPDATE chat_user SET conversations = conversations + $2, notifications = notifications + $3,
                 file_bytes = file_bytes + $4
             WHERE pk = $1 RETURNING conversations, notifications, file_bytes",
            &[&key.0, &delta.conversations, &delta.notifications, &delta.file_bytes],
            counts_at,
        )?;
        Ok(sums.unwrap_or_default())
    }

    fn guests(&self, after: UserKey, limit: usize) -> RowResult<Vec<UserRow>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM chat_user u WHERE u.kind = 'guest' AND u.pk > $1 ORDER BY u.pk LIMIT $2"
        );
        self.list(sql, &[&after.0, &limit_of(limit)], user_at)
    }

    fn newest_user(&self) -> RowResult<Option<UserKey>> {
        self.get("SELECT max(pk) FROM chat_user", &[], |row| Ok(row.try_get::<_, Option<i64>>(0)?.map(UserKey)))
    }

    fn add_contacts(&mut self, key: UserKey, day: i64, added: i64, direct: i64) -> RowResult<(i64, i64)> {
        let sums = self.find_written(
            "INSERT INTO contacts AS c (user_pk, day, added, direct) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_pk) DO UPDATE SET
                 added = excluded.added + CASE WHEN c.day = excluded.day THEN c.added ELSE 0 END,
                 direct = excluded.direct + CASE WHEN c.day = excluded.day THEN c.direct ELSE 0 END,
                 day = excluded.day
             RETURNING added, direct",
            &[&key.0, &day, &added, &direct],
            |row| Ok((row.try_get(0)?, row.try_get(1)?)),
        )?;
        Ok(sums.unwrap_or_default())
    }

    fn prune_contacts(&mut self, day: i64, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM contacts WHERE user_pk IN (
                 SELECT user_pk FROM contacts WHERE day < $1 ORDER BY day LIMIT $2)",
            &[&day, &limit_of(limit)],
        )
    }

    fn set_login_network(&mut self, key: UserKey, network: &str, at: Timestamp) -> RowResult<()> {
        self.run(
            "INSERT INTO login_network (user_pk, network, at) VALUES ($1, $2, $3)
             ON CONFLICT (user_pk, network) DO UPDATE SET at = excluded.at",
            &[&key.0, &network, &at.0],
        )?;
        Ok(())
    }

    fn login_network(&self, key: UserKey, network: &str) -> RowResult<Option<Timestamp>> {
        let sql = "SELECT at FROM login_network WHERE user_pk = $1 AND network = $2";
        self.find(sql, &[&key.0, &network], |row| Ok(Timestamp(row.try_get(0)?)))
    }

    fn delete_login_networks(&mut self, key: UserKey) -> RowResult<()> {
        self.run("DELETE FROM login_network WHERE user_pk = $1", &[&key.0])?;
        Ok(())
    }

    fn trim_login_networks(&mut self, key: UserKey, keep: usize) -> RowResult<()> {
        self.run(
            "DELETE FROM login_network WHERE user_pk = $1 AND network NOT IN
                 (SELECT network FROM login_network WHERE user_pk = $1 ORDER BY at DESC, network LIMIT $2)",
            &[&key.0, &limit_of(keep)],
        )?;
        Ok(())
    }

    fn prune_login_networks(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM login_network WHERE (user_pk, network) IN (
                 SELECT user_pk, network FROM login_network WHERE at < $1 ORDER BY at LIMIT $2)",
            &[&before.0, &limit_of(limit)],
        )
    }

    fn insert_service_key(&mut self, key: UserKey, (hash, scopes): (&str, Scopes), at: Timestamp) -> RowResult<bool> {
        let made = self.run(
            "INSERT INTO service_key (user_pk, hash, created_at, scopes) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[&key.0, &hash, &at.0, &scopes.names()],
        )?;
        Ok(made > 0)
    }

    fn delete_service_key(&mut self, key: UserKey) -> RowResult<bool> {
        Ok(self.run("DELETE FROM service_key WHERE user_pk = $1", &[&key.0])? > 0)
    }
}

impl<C: Channel> GuestRows for PostgresRows<C> {
    fn guest_secret(&self, guest: UserKey, name: &str) -> RowResult<Option<(SecretKey, Vec<u8>)>> {
        let sql = "SELECT pk, hash FROM guest_secret WHERE name = $1 AND user_pk = $2";
        self.find(sql, &[&name, &guest.0], |row| Ok((SecretKey(row.try_get(0)?), row.try_get(1)?)))
    }

    fn insert_guest_secret(
        &mut self,
        guest: UserKey,
        name: &str,
        hash: &[u8],
        at: Timestamp,
    ) -> RowResult<Option<SecretKey>> {
        self.find_written(
            "INSERT INTO guest_secret (user_pk, name, hash, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING RETURNING pk",
            &[&guest.0, &name, &hash, &at.0],
            |row| Ok(SecretKey(row.try_get(0)?)),
        )
    }

    fn delete_guest_secrets(&mut self, guest: UserKey) -> RowResult<()> {
        self.run("DELETE FROM guest_secret WHERE user_pk = $1", &[&guest.0])?;
        Ok(())
    }
}
