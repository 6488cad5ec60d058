//! The guarantees of every store, as `quintet_store::Store` states them, checked for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use crate::support::{Bench, Seen, actor, every_store, message, stores};
use quintet_domain::{
    AddWebhook, Barrier, ChangeWebhook, Code, ConversationId, ConversationKind, DeleteWebhook, Departure, Emoji, Event,
    JoinConversation, LeaveConversation, MarkRead, ModelEventType, NoteWebhook, Prune, React, Reading, RemoveMember,
    ReplayWebhook, Ticket, Timestamp, Webhook, WebhookChange, WebhookDelivery, WebhookFilter, WebhookSecret, Write,
    Written,
};
use quintet_store::{PageOf, Party, ReplyTo, StoreError};
use tokio::sync::oneshot;

every_store!(
    one_order,
    replies_in_their_places,
    queued_writes_are_replied_to_at_the_end,
    read_your_writes,
    a_repeat_gets_the_first_answer,
    allowed_when_it_happens,
    cursors_never_move_back,
    the_log_is_told_in_pages,
    webhooks_move_ahead_and_are_sent_back,
    a_webhook_that_fails_for_days_is_disabled,
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
            let removal = bench.start(RemoveMember { actor: by, conversation, user: b, reason: None }).await;
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
        open.send(()).expect("the gate opens for the user");
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

/// A page of the log has what was handed on, in its order, wherever it begins and ends, and says when it happened.
async fn the_log_is_told_in_pages(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, true, &[b.clone()]).await;
    let sent = bench.send(&a, &group, "hello").await.expect("sent").message.id.clone();
    let emoji = Emoji::trusted("+1");
    bench.write(React { actor: actor(&b), message: sent, emoji, active: true }).await.expect("reacted");
    let reading = Reading::Everything(quintet_domain::Target::Conversation(group.clone()));
    bench.write(MarkRead { actor: actor(&b), reading }).await.expect("read");
    let leave = LeaveConversation { actor: actor(&b), conversation: group.clone(), departure: Departure::Left };
    bench.write(leave).await.expect("left");
    bench.erase(&b).await;
    let newest = bench.settled().await;
    let entries = bench.entries.lock().unwrap().clone();
    let handed_on: Vec<_> = entries.iter().map(|e| (e.position, std::mem::discriminant(&e.event))).collect();
    for limit in [1, 3, 1_000] {
        let (mut told, mut after, mut moments) = (Vec::new(), 0, Vec::new());
        loop {
            let page = bench.store.log_page(Party::Server, after, limit).await.unwrap();
            assert_eq!((page.after, page.newest), (after, newest));
            if page.last == after {
                break;
            }
            assert_eq!(page.last, newest.min(after + limit));
            moments.extend(page.told.iter().map(|told| told.at));
            told.extend(page.told.iter().map(|told| {
                assert!(told.entry.withheld.is_none());
                (told.entry.position, std::mem::discriminant(&told.entry.event))
            }));
            after = page.last;
        }
        if limit == 1 {
            // An announcement stands right before its change, and is left out where a page begins between them.
            told.retain(|one| handed_on.contains(one));
            assert!(told.len() < handed_on.len());
        } else {
            assert!(told.iter().all(|one| handed_on.contains(one)));
        }
        assert!(moments.is_sorted() && moments[0] > Timestamp(0));
        if limit == 1_000 {
            assert_eq!(told, handed_on, "everything in one page");
        }
    }
    // Who was created and who was erased can be told.
    let page = bench.store.log_page(Party::Server, 0, 1_000).await.unwrap();
    let profiles = page.told.iter().filter_map(|told| match &told.entry.event {
        Event::UserChanged { user, .. } => Some((user.id.clone(), told.at == user.created_at, told.is_erased)),
        _ => None,
    });
    let profiles: Vec<_> = profiles.collect();
    assert_eq!(profiles, [(a, true, false), (b.clone(), true, true), (b, false, true)]);
}

fn delivery(position: u64, delivered: bool) -> WebhookDelivery {
    WebhookDelivery {
        position,
        kind: ModelEventType::MessageCreated,
        attempt: 2,
        at: Timestamp(7),
        took_ms: 12,
        status: (!delivered).then_some(500),
        delivered,
        problem: (!delivered).then(|| "The receiver answered with 500.".to_owned()),
    }
}

