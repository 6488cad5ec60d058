//! The guarantees of every store, as `quintet_store::Store` states them, checked for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod support;

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use quintet_domain::{
    Barrier, Code, ConversationKind, Departure, Event, JoinConversation, LeaveConversation, MarkRead, Reading,
    RemoveMember, Ticket, Write, Written,
};
use quintet_store::{PageOf, Party, ReplyTo, StoreError};
use support::{Bench, Seen, actor, every_store, message, stores};
use tokio::sync::oneshot;

every_store!(
    one_order,
    replies_in_their_places,
    queued_writes_are_replied_to_at_the_end,
    read_your_writes,
    a_repeat_gets_the_first_answer,
    allowed_when_it_happens,
    cursors_never_move_back,
);

async fn one_order(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversations = [
        bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await,
        bench.conversation(&a, ConversationKind::Room, true, &[]).await,
    ];
    let mut answers = Vec::new();
    for n in 0..200 {
        let send = message(&a, &conversations[n % 2], &n.to_string(), None);
        answers.push(bench.start(send).await);
    }
    for answer in answers {
        answer.await.expect("an answer").expect("sent");
    }
    bench.settled().await;
    let entries = bench.entries.lock().unwrap().clone();
    assert!(entries.windows(2).all(|pair| pair[0].position < pair[1].position), "positions grow");
    for conversation in &conversations {
        let mine = entries.iter().filter(|entry| match &entry.event {
            Event::MessageCreated(message) => message.conversation.id == *conversation,
            Event::MemberJoined { conversation: joined, .. } => joined.id == *conversation,
            _ => false,
        });
        let numbers: Vec<u64> = mine.filter_map(|entry| entry.sequence).collect();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, expected, "numbered without a gap");
        assert!(numbers.len() >= 100);
    }
}

/// A caller that waits for the result of a write.
type Waiting = oneshot::Receiver<Result<Written, StoreError>>;

/// Callers receive their results before the commit is handed on.
#[tokio::test]
async fn answered_before_handed_on() {
    for (name, factory) in stores() {
        let waiting: Arc<Mutex<Option<Waiting>>> = Arc::default();
        let answered: Arc<Mutex<Vec<bool>>> = Arc::default();
        let (at_gate, noted) = (Arc::clone(&waiting), Arc::clone(&answered));
        let gate = Box::new(move || {
            if let Some(receiver) = at_gate.lock().unwrap().as_mut() {
                noted.lock().unwrap().push(matches!(receiver.try_recv(), Ok(Ok(_))));
            }
        });
        let bench = Bench::gated(factory, gate);
        let a = bench.user("a").await;
        let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
        bench.settled().await;
        let (sender, receiver) = oneshot::channel();
        *waiting.lock().unwrap() = Some(receiver);
        let send = message(&a, &conversation, "x", None).into();
        bench.store.submit(send, ReplyTo::Caller(sender)).await.unwrap();
        bench.settled().await;
        assert_eq!(*answered.lock().unwrap(), [true], "{name}");
    }
}

/// Replies to tickets precede the entries of their write, or follow them if the write says so; a refused write is
/// replied to as well.
async fn replies_in_their_places(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, true, &[]).await;
    let before = bench.settled().await;
    let join = JoinConversation {
        actor: actor(&b),
        conversation: conversation.clone(),
        profile: Default::default(),
        history: false,
    };
    let leave = LeaveConversation { actor: actor(&b), conversation: conversation.clone(), departure: Departure::Left };
    let writes: [Write; 5] = [
        message(&a, &conversation, "one", None).into(),
        join.into(),
        message(&b, &conversation, "two", None).into(),
        leave.into(),
        message(&b, &conversation, "three", None).into(),
    ];
    for (n, write) in writes.into_iter().enumerate() {
        bench.store.submit(write, ReplyTo::Ticket(Ticket(n as u64))).await.unwrap();
    }
    bench.settled().await;
    let replies = bench.replies.lock().unwrap().clone();
    let places: Vec<_> = replies.iter().map(|reply| (reply.ticket.0, reply.after - before)).collect();
    // The join takes two positions: the conversation is shown to the new member first.
    assert_eq!(places, [(0, 0), (1, 3), (2, 3), (3, 5), (4, 5)]);
    let outcomes: Vec<_> = replies.iter().map(|reply| reply.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, true, true, true, false]);
}

/// Writes that were queued before the close are committed and replied to; later ones are refused without a reply.
async fn queued_writes_are_replied_to_at_the_end(bench: Bench) {
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.settled().await;
    for n in 0..600 {
        let send = message(&a, &conversation, "x", None).into();
        bench.store.submit(send, ReplyTo::Ticket(Ticket(n))).await.unwrap();
    }
    bench.store.close().await;
    let refused = bench.store.submit(Barrier.into(), ReplyTo::Ticket(Ticket(600))).await;
    assert!(matches!(refused, Err(StoreError::Closed)));
    let tickets: Vec<u64> = bench.replies.lock().unwrap().iter().map(|reply| reply.ticket.0).collect();
    assert_eq!(tickets, (0..600).collect::<Vec<_>>());
}

