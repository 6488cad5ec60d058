//! Searches for messages: what is found, in which order, and that nobody finds what they may not see.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod sight;

use std::sync::Arc;

use crate::support::stage::{On, Stage, every_database};
use crate::support::{Bench, actor, every_store, message};
use quintet_domain::limits::SEARCH_MESSAGES_EXAMINED_MAX;
use quintet_domain::{
    AddMember, AddService, Barrier, Code, ConversationKind, DeleteConversation, DeleteMessage, EditMessage, Emoji,
    FileLink, Has, Message, MessageKind, MessageSearch, Metadata, NewDetails, PinMessage, React, Refusal, RemoveMember,
    Scopes, SearchText, UserId,
};
use quintet_store::{PageOf, Party, Store};

every_store!(
    words_are_found_newest_first,
    a_search_can_be_narrowed,
    what_is_found_has_its_details,
    what_is_not_there_any_more_is_not_found,
    who_may_read_a_message_finds_it,
    what_a_message_carries_is_found_and_shown,
    a_page_around_a_message,
);

every_database!(a_search_goes_on_where_its_page_ended);

/// A search for a text.
fn search(text: &str) -> MessageSearch {
    MessageSearch::of(SearchText::parse("q", text).unwrap())
}

/// All messages that a search finds, page by page, once the index has come to what was committed.
async fn found(bench: &Bench, user: &UserId, search: &MessageSearch) -> Vec<Arc<Message>> {
    let position = bench.write(Barrier).await.unwrap();
    bench.store.searchable(position).await.unwrap();
    found_now(&*bench.store, user, search).await
}

/// All messages that a search finds now, page by page.
async fn found_now(store: &dyn Store, user: &UserId, search: &MessageSearch) -> Vec<Arc<Message>> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.search_messages(user.clone(), search.clone(), cursor, 2).await.unwrap();
        assert!(page.items.len() <= 2);
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn texts(bench: &Bench, user: &UserId, search: &MessageSearch) -> Vec<String> {
    found(bench, user, search).await.iter().map(|message| message.content.clone()).collect()
}

async fn words_are_found_newest_first(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let other = bench.conversation(&b, ConversationKind::Group, false, &[a.clone()]).await;
    for (conversation, text) in [
        (&group, "The quick brown fox"),
        (&other, "a quick brown café"),
        (&group, "東京都に住む"),
        (&group, "quickly, browner"),
        (&other, "don't 'quote' the \"brown\" \\ fox # * ; --"),
    ] {
        bench.send(&b, conversation, text).await.unwrap();
    }
    for (query, expected) in [
        ("quick brown ", &["a quick brown café", "The quick brown fox"][..]),
        ("quick* brown", &["quickly, browner", "a quick brown café", "The quick brown fox"]),
        ("BROWN fox", &["don't 'quote' the \"brown\" \\ fox # * ; --", "The quick brown fox"]),
        ("cafe", &["a quick brown café"]),
        ("京都", &["東京都に住む"]),
        ("東京都", &["東京都に住む"]),
        ("む", &["東京都に住む"]),
        ("都東", &[]),
        ("quick slow", &[]),
        ("zebra", &[]),
    ] {
        assert_eq!(texts(&bench, &a, &search(query)).await, expected, "{query:?}");
    }
    let whole = found(&bench, &a, &search("cafe")).await;
    assert_eq!((&whole[0].sender.id, &whole[0].conversation.id, whole[0].sequence), (&b, &other, 2));
    let refused = bench.store.search_messages(a, search("cafe"), Some("x".to_owned()), 5).await.unwrap_err();
    assert_eq!(Refusal::from(refused).message, "`cursor` must be the `next` of an earlier page.");
}