async fn webhook(bench: &Bench) -> Webhook {
    let filter = WebhookFilter {
        kinds: vec![ModelEventType::MessageCreated, ModelEventType::UserErased],
        conversations: vec![ConversationId::trusted("c-1"), ConversationId::trusted("c-2")],
        personal: false,
    };
    let (url, secret) = ("https://example.org/hook".to_owned(), WebhookSecret("whsec_c2VjcmV0".to_owned()));
    bench.write(AddWebhook { url, secret, description: "A shop".to_owned(), filter, by: None }).await.expect("added")
}

fn noted(webhook: &Webhook, position: u64, attempts: Vec<WebhookDelivery>) -> NoteWebhook {
    let is_failing = attempts.last().is_some_and(|last| !last.delivered);
    NoteWebhook { id: webhook.id.clone(), turn: webhook.turn, position, attempts, is_failing, disable: None }
}

/// What is delivered is noted in its order, only for a webhook as it is now, and is told again only from where the log is
/// kept.
async fn webhooks_move_ahead_and_are_sent_back(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, true, &[]).await;
    let begun = bench.settled().await;
    let made = webhook(&bench).await;
    assert_eq!((made.position, made.enabled, made.turn), (begun, true, 0), "it is told what happens from now on");
    let other = webhook(&bench).await;
    for n in 0..150 {
        bench.send(&a, &group, &n.to_string()).await.expect("sent");
    }
    assert_eq!(bench.store.webhooks().await.unwrap(), [made.clone(), other.clone()]);

    let first = bench.write(noted(&made, begun + 3, vec![delivery(begun + 1, true), delivery(begun + 4, false)])).await;
    let first = first.expect("noted");
    assert_eq!((first.position, first.failing_since.is_some()), (begun + 3, true));
    let behind = bench.write(noted(&made, begun + 1, vec![delivery(begun + 4, true)])).await.expect("noted");
    assert_eq!((behind.position, behind.failing_since), (begun + 3, None), "it never moves back by itself");
    let attempts = async || bench.store.webhook_deliveries(made.id.clone(), 1_000).await.unwrap().unwrap();
    let expected = [delivery(begun + 4, true), delivery(begun + 4, false), delivery(begun + 1, true)];
    assert_eq!(attempts().await, expected, "the newest first");
    let many = (0..120).map(|n| delivery(begun + n, true)).collect();
    bench.write(noted(&made, begun + 120, many)).await.expect("noted");
    let kept = attempts().await;
    assert_eq!((kept.len(), kept[0].position, kept[99].position), (100, begun + 119, begun + 20));
    assert_eq!(bench.store.webhook_deliveries(other.id.clone(), 10).await.unwrap(), Some(Vec::new()));
    assert_eq!(bench.store.webhook_deliveries("none".to_owned(), 10).await.unwrap(), None);

    let change = WebhookChange { url: Some("https://example.org/other".to_owned()), ..WebhookChange::default() };
    let changed = bench.write(ChangeWebhook { id: made.id.clone(), change, by: None }).await.expect("changed");
    assert_eq!((&changed.filter, changed.position), (&made.filter, begun + 120));
    let late = bench.write(noted(&made, begun + 130, Vec::new())).await.expect("begun before the change");
    assert_eq!((late.position, late.url.as_str()), (begun + 130, "https://example.org/other"));

    let replay = async |from: u64| bench.write(ReplayWebhook { id: made.id.clone(), from }).await;
    let newest = bench.settled().await;
    assert_eq!(replay(begun + 1).await.expect("sent back").position, begun);
    let late = bench.write(noted(&made, begun + 140, Vec::new())).await.expect_err("begun before it was sent back");
    assert_eq!(late.code, Code::Conflict);
    assert_eq!(replay(newest + 1).await.expect("sent ahead").position, newest);
    for (from, code) in [(0, Code::InvalidPayload), (newest + 2, Code::InvalidPayload)] {
        assert_eq!(replay(from).await.expect_err("nowhere").code, code, "{from}");
    }
    let unknown = bench.write(ReplayWebhook { id: "none".to_owned(), from: 1 }).await.expect_err("unknown");
    assert_eq!(unknown.code, Code::NotFound);

    // Nobody turns what is personal to another address.
    let filter = WebhookFilter { personal: true, ..WebhookFilter::default() };
    let (url, secret) = (made.url.clone(), made.secret.clone());
    let personal = AddWebhook { url, secret, description: String::new(), filter, by: None };
    let personal = bench.write(personal).await.expect("added");
    assert!(bench.store.webhooks().await.unwrap().iter().any(|found| *found == personal && found.filter.personal));
    let change = WebhookChange { url: Some("https://example.org/other".to_owned()), ..WebhookChange::default() };
    let refused = bench.write(ChangeWebhook { id: personal.id.clone(), change, by: None }).await.expect_err("turned");
    assert_eq!(refused.code, Code::Forbidden);
    bench.write(DeleteWebhook { id: personal.id, by: None }).await.expect("deleted");

    bench.write(DeleteWebhook { id: made.id.clone(), by: None }).await.expect("deleted");
    assert_eq!(bench.store.webhooks().await.unwrap(), [other]);
    assert_eq!(bench.store.webhook_deliveries(made.id.clone(), 10).await.unwrap(), None);
    let again = bench.write(DeleteWebhook { id: made.id, by: None }).await.expect_err("deleted before");
    assert_eq!(again.code, Code::NotFound);
    for _ in 0..quintet_domain::limits::WEBHOOKS_MAX - 1 {
        webhook(&bench).await;
    }
    let url = "https://example.org".to_owned();
    let (secret, filter) = (WebhookSecret(String::new()), WebhookFilter::default());
    let more = AddWebhook { url, secret, description: String::new(), filter, by: None };
    assert_eq!(bench.write(more).await.expect_err("too many").code, Code::Conflict);
}

