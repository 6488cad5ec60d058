//! What every store guarantees, as `quintet_store::Store` states it. Each case runs on every implementation.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod support;

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use quintet_domain::{
    AddMember, Barrier, Code, ContinueErasure, ConversationKind, CreateMeetup, DecideRequest, DeleteConversation,
    Departure, EditMessage, EraseUser, Event, JoinConversation, LeaveConversation, Login, MarkRead, NoteSeen, Quotas,
    RemoveMember, RequestMeetup, Role, SetDisabled, SweepGuests, Ticket, Write, Written,
};
use quintet_store::{Location, PageOf, Party, ReplyTo, StoreError};
use support::{Bench, Seen, actor, message, stores};
use tokio::sync::oneshot;

/// Makes a test of each case, which runs for every store.
macro_rules! conformance {
    ($($case:ident),* $(,)?) => {
        mod every_store {
            $(#[tokio::test] async fn $case() {
                for (name, factory) in super::stores() {
                    eprintln!("{name}");
                    super::$case(super::Bench::of(factory)).await;
                }
            })*
        }
    };
}

conformance!(
    one_order,
    read_your_writes,
    a_repeat_gets_the_first_answer,
    allowed_when_it_happens,
    one_direct_conversation_for_a_pair,
    cursors_never_move_back,
    owners_pass_on,
    erased_keeps_its_numbers,
    guests_go,
    replies_in_their_places,
    queued_writes_are_replied_to_at_the_end,
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

/// Callers have their results before the commit is handed on.
#[tokio::test]
async fn answered_before_handed_on() {
    for (name, factory) in stores() {
        let waiting: Arc<Mutex<Option<oneshot::Receiver<Result<Written, StoreError>>>>> = Arc::default();
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

/// Replies to tickets stand before the entries of their write, or behind them where the write says so; a refused one is
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
    assert_eq!(places, [(0, 0), (1, 2), (2, 2), (3, 4), (4, 4)]);
    let outcomes: Vec<_> = replies.iter().map(|reply| reply.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, true, true, true, false]);
}

/// What was queued before the end is committed and replied to; what comes later is refused without a reply.
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
    let told = bench.entries.lock().unwrap().len();
    let again = send(&a, "x").await.expect("answered again");
    assert!(again.repeated && !first.repeated);
    assert_eq!(again.message, first.message);
    assert_eq!(send(&a, "y").await.expect_err("another message").code, Code::Conflict);
    bench.settled().await;
    assert_eq!(bench.entries.lock().unwrap().len(), told, "nothing was told twice");
    assert!(!send(&b, "x").await.expect("another sender's").repeated);
}

async fn allowed_when_it_happens(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    // All queued before the first is answered: what comes behind the removal is refused, what came before stands.
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

async fn one_direct_conversation_for_a_pair(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let first = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let second = bench.conversation(&b, ConversationKind::Direct, false, &[a.clone()]).await;
    assert_eq!(first, second);
    // Hidden for the one who asks, until the next message.
    let by = actor(&a);
    let id = first.clone();
    bench.write(DeleteConversation { actor: by, conversation: id }).await.expect("hidden");
    let listed = |user| bench.store.conversations(user, None, 10);
    assert!(listed(a.clone()).await.expect("a list").items.is_empty());
    assert_eq!(listed(b.clone()).await.expect("a list").items.len(), 1);
    bench.send(&b, &first, "back").await.expect("sent");
    assert_eq!(listed(a).await.expect("a list").items[0].unread_count, 1);
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
        bench.write(MarkRead { actor: by, conversation: None, messages: vec![id] })
    };
    read(1).await.expect("read");
    read(0).await.expect("nothing to do");
    let seen = bench.store.conversation(b.clone(), conversation.clone()).await.expect("a conversation");
    assert_eq!(seen.unread_count, 1);
    read(2).await.expect("read");
    bench.settled().await;
    let entries = bench.entries.lock().unwrap().clone();
    let told: Vec<usize> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::MessagesRead { messages, .. } => Some(messages.len()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [2, 1], "each message is told as read once");
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    assert!(page.items.iter().all(|message| message.readers.len() == 1 && message.readers[0].user == b));
}

