//! What messages carry beside their text: it is shown in results, in events, on pages and in replays, in every store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::sync::Arc;

use crate::support::{Bench, actor, every_store, message};
use quintet_domain::{
    CheckDraft, ConversationId, ConversationKind, DeleteMessage, Departure, Draft, EditMessage, EditedDetails, Event,
    FileLink, JoinConversation, LeaveConversation, Message, MessageDetails, MessageId, MessageKind, Metadata,
    NewDetails, NewText, Profile, Prune, SendMessage, SendRewritten, Target, UserId,
};
use quintet_store::{PageOf, Party};

every_store!(
    replies_follow_what_they_answer,
    threads_are_counted,
    mentions_are_members,
    nobody_inherits_the_mention_of_a_guest,
    all_are_mentioned_by_those_who_lead,
    custom_data_and_files_are_kept,
    an_edit_changes_details,
    a_repeat_has_the_same_details,
    a_replay_shows_details,
    a_repeat_of_what_a_hook_has_rewritten_is_recognised,
    a_draft_is_looked_at_without_a_change,
);

fn with(from: &UserId, conversation: &ConversationId, text: &str, details: NewDetails) -> SendMessage {
    let plain = message(from, conversation, text, None);
    let file = details.files.first().cloned();
    SendMessage { text: NewText { details: details.kept(), file, ..plain.text }, ..plain }
}

fn answering(id: &MessageId) -> NewDetails {
    NewDetails { reply_to: Some(id.clone()), ..NewDetails::default() }
}

fn in_thread(id: &MessageId) -> NewDetails {
    NewDetails { thread: Some(id.clone()), ..NewDetails::default() }
}

fn mentioning(users: &[&UserId]) -> NewDetails {
    NewDetails { mentions: Some(users.iter().map(|user| (*user).clone()).collect()), ..NewDetails::default() }
}

async fn sent(bench: &Bench, send: SendMessage) -> Arc<Message> {
    bench.write(send).await.expect("sent").message
}

/// The sentence with which a send is refused.
async fn refusal(bench: &Bench, send: SendMessage) -> String {
    bench.write(send).await.expect_err("refused").message
}

/// The messages of a conversation, as a page shows them.
async fn page(bench: &Bench, reader: &UserId, conversation: &ConversationId) -> Vec<Arc<Message>> {
    let page = bench.store.messages(Party::Server, reader.clone(), conversation.clone(), PageOf::Newest, 50);
    page.await.expect("read").items
}

/// The ids of the users whom a message mentions.
fn names(message: &Message) -> Vec<UserId> {
    let mentions = message.details.iter().flat_map(|details| &details.mentions);
    mentions.map(|mention| mention.id.clone()).collect()
}

fn details(message: &Message) -> &MessageDetails {
    message.details.as_deref().expect("details")
}

async fn replies_follow_what_they_answer(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let other = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let long = "é".repeat(300);
    let first = sent(&bench, message(&a, &group, &long, None)).await;
    assert_eq!(first.details, None);
    let reply = sent(&bench, with(&b, &group, "yes", answering(&first.id))).await;
    let quote = details(&reply).reply_to.clone().unwrap();
    assert_eq!(
        (quote.id, quote.sender.id, quote.kind, quote.deleted),
        (first.id.clone(), a.clone(), MessageKind::Text, false)
    );
    assert_eq!(quote.content, "é".repeat(200));
    let elsewhere = refusal(&bench, with(&b, &other, "no", answering(&first.id))).await;
    assert!(elsewhere.contains("`replyTo` names no message of this conversation"), "{elsewhere}");
    let edit = EditMessage {
        actor: actor(&a),
        message: first.id.clone(),
        content: "short".into(),
        details: None,
        screening: None,
    };
    bench.write(edit).await.unwrap();
    let quoted = |page: &[Arc<Message>]| details(&page[1]).reply_to.clone().unwrap();
    assert_eq!(quoted(&page(&bench, &b, &group).await).content, "short");
    bench.write(DeleteMessage { actor: actor(&a), message: first.id.clone() }).await.unwrap();
    let gone = quoted(&page(&bench, &b, &group).await);
    assert_eq!((gone.content.as_str(), gone.deleted), ("This message was deleted", true));
    let deleted = bench.write(DeleteMessage { actor: actor(&b), message: reply.id.clone() }).await.unwrap();
    assert_eq!(deleted.details, None);
    assert_eq!(page(&bench, &b, &group).await[1].details, None);
}