/// A webhook is disabled after three days of failures alone, says why, and begins anew when somebody enables it.
async fn a_webhook_that_fails_for_days_is_disabled(bench: Bench) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let made = webhook(&bench).await;
    let fail = async || bench.write(noted(&made, 0, vec![delivery(1, false)])).await.expect("noted");
    let since = fail().await.failing_since.expect("failing");
    bench.environment.pass_ms(3 * DAY_MS - 60_000);
    let failing = fail().await;
    assert_eq!((failing.enabled, failing.failing_since), (true, Some(since)));
    bench.environment.pass_ms(60_000);
    let disabled = fail().await;
    let because = disabled.disabled_because.clone().expect("a sentence");
    assert!(!disabled.enabled && because.contains(&since.to_string()) && because.contains("3 days"), "{because}");
    assert_eq!(bench.store.webhooks().await.unwrap(), [disabled.clone()]);
    let change = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    let enabled = bench.write(ChangeWebhook { id: made.id.clone(), change, by: None }).await.expect("enabled");
    assert_eq!((enabled.enabled, enabled.disabled_because, enabled.failing_since), (true, None, None));
    let gone = NoteWebhook { disable: Some("It is gone.".to_owned()), ..noted(&made, 0, Vec::new()) };
    let gone = NoteWebhook { turn: enabled.turn, ..gone };
    assert_eq!(bench.write(gone).await.expect("noted").disabled_because.as_deref(), Some("It is gone."));
}

/// What the log does not keep any more is not told, and a webhook cannot be sent back to it.
#[tokio::test]
async fn a_page_begins_where_the_log_is_kept() {
    for (name, factory) in stores() {
        let quotas = quintet_domain::Quotas { change_days: 7, ..quintet_domain::Quotas::default() };
        let bench = Bench::with(Arc::default(), quotas, Box::new(|| {}), factory);
        let a = bench.user("a").await;
        let group = bench.conversation(&a, ConversationKind::Group, true, &[]).await;
        for n in 0..10 {
            bench.send(&a, &group, &n.to_string()).await.expect("sent");
        }
        let old = bench.settled().await;
        bench.environment.pass_ms(8 * 24 * 60 * 60 * 1_000);
        bench.send(&a, &group, "new").await.expect("sent");
        bench.write(Prune { after: 0 }).await.expect("pruned");
        let page = bench.store.log_page(Party::Server, 0, 1_000).await.unwrap();
        assert_eq!((page.after, page.last, page.told.len()), (old, old + 1, 1), "{name}");
        let id = webhook(&bench).await.id;
        let refused = bench.write(ReplayWebhook { id: id.clone(), from: old }).await.expect_err("not kept");
        assert_eq!(refused.code, Code::NotFound);
        let sentence =
            format!("The log is kept from position {} on, so that nothing can be told again from {old}.", old + 1);
        assert_eq!(refused.message, sentence);
        assert_eq!(bench.write(ReplayWebhook { id, from: old + 1 }).await.expect("kept").position, old);
    }
}
