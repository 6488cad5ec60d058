//! Fills the data of a server that has ended with many messages.
//!
//! What must stay true: the messages are written by the store itself, through its rules, as if they had been sent, so
//! that no change of the schema leaves something out.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use quintet_domain::{
    Actor, ConversationId, Environment, MessageKind, NewText, SendMessage, Target, Timestamp, UserId, Write,
};
use quintet_store::{Group, Location, OnCommit, ReplyTo, SqliteStore, Store};

/// The text of each message: 60 bytes, as in a chat.
const TEXT: &str = "the quick brown fox jumps over the lazy dog, and once again.";

/// A past in which a message was sent each millisecond. Its ids are UUIDv7 of their times.
struct Past {
    now: AtomicI64,
    ids: AtomicU64,
}

impl Past {
    /// A past of so many messages, which ends now.
    fn of(messages: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let began = i64::try_from(now).unwrap_or_default().saturating_sub_unsigned(messages);
        Self { now: AtomicI64::new(began), ids: AtomicU64::new(0) }
    }
}

impl Environment for Past {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn new_id(&self) -> String {
        let (ms, id) = (self.now.fetch_add(1, Ordering::Relaxed), self.ids.fetch_add(1, Ordering::Relaxed));
        format!("{:08x}-{:04x}-7000-8000-{id:012x}", ms >> 16, ms & 0xffff)
    }

    /// Messages need no secrets.
    fn secret(&self) -> u128 {
        0
    }
}

/// A message that is to have been sent.
pub(crate) struct PastMessage<'m> {
    /// The id of the user who sent it, who is a member of the conversation.
    pub(crate) sender: &'m str,
    pub(crate) conversation: &'m str,
    pub(crate) text: String,
}

/// Sends `each` messages to each conversation, in which they take turns. The sender is a member of all.
pub(crate) fn send(folder: &Path, sender: &str, conversations: &[String], each: u64) -> io::Result<()> {
    let message = |conversation| PastMessage { sender, conversation, text: TEXT.to_owned() };
    let messages = (0..each).flat_map(|_| conversations.iter().map(|conversation| message(conversation)));
    send_all(folder, each * conversations.len() as u64, messages)
}

/// Sends so many messages, one after the other.
pub(crate) fn send_all<'m>(
    folder: &Path,
    count: u64,
    messages: impl Iterator<Item = PastMessage<'m>>,
) -> io::Result<()> {
    let committed = Arc::new(AtomicU64::new(0));
    let of_group = Arc::clone(&committed);
    let on_commit: OnCommit = Box::new(move |group: Group| {
        of_group.fetch_add(group.commit.entries.len() as u64, Ordering::Relaxed);
    });
    let location = Location::Folder(folder.to_owned());
    let store = SqliteStore::open(&location, Arc::new(Past::of(count)), on_commit).map_err(io::Error::other)?;
    let write = |message: PastMessage<'_>| -> Write {
        let target = Target::Conversation(ConversationId::trusted(message.conversation));
        let (kind, content) = (MessageKind::Text, message.text);
        let text = NewText { target, kind, content, file: None, client_message_id: None, details: None };
        SendMessage { actor: Actor::user(UserId::trusted(message.sender)), text, screening: None }.into()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        for message in messages {
            store.submit(write(message), ReplyTo::Nobody).await.map_err(io::Error::other)?;
        }
        store.close().await;
        Ok::<_, io::Error>(())
    })?;
    match committed.load(Ordering::Relaxed) {
        committed if committed == count => Ok(()),
        committed => Err(io::Error::other(format!("the store took {committed} of {count} messages"))),
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::{
        ConversationKind, CreateConversation, NewConversation, NewUser, Profile, RegisterUser, Request,
    };

    use super::*;

    #[test]
    fn the_store_takes_every_message() {
        let folder = tempfile::tempdir().expect("a folder");
        let (conversations, other) = (made(folder.path()), "elsewhere".to_owned());
        send(folder.path(), "sender", &conversations, 700).expect("filled");
        send(folder.path(), "sender", &conversations, 1).expect("filled again, with other ids");
        let refused = send(folder.path(), "sender", &[other], 3).expect_err("the conversation does not exist");
        assert_eq!(refused.to_string(), "the store took 0 of 3 messages");
        let db = rusqlite::Connection::open(folder.path().join("quintet.sqlite3")).expect("a database");
        let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
        assert_eq!(count("SELECT count(*) FROM message"), 1_402);
        assert_eq!(count("SELECT count(*) FROM message WHERE length(id) = 16"), 1_402, "ids are UUIDs");
    }

    /// Creates a user and two conversations of it. Returns their ids.
    fn made(folder: &Path) -> Vec<String> {
        let (environment, on_commit): (_, OnCommit) = (Arc::new(Past::of(100_000)), Box::new(|_| {}));
        let store = SqliteStore::open(&Location::Folder(folder.to_owned()), environment, on_commit).expect("opens");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let user = UserId::trusted("sender");
        runtime.block_on(async {
            let write = async |write: Write| {
                let (reply_to, reply) = tokio::sync::oneshot::channel();
                store.submit(write, ReplyTo::Caller(reply_to)).await.expect("queued");
                reply.await.expect("a reply").expect("committed")
            };
            let new = NewUser { id: Some(user.clone()), username: "sender".to_owned(), ..NewUser::default() };
            write(RegisterUser { new }.into()).await;
            let mut made = Vec::new();
            for name in ["one", "two"] {
                let new = NewConversation {
                    kind: ConversationKind::Group,
                    name: Some(name.to_owned()),
                    description: None,
                    picture: None,
                    metadata: None,
                    open: false,
                    members: Vec::new(),
                    owner: None,
                    join: true,
                    profile: Profile::default(),
                };
                let written = write(CreateConversation { actor: Actor::user(user.clone()), new }.into()).await;
                let Some(created) = CreateConversation::output(written) else { panic!("another result") };
                made.push(created.conversation.id.as_str().to_owned());
            }
            store.close().await;
            made
        })
    }
}