async fn threads_are_counted(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let root = sent(&bench, message(&a, &group, "root", None)).await;
    let aside = sent(&bench, message(&a, &group, "aside", None)).await;
    let one = sent(&bench, with(&b, &group, "one", in_thread(&root.id))).await;
    // The id of any message of the thread means the thread.
    let two = sent(&bench, with(&a, &group, "two", in_thread(&one.id))).await;
    assert_eq!(details(&two).thread_id, Some(root.id.clone()));
    assert_eq!(details(&two).thread, None);
    let thread = |page: &[Arc<Message>]| page[0].details.as_ref().and_then(|details| details.thread.clone());
    let summary = thread(&page(&bench, &a, &group).await).unwrap();
    assert_eq!(
        (summary.count, summary.last_at, summary.last_senders),
        (2, Some(two.created_at), vec![a.clone(), b.clone()])
    );
    for (thread, reply) in [(&aside.id, &one.id), (&root.id, &aside.id)] {
        let details = NewDetails { reply_to: Some(reply.clone()), ..in_thread(thread) };
        let refused = refusal(&bench, with(&a, &group, "no", details)).await;
        assert!(refused.contains("`replyTo` is in another thread"), "{refused}");
    }
    let outside = refusal(&bench, with(&a, &group, "no", answering(&one.id))).await;
    assert!(outside.contains("`replyTo` is in another thread"), "{outside}");
    let within = NewDetails { reply_to: Some(one.id.clone()), ..in_thread(&root.id) };
    let three = sent(&bench, with(&b, &group, "three", within)).await;
    // Read by itself, and left out of the list.
    let read = |id: &MessageId, before| bench.store.thread(Party::Server, b.clone(), id.clone(), before, 2);
    let ids = |messages: &[Arc<Message>]| messages.iter().map(|message| message.id.clone()).collect::<Vec<_>>();
    let newest = read(&one.id, u64::MAX).await.expect("read");
    assert_eq!((newest.root.id.clone(), newest.more), (root.id.clone(), true));
    assert_eq!(ids(&newest.replies), [two.id.clone(), three.id.clone()]);
    assert_eq!(newest.replies[1].details, three.details);
    // The message itself, as the list has it.
    let itself = bench.store.message(b.clone(), three.id.clone()).await.expect("read");
    assert_eq!((itself.sequence, &itself.details), (three.sequence, &three.details));
    let older = read(&root.id, two.sequence).await.expect("read");
    assert_eq!((ids(&older.replies), older.more), (vec![one.id.clone()], false));
    let listed = bench.store.messages_outside_threads(Party::Server, b.clone(), group.clone(), PageOf::Newest, 50);
    assert_eq!(ids(&listed.await.expect("read").items), [root.id.clone(), aside.id.clone()]);
    let stranger = bench.user("stranger").await;
    let unseen = bench.store.thread(Party::Server, stranger.clone(), root.id.clone(), u64::MAX, 2).await;
    assert!(unseen.is_err_and(|error| error.to_string().contains("There is no message")), "not theirs");
    let unseen = bench.store.message(stranger, root.id.clone()).await;
    assert!(unseen.is_err_and(|error| error.to_string().contains("There is no message")), "not theirs");
    // A deletion tells what is left of the thread.
    let deleted = bench.write(DeleteMessage { actor: actor(&b), message: three.id.clone() }).await.unwrap();
    assert_eq!(details(&deleted).thread_id, Some(root.id.clone()));
    assert_eq!(details(&deleted).thread.as_ref().map(|thread| thread.count), Some(2));
    for reply in [&two, &one] {
        bench.write(DeleteMessage { actor: actor(&reply.sender.id), message: reply.id.clone() }).await.unwrap();
    }
    assert_eq!(thread(&page(&bench, &a, &group).await), None);
    bench.write(DeleteMessage { actor: actor(&a), message: root.id.clone() }).await.unwrap();
    let closed = refusal(&bench, with(&b, &group, "late", in_thread(&root.id))).await;
    assert!(closed.contains("takes no more replies"), "{closed}");
}

