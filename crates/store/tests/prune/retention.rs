//! Messages that are not kept any longer: they go with all that belongs to them, nothing else does, and nobody is told.

use std::sync::Arc;

use quintet_domain::{
    Act, AddService, AnnounceFile, AuditFilter, CompleteFile, ConversationId, ConversationKind, Departure, Emoji,
    FileLink, ForgetFiles, JoinConversation, LeaveConversation, Message, MessageId, NewDetails, NewFile, PinMessage,
    Profile, PurgeCursor, PurgeMessages, Quotas, React, ReportMessage, Retention, Scopes, SendMessage, ServerRole,
    SetRetention, SetServerRole, StoredFile, UserId,
};
use quintet_store::{PageOf, Party};

use crate::support::stage::{On, Stage, every_database};
use crate::support::{actor, message};

every_database!(
    what_is_not_kept_goes_with_all_that_belongs_to_it,
    a_client_that_comes_back_is_told_what_is_left,
    a_conversation_that_loses_all_goes_on,
    many_messages_go_in_turns,
    a_conversation_has_days_of_its_own,
    guests_of_whom_nothing_is_left_are_forgotten,
);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Groups keep their messages for 30 days, and all others for ever.
fn groups_for_30_days() -> Quotas {
    Quotas { retention: Retention { group: 30, ..Retention::default() }, ..Quotas::default() }
}

/// Removes what is not kept, turn by turn. Returns how many messages each turn has removed.
async fn purge(stage: &Stage) -> Vec<u64> {
    let (mut from, mut removed) = (PurgeCursor::default(), Vec::new());
    loop {
        let purged = stage.bench.write(PurgeMessages { from }).await.unwrap();
        removed.push(purged.removed);
        match purged.next {
            Some(next) => from = next,
            None => return removed,
        }
    }
}

async fn send(stage: &Stage, from: &UserId, to: &ConversationId, text: &str, details: NewDetails) -> Arc<Message> {
    let mut write: SendMessage = message(from, to, text, None);
    write.text.file = details.files.first().cloned();
    write.text.details = details.kept();
    stage.bench.write(write).await.unwrap().message
}

fn plain() -> NewDetails {
    NewDetails::default()
}

fn answering(id: &MessageId) -> NewDetails {
    NewDetails { reply_to: Some(id.clone()), ..NewDetails::default() }
}

fn in_thread(id: &MessageId) -> NewDetails {
    NewDetails { thread: Some(id.clone()), ..NewDetails::default() }
}

async fn page(stage: &Stage, reader: &UserId, conversation: &ConversationId) -> Vec<Arc<Message>> {
    let read = stage.bench.store.messages(Party::Server, reader.clone(), conversation.clone(), PageOf::Newest, 50);
    read.await.unwrap().items
}

fn texts(messages: &[Arc<Message>]) -> Vec<&str> {
    messages.iter().map(|message| message.content.as_str()).collect()
}

const DELETED: &str = "This message was deleted";

