//! A store on SQLite with quotas, and helpers that let time pass, change its file and prune it.
//!
//! What must stay true: the store is closed before its file is changed, because it knows what it has written.

use std::sync::Arc;

use quintet_domain::{AddMember, ConversationId, ConversationKind, CreateConversation, Prune, Quotas, Refusal, UserId};
use quintet_store::Location;

use super::{Bench, actor, new_conversation};

/// A store with quotas in a folder, whose file can be read and changed.
pub struct Stage {
    pub bench: Bench,
    quotas: Quotas,
    folder: tempfile::TempDir,
}

impl Stage {
    pub fn with(quotas: Quotas) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Folder(folder.path().into());
        Self { bench: Bench::open(&location, Arc::default(), quotas.clone()), quotas, folder }
    }

    /// Closes the store and opens it again, some time later.
    pub async fn later(self, quotas: Quotas, ms: i64) -> Self {
        let Self { bench, folder, .. } = self;
        let bench = bench.again(&folder, quotas.clone(), |_| ()).await;
        bench.environment.pass_ms(ms);
        Self { bench, quotas, folder }
    }

    /// Changes the database while the store is closed, and opens it again.
    pub async fn sql(self, sql: &str) -> Self {
        let Self { bench, quotas, folder } = self;
        let change = |conn: &rusqlite::Connection| conn.execute_batch(sql).unwrap();
        let bench = bench.again(&folder, quotas.clone(), change).await;
        Self { bench, quotas, folder }
    }

    pub fn number(&self, sql: &str) -> i64 {
        let conn = rusqlite::Connection::open(self.folder.path().join("quintet.sqlite3")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub async fn users(&self, names: &str) -> Vec<UserId> {
        let mut users = Vec::new();
        for name in names.split(' ') {
            users.push(self.bench.user(name).await);
        }
        users
    }

    pub async fn make(
        &self,
        by: &UserId,
        kind: ConversationKind,
        members: &[UserId],
    ) -> Result<ConversationId, Refusal> {
        let write = CreateConversation { actor: actor(by), new: new_conversation(kind, false, members) };
        let created = self.bench.write(write).await?;
        Ok(created.conversation.id.clone())
    }

    pub async fn add(&self, by: &UserId, conversation: &ConversationId, user: &UserId) -> Result<(), Refusal> {
        let (by, conversation, user) = (actor(by), conversation.clone(), user.clone());
        self.bench.write(AddMember { actor: by, conversation, user, role: None }).await.map(|_| ())
    }

    /// Prunes until nothing is left to prune.
    pub async fn prune(&self) {
        let mut after = 0;
        loop {
            let pruned = self.bench.write(Prune { after }).await.unwrap();
            after = pruned.after;
            if !pruned.more {
                return;
            }
        }
    }
}