async fn read_your_writes(bench: Bench) {
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    for n in 1..=20 {
        bench.send(&a, &conversation, "x").await.expect("sent");
        let page = bench
            .store
            .messages(Party::Server, a.clone(), conversation.clone(), PageOf::Newest, 200)
            .await
            .expect("read");
        assert_eq!(page.items.len(), n);
    }
    let page =
        bench.store.messages(Party::Server, a.clone(), conversation.clone(), PageOf::Before(8), 5).await.expect("read");
    assert_eq!(page.items.iter().map(|m| m.sequence).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    assert!(page.more);
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::After(17), 5).await.expect("read");
    assert_eq!(page.items.iter().map(|m| m.sequence).collect::<Vec<_>>(), [18, 19, 20]);
    assert!(!page.more);
}

async fn a_repeat_gets_the_first_answer(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let send = |from, text: &str| {
        let send = message(from, &conversation, text, Some("c1"));
        bench.write(send)
    };
    let first = send(&a, "x").await.expect("sent");
    bench.settled().await;
    let delivered = bench.entries.lock().unwrap().len();
    let again = send(&a, "x").await.expect("answered again");
    assert!(again.repeated && !first.repeated);
    assert_eq!(again.message, first.message);
    assert_eq!(send(&a, "y").await.expect_err("another message").code, Code::Conflict);
    bench.settled().await;
    assert_eq!(bench.entries.lock().unwrap().len(), delivered, "no entry was repeated");
    assert!(!send(&b, "x").await.expect("another sender's").repeated);
}

async fn allowed_when_it_happens(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    // All are queued before the first is answered: writes after the removal are refused, those before it are applied.
    let mut answers = Vec::new();
    for n in 0..20 {
        if n == 10 {
            let (conversation, b) = (conversation.clone(), b.clone());
            let by = actor(&a);
            let removal = bench.start(RemoveMember { actor: by, conversation, user: b }).await;
            drop(removal);
        }
        let send = message(&b, &conversation, &n.to_string(), None);
        answers.push(bench.start(send).await);
    }
    for (n, answer) in answers.into_iter().enumerate() {
        let sent = answer.await.expect("an answer");
        assert_eq!(sent.is_ok(), n < 10, "message {n}");
    }
    let refused = bench.store.messages(Party::Server, b, conversation, PageOf::Newest, 10).await;
    assert!(matches!(refused, Err(StoreError::Refused(refusal)) if refusal.code == Code::NotFound));
}

async fn cursors_never_move_back(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.send(&a, &conversation, "x").await.expect("sent").message.id.clone());
    }
    let read = |n: usize| {
        let (by, id) = (actor(&b), ids[n].clone());
        bench.write(MarkRead { actor: by, reading: Reading::Messages { conversation: None, messages: vec![id] } })
    };
    read(1).await.expect("read");
    read(0).await.expect("nothing to do");
    let seen = bench.store.conversation(b.clone(), conversation.clone()).await.expect("a conversation");
    assert_eq!(seen.unread_count, 1);
    read(2).await.expect("read");
    bench.settled().await;
    let entries = bench.entries.lock().unwrap().clone();
    let delivered: Vec<usize> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::MessagesRead { messages, .. } => Some(messages.len()),
            _ => None,
        })
        .collect();
    assert_eq!(delivered, [2, 1], "each message is reported as read once");
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    assert!(page.items.iter().all(|message| message.readers.len() == 1 && message.readers[0].user == b));
}

/// A refusal affects no other write, and one group is one commit: shown with writes that wait together.
#[tokio::test]
async fn one_group_one_refusal() {
    for (_, factory) in stores() {
        let (open, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let waits = Box::new(move || gate.lock().unwrap().recv().unwrap_or(()));
        let bench = Bench::gated(factory, waits);
        let a = bench.user("a").await;
        let conversation = {
            let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]);
            let conversation = conversation.await;
            // The writer now waits at the gate, where it hands on the entries of the conversation.
            conversation
        };
        let sends = [
            message(&a, &conversation, "1", Some("x")),
            message(&a, &conversation, "2", Some("x")),
            message(&a, &conversation, "3", None),
        ];
        let mut answers = Vec::new();
        for send in sends {
            answers.push(bench.start(send).await);
        }
        open.send(()).expect("the gate opens");
        let mut outcomes = Vec::new();
        for answer in answers {
            outcomes.push(answer.await.expect("an answer").is_ok());
        }
        assert_eq!(outcomes, [true, false, true]);
        drop(open);
        bench.settled().await;
        let groups: Vec<usize> = bench
            .seen
            .lock()
            .unwrap()
            .iter()
            .filter_map(|seen| if let Seen::HandedOn(positions) = seen { Some(positions.len()) } else { None })
            .collect();
        assert_eq!(groups.last(), Some(&2), "the two that were taken came in one group: {groups:?}");
        let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
        assert_eq!(
            page.items.iter().map(|m| (m.sequence, m.content.as_str())).collect::<Vec<_>>(),
            [(1, "1"), (2, "3")]
        );
    }
}
