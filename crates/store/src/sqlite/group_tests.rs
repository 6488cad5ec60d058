//! The group step over SQLite: what remains after a refusal, a failure half-way, a panic and a lost transaction.
//!
//! Triggers simulate a failing disk: they abort a statement, or the whole transaction, for messages with certain texts.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::atomic::{AtomicU64, Ordering};

use quintet_domain::{
    Actor, Code, Commit, ConversationId, ConversationKind, CreateConversation, EditMessage, Environment, MessageKind,
    NewConversation, NewText, NewUser, Profile, RegisterUser, SendMessage, Target, Ticket, Timestamp, UserId, Write,
    Written,
};
use quintet_rules::WriterState;
use tokio::sync::oneshot;

use super::open::{self, Location};
use super::rows::{SqliteRows, WriterConnection};
use crate::{Committer, Group, ReplyTo, StoreError, Submission};

/// An environment that panics after it has given a number of ids.
struct Ids {
    given: AtomicU64,
    panics_at: AtomicU64,
}

impl Environment for Ids {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }

    fn new_id(&self) -> String {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        assert!(number != self.panics_at.load(Ordering::Relaxed), "no more ids");
        format!("id-{number}")
    }

    fn secret(&self) -> u128 {
        0
    }
}

/// A committer over a database in memory that contains a user with a group.
struct Stage {
    database: SqliteRows<WriterConnection>,
    committer: Committer,
    ids: Ids,
    user: UserId,
    conversation: ConversationId,
}

/// A text that makes a statement fail after the message was written.
const HALF: &str = "half";
/// A text that ends the transaction, as SQLite does by itself when the disk fails.
const END: &str = "end";

