//! A store with quotas, and short ways to let time pass, to change it beside itself and to prune it.

use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationKind, Profile, Refusal, UserId};
use quintet_store::{Created, Location, NewConversation, Quotas, SqliteStore};

use super::{Bench, Counting, actor};

/// A store with quotas in a folder, which can be looked at and changed beside it.
pub struct Stage {
    pub bench: Bench,
    folder: tempfile::TempDir,
}

impl Stage {
    pub fn with(quotas: Quotas) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { bench: open(folder.path(), quotas, Arc::default()), folder }
    }

    /// Ends the store and opens it again, some time later.
    pub async fn later(self, quotas: Quotas, ms: i64) -> Self {
        let Self { bench, folder } = self;
        bench.store.close().await;
        let environment = Arc::clone(&bench.environment);
        drop(bench);
        environment.pass_ms(ms);
        Self { bench: open(folder.path(), quotas, environment), folder }
    }

    /// Changes the database beside the store.
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
        let new = NewConversation {
            kind,
            name: (kind != ConversationKind::Direct).then(|| "name".to_owned()),
            description: None,
            open: false,
            members: members.to_vec(),
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        let by = actor(by);
        let created: Created = self.bench.write(|store, done| store.create_conversation(by, new, done)).await?;
        Ok(created.conversation.id.clone())
    }

    pub async fn add(&self, by: &UserId, conversation: &ConversationId, user: &UserId) -> Result<(), Refusal> {
        let (by, conversation, user) = (actor(by), conversation.clone(), user.clone());
        self.bench.write(|store, done| store.add_member(by, conversation, user, None, done)).await.map(|_| ())
    }

    /// Prunes to the end.
    pub async fn prune(&self) {
        let mut after = 0;
        loop {
            let pruned = self.bench.write(|store, done| store.prune(after, done)).await.unwrap();
            after = pruned.after;
            if !pruned.more {
                return;
            }
        }
    }
}

fn open(folder: &std::path::Path, quotas: Quotas, environment: Arc<Counting>) -> Bench {
    let entries = Arc::default();
    let location = Location::Folder(folder.into());
    let store = SqliteStore::open_with(&location, environment.clone(), quotas, Box::new(|_| {})).unwrap();
    Bench { store: Arc::new(store), entries, seen: Arc::default(), environment }
}
