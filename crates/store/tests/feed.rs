//! What a writer on PostgreSQL hands to the feed of its node: where its groups begin, and what it does not read again.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::sync::{Arc, Mutex};

use crate::support::postgres::TestDatabase;
use crate::support::{Bench, Counting, Home, Opening, actor, message};
use quintet_domain::{
    Barrier, ChangeConversation, ChangeProfile, ConversationId, ConversationKind, EditMessage, Emoji, Entry, Event,
    MessageId, Metadata, NewDetails, ProfileChange, PurgeCursor, PurgeMessages, Quotas, React, RemoveMember,
    SendMessage, SetRetention, UserId,
};
use quintet_store::{Clock, Delivered, PostgresStore, ReplyTo, Store};

/// A group as the writer has handed it over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Handed {
    /// What was read of other nodes: after, last, and the positions of the entries.
    missed: Vec<(u64, u64, Vec<u64>)>,
    begun_at: u64,
    position: u64,
    entries: Vec<u64>,
}

/// A node over a database that it shares with others.
struct Node {
    bench: Bench,
    delivered: Delivered,
    handed: Arc<Mutex<Vec<Handed>>>,
}

impl Node {
    fn start(database: &TestDatabase, environment: &Arc<Counting>) -> Self {
        let (delivered, handed) = (Delivered::default(), Arc::<Mutex<Vec<Handed>>>::default());
        let (given, notes) = (delivered.clone(), Arc::clone(&handed));
        let open = move |Opening { environment, quotas, mut on_commit }: Opening| {
            let note = Box::new(move |group: quintet_store::Group| {
                let positions = |entries: &[Entry]| entries.iter().map(|entry| entry.position).collect();
                let missed = group.missed.iter();
                notes.lock().unwrap().push(Handed {
                    missed: missed.map(|missed| (missed.after, missed.last, positions(&missed.entries))).collect(),
                    begun_at: group.begun_at,
                    position: group.commit.position,
                    entries: positions(&group.commit.entries),
                });
                on_commit(group);
            });
            let (target, clock) = (database.target(), Clock::Database);
            let store = PostgresStore::open_with(target, clock, environment, quotas, given, note).unwrap();
            (Arc::new(store) as Arc<dyn Store>, Home::Memory)
        };
        let bench = Bench::with(Arc::clone(environment), Quotas::default(), Box::new(|| {}), open);
        Self { bench, delivered, handed }
    }

    /// Sends a message, and returns the group that it was committed in.
    async fn sends(&self, user: &UserId, group: &ConversationId) -> Handed {
        self.bench.send(user, group, "text").await.unwrap();
        // A group is handed over after its callers were answered, and before the next one.
        self.bench.write(Barrier).await.unwrap();
        let handed = self.handed.lock().unwrap();
        handed.iter().rfind(|handed| handed.position > handed.begun_at).unwrap().clone()
    }
}

#[tokio::test]
async fn what_the_feed_has_delivered_is_not_read_again() {
    let (database, environment) = (TestDatabase::new(), Arc::default());
    let here = Node::start(&database, &environment);
    let a = here.bench.user("a").await;
    let group = here.bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let at = here.bench.write(Barrier).await.unwrap();
    let there = Node::start(&database, &environment);
    assert_eq!(there.delivered.position(), at, "what was committed before is nobody's to deliver");

    let own = |missed: Vec<(u64, u64, Vec<u64>)>, position: u64| Handed {
        missed,
        begun_at: position - 1,
        position,
        entries: vec![position],
    };
    // What another node has committed is read with the next group, and comes before it.
    assert_eq!(here.sends(&a, &group).await, own(Vec::new(), at + 1));
    let read = vec![(at, at + 1, vec![at + 1])];
    assert_eq!(there.sends(&a, &group).await, own(read, at + 2));

    // What the feed has delivered meanwhile is not read. Its rows are forgotten all the same: numbers go on.
    there.sends(&a, &group).await;
    there.sends(&a, &group).await;
    here.delivered.advance(at + 3);
    let read = vec![(at + 3, at + 4, vec![at + 4])];
    assert_eq!(here.sends(&a, &group).await, own(read, at + 5));
    there.delivered.advance(at + 5);
    assert_eq!(there.sends(&a, &group).await, own(Vec::new(), at + 6));
    assert_eq!(database.number("SELECT count(DISTINCT sequence) FROM message"), 6);

    // A feed that is ahead of the database has delivered what the database has lost.
    here.delivered.advance(at + 100);
    here.bench.send(&a, &group, "text").await.expect_err("it is refused");
    here.bench.store.close().await;
    there.bench.store.close().await;
}