async fn a_search_can_be_narrowed(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let other = bench.conversation(&b, ConversationKind::Group, false, &[a.clone()]).await;
    let first = bench.send(&a, &group, "word one").await.unwrap().message;
    bench.send(&b, &group, "word two https://example.org").await.unwrap();
    let third = bench.send(&b, &other, "word three @a").await.unwrap().message;
    let mut with_file = message(&a, &other, "word four", None);
    with_file.text.kind = MessageKind::File;
    with_file.text.file = Some(FileLink::new("https://example.org/f".into(), Some("Räport 7.pdf".into())).unwrap());
    bench.write(with_file).await.unwrap();
    let mut with_files = message(&b, &group, "term five @nobody", None);
    let files = [("a", "Übersicht.pdf"), ("b", "Anhang 9.zip")];
    let files = files.map(|(at, name)| FileLink::new(format!("https://example.org/{at}"), Some(name.into())).unwrap());
    with_files.text.kind = MessageKind::File;
    with_files.text.file = files.first().cloned();
    with_files.text.details = NewDetails { files: files.to_vec(), ..NewDetails::default() }.kept();
    bench.write(with_files).await.unwrap();
    let mut to_all = message(&a, &group, "term six", None);
    to_all.text.details = NewDetails { mention_all: true, ..NewDetails::default() }.kept();
    bench.write(to_all).await.unwrap();
    let (word, term) = (search("word"), search("term"));
    for (narrowed, expected) in [
        (MessageSearch { conversation: Some(group.clone()), ..word.clone() }, &["two", "one"][..]),
        (MessageSearch { from: Some(b.clone()), ..word.clone() }, &["three", "two"]),
        (MessageSearch { from: Some(UserId::trusted("nobody")), ..word.clone() }, &[]),
        (MessageSearch { kind: Some(MessageKind::File), ..word.clone() }, &["four"]),
        (MessageSearch { has: Some(Has::File), ..word.clone() }, &["four"]),
        (MessageSearch { has: Some(Has::Link), ..word.clone() }, &["two"]),
        (MessageSearch { has: Some(Has::Mention), ..word.clone() }, &["three"]),
        (MessageSearch { before: Some(third.created_at), ..word.clone() }, &["two", "one"]),
        (MessageSearch { after: Some(first.created_at), before: Some(third.created_at), ..word }, &["two"]),
        (search("raport"), &["four"]),
        (search("ubersicht"), &["five"]),
        (search("anhang zip"), &["five"]),
        (MessageSearch { has: Some(Has::File), ..term.clone() }, &["five"]),
        // What was not resolved at the send mentions nobody.
        (MessageSearch { has: Some(Has::Mention), ..term }, &["six"]),
    ] {
        let texts = texts(&bench, &a, &narrowed).await;
        let numbers: Vec<&str> = texts.iter().map(|text| text.split(' ').nth(1).unwrap()).collect();
        assert_eq!(numbers, expected, "{narrowed:?}");
    }
    let stranger = bench.user("stranger").await;
    let narrowed = MessageSearch { conversation: Some(group), ..search("word") };
    let refused = bench.store.search_messages(stranger, narrowed, None, 5).await.unwrap_err();
    assert_eq!(Refusal::from(refused).code, Code::NotFound);
}

async fn what_is_found_has_its_details(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let first = bench.send(&a, &group, "apple @b").await.unwrap().message;
    let mut reply = message(&b, &group, "apple too", None);
    reply.text.details = NewDetails { reply_to: Some(first.id.clone()), ..NewDetails::default() }.kept();
    bench.write(reply).await.unwrap();
    bench.send(&b, &group, "apple plain").await.unwrap();
    let emoji = Emoji::new("emoji", "👍").unwrap();
    bench.write(React { actor: actor(&b), message: first.id.clone(), emoji, active: true }).await.unwrap();
    bench.write(PinMessage { actor: actor(&a), message: first.id.clone(), pinned: true }).await.unwrap();
    let found = found(&bench, &a, &search("apple")).await;
    let page = bench.store.messages(Party::Server, a.clone(), group, PageOf::Newest, 50).await.unwrap().items;
    let details: Vec<_> = found.iter().map(|message| message.details.clone()).collect();
    let expected: Vec<_> = page.iter().rev().map(|message| message.details.clone()).collect();
    assert_eq!(details, expected, "the same as on a page");
    assert!(details[0].is_none() && details[1].is_some() && details[2].is_some(), "{details:?}");
}

