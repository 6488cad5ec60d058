//! How far messages have reached the devices of members, for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store};
use quintet_domain::limits::DELIVERED_MEMBERS_MAX;
use quintet_domain::{
    Code, ConversationId, ConversationKind, Departure, Event, JoinConversation, LeaveConversation, MarkRead, Message,
    NoteDelivery, NotedBy, Reading, SaveDeliveries, Target, UserId,
};
use quintet_store::{PageOf, Party};

every_store!(
    authors_alone_are_told_once_of_their_own,
    a_cursor_that_is_saved_is_stored,
    what_was_read_was_delivered,
    only_members_receive,
    what_a_node_notes_counts_in_small_conversations,
    a_cursor_ends_with_the_membership,
    everything_in_a_conversation,
    messages_say_that_they_were_delivered,
);

/// What an author is told: who received which of its messages.
type Told = (UserId, UserId, Vec<String>);

fn messages(id: &ConversationId, messages: &[&Message]) -> Reading {
    let messages = messages.iter().map(|message| message.id.clone()).collect();
    Reading::Messages { conversation: Some(id.clone()), messages }
}

/// Notes what a client says. Beside other nodes that is stored at once.
async fn note(bench: &Bench, user: &UserId, received: Reading) -> Vec<Told> {
    noted(bench, user, received, NotedBy::Client).await
}

/// Notes what the node has written to a connection, which is stored when it is saved.
async fn written(bench: &Bench, user: &UserId, received: Reading) -> Vec<Told> {
    noted(bench, user, received, NotedBy::Node).await
}

async fn noted(bench: &Bench, user: &UserId, received: Reading, noted_by: NotedBy) -> Vec<Told> {
    let events = bench.write(NoteDelivery { actor: actor(user), received, noted_by }).await.expect("noted");
    let told = events.into_iter().map(|event| match event {
        Event::MessagesDelivered { user, messages, author, .. } => {
            (author, user, messages.iter().map(|message| message.as_str().to_owned()).collect())
        }
        other => panic!("{other:?}"),
    });
    told.collect()
}

fn told(author: &UserId, user: &UserId, messages: &[&Message]) -> Told {
    (author.clone(), user.clone(), messages.iter().map(|message| message.id.as_str().to_owned()).collect())
}

async fn three(bench: &Bench) -> (UserId, UserId, UserId, ConversationId) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let id = bench.conversation(&a, ConversationKind::Group, true, &[b.clone(), c.clone()]).await;
    (a, b, c, id)
}

