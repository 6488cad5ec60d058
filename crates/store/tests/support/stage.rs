//! A store on SQLite with quotas, and helpers that let time pass, change its file and prune it.
//!
//! What must stay true: the store is closed before its file is changed, or the change is a commit of its own.

use std::sync::Arc;

use quintet_domain::{AddMember, ConversationId, ConversationKind, CreateConversation, Prune, Quotas, Refusal, UserId};
use quintet_store::Location;

use super::{Bench, actor, new_conversation};

/// A store with quotas in a folder, whose file can be read and changed.
pub struct Stage {
    pub bench: Bench,
    folder: tempfile::TempDir,
}

impl Stage {
    pub fn with(quotas: Quotas) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { bench: Bench::open(&Location::Folder(folder.path().into()), Arc::default(), quotas), folder }
    }

    /// Closes the store and opens it again, some time later.
    pub async fn later(self, quotas: Quotas, ms: i64) -> Self {
        let Self { bench, folder } = self;
        bench.store.close().await;
        let environment = Arc::clone(&bench.environment);
        drop(bench);
        environment.pass_ms(ms);
        Self { bench: Bench::open(&Location::Folder(folder.path().into()), environment, quotas), folder }
    }

    /// Changes the database without the store.
    pub fn sql(&self, sql: &str) {
        let conn = rusqlite::Connection::open(self.folder.path().join("quintet.sqlite3")).unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        conn.execute_batch(sql).unwrap();
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