async fn mentions_are_members(bench: Bench) {
    let (a, b, stranger) = (bench.user("a").await, bench.user("b").await, bench.user("stranger").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let named = sent(&bench, with(&a, &group, "hi", mentioning(&[&b, &b]))).await;
    assert_eq!(names(&named), [b.clone()]);
    let refused = refusal(&bench, with(&a, &group, "hi", mentioning(&[&b, &stranger]))).await;
    assert!(refused.contains("`mentions` names") && refused.contains("not a member"), "{refused}");
    let username = named.details.as_ref().unwrap().mentions[0].username.clone();
    let text = format!("@nobody, @{username}! and a@{username}");
    let found = sent(&bench, message(&a, &group, &text, None)).await;
    assert_eq!(names(&found), [b.clone()]);
    // Users who are named by a list are all that are mentioned.
    let none = NewDetails { mentions: Some(Vec::new()), ..NewDetails::default() };
    let silent = sent(&bench, with(&a, &group, &text, none)).await;
    assert_eq!(names(&silent), []);
    assert_eq!(sent(&bench, message(&a, &group, "@nobody", None)).await.details, None);
}

/// The key of a guest whose row was removed is nobody else's, so that an edit of the text, which moves the time of the last
/// change, makes nobody mentioned who came after the message.
async fn nobody_inherits_the_mention_of_a_guest(bench: Bench) {
    let (a, guest) = (bench.user("a").await, UserId::trusted("guest"));
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let join = async |user: &UserId| {
        let (by, conversation) = (actor(user), room.clone());
        let write = JoinConversation { actor: by, conversation, profile: Profile::default(), history: false };
        bench.write(write).await.expect("joined");
    };
    join(&guest).await;
    let message = sent(&bench, with(&a, &room, "hi", mentioning(&[&guest]))).await;
    assert_eq!(names(&message), [guest.clone()]);
    let (by, conversation) = (actor(&guest), room.clone());
    bench.write(LeaveConversation { actor: by, conversation, departure: Departure::GuestGone }).await.expect("gone");
    bench.environment.pass_ms(8 * 24 * 60 * 60 * 1_000);
    // The row of the newest user stays until another one is the newest, so that its key is not given again.
    for (name, mentioned) in [("bob", vec![guest.clone()]), ("carol", vec![]), ("dave", vec![])] {
        let mut after = 0;
        loop {
            let pruned = bench.write(Prune { after }).await.expect("pruned");
            after = pruned.after;
            if !pruned.more {
                break;
            }
        }
        let user = bench.user(name).await;
        join(&user).await;
        let content = format!("hi before {name}");
        let edit = EditMessage {
            actor: actor(&a),
            message: message.id.clone(),
            content: content.clone(),
            details: None,
            screening: None,
        };
        assert_eq!(names(&bench.write(edit).await.expect("edited")), mentioned, "{name}");
        let shown = page(&bench, &user, &room).await.remove(0);
        assert_eq!((&shown.content, names(&shown)), (&content, mentioned), "{name}");
    }
}

async fn all_are_mentioned_by_those_who_lead(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let all = || NewDetails { mention_all: true, ..NewDetails::default() };
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let by_member = sent(&bench, with(&b, &group, "all", all())).await;
    assert!(details(&by_member).mention_all);
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let join =
        JoinConversation { actor: actor(&b), conversation: room.clone(), profile: Profile::default(), history: false };
    bench.write(join).await.unwrap();
    let by_owner = sent(&bench, with(&a, &room, "all", all())).await;
    assert!(details(&by_owner).mention_all);
    let refused = refusal(&bench, with(&b, &room, "all", all())).await;
    assert!(refused.contains("Only who leads"), "{refused}");
}

async fn custom_data_and_files_are_kept(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let json = r#"{"z":1.50,"a":["\u0000",{"é":null}]}"#;
    let link = |name: &str| FileLink { url: format!("https://example.org/{name}"), name: Some(name.to_owned()) };
    let files = vec![link("a.png"), link("b.png")];
    let given = NewDetails { metadata: Some(Metadata::trusted(json)), files, ..NewDetails::default() };
    let sent = sent(&bench, with(&a, &group, "", given)).await;
    let read = page(&bench, &a, &group).await.remove(0);
    for message in [&sent, &read] {
        assert_eq!(details(message).metadata.as_ref().map(Metadata::as_str), Some(json));
        let urls: Vec<_> = details(message).files.iter().map(|file| (file.url.as_str(), file.size)).collect();
        assert_eq!(urls, [("https://example.org/a.png", None), ("https://example.org/b.png", None)]);
        assert_eq!(message.file, Some(link("a.png")));
    }
    assert_eq!(read.details, sent.details);
}

async fn an_edit_changes_details(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let first = sent(&bench, message(&a, &group, "first", None)).await;
    let given = NewDetails { metadata: Some(Metadata::trusted("{\"n\":1}")), ..answering(&first.id) };
    let reply = sent(&bench, with(&a, &group, "text", given)).await;
    let edit = |details: EditedDetails| {
        let (message, content) = (reply.id.clone(), "new".to_owned());
        bench.write(EditMessage { actor: actor(&a), message, content, details: details.kept(), screening: None })
    };
    let untouched = edit(EditedDetails::default()).await.unwrap();
    assert_eq!(untouched.details, reply.details);
    let metadata = Some(Metadata::trusted("{\"n\":2}"));
    let changed =
        edit(EditedDetails { metadata: metadata.clone(), mentions: Some(vec![b.clone()]), mention_all: Some(true) });
    let changed = changed.await.unwrap();
    assert_eq!(details(&changed).metadata, metadata);
    assert_eq!(details(&changed).mentions[0].id, b);
    assert!(details(&changed).mention_all);
    assert!(details(&changed).reply_to.is_some(), "what is not named stays");
    let empty =
        EditedDetails { metadata: Some(Metadata::trusted("{}")), mentions: Some(Vec::new()), mention_all: Some(false) };
    let emptied = edit(empty).await.unwrap();
    assert_eq!(
        details(&emptied),
        &MessageDetails { reply_to: details(&reply).reply_to.clone(), ..MessageDetails::default() }
    );
}

async fn a_repeat_has_the_same_details(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let first = sent(&bench, message(&a, &group, "first", None)).await;
    let repeat = |details: NewDetails| {
        let mut send = with(&a, &group, "again", details);
        send.text.client_message_id = message(&a, &group, "", Some("c-1")).text.client_message_id;
        send
    };
    let answer = bench.write(repeat(answering(&first.id))).await.unwrap();
    let again = bench.write(repeat(answering(&first.id))).await.unwrap();
    assert!(!answer.repeated && again.repeated);
    assert_eq!(again.message.details, answer.message.details);
    for other in [NewDetails::default(), in_thread(&first.id)] {
        let refused = refusal(&bench, repeat(other)).await;
        assert!(refused.contains("was used for another message"), "{refused}");
    }
}

async fn a_replay_shows_details(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    bench.settled().await;
    let since = bench.entries.lock().unwrap().last().unwrap().position;
    let root = sent(&bench, message(&a, &group, "root", None)).await;
    let given = NewDetails { reply_to: Some(root.id.clone()), ..in_thread(&root.id) };
    let reply = sent(&bench, with(&b, &group, "reply", given)).await;
    let replayed =
        bench.store.replay_since(b.clone(), false, since.into()).await.expect("read").entries.expect("entries");
    let created = |id: &MessageId| {
        let mut messages = replayed.iter().filter_map(|entry| match &entry.event {
            Event::MessageCreated(message) if message.id == *id => Some(Arc::clone(message)),
            _ => None,
        });
        messages.next_back().expect("replayed")
    };
    assert_eq!(created(&reply.id).details, reply.details);
    // Like all texts of a replay, the thread is shown as it is now.
    assert_eq!(details(&created(&root.id)).thread.as_ref().map(|thread| thread.count), Some(1));
}

async fn a_repeat_of_what_a_hook_has_rewritten_is_recognised(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b]).await;
    let given = message(&a, &group, "a secret", Some("c-1"));
    let rewritten = |text: &str| SendRewritten {
        actor: given.actor.clone(),
        text: NewText { content: text.to_owned(), ..given.text.clone() },
        given: given.text.clone(),
        screening: None,
    };
    let first = bench.write(rewritten("a ******")).await.expect("sent");
    assert_eq!((first.message.content.as_str(), &first.message.details), ("a ******", &None));
    // The hook was asked again, and has rewritten it otherwise; or it was not asked.
    let again = [
        bench.write(rewritten("[removed]")).await.expect("a repeat"),
        bench.write(given.clone()).await.expect("a repeat"),
    ];
    for again in again {
        assert_eq!((again.repeated, &again.message), (true, &first.message));
    }
    let other = refusal(&bench, message(&a, &group, "a ******", Some("c-1"))).await;
    assert!(other.contains("was used for another message"), "{other}");
    // Here the hook has rewritten the repeat alone.
    let plain = bench.write(message(&a, &group, "hello", Some("c-2"))).await.expect("sent");
    let given = message(&a, &group, "hello", Some("c-2"));
    let text = NewText { content: "*****".to_owned(), ..given.text.clone() };
    let again = SendRewritten { actor: given.actor, text, given: given.text, screening: None };
    let again = bench.write(again).await.expect("a repeat");
    assert_eq!((again.repeated, &again.message), (true, &plain.message));
    assert_eq!(page(&bench, &a, &group).await.len(), 2);
}

