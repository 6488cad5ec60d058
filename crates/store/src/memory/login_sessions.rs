//! The reads of sessions of the store in memory.
//!
//! What must stay true: they return what the same reads of the other stores return.

use quintet_domain::{LoginSession, LoginSessionId, UserId};

use super::MemoryStore;
use crate::{LoginSessionReads, Party, ReadResult, TokenHolder, login_sessions};

impl LoginSessionReads for MemoryStore {
    fn token_holder(&self, _by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, TokenHolder> {
        self.read(move |data| login_sessions::holder(data, &id, session.as_ref()))
    }

    fn login_sessions(&self, user: UserId) -> ReadResult<'_, Vec<LoginSession>> {
        let now = self.environment.now();
        self.read(move |data| login_sessions::listed(data, &user, now))
    }
}