async fn what_is_not_there_any_more_is_not_found(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let sent = bench.send(&a, &group, "apple pear").await.unwrap().message.id.clone();
    let whisper = bench.send(&b, &group, "apple whisper").await.unwrap().message.id.clone();
    assert_eq!(texts(&bench, &a, &search("apple")).await, ["apple whisper", "apple pear"]);
    bench
        .write(EditMessage {
            actor: actor(&a),
            message: sent,
            content: "apple plum".into(),
            details: None,
            screening: None,
        })
        .await
        .unwrap();
    // At once, whatever the index knows.
    assert!(found_now(&*bench.store, &a, &search("pear")).await.is_empty());
    assert_eq!(texts(&bench, &a, &search("plum")).await, ["apple plum"]);
    bench.write(DeleteMessage { actor: actor(&b), message: whisper }).await.unwrap();
    assert!(found_now(&*bench.store, &a, &search("whisper")).await.is_empty());
    assert!(texts(&bench, &a, &search("deleted")).await.is_empty());
    assert_eq!(texts(&bench, &a, &search("apple")).await, ["apple plum"]);
    bench.erase(&a).await;
    assert!(texts(&bench, &b, &search("apple")).await.is_empty());
}

async fn who_may_read_a_message_finds_it(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let service = bench
        .write(AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() })
        .await
        .unwrap()
        .user
        .id
        .clone();
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let direct = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    bench.send(&a, &group, "apple").await.unwrap();
    bench.send(&a, &direct, "apple, secretly").await.unwrap();
    assert_eq!(texts(&bench, &b, &search("apple")).await, ["apple, secretly"]);
    // A service reads what it is no member of, but for direct conversations.
    assert_eq!(texts(&bench, &service, &search("apple")).await, ["apple"]);
    // Who joins reads what was said before.
    let (conversation, user) = (group.clone(), b.clone());
    bench.write(AddMember { actor: actor(&a), conversation, user, role: None, reason: None }).await.unwrap();
    assert_eq!(found_now(&*bench.store, &b, &search("apple")).await.len(), 2);
    let (conversation, user) = (group.clone(), b.clone());
    bench.write(RemoveMember { actor: actor(&a), conversation, user, reason: None }).await.unwrap();
    assert_eq!(found_now(&*bench.store, &b, &search("apple")).await.len(), 1);
    bench.write(DeleteConversation { actor: actor(&a), conversation: group }).await.unwrap();
    assert_eq!(found_now(&*bench.store, &a, &search("apple")).await.len(), 1);
    assert!(found_now(&*bench.store, &service, &search("apple")).await.is_empty());
}

/// The names of all files are searched, and custom data is not. What is found shows all that the message carries.
async fn what_a_message_carries_is_found_and_shown(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let root = bench.send(&b, &group, "root").await.unwrap().message.id.clone();
    let link = |name: &str| FileLink::new(format!("https://example.org/{name}"), Some(name.to_owned())).unwrap();
    let files = vec![link("Räport.pdf"), link("holiday.png")];
    let mut write = message(&a, &group, "apple, a@example.org", None);
    write.text.file = Some(files[0].clone());
    write.text.details = NewDetails {
        files,
        metadata: Some(Metadata::trusted("{\"hidden\":\"treasure\"}")),
        thread: Some(root.clone()),
        reply_to: Some(root.clone()),
        mentions: Some(vec![b.clone()]),
        mention_all: false,
    }
    .kept();
    let sent = bench.write(write).await.unwrap().message.id.clone();
    bench.write(PinMessage { actor: actor(&a), message: sent.clone(), pinned: true }).await.unwrap();
    for query in ["apple", "raport", "holi", "holiday png"] {
        assert_eq!(texts(&bench, &b, &search(query)).await, ["apple, a@example.org"], "{query:?}");
    }
    for query in ["treasure", "hidden"] {
        assert!(texts(&bench, &b, &search(query)).await.is_empty(), "{query:?}");
    }
    let shown = &found(&bench, &b, &search("holiday")).await[0];
    let page = bench.store.messages(Party::Server, b.clone(), group.clone(), PageOf::Newest, 1).await.unwrap();
    assert!(shown.details.as_ref().is_some_and(|details| details.pinned.is_some() && details.files.len() == 2));
    assert_eq!(shown.details, page.items[0].details);
    // Who is mentioned counts, and not how the text looks.
    let mentions = MessageSearch { has: Some(Has::Mention), ..search("apple") };
    assert_eq!(texts(&bench, &b, &mentions).await, ["apple, a@example.org"]);
    bench.send(&a, &group, "apple for @nobody").await.unwrap();
    assert_eq!(texts(&bench, &b, &mentions).await, ["apple, a@example.org"]);
    // Without the message its files are not found either.
    bench.write(DeleteMessage { actor: actor(&a), message: sent }).await.unwrap();
    assert!(found_now(&*bench.store, &b, &search("holiday")).await.is_empty());
}