async fn what_is_not_kept_goes_with_all_that_belongs_to_it(on: On) {
    let stage = Stage::with(on, groups_for_30_days());
    let users = stage.users("alice bob").await;
    let (alice, bob) = (&users[0], &users[1]);
    let group = stage.make(alice, ConversationKind::Group, &users[1..]).await.unwrap();
    let direct = stage.make(alice, ConversationKind::Direct, &users[1..]).await.unwrap();
    send(&stage, alice, &direct, "between us", plain()).await;
    let new = NewFile { id: "f-1".into(), secret: "s".into(), uploader: alice.clone(), name: None };
    stage.bench.write(AnnounceFile { new }).await.unwrap();
    let file = StoredFile { name: None, size: 700, mime: "x/y".into(), image: None };
    stage.bench.write(CompleteFile { id: "f-1".into(), file }).await.unwrap();

    let link = FileLink { url: "/files/f-1/s".into(), name: None };
    let files = send(&stage, alice, &group, "a file", NewDetails { files: vec![link], ..plain() }).await;
    let old = send(&stage, alice, &group, "old words for @bob", plain()).await;
    let pinned = send(&stage, alice, &group, "pinned", plain()).await;
    let root = send(&stage, alice, &group, "root", plain()).await;
    let early = send(&stage, bob, &group, "early reply", in_thread(&root.id)).await;
    for (message, emoji) in [(&old, "+1"), (&root, "-1"), (&pinned, "+1")] {
        let emoji = Emoji::trusted(emoji);
        stage.bench.write(React { actor: actor(bob), message: message.id.clone(), emoji, active: true }).await.unwrap();
    }
    stage.bench.write(PinMessage { actor: actor(alice), message: pinned.id.clone(), pinned: true }).await.unwrap();
    let reported = ReportMessage { actor: actor(bob), message: old.id.clone(), reason: Arc::from("rude") };
    stage.bench.write(reported).await.unwrap();
    stage.bench.environment.pass_ms(20 * DAY_MS);
    send(&stage, alice, &group, "answer", answering(&old.id)).await;
    send(&stage, alice, &group, "late reply", in_thread(&root.id)).await;
    assert_eq!(purge(&stage).await, [0], "all of them are kept for 30 days");
    let all = ["a file", "old words for @bob", "pinned", "root", "early reply", "answer", "late reply"];
    assert_eq!(texts(&page(&stage, bob, &group).await), all);

    stage.bench.environment.pass_ms(20 * DAY_MS);
    let position = stage.bench.settled().await;
    let told = stage.bench.entries.lock().unwrap().len();
    assert_eq!(purge(&stage).await, [4, 0], "two plain ones, a reply, and the content of a first message");
    assert_eq!(stage.bench.settled().await, position + 1, "one change");
    assert_eq!(stage.bench.entries.lock().unwrap().len(), told, "nobody is told");
    let left = page(&stage, bob, &group).await;
    assert_eq!(texts(&left), ["pinned", DELETED, "answer", "late reply"]);
    let details = |at: usize| left[at].details.as_deref().unwrap();
    assert_eq!((details(0).pinned.is_some(), details(0).reactions.len()), (true, 1));
    assert_eq!((details(1).thread.as_ref().unwrap().count, details(1).reactions.len()), (1, 0));
    let quote = details(2).reply_to.as_ref().unwrap();
    assert_eq!((quote.deleted, quote.content.as_str(), quote.sender.username.as_str()), (true, DELETED, "deleted"));
    assert_eq!(details(3).thread_id.as_ref(), Some(&root.id));
    assert_eq!(texts(&page(&stage, bob, &direct).await), ["between us"]);
    for gone in [&files.id, &old.id, &early.id] {
        stage.bench.store.message(bob.clone(), gone.clone()).await.expect_err("it is gone");
    }
    // What belongs to the messages that are left is left.
    for (table, rows) in [("reaction", 1), ("reaction_count", 1), ("pin", 1), ("carried", 0), ("thread_reply", 1)] {
        assert_eq!(stage.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let seen = stage.bench.store.conversation(bob.clone(), group.clone()).await.unwrap();
    assert_eq!((seen.unread_count, seen.last_message.unwrap().content.as_str()), (3, "late reply"));
    assert_eq!(stage.bench.store.message_count(bob.clone(), group.clone()).await.unwrap(), 4);
    let report = stage.bench.store.reports(Party::Server, None, None, 9).await.unwrap().items.remove(0);
    assert_eq!(report.snapshot.unwrap().content, "old words for @bob", "it is evidence");
    // The file goes as that of a deleted message does.
    let orphans = stage.bench.store.orphaned_files(0, 10).await.unwrap().ids;
    assert_eq!(orphans, ["f-1"]);
    stage.bench.write(ForgetFiles { ids: orphans }).await.unwrap();
    assert_eq!(stage.number("SELECT bytes FROM file_total"), 0);
    stage.bench.store.searchable(stage.bench.settled().await).await.unwrap();
    if let On::Postgres = on {
        let indexed = "SELECT count(*) FROM message_search s JOIN message m ON m.position = s.position";
        assert_eq!((stage.number("SELECT count(*) FROM message_search"), stage.number(indexed)), (4, 4));
    }

    // The first message of a thread goes with the last reply.
    stage.bench.environment.pass_ms(20 * DAY_MS);
    assert_eq!(purge(&stage).await, [3, 0]);
    assert_eq!(texts(&page(&stage, bob, &group).await), ["pinned"]);
    assert_eq!(stage.number("SELECT count(*) FROM thread"), 0);
    assert_eq!(purge(&stage).await, [0]);
}

/// Whoever was away is told what is left of what it has missed; the log itself is as it was.
async fn a_client_that_comes_back_is_told_what_is_left(on: On) {
    let stage = Stage::with(on, groups_for_30_days());
    let users = stage.users("alice bob").await;
    let group = stage.make(&users[0], ConversationKind::Group, &users[1..]).await.unwrap();
    let since = stage.bench.settled().await;
    let old = send(&stage, &users[0], &group, "old", plain()).await;
    stage
        .bench
        .write(React { actor: actor(&users[0]), message: old.id.clone(), emoji: Emoji::trusted("+1"), active: true })
        .await
        .unwrap();
    let reading = quintet_domain::Reading::Messages { conversation: None, messages: vec![old.id.clone()] };
    stage.bench.write(quintet_domain::MarkRead { actor: actor(&users[1]), reading }).await.unwrap();
    stage.bench.environment.pass_ms(40 * DAY_MS);
    send(&stage, &users[0], &group, "new", plain()).await;
    let missed = async || {
        let missed = stage.bench.store.replay_since(users[1].clone(), false, since.into()).await.unwrap();
        let positions = missed.entries.unwrap().into_iter().map(|entry| entry.position - since).collect::<Vec<_>>();
        (positions, missed.position - since)
    };
    let paged = async || {
        let page = stage.bench.store.log_page(Party::Server, since, 100).await.unwrap();
        let positions = page.told.iter().map(|told| told.entry.position - since).collect::<Vec<_>>();
        (positions, page.last - since)
    };
    assert_eq!((missed().await, paged().await), ((vec![1, 2, 3, 4], 4), (vec![1, 2, 3, 4], 4)));
    assert_eq!(purge(&stage).await, [1, 0]);
    assert_eq!((missed().await, paged().await), ((vec![4], 5), (vec![4], 5)));
    // What is not kept is no reason to begin afresh, also once the log is pruned up to there.
    let stage = stage.later(Quotas { change_days: 7, ..groups_for_30_days() }, 0).await;
    stage.prune().await;
    let missed = stage.bench.store.replay_since(users[1].clone(), false, (since + 3).into()).await.unwrap();
    assert_eq!(missed.entries.unwrap().len(), 1);
    let missed = stage.bench.store.replay_since(users[1].clone(), false, since.into()).await.unwrap();
    assert_eq!(missed.entries, None, "changes of then are pruned");
}

/// Without messages, a conversation is as one in which nobody has written yet, but for its number.
async fn a_conversation_that_loses_all_goes_on(on: On) {
    let stage = Stage::with(on, groups_for_30_days());
    let users = stage.users("alice bob").await;
    let group = stage.make(&users[0], ConversationKind::Group, &users[1..]).await.unwrap();
    send(&stage, &users[0], &group, "one", plain()).await;
    let pinned = send(&stage, &users[0], &group, "two", plain()).await;
    let pin = |pinned_now: bool| PinMessage { actor: actor(&users[0]), message: pinned.id.clone(), pinned: pinned_now };
    stage.bench.write(pin(true)).await.unwrap();
    let three = send(&stage, &users[0], &group, "three", plain()).await;
    stage.bench.environment.pass_ms(31 * DAY_MS);
    let seen = async |stage: &Stage| {
        let seen = stage.bench.store.conversation(users[1].clone(), group.clone()).await.unwrap();
        (seen.last_message.map(|message| message.content.clone()), seen.sequence, seen.unread_count, seen.updated_at)
    };
    let before = seen(&stage).await;
    assert_eq!(purge(&stage).await, [2, 0]);
    assert_eq!(seen(&stage).await, (Some("two".to_owned()), three.sequence, 1, before.3));
    stage.bench.write(pin(false)).await.unwrap();
    assert_eq!(purge(&stage).await, [1, 0]);
    assert_eq!(seen(&stage).await, (None, three.sequence, 0, before.3));
    // It is stored, and not only known.
    let stage = stage.later(groups_for_30_days(), 0).await;
    assert_eq!(seen(&stage).await, (None, three.sequence, 0, before.3));
    let four = send(&stage, &users[0], &group, "four", plain()).await;
    assert_eq!(four.sequence, three.sequence + 1);
    assert_eq!(seen(&stage).await, (Some("four".to_owned()), four.sequence, 1, four.created_at));
}

/// A turn removes a bounded number, and looks at a bounded number of conversations; what is sent meanwhile stays.
async fn many_messages_go_in_turns(on: On) {
    let stage = Stage::with(on, groups_for_30_days());
    let users = stage.users("alice").await;
    let mut groups = Vec::new();
    for _ in 0..210 {
        groups.push(stage.make(&users[0], ConversationKind::Group, &[]).await.unwrap());
    }
    let (first, last) = (&groups[0], &groups[209]);
    for number in 0..450 {
        stage.bench.send(&users[0], first, &number.to_string()).await.unwrap();
    }
    stage.bench.send(&users[0], last, "old").await.unwrap();
    stage.bench.environment.pass_ms(31 * DAY_MS);
    let (mut from, mut removed) = (PurgeCursor::default(), Vec::new());
    loop {
        let purged = stage.bench.write(PurgeMessages { from }).await.unwrap();
        removed.push(purged.removed);
        stage.bench.send(&users[0], first, "meanwhile").await.unwrap();
        let Some(next) = purged.next else { break };
        from = next;
    }
    // The last turns pass the conversations that have nothing to remove, and those behind the last one that has.
    assert_eq!(removed, [200, 200, 50, 0, 1, 0]);
    let left = page(&stage, &users[0], first).await;
    assert_eq!(texts(&left), ["meanwhile"; 6]);
    assert_eq!(left.iter().map(|message| message.sequence).collect::<Vec<_>>(), [451, 452, 453, 454, 455, 456]);
    assert_eq!(stage.number("SELECT count(*) FROM message"), 6);
}

/// Who leads a conversation shortens the time of the server; an admin of the server, and a service, decide any.
async fn a_conversation_has_days_of_its_own(on: On) {
    let stage = Stage::with(on, groups_for_30_days());
    let users = stage.users("alice bob carol").await;
    let (alice, bob, carol) = (&users[0], &users[1], &users[2]);
    stage.bench.write(SetServerRole { user: carol.clone(), role: ServerRole::Admin }).await.unwrap();
    let new = AddService { name: "mirror".into(), hash: "hash".into(), scopes: Scopes::all() };
    let service = stage.bench.write(new).await.unwrap().user.id.clone();
    let group = stage.make(alice, ConversationKind::Group, &users[1..2]).await.unwrap();
    let direct = stage.make(alice, ConversationKind::Direct, &users[1..2]).await.unwrap();
    let set = async |by: &UserId, of: &ConversationId, days: Option<u32>| {
        let reason = Some(Arc::from("tidy"));
        let set = stage.bench.write(SetRetention { actor: actor(by), conversation: of.clone(), days, reason }).await;
        set.map(|own| (own.days, own.by_server)).map_err(|refusal| refusal.message)
    };
    let refused = |set: Result<(u32, bool), String>, why: &str| {
        let sentence = set.expect_err(why);
        assert!(sentence.contains(why), "{sentence}");
    };
    refused(set(bob, &group, Some(7)).await, "Only who leads the conversation");
    refused(set(alice, &direct, Some(7)).await, "Only who leads the conversation");
    refused(set(alice, &group, Some(31)).await, "`days` must be a number of days from 1 to 30");
    refused(set(alice, &group, Some(0)).await, "from 1 to 30");
    refused(set(carol, &group, Some(36_501)).await, "from 1 to 36500");
    assert_eq!(set(alice, &group, Some(7)).await, Ok((7, false)));
    assert_eq!(set(alice, &group, Some(7)).await, Ok((7, false)), "again");
    assert_eq!(set(carol, &direct, Some(3)).await, Ok((3, true)), "without being there");
    for to in [&group, &direct] {
        send(&stage, alice, to, "one", plain()).await;
    }
    stage.bench.environment.pass_ms(4 * DAY_MS);
    assert_eq!(purge(&stage).await, [1, 0]);
    assert_eq!(texts(&page(&stage, bob, &group).await), ["one"]);
    assert_eq!(texts(&page(&stage, bob, &direct).await), [""; 0]);
    // What the server has decided holds beyond its time for groups, and who leads the group only shortens it.
    assert_eq!(set(&service, &group, Some(90)).await, Ok((90, true)));
    stage.bench.environment.pass_ms(50 * DAY_MS);
    assert_eq!(purge(&stage).await, [0]);
    refused(set(alice, &group, None).await, "you may only shorten that time");
    refused(set(alice, &group, Some(91)).await, "from 1 to 90");
    assert_eq!(set(alice, &group, Some(60)).await, Ok((60, true)));
    assert_eq!(set(&service, &group, None).await, Ok((0, false)));
    let audit = stage.bench.store.audit(carol.clone().into(), AuditFilter::default(), None, 20).await.unwrap().items;
    let noted = audit.iter().rev().filter(|entry| entry.act == Act::ChangeRetention);
    let noted: Vec<_> = noted.map(|entry| (entry.by.clone().unwrap(), entry.detail.as_deref().unwrap())).collect();
    let expected = [(alice, "7"), (carol, "3"), (&service, "90"), (alice, "60"), (&service, "none")];
    assert_eq!(noted, expected.map(|(by, days)| (by.clone(), days)));

    // Those that have days of their own are found where the server keeps all others for ever.
    assert_eq!(set(alice, &group, Some(20)).await, Ok((20, false)));
    let stage = stage.later(Quotas::default(), 0).await;
    assert_eq!(purge(&stage).await, [1, 0]);
    assert_eq!(texts(&page(&stage, bob, &group).await), [""; 0]);
}

/// A guest is forgotten once nothing that it wrote is left, whatever others have pinned or written since.
async fn guests_of_whom_nothing_is_left_are_forgotten(on: On) {
    let quotas = Quotas { retention: Retention { room: 30, ..Retention::default() }, ..Quotas::default() };
    let stage = Stage::with(on, quotas);
    let users = stage.users("alice").await;
    let room = stage.make(&users[0], ConversationKind::Room, &[]).await.unwrap();
    let visit = async |guest: &str, says: Option<&str>| {
        let guest = UserId::trusted(guest);
        let (by, conversation) = (actor(&guest), room.clone());
        let join = JoinConversation { actor: by, conversation, profile: Profile::default(), history: false };
        stage.bench.write(join).await.unwrap();
        let said = match says {
            Some(text) => Some(stage.bench.send(&guest, &room, text).await.unwrap().message.id.clone()),
            None => None,
        };
        let (by, conversation) = (actor(&guest), room.clone());
        let gone = Departure::GuestGone;
        stage.bench.write(LeaveConversation { actor: by, conversation, departure: gone }).await.unwrap();
        said
    };
    let pin = async |message: &MessageId, pinned: bool| {
        stage.bench.write(PinMessage { actor: actor(&users[0]), message: message.clone(), pinned }).await.unwrap();
    };
    let guests = || stage.number("SELECT count(*) FROM user WHERE kind = 'guest'");
    visit("guest-1", Some("one")).await;
    let two = visit("guest-2", Some("two")).await.unwrap();
    pin(&two, true).await;
    visit("guest-3", Some("three")).await;
    stage.bench.environment.pass_ms(20 * DAY_MS);
    visit("guest-4", Some("four")).await;
    send(&stage, &users[0], &room, "hello?", plain()).await;
    stage.bench.environment.pass_ms(11 * DAY_MS);
    visit("guest-9", None).await;
    stage.prune().await;
    assert_eq!(guests(), 5, "nothing is removed yet");
    assert_eq!(purge(&stage).await, [2, 0]);
    stage.prune().await;
    assert_eq!(guests(), 3, "one whose message is pinned, one who wrote lately, one who came today");
    assert_eq!(texts(&page(&stage, &users[0], &room).await), ["two", "four", "hello?"]);
    // Whoever comes back under the same id is a new guest.
    visit("guest-3", Some("again")).await;
    pin(&two, false).await;
    assert_eq!(purge(&stage).await, [1, 0]);
    visit("guest-9", None).await;
    stage.prune().await;
    assert_eq!(guests(), 3, "the one whose message was pinned is gone");
    assert_eq!(texts(&page(&stage, &users[0], &room).await), ["four", "hello?", "again"]);
}