async fn authors_alone_are_told_once_of_their_own(bench: Bench) {
    let (a, b, c, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let two = bench.send(&c, &id, "two").await.expect("sent").message;
    let own = bench.send(&b, &id, "own").await.expect("sent").message;
    let three = bench.send(&a, &id, "three").await.expect("sent").message;
    let position = bench.settled().await;
    assert_eq!(note(&bench, &b, messages(&id, &[&two])).await, [told(&a, &b, &[&one]), told(&c, &b, &[&two])]);
    // Not again, and never back.
    assert_eq!(note(&bench, &b, messages(&id, &[&two, &one])).await, []);
    assert_eq!(note(&bench, &b, messages(&id, &[&own])).await, []);
    assert_eq!(note(&bench, &b, messages(&id, &[&three, &one])).await, [told(&a, &b, &[&three])]);
    // Another member's cursor is its own.
    assert_eq!(
        note(&bench, &c, messages(&id, &[&three])).await,
        [told(&a, &c, &[&one, &three]), told(&b, &c, &[&own])]
    );
    assert_eq!(bench.settled().await, position, "nothing takes a place in the order");
}

async fn a_cursor_that_is_saved_is_stored(bench: Bench) {
    let (a, b, c, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    assert_eq!(bench.write(SaveDeliveries).await, Ok(0), "none has moved");
    written(&bench, &b, messages(&id, &[&one])).await;
    written(&bench, &c, messages(&id, &[&one])).await;
    assert_eq!(bench.write(SaveDeliveries).await, Ok(2));
    assert_eq!(bench.write(SaveDeliveries).await, Ok(0), "they are stored already");
    assert_eq!(note(&bench, &b, messages(&id, &[&one])).await, []);
    let two = bench.send(&a, &id, "two").await.expect("sent").message;
    assert_eq!(note(&bench, &b, messages(&id, &[&two])).await, [told(&a, &b, &[&two])]);
}

async fn what_was_read_was_delivered(bench: Bench) {
    let (a, b, _, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let two = bench.send(&a, &id, "two").await.expect("sent").message;
    bench.write(MarkRead { actor: actor(&b), reading: messages(&id, &[&one]) }).await.expect("read");
    assert_eq!(note(&bench, &b, messages(&id, &[&one])).await, []);
    assert_eq!(note(&bench, &b, messages(&id, &[&two])).await, [told(&a, &b, &[&two])]);
}

async fn only_members_receive(bench: Bench) {
    let (a, _, _, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let stranger = bench.user("stranger").await;
    let note = |received| bench.write(NoteDelivery { actor: actor(&stranger), received, noted_by: NotedBy::Client });
    let refused = note(messages(&id, &[&one])).await.expect_err("no member");
    assert_eq!(refused.code, Code::Forbidden, "the group is open, and known to exist");
    let anywhere = Reading::Messages { conversation: None, messages: vec![one.id.clone()] };
    assert_eq!(note(anywhere).await.expect_err("no member").code, Code::NotFound);
    let unknown = Reading::Everything(Target::Conversation(ConversationId::trusted("no such")));
    assert_eq!(note(unknown).await.expect_err("unknown").code, Code::NotFound);
}

async fn what_a_node_notes_counts_in_small_conversations(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let mut others = vec![b.clone()];
    for number in 2..DELIVERED_MEMBERS_MAX {
        others.push(bench.user(&format!("user{number}")).await);
    }
    let full = bench.conversation(&a, ConversationKind::Group, false, &others).await;
    others.push(bench.user("one-more").await);
    let large = bench.conversation(&a, ConversationKind::Group, false, &others).await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let (actor_b, conversation) = (actor(&b), room.clone());
    let join = JoinConversation { actor: actor_b, conversation, profile: Default::default(), history: false };
    bench.write(join).await.expect("joined");
    for (conversation, counts) in [(&full, true), (&large, false), (&room, false)] {
        let sent = bench.send(&a, conversation, "hello").await.expect("sent").message;
        let received = messages(conversation, &[&sent]);
        let noted = |noted_by| NoteDelivery { actor: actor(&b), received: received.clone(), noted_by };
        let events = bench.write(noted(NotedBy::Node)).await.expect("noted");
        assert_eq!(events.len(), usize::from(counts), "{conversation}");
        // A client may say so in any conversation.
        let events = bench.write(noted(NotedBy::Client)).await.expect("noted");
        assert_eq!(events.len(), usize::from(!counts), "{conversation}");
    }
    let sent = bench.send(&a, &full, "hello").await.expect("sent").message;
    let unknown = UserId::trusted("nobody");
    for stranger in [&unknown, &bench.user("stranger").await] {
        let received = messages(&full, &[&sent]);
        let write = NoteDelivery { actor: actor(stranger), received, noted_by: NotedBy::Node };
        assert_eq!(bench.write(write).await.expect_err("refused").code, Code::NotFound);
    }
}

async fn a_cursor_ends_with_the_membership(bench: Bench) {
    let (a, b, c, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let two = bench.send(&c, &id, "two").await.expect("sent").message;
    note(&bench, &b, messages(&id, &[&one])).await;
    bench.write(SaveDeliveries).await.expect("saved");
    for user in [&b, &c] {
        let leave = LeaveConversation { actor: actor(user), conversation: id.clone(), departure: Departure::Left };
        bench.write(leave).await.expect("left");
    }
    let join =
        JoinConversation { actor: actor(&b), conversation: id.clone(), profile: Default::default(), history: false };
    bench.write(join).await.expect("joined");
    assert_eq!(note(&bench, &b, messages(&id, &[&two])).await, [], "what was there before counts as read");
    let three = bench.send(&a, &id, "three").await.expect("sent").message;
    assert_eq!(note(&bench, &b, messages(&id, &[&three])).await, [told(&a, &b, &[&three])]);
}

async fn everything_in_a_conversation(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let to_b = || Reading::Everything(Target::Direct(a.clone()));
    assert_eq!(note(&bench, &b, to_b()).await, [], "they have not written");
    let id = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let two = bench.send(&a, &id, "two").await.expect("sent").message;
    assert_eq!(note(&bench, &b, to_b()).await, [told(&a, &b, &[&one, &two])]);
}

async fn messages_say_that_they_were_delivered(bench: Bench) {
    let (a, b, c, id) = three(&bench).await;
    let one = bench.send(&a, &id, "one").await.expect("sent").message;
    let own = bench.send(&b, &id, "own").await.expect("sent").message;
    let shown = async || {
        let page = bench.store.messages(Party::Server, a.clone(), id.clone(), PageOf::Newest, 10).await.expect("read");
        let list = bench.store.conversations(a.clone(), None, 10).await.expect("read");
        let mut delivered: Vec<bool> = page.items.iter().map(|message| message.delivered).collect();
        delivered.push(list.items[0].last_message.as_ref().expect("a message").delivered);
        assert!(page.items.iter().all(|message| message.readers.is_empty()), "nobody has read any");
        delivered
    };
    assert_eq!(shown().await, [false, false, false]);
    // One's own messages do not count, and what is not saved is not shown yet.
    written(&bench, &b, messages(&id, &[&own])).await;
    assert_eq!(shown().await, [false, false, false]);
    bench.write(SaveDeliveries).await.expect("saved");
    assert_eq!(shown().await, [true, false, false]);
    note(&bench, &c, messages(&id, &[&own, &one])).await;
    bench.write(SaveDeliveries).await.expect("saved");
    assert_eq!(shown().await, [true, true, true]);
    // Who joins later was not there.
    let late = bench.user("late").await;
    let two = bench.send(&a, &id, "two").await.expect("sent").message;
    let join =
        JoinConversation { actor: actor(&late), conversation: id.clone(), profile: Default::default(), history: false };
    bench.write(join).await.expect("joined");
    let three = bench.send(&a, &id, "three").await.expect("sent").message;
    note(&bench, &late, messages(&id, &[&two, &three])).await;
    bench.write(SaveDeliveries).await.expect("saved");
    assert_eq!(shown().await, [true, true, false, true, true]);
}