/// A node that was away for long writes at once, and reads what it has missed in several steps.
#[tokio::test]
async fn a_node_that_is_far_behind_catches_up_in_steps() {
    const MESSAGES: u64 = 21_000;
    let (database, environment) = (TestDatabase::new(), Arc::default());
    let (here, there) = (Node::start(&database, &environment), Node::start(&database, &environment));
    let a = here.bench.user("a").await;
    let group = here.bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let at = there.bench.write(Barrier).await.unwrap();
    for _ in 0..MESSAGES {
        here.bench.store.submit(message(&a, &group, "text", None).into(), ReplyTo::Nobody).await.unwrap();
    }
    let newest = here.bench.write(Barrier).await.unwrap();
    assert_eq!(newest, at + MESSAGES);
    there.handed.lock().unwrap().clear();
    let sent = there.sends(&a, &group).await;
    assert_eq!((sent.begun_at, sent.position), (newest, newest + 1));
    there.bench.write(Barrier).await.unwrap();
    // Everything was read once, in order, and nothing that the node has committed itself.
    let handed = there.handed.lock().unwrap().clone();
    let steps: Vec<_> = handed.iter().flat_map(|handed| &handed.missed).collect();
    assert_eq!(steps.iter().map(|(after, ..)| *after).collect::<Vec<_>>(), [at, steps[0].1]);
    assert!(steps[0].1 - at >= 20_000 && steps[1].1 == newest, "{} {}", steps[0].1, steps[1].1);
    let entries: Vec<u64> = steps.iter().flat_map(|(.., entries)| entries.iter().copied()).collect();
    assert_eq!(entries, (at + 1..=newest).collect::<Vec<_>>());
    here.bench.store.close().await;
    there.bench.store.close().await;
}