async fn a_page_around_a_message(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let mut sequences = Vec::new();
    for number in 0..9 {
        sequences.push(bench.send(&a, &group, &format!("text {number}")).await.unwrap().message.sequence);
    }
    let around = async |sequence: u64, limit: u32| {
        let of = PageOf::Around(sequence);
        let page = bench.store.messages(Party::Server, a.clone(), group.clone(), of, limit).await.unwrap();
        let items: Vec<u64> = page.items.iter().map(|message| message.sequence - sequences[0]).collect();
        (items, page.more, page.more_newer)
    };
    let first = sequences[0];
    assert_eq!(around(first + 4, 4).await, (vec![3, 4, 5, 6], true, true));
    assert_eq!(around(first + 4, 5).await, (vec![2, 3, 4, 5, 6], true, true));
    assert_eq!(around(first + 4, 1).await, (vec![4], true, true));
    assert_eq!(around(first, 4).await, (vec![0, 1, 2], false, true));
    assert_eq!(around(first + 8, 4).await, (vec![7, 8], true, false));
    assert_eq!(around(first + 4, 100).await, ((0..9).collect(), false, false));
    assert_eq!(around(u64::MAX, 4).await, (vec![7, 8], true, false));
    assert_eq!(around(0, 4).await, (vec![0, 1], false, true));
}

/// One read examines a limited number of messages. Where none of them fits, the page is empty and has a next one.
async fn a_search_goes_on_where_its_page_ended(on: On) {
    let stage = Stage::with(on, quintet_domain::Quotas::default());
    let (a, b) = (stage.bench.user("a").await, stage.bench.user("b").await);
    let group = stage.bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let needle = stage.bench.send(&b, &group, "needle").await.unwrap().message;
    let first = needle.sequence + 1;
    let count = SEARCH_MESSAGES_EXAMINED_MAX as u64 + 10;
    let stage = stage
        .sql(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at, acked)
             SELECT 1000 + i, 'm-' || i, 1, {first} + i, u.pk, 'text', 'needle', 0, false
             FROM n CROSS JOIN user u WHERE u.id = '{a}'"
        ))
        .await;
    let stage = match on {
        On::Sqlite => stage,
        // There the newest position is that of the newest group.
        On::Postgres => stage.sql("UPDATE commit_group SET position = position + 10000").await,
    };
    let position = stage.bench.write(Barrier).await.unwrap();
    stage.bench.store.searchable(position).await.unwrap();
    let narrowed = MessageSearch { from: Some(b), ..search("needle") };
    let page = stage.bench.store.search_messages(a.clone(), narrowed.clone(), None, 5).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_some(), "{page:?}");
    let page = stage.bench.store.search_messages(a, narrowed, page.next, 5).await.unwrap();
    assert_eq!(page.items.iter().map(|found| &found.id).collect::<Vec<_>>(), [&needle.id]);
    assert_eq!(page.next, None);
}
