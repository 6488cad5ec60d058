//! A store with quotas, on SQLite or on PostgreSQL, and helpers that let time pass, change its database and prune it.
//!
//! What must stay true: the store is closed before its database is changed, because it knows what it has written.

use std::sync::Arc;

use quintet_domain::{AddMember, ConversationId, ConversationKind, CreateConversation, Prune, Quotas, Refusal, UserId};
use quintet_store::Location;

use super::postgres::TestDatabase;
use super::{Bench, Counting, Home, actor, new_conversation, postgres_at};

/// Which database a stage uses.
#[derive(Clone, Copy, Debug)]
pub enum On {
    Sqlite,
    Postgres,
}

/// The data of a stage.
enum Data {
    Folder(tempfile::TempDir),
    Database(TestDatabase),
}

/// A store with quotas, whose database can be read and changed.
pub struct Stage {
    pub bench: Bench,
    quotas: Quotas,
    data: Data,
}

/// Makes a test of each case, an async function of an [`On`], for both databases.
#[allow(unused_macros, reason = "not every test file has cases")]
macro_rules! every_database {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() { super::$case(crate::support::stage::On::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $case() { super::$case(crate::support::stage::On::Postgres).await; })*
        }
    };
}
#[allow(unused_imports, reason = "not every test file has cases")]
pub(crate) use every_database;

/// A statement for SQLite in the words of PostgreSQL.
fn translated(sql: &str) -> String {
    let sql = ["FROM", "JOIN", "UPDATE", "INTO"]
        .into_iter()
        .fold(format!("{sql} "), |sql, word| sql.replace(&format!("{word} user "), &format!("{word} chat_user ")));
    let sql = sql.replace("c.data ->> 'member'", "(c.data::json ->> 'member')::bigint");
    let sql = sql.replace("'m-' || i", "convert_to('m-' || i, 'UTF8')");
    sql.lines().filter(|line| !line.trim_start().starts_with("PRAGMA")).collect::<Vec<_>>().join("\n")
}

impl Data {
    fn open(&self, environment: Arc<Counting>, quotas: Quotas) -> Bench {
        match self {
            Self::Folder(folder) => Bench::open(&Location::Folder(folder.path().into()), environment, quotas),
            Self::Database(database) => {
                let open = |opening| (postgres_at(database, opening), Home::Memory);
                Bench::with(environment, quotas, Box::new(|| {}), open)
            }
        }
    }

    fn sqlite(folder: &tempfile::TempDir) -> rusqlite::Connection {
        rusqlite::Connection::open(folder.path().join("quintet.sqlite3")).unwrap()
    }

    fn run(&self, sql: &str) {
        match self {
            Self::Folder(folder) => Self::sqlite(folder).execute_batch(sql).unwrap(),
            Self::Database(database) => database.run(&translated(sql)),
        }
    }

    fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Folder(folder) => Self::sqlite(folder).query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Database(database) => database.number(&translated(sql)),
        }
    }
}

impl Stage {
    pub fn with(on: On, quotas: Quotas) -> Self {
        let data = match on {
            On::Sqlite => Data::Folder(tempfile::tempdir().unwrap()),
            On::Postgres => Data::Database(TestDatabase::new()),
        };
        Self { bench: data.open(Arc::default(), quotas.clone()), quotas, data }
    }

    /// Closes the store and opens it again, some time later.
    pub async fn later(self, quotas: Quotas, ms: i64) -> Self {
        let stage = self.reopened(quotas, "").await;
        stage.bench.environment.pass_ms(ms);
        stage
    }

    /// Changes the database while the store is closed, and opens it again.
    pub async fn sql(self, sql: &str) -> Self {
        let quotas = self.quotas.clone();
        self.reopened(quotas, sql).await
    }

    async fn reopened(self, quotas: Quotas, sql: &str) -> Self {
        let Self { bench, data, .. } = self;
        bench.store.close().await;
        let environment = Arc::clone(&bench.environment);
        drop(bench);
        if !sql.is_empty() {
            data.run(sql);
        }
        Self { bench: data.open(environment, quotas.clone()), quotas, data }
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.data.number(sql)
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
        self.bench.write(AddMember { actor: by, conversation, user, role: None, reason: None }).await.map(|_| ())
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
