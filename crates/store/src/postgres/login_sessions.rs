//! The reads of sessions of the store on PostgreSQL.
//!
//! What must stay true: they return what the same reads of the other stores return.

use quintet_domain::{LoginSession, LoginSessionId, Timestamp, UserId};
use tokio_postgres::Row;

use super::PostgresStore;
use super::accounts;
use super::error::Fetched;
use super::reader::ReadLink;
use super::rows::{Channel, PostgresRows, user_at, user_columns};
use crate::error::Read;
use crate::readers::Class;
use crate::{LoginSessionReads, Party, ReadResult, TokenHolder, login_sessions};

/// The account with an id, and a session of it, by one statement: every request that comes with a token waits for it.
fn holder(conn: &ReadLink, id: &UserId, session: &LoginSessionId) -> Read<TokenHolder> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        ", s.id AS session, s.client AS client, s.created_at AS began_at, s.seen_at AS used_at, s.expires_at AS ends_at
         FROM chat_user u LEFT JOIN login_session s ON s.user_pk = u.pk AND s.id = $2 WHERE u.id = $1"
    );
    let found = conn.read(sql, &[&id.as_str(), &session.as_str()])?;
    let Some(row) = found.first() else { return Ok(TokenHolder::default()) };
    Ok(TokenHolder { account: Some(user_at(row)?.account()), session: session_at(row)? })
}

/// The session of a row, if it has one.
fn session_at(row: &Row) -> Fetched<Option<LoginSession>> {
    let Some(id) = row.try_get::<_, Option<&str>>("session")? else { return Ok(None) };
    Ok(Some(LoginSession {
        id: LoginSessionId::trusted(id),
        client: row.try_get::<_, Option<&str>>("client")?.map(Into::into),
        created_at: Timestamp(row.try_get("began_at")?),
        seen_at: Timestamp(row.try_get("used_at")?),
        expires_at: Timestamp(row.try_get("ends_at")?),
    }))
}

impl LoginSessionReads for PostgresStore {
    fn token_holder(&self, by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, TokenHolder> {
        self.readers.run(Class::Vital, by, move |conn| match &session {
            Some(session) => holder(conn, &id, session),
            None => Ok(TokenHolder { account: accounts::account(conn, &id)?, session: None }),
        })
    }

    fn login_sessions(&self, user: UserId) -> ReadResult<'_, Vec<LoginSession>> {
        let now = self.environment.now();
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| login_sessions::listed(&PostgresRows(conn), &user, now))
    }
}