impl Stage {
    fn new() -> Self {
        let connection = open::open(&Location::Memory).unwrap().writer;
        connection
            .execute_batch(&format!(
                "CREATE TRIGGER half AFTER UPDATE ON conversation
                     WHEN (SELECT content FROM message WHERE position = NEW.last_message) = '{HALF}'
                     BEGIN SELECT RAISE(ABORT, 'the disk fails'); END;
                 CREATE TRIGGER ended AFTER INSERT ON message WHEN NEW.content = '{END}'
                     BEGIN SELECT RAISE(ROLLBACK, 'the disk fails'); END;"
            ))
            .unwrap();
        let ids = Ids { given: AtomicU64::new(0), panics_at: AtomicU64::new(u64::MAX) };
        let mut stage = Self {
            database: SqliteRows(WriterConnection::new(connection)),
            committer: Committer::new(WriterState::default(), 0),
            ids,
            user: UserId::trusted("u"),
            conversation: ConversationId::trusted("c"),
        };
        let new = NewUser { id: Some(stage.user.clone()), username: "ada".to_owned(), ..NewUser::default() };
        let new_group = NewConversation {
            kind: ConversationKind::Group,
            name: None,
            description: None,
            picture: None,
            metadata: None,
            open: false,
            members: Vec::new(),
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        let create = CreateConversation { actor: Actor::user(stage.user.clone()), new: new_group };
        let group = stage.run([RegisterUser { new }.into(), create.into()]);
        assert!(group.committed);
        let created = group.commit.replies.into_iter().nth(1).unwrap().outcome.unwrap();
        let Written::CreateConversation(created) = created else { panic!("{created:?}") };
        stage.conversation = created.conversation.id.clone();
        stage
    }

    /// Commits writes in one group, each with its number as the ticket.
    fn run(&mut self, writes: impl IntoIterator<Item = Write>) -> Group {
        let submissions = writes
            .into_iter()
            .enumerate()
            .map(|(n, write)| Submission::new(write, ReplyTo::Ticket(Ticket(n as u64))))
            .collect();
        self.committer.commit_group(&mut self.database, &self.ids, submissions, &mut |_| ())
    }

    fn send(&self, content: &str) -> Write {
        self.send_to(Target::Conversation(self.conversation.clone()), content)
    }

    fn send_to(&self, target: Target, content: &str) -> Write {
        let text = NewText {
            target,
            kind: MessageKind::Text,
            content: content.to_owned(),
            file: None,
            client_message_id: None,
            details: None,
        };
        SendMessage { actor: Actor::user(self.user.clone()), text, screening: None }.into()
    }

    fn contents(&self) -> Vec<String> {
        let mut contents = self.database.0.prepare("SELECT content FROM message ORDER BY position").unwrap();
        contents.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Asserts that the cache agrees with the database.
    #[track_caller]
    fn assert_fresh(&self) {
        assert_eq!(self.committer.state().cache.find_stale(&self.database).unwrap(), None);
    }
}

/// Whether each write was applied.
fn applied(commit: &Commit) -> Vec<bool> {
    commit.replies.iter().map(|reply| reply.outcome.is_ok()).collect()
}

#[test]
fn a_refusal_takes_no_other_along() {
    let mut stage = Stage::new();
    let nowhere = stage.send_to(Target::Conversation(ConversationId::trusted("nowhere")), "x");
    let edit = EditMessage {
        actor: Actor::user(stage.user.clone()),
        message: quintet_domain::MessageId::trusted("none"),
        content: "x".to_owned(),
        details: None,
        screening: None,
    };
    let group = stage.run([stage.send("1"), nowhere, edit.into(), stage.send("2")]);
    assert!(group.committed);
    assert_eq!((applied(&group.commit), group.writes), (vec![true, false, false, true], 4));
    assert_eq!(stage.contents(), ["1", "2"]);
    let sequences: Vec<_> = group.commit.entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, [Some(1), Some(2)]);
    stage.assert_fresh();
}

#[test]
fn half_a_write_is_never_kept() {
    let mut stage = Stage::new();
    let before = stage.committer.position();
    let (sender, mut receiver) = oneshot::channel();
    let submissions = vec![
        Submission::new(stage.send("1"), ReplyTo::Caller(sender)),
        Submission::new(stage.send(HALF), ReplyTo::Ticket(Ticket(1))),
        Submission::new(stage.send("3"), ReplyTo::Ticket(Ticket(2))),
    ];
    let group = stage.committer.commit_group(&mut stage.database, &stage.ids, submissions, &mut |_| ());
    assert!(!group.committed && group.commit.entries.is_empty());
    assert!(matches!(receiver.try_recv(), Ok(Err(StoreError::Commit(_)))));
    let replies: Vec<_> = group.commit.replies.iter().map(|reply| (reply.ticket.0, reply.after)).collect();
    assert_eq!(replies, [(1, before), (2, before)], "whoever waits is replied to, in order");
    assert_eq!((applied(&group.commit), stage.contents()), (vec![false, false], vec![]));
    stage.assert_fresh();
    // From here on each write has a savepoint, so that the next such failure affects no other write.
    let group = stage.run([stage.send("1"), stage.send(HALF), stage.send("3")]);
    assert_eq!((group.committed, applied(&group.commit)), (true, vec![true, false, true]));
    assert_eq!(stage.contents(), ["1", "3"]);
    let positions: Vec<_> = group.commit.entries.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [before + 1, before + 2], "no position is lost");
    stage.assert_fresh();
}

#[test]
fn nothing_stands_alone_after_the_database_gave_up() {
    let mut stage = Stage::new();
    let before = stage.committer.position();
    // Twice, because the first group has no savepoints and the second has.
    for _ in 0..2 {
        let group = stage.run([stage.send("1"), stage.send(END), stage.send("3")]);
        assert_eq!((group.committed, group.commit.position), (false, before));
        assert_eq!((applied(&group.commit), stage.contents()), (vec![false; 3], vec![]));
        stage.assert_fresh();
    }
    let group = stage.run([stage.send("4")]);
    assert_eq!((applied(&group.commit), group.commit.position), (vec![true], before + 1));
    stage.assert_fresh();
}

#[test]
fn a_panic_takes_its_write_back_and_no_other() {
    let mut stage = Stage::new();
    stage.ids.panics_at.store(stage.ids.given.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    let group = stage.run([stage.send("1"), stage.send("2"), stage.send("3")]);
    assert!(group.committed);
    assert_eq!(
        (applied(&group.commit), stage.contents()),
        (vec![true, false, true], vec!["1".to_owned(), "3".to_owned()])
    );
    let refused = group.commit.replies[1].outcome.as_ref().unwrap_err();
    assert_eq!(refused.code, Code::Internal);
    stage.assert_fresh();
}