async fn a_draft_is_looked_at_without_a_change(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let sent = sent(&bench, message(&a, &group, "hello", Some("c-1"))).await;
    let position = bench.settled().await;
    let look = |user: &UserId, draft: Draft| bench.write(CheckDraft { actor: actor(user), draft });
    let text =
        |target: Target, id: Option<&str>| Draft::Message(NewText { target, ..message(&a, &group, "hello", id).text });
    let to_group = || Target::Conversation(group.clone());
    let edit = || Draft::Edit { message: sent.id.clone(), content: "hello".to_owned(), details: None };
    let found = look(&a, text(to_group(), Some("c-2"))).await.expect("allowed").expect("asked about");
    assert_eq!((&found.sender.id, found.conversation.as_ref().map(|one| &one.id)), (&a, Some(&group)));
    assert_eq!(look(&a, text(to_group(), Some("c-1"))).await, Ok(None), "a repeat");
    let found = look(&a, text(Target::Direct(b.clone()), None)).await.expect("allowed").expect("asked about");
    assert_eq!((&found.conversation, found.recipient.as_ref().map(|user| &user.id)), (&None, Some(&b)));
    let found = look(&a, edit()).await.expect("allowed").expect("asked about");
    assert_eq!(found.message.as_ref().map(|message| &message.id), Some(&sent.id));
    for refused in [look(&c, text(to_group(), None)).await, look(&c, edit()).await, look(&b, edit()).await] {
        refused.expect_err("it could not be written");
    }
    assert_eq!(bench.settled().await, position, "nothing was written");
    assert_eq!(page(&bench, &a, &group).await.len(), 1);
}