async fn owners_pass_on(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone(), c.clone()]).await;
    let (by, id, user) = (actor(&a), conversation.clone(), c.clone());
    bench.write(AddMember { actor: by, conversation: id, user, role: Some(Role::Admin) }).await.expect("an admin");
    let (by, id) = (actor(&a), conversation.clone());
    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await.expect("left");
    let seen = bench.store.conversation(b.clone(), conversation.clone()).await.expect("a conversation");
    assert_eq!(seen.owner, Some(c.clone()), "the admin comes before the longer-standing member");
    let (by, id) = (actor(&c), conversation.clone());
    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await.expect("left");
    let seen = bench.store.conversation(b.clone(), conversation).await.expect("a conversation");
    assert_eq!((seen.owner, seen.members[0].role), (Some(b), Role::Owner));
}

async fn erased_keeps_its_numbers(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    bench.send(&b, &conversation, "a secret").await.expect("sent");
    bench.send(&a, &conversation, "kept").await.expect("sent");
    bench.write(NoteSeen { users: vec![(b.clone(), quintet_domain::Timestamp(1))] }).await.expect("seen");
    bench.erase(&b).await;
    // Its going is noted only now, and is nobody's any more.
    bench.write(NoteSeen { users: vec![(b.clone(), quintet_domain::Timestamp(2))] }).await.expect("seen");
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    let shown: Vec<_> = page.items.iter().map(|message| (message.sequence, message.content.as_str())).collect();
    assert_eq!(shown, [(2, "This message was deleted"), (3, "kept")]);
    assert!(page.items[0].sender.name.starts_with("deleted-"));
    let account = bench.store.account(Party::Server, b).await.expect("read").expect("the id stays");
    assert!(account.disabled && account.email.is_none() && account.user.last_seen.is_none());
    let login = Login::Email("b@example.org".into());
    assert!(bench.store.account_by_login(Party::Server, login).await.expect("read").is_none());
}

async fn guests_go(bench: Bench) {
    let a = bench.user("a").await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    for guest in ["guest-1", "guest-2"] {
        let guest = quintet_domain::UserId::trusted(guest);
        let (by, id) = (actor(&guest), room.clone());
        let joined = bench
            .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: true })
            .await;
        assert!(joined.expect("joined").new);
    }
    let present = vec![quintet_domain::UserId::trusted("guest-2")];
    let later = quintet_domain::Timestamp(i64::MAX);
    bench
        .write(SweepGuests { present: std::sync::Arc::new(present.into_iter().collect()), joined_before: later })
        .await
        .expect("swept");
    let seen = bench.store.conversation(a, room).await.expect("a conversation");
    let members: Vec<_> = seen.members.iter().map(|member| member.user.id.as_str().to_owned()).collect();
    assert!(members.contains(&"guest-2".to_owned()) && !members.contains(&"guest-1".to_owned()), "{members:?}");
}

/// One refusal takes nobody along, and one group is one commit: shown with commands that wait together.
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
            // The writer now stands at the gate, with the entries of the conversation in its hands.
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

/// What was committed is there after the process, and positions go on where they were.
#[tokio::test]
async fn opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Folder(folder.path().into());
    let bench = Bench::open(&location, Arc::default(), Quotas::default());
    let a = bench.user("a").await;
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    bench.send(&a, &conversation, "kept").await.expect("sent");
    let before = bench.write(Barrier).await.expect("position");
    bench.store.close().await;
    let refused = bench.start(Barrier).await.await.expect("an answer");
    assert!(matches!(refused, Err(StoreError::Closed)));
    let environment = Arc::clone(&bench.environment);
    drop(bench);
    let bench = Bench::open(&location, environment, Quotas::default());
    assert_eq!(bench.write(Barrier).await.expect("position"), before);
    bench.send(&a, &conversation, "more").await.expect("sent");
    assert_eq!(bench.write(Barrier).await.expect("position"), before + 1);
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    assert_eq!(page.items.len(), 2);
}

