//! The reads of sessions of the store on SQLite.
//!
//! What must stay true: they return what the same reads of the other stores return.

use quintet_domain::{LoginSession, LoginSessionId, UserId};

use super::SqliteStore;
use super::rows::SqliteRows;
use crate::readers::Class;
use crate::{LoginSessionReads, Party, ReadResult, TokenHolder, login_sessions};

impl LoginSessionReads for SqliteStore {
    fn token_holder(&self, by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, TokenHolder> {
        self.readers.run(Class::Vital, by, move |conn| login_sessions::holder(&SqliteRows(conn), &id, session.as_ref()))
    }

    fn login_sessions(&self, user: UserId) -> ReadResult<'_, Vec<LoginSession>> {
        let now = self.environment.0.now();
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| login_sessions::listed(&SqliteRows(conn), &user, now))
    }
}