/// What another node has changed is read as it is now, with the custom data of conversations and profiles.
#[tokio::test]
async fn changes_of_another_node_are_read_as_they_were_made() {
    let (database, environment) = (TestDatabase::new(), Arc::default());
    let here = Node::start(&database, &environment);
    let a = here.bench.user("a").await;
    let group = here.bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let there = Node::start(&database, &environment);
    let data = |json| Some(Metadata::trusted(json));
    let change = ProfileChange { metadata: data("{\"team\":\"north\"}"), ..ProfileChange::default() };
    here.bench.write(ChangeProfile { user: a.clone(), change }).await.unwrap();
    // Nobody sees a difference when somebody joins the server.
    here.bench.user("b").await;
    let (actor, conversation, metadata) = (actor(&a), group.clone(), data("{\"n\":1.50}"));
    let change = ChangeConversation {
        actor,
        conversation,
        name: None,
        open: None,
        picture: None,
        metadata: metadata.clone(),
        moderation: Default::default(),
    };
    here.bench.write(change).await.unwrap();
    here.bench.settled().await;
    there.bench.settled().await;
    let newest = |bench: &Bench| {
        let entries = bench.entries.lock().unwrap();
        entries[entries.len() - 3..].iter().map(|entry| entry.event.clone()).collect::<Vec<_>>()
    };
    let told = newest(&there.bench);
    assert_eq!(told, newest(&here.bench));
    let [
        Event::UserChanged { visible: true, metadata: of_user, .. },
        Event::UserChanged { visible: false, .. },
        Event::ConversationChanged { conversation },
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((of_user, &conversation.metadata), (&data("{\"team\":\"north\"}"), &metadata));
    here.bench.store.close().await;
    there.bench.store.close().await;
}

/// What another node has committed is read with the texts of now. Those who left before these were written do not receive
/// them, whether the change is among what is read, in the group that the reader commits itself, or later still.
#[tokio::test]
async fn nobody_is_shown_what_is_newer_than_their_departure() {
    let (database, environment) = (TestDatabase::new(), Arc::default());
    let here = Node::start(&database, &environment);
    let (a, b) = (here.bench.user("a").await, here.bench.user("b").await);
    for editor_is_here in [true, false] {
        let group = here.bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
        let there = Node::start(&database, &environment);
        let send = |text: &str, reply_to| {
            let SendMessage { actor, text, .. } = message(&a, &group, text, None);
            let details = NewDetails { reply_to, ..NewDetails::default() };
            SendMessage { actor, text: quintet_domain::NewText { details: details.kept(), ..text }, screening: None }
        };
        let first = here.bench.write(send("before", None)).await.unwrap().message;
        let second = here.bench.write(send("plain", None)).await.unwrap().message;
        let reply = here.bench.write(send("reply", Some(first.id.clone()))).await.unwrap().message;
        let remove = RemoveMember { actor: actor(&a), conversation: group.clone(), user: b.clone(), reason: None };
        here.bench.write(remove).await.unwrap();
        let rename = ChangeConversation {
            actor: actor(&a),
            conversation: group.clone(),
            name: Some("secret".to_owned()),
            open: None,
            picture: None,
            metadata: None,
            moderation: Default::default(),
        };
        let edit = EditMessage {
            actor: actor(&a),
            message: first.id.clone(),
            content: "secret".to_owned(),
            details: None,
            screening: None,
        };
        let editor = if editor_is_here { &here } else { &there };
        editor.bench.write(rename).await.unwrap();
        editor.bench.write(edit).await.unwrap();
        // What everybody may see who still receives it is not left out.
        let react = React { actor: actor(&a), message: second.id.clone(), emoji: Emoji::trusted("👍"), active: true };
        here.bench.write(react).await.unwrap();
        let edit = EditMessage {
            actor: actor(&a),
            message: second.id.clone(),
            content: "edited".to_owned(),
            details: None,
            screening: None,
        };
        here.bench.write(edit).await.unwrap();
        // A conversation is shown with its newest message.
        let made = here.bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
        here.bench
            .write(RemoveMember { actor: actor(&a), conversation: made.clone(), user: b.clone(), reason: None })
            .await
            .unwrap();
        here.bench.send(&a, &made, "secret").await.unwrap();
        there.bench.settled().await;
        let entries = there.bench.entries.lock().unwrap().clone();
        let of = |id: &MessageId| {
            let mut created = entries.iter().filter_map(|entry| match &entry.event {
                Event::MessageCreated(message) if message.id == *id => Some((Arc::clone(message), entry)),
                _ => None,
            });
            created.next().unwrap()
        };
        let (read, entry) = of(&first.id);
        let expected = if editor_is_here { "secret" } else { "before" };
        assert_eq!(read.content, expected, "it is read before its editor writes");
        assert_eq!((entry.is_withheld_from(&b), entry.is_withheld_from(&a)), (editor_is_here, false));
        assert!(!of(&reply.id).1.is_withheld_from(&b));
        let quote = of(&reply.id).0.details.as_ref().and_then(|details| details.reply_to.clone());
        assert_eq!(quote.is_none(), editor_is_here, "an answer is received without what it must not quote");
        let edited = entries.iter().find_map(|entry| match &entry.event {
            Event::MessageEdited(message) if message.id == second.id => Some(message),
            _ => None,
        });
        let reactions = edited.unwrap().details.as_ref().map(|details| details.reactions.len());
        assert_eq!(reactions, Some(1), "it was given and edited when nobody left any more");
        let has_secret = |entry: &&Entry| format!("{:?}", entry.event).contains("secret");
        let is_created = |entry: &&Entry| match &entry.event {
            Event::ConversationCreated { conversation, .. } => conversation.conversation.id == made,
            _ => false,
        };
        let created = entries.iter().find(is_created).unwrap();
        assert!(has_secret(&created) && created.is_withheld_from(&b) && !created.is_withheld_from(&a));
        let left_at = entries.iter().find(|entry| matches!(entry.event, Event::MemberLeft { .. })).unwrap().position;
        let mut before = entries.iter().filter(|entry| entry.position <= left_at).filter(has_secret);
        assert!(before.all(|entry| entry.is_withheld_from(&b)), "{entries:?}");
        there.bench.store.close().await;
    }
    here.bench.store.close().await;
}

/// Messages that one node has removed, because they are not kept any longer, are gone for the others, whose clients are
/// told nothing.
#[tokio::test]
async fn what_another_node_has_removed_is_not_remembered() {
    let (database, environment) = (TestDatabase::new(), Arc::default());
    let (here, there) = (Node::start(&database, &environment), Node::start(&database, &environment));
    let a = here.bench.user("a").await;
    let group = here.bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    here.bench.send(&a, &group, "old").await.unwrap();
    let rename = async |node: &Node, name: &str| {
        let (actor, conversation, name) = (actor(&a), group.clone(), Some(name.to_owned()));
        let (open, metadata, moderation) = (None, None, Default::default());
        let write = ChangeConversation { actor, conversation, name, open, picture: None, metadata, moderation };
        node.bench.write(write).await.unwrap();
        node.bench.write(Barrier).await.unwrap();
        let entries = node.bench.entries.lock().unwrap();
        let Some(Event::ConversationChanged { conversation }) = entries.last().map(|entry| &entry.event) else {
            panic!("{entries:?}")
        };
        conversation.last_message.as_ref().map(|message| message.content.clone())
    };
    assert_eq!(rename(&there, "one").await.as_deref(), Some("old"));
    let (by, conversation) = (actor(&a), group.clone());
    here.bench.write(SetRetention { actor: by, conversation, days: Some(1), reason: None }).await.unwrap();
    let position = here.bench.write(Barrier).await.unwrap();
    database.run("UPDATE message SET created_at = 0");
    let purged = here.bench.write(PurgeMessages { from: PurgeCursor::default() }).await.unwrap();
    assert_eq!(purged.removed, 1);
    assert_eq!(rename(&there, "two").await, None);
    let handed = there.handed.lock().unwrap().iter().rfind(|handed| !handed.entries.is_empty()).unwrap().clone();
    assert_eq!(handed.missed, [(position, position + 1, Vec::new())]);
    here.bench.store.close().await;
    there.bench.store.close().await;
}