/// A room that a registered user made is not deleted for being empty, whoever was its last owner.
#[tokio::test]
async fn rooms_of_users_stay() {
    let (bench, _folder) = Bench::in_file();
    let a = bench.user("a").await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let guest = quintet_domain::UserId::trusted("guest-1");
    for (user, leaves) in [(&guest, false), (&a, true), (&guest, true)] {
        let (by, id) = (actor(user), room.clone());
        if leaves {
            bench
                .write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left })
                .await
                .expect("left");
        } else {
            bench
                .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
                .await
                .expect("joined");
        }
    }
    // Two days later.
    bench.environment.pass_ms(2 * 24 * 60 * 60 * 1_000);
    bench
        .write(SweepGuests { present: Default::default(), joined_before: quintet_domain::Timestamp(0) })
        .await
        .expect("swept");
    let (by, id) = (actor(&a), room);
    let back = bench
        .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
        .await;
    assert!(back.expect("it is still there").new);
}

/// What names a person goes with the person: messages are told as deleted, meetups it hosts end.
#[tokio::test]
async fn erasure_is_told() {
    let (bench, _folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    bench.send(&a, &conversation, "x").await.expect("sent");
    let new = quintet_domain::NewMeetup {
        activity: "Chess".into(),
        location: "Park".into(),
        starts_at: quintet_domain::Timestamp(i64::MAX / 2),
        expires_at: quintet_domain::Timestamp(i64::MAX / 2),
        capacity: None,
    };
    let by = actor(&a);
    let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
    let (by, id) = (actor(&b), meetup.id.clone());
    bench.write(RequestMeetup { actor: by, meetup: id }).await.expect("asked");
    let (by, id, user) = (actor(&a), meetup.id.clone(), b.clone());
    bench.write(DecideRequest { actor: by, meetup: id, user, accept: true }).await.expect("accepted");
    bench.settled().await;
    let before = bench.entries.lock().unwrap().len();
    bench.erase(&a).await;
    bench.settled().await;
    let entries = bench.entries.lock().unwrap()[before..].to_vec();
    let told = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(told(|event| matches!(event, Event::MessageDeleted(_))), 1);
    assert_eq!(told(|event| matches!(event, Event::MeetupChanged { .. })), 1);
    assert_eq!(told(|event| matches!(event, Event::ConversationDeleted { .. })), 1);
    // Whoever is still told of it is told by the name that is left.
    assert_eq!(told(|event| matches!(event, Event::UserChanged { user } if user.name.starts_with("deleted-"))), 1);
    // What was told in its words is gone; that there is no meetup is told in none.
    let left = bench.store.notifications(b.clone(), None, 10).await.expect("read").items;
    let left: Vec<_> = left.iter().map(|item| item.notification.message.as_str()).collect();
    assert_eq!(left, ["A meetup of yours is cancelled."]);
    assert!(bench.store.meetup(b, meetup.id).await.is_err());
}

/// Very many messages go in turns: others write in between, and an end of the program in the middle loses none.
#[tokio::test]
async fn erasure_takes_turns() {
    let (bench, folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    for number in 0..450 {
        let send = message(&b, &conversation, &format!("whisper {number}"), Some(&format!("mine-{number}")));
        bench.write(send).await.expect("sent");
    }
    let user = b.clone();
    bench.write(EraseUser { user: user.clone() }).await.expect("erased");
    assert!(bench.write(ContinueErasure { user: user.clone() }).await.expect("erased on"));
    bench.send(&a, &conversation, "in between").await.expect("sent");
    drop(bench);
    let bench = Bench::open(&Location::Folder(folder.path().to_owned()), Arc::default(), Quotas::default());
    assert_eq!(bench.store.erasing().await.expect("read"), std::slice::from_ref(&b));
    let mut turns = 1;
    while bench.write(ContinueErasure { user: b.clone() }).await.expect("erased on") {
        turns += 1;
    }
    // 200 before the end, 200 and 50 after it.
    assert_eq!(turns, 2);
    assert!(bench.write(SetDisabled { user: b.clone(), disabled: false }).await.is_err(), "gone for good");
    assert!(bench.store.erasing().await.expect("read").is_empty());
    let mut after = 0;
    let mut said = Vec::new();
    loop {
        let page = bench
            .store
            .messages(Party::Server, a.clone(), conversation.clone(), PageOf::After(after), 200)
            .await
            .expect("read");
        assert!(page.items.iter().all(|message| message.client_message_id.is_none()));
        said.extend(page.items.iter().map(|message| message.content.clone()));
        let Some(last) = page.items.last().filter(|_| page.more) else { break };
        after = last.sequence;
    }
    assert_eq!(said.len(), 451);
    assert_eq!(
        said.iter().filter(|content| *content != "This message was deleted").collect::<Vec<_>>(),
        ["in between"]
    );
    // Nor does the file hold what was said.
    bench.store.close().await;
    let bytes = std::fs::read(folder.path().join("quintet.sqlite3")).expect("the file");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert_eq!((holds("in between"), holds("whisper ")), (true, false));
}

/// A list shows some of the members of a large conversation, the asker among them; the conversation itself shows all.
#[tokio::test]
async fn lists_of_large_conversations() {
    let (bench, _folder) = Bench::in_file();
    let a = bench.user("a").await;
    let mut members = Vec::new();
    for number in 0..150 {
        members.push(bench.user(&format!("member-{number}")).await);
    }
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &members).await;
    bench.settled().await;
    // They are in it from its beginning; each told of each would be more than ten thousand words.
    let entries = bench.entries.lock().unwrap().clone();
    let told = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(told(|event| matches!(event, Event::MemberJoined { .. })), 0);
    let born = |event: &Event| matches!(event, Event::ConversationCreated { members, .. } if members.len() == 151);
    assert_eq!(told(born), 1);
    let last = members.last().expect("members").clone();
    let listed = bench.store.conversations(last.clone(), None, 10).await.expect("a list").items.remove(0);
    assert_eq!((listed.members.len(), listed.member_count), (100, 151));
    assert_eq!((&listed.members[0].user.id, &listed.members[99].user.id), (&a, &last));
    let whole = bench.store.conversation(last, conversation).await.expect("a conversation");
    assert_eq!((whole.members.len(), whole.member_count), (151, 151));
}

/// A room that its owner left for good is the next one's who comes.
#[tokio::test]
async fn an_empty_room_finds_an_owner() {
    let (bench, _folder) = Bench::in_file();
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    bench.erase(&a).await;
    let (by, id) = (actor(&quintet_domain::UserId::trusted("guest-1")), room.clone());
    bench
        .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
        .await
        .expect("joined");
    for user in [&b, &c] {
        let (by, id) = (actor(user), room.clone());
        bench
            .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
            .await
            .expect("joined");
    }
    let seen = bench.store.conversation(b.clone(), room).await.expect("a conversation");
    assert_eq!(seen.owner, Some(b));
    let roles: Vec<_> = seen.members.iter().map(|member| member.role).collect();
    assert_eq!(roles, [Role::Member, Role::Owner, Role::Member]);
}

/// A hidden conversation comes back with a message, not with an edit.
#[tokio::test]
async fn hidden_until_the_next_message() {
    let (bench, _folder) = Bench::in_file();
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let sent = bench.send(&b, &conversation, "x").await.expect("sent").message.id.clone();
    let (by, id) = (actor(&a), conversation.clone());
    bench.write(DeleteConversation { actor: by, conversation: id }).await.expect("hidden");
    let by = actor(&b);
    bench.write(EditMessage { actor: by, message: sent, content: "y".into() }).await.expect("edited");
    let listed = || bench.store.conversations(a.clone(), None, 10);
    assert!(listed().await.expect("a list").items.is_empty());
    bench.send(&b, &conversation, "z").await.expect("sent");
    assert_eq!(listed().await.expect("a list").items.len(), 1);
}
