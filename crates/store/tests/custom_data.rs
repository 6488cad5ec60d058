//! Custom data of profiles and of conversations, for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use std::sync::Arc;

use crate::support::{Bench, actor, every_store, new_conversation};
use quintet_domain::{
    AddMember, ChangeConversation, ChangeProfile, Code, ConversationId, ConversationKind, CreateConversation,
    EraseUser, Event, Metadata, NewConversation, NewUser, Overview, ProfileChange, RegisterUser, UserId,
};
use quintet_store::{Filter, Party};

every_store!(
    of_a_conversation_it_is_shown_with_all_of_it,
    of_a_conversation_it_is_replaced_and_removed,
    of_a_profile_it_is_told_and_shown_by_itself,
    erased_with_the_person,
    a_replay_shows_it_as_it_is_now,
    a_page_of_conversations_is_bounded,
);

/// JSON that no writer of JSON would write again in the same way.
const WRITTEN: &str = r#"{"b":1.50,"a":{"\u0000":[1,"é"]}}"#;

fn data(json: &str) -> Option<Metadata> {
    Some(Metadata::trusted(json))
}

async fn made(bench: &Bench, owner: &UserId, members: &[UserId], metadata: Option<Metadata>) -> ConversationId {
    let new = NewConversation { metadata, ..new_conversation(ConversationKind::Group, false, members) };
    let created = bench.write(CreateConversation { actor: actor(owner), new }).await.expect("created");
    created.conversation.id.clone()
}

async fn change(bench: &Bench, by: &UserId, id: &ConversationId, name: Option<&str>, metadata: Option<Metadata>) {
    let (actor, conversation, name) = (actor(by), id.clone(), name.map(str::to_owned));
    let change = ChangeConversation {
        actor,
        conversation,
        name,
        open: None,
        picture: None,
        metadata,
        moderation: Default::default(),
    };
    bench.write(change).await.expect("changed");
}

/// The custom data of a conversation in every read of it.
async fn shown(bench: &Bench, user: &UserId, id: &ConversationId) -> Option<Metadata> {
    let one = bench.store.conversation(user.clone(), id.clone()).await.expect("a conversation").metadata;
    let listed = bench.store.conversations(user.clone(), None, 10).await.expect("a list");
    let listed = listed.items.into_iter().find(|listed| listed.conversation.id == *id).expect("listed");
    assert_eq!(listed.metadata, one);
    let found = bench.store.find_conversations(user.clone(), String::new(), Filter::One(id.clone()), None, 1).await;
    assert_eq!(found.expect("found").items[0].metadata, one);
    one
}

fn overview(event: &Event) -> Option<&Arc<Overview>> {
    match event {
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => Some(conversation),
        _ => None,
    }
}

/// The custom data of the conversations that were told of since a number of entries.
async fn told(bench: &Bench, from: usize) -> Vec<Option<Metadata>> {
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    entries[from..].iter().filter_map(|entry| Some(overview(&entry.event)?.metadata.clone())).collect()
}

async fn entries(bench: &Bench) -> usize {
    bench.settled().await;
    bench.entries.lock().unwrap().len()
}

async fn of_a_conversation_it_is_shown_with_all_of_it(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let before = entries(&bench).await;
    let id = made(&bench, &a, &[b.clone()], data(WRITTEN)).await;
    assert_eq!(told(&bench, before).await, [data(WRITTEN), data(WRITTEN)], "to its owner, and to the one added");
    assert_eq!(shown(&bench, &b, &id).await, data(WRITTEN));
    let before = entries(&bench).await;
    let add = AddMember { actor: actor(&a), conversation: id.clone(), user: c.clone(), role: None, reason: None };
    bench.write(add).await.expect("added");
    assert_eq!(told(&bench, before).await, [data(WRITTEN)], "it appears with its custom data");
    let plain = made(&bench, &a, &[], None).await;
    assert_eq!(shown(&bench, &a, &plain).await, None);
    let empty = made(&bench, &a, &[], data("{ }")).await;
    assert_eq!(shown(&bench, &a, &empty).await, None);
}

async fn of_a_conversation_it_is_replaced_and_removed(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let id = made(&bench, &a, &[b.clone()], None).await;
    let before = entries(&bench).await;
    change(&bench, &a, &id, None, data(WRITTEN)).await;
    change(&bench, &a, &id, Some("Other"), None).await;
    assert_eq!(shown(&bench, &b, &id).await, data(WRITTEN), "a new name leaves it as it is");
    change(&bench, &a, &id, None, data(WRITTEN)).await;
    change(&bench, &a, &id, None, data("{\"n\":1}")).await;
    change(&bench, &a, &id, None, data("{}")).await;
    change(&bench, &a, &id, None, data("{}")).await;
    assert_eq!(shown(&bench, &b, &id).await, None);
    // What was so already was told to nobody.
    assert_eq!(told(&bench, before).await, [data(WRITTEN), data(WRITTEN), data("{\"n\":1}"), None]);
    let (actor, conversation, metadata) = (actor(&b), id.clone(), data(WRITTEN));
    let refused = ChangeConversation {
        actor,
        conversation,
        name: None,
        open: None,
        picture: None,
        metadata,
        moderation: Default::default(),
    };
    assert_eq!(bench.write(refused).await.expect_err("a plain member").code, Code::Forbidden);
    assert_eq!(shown(&bench, &a, &id).await, None);
}

async fn profile(bench: &Bench, user: &UserId) -> Option<Metadata> {
    bench.store.account(Party::Server, user.clone()).await.expect("read").expect("an account").metadata
}

/// The custom data of the profiles that were told of since a number of entries, with whether others see a difference.
async fn profiles_told(bench: &Bench, from: usize) -> Vec<(Option<Metadata>, bool)> {
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    let profiles = entries[from..].iter().filter_map(|entry| match &entry.event {
        Event::UserChanged { metadata, visible, .. } => Some((metadata.clone(), *visible)),
        _ => None,
    });
    profiles.collect()
}

async fn of_a_profile_it_is_told_and_shown_by_itself(bench: Bench) {
    let new = NewUser { username: "ada".to_owned(), metadata: data(WRITTEN), ..NewUser::default() };
    let ada = bench.write(RegisterUser { new }).await.expect("registered");
    assert_eq!(ada.metadata, data(WRITTEN));
    let ada = ada.user.id.clone();
    assert_eq!(profile(&bench, &ada).await, data(WRITTEN));
    let before = entries(&bench).await;
    let change = async |name: Option<&str>, metadata| {
        let change = ProfileChange { name: name.map(str::to_owned), metadata, ..ProfileChange::default() };
        bench.write(ChangeProfile { user: ada.clone(), change }).await.expect("changed").metadata
    };
    assert_eq!(change(Some("Ada"), None).await, data(WRITTEN));
    assert_eq!(change(None, data("{\"n\":1}")).await, data("{\"n\":1}"));
    assert_eq!(change(None, data("{\"n\":1}")).await, data("{\"n\":1}"));
    assert_eq!(change(None, data("{}")).await, None);
    let expected = [(data(WRITTEN), true), (data("{\"n\":1}"), true), (data("{\"n\":1}"), false), (None, true)];
    assert_eq!(profiles_told(&bench, before).await, expected);
    assert_eq!(profile(&bench, &ada).await, None);
}

async fn erased_with_the_person(bench: Bench) {
    let ada = bench.user("ada").await;
    let change = ProfileChange { metadata: data(WRITTEN), ..ProfileChange::default() };
    bench.write(ChangeProfile { user: ada.clone(), change }).await.expect("changed");
    let before = entries(&bench).await;
    bench.write(EraseUser { user: ada.clone(), by: None }).await.expect("erased");
    assert_eq!(profile(&bench, &ada).await, None);
    assert_eq!(profiles_told(&bench, before).await, [(None, true)]);
}

async fn a_replay_shows_it_as_it_is_now(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let old = made(&bench, &a, &[b.clone()], data("{\"n\":0}")).await;
    let since = bench.settled().await;
    let new = made(&bench, &a, &[b.clone()], data("{\"n\":1}")).await;
    change(&bench, &a, &old, None, data("{\"n\":2}")).await;
    change(&bench, &a, &new, None, data("{}")).await;
    change(&bench, &a, &old, None, data(WRITTEN)).await;
    let replayed = bench.store.replay_since(b, false, since.into()).await.expect("read").entries.expect("entries");
    let told = replayed.iter().filter_map(|entry| {
        let overview = overview(&entry.event)?;
        Some((overview.conversation.id.clone(), overview.metadata.clone()))
    });
    let (new, old) = ((new, None), (old, data(WRITTEN)));
    assert_eq!(told.collect::<Vec<_>>(), [new.clone(), old.clone(), new, old]);
}

async fn a_page_of_conversations_is_bounded(bench: Bench) {
    let a = bench.user("a").await;
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1_500_000));
    for _ in 0..3 {
        made(&bench, &a, &[], data(&large)).await;
    }
    let page = bench.store.conversations(a.clone(), None, 10).await.expect("a page");
    assert_eq!(page.items.len(), 2, "as many as fit the bytes of a page");
    let rest = bench.store.conversations(a, page.next, 10).await.expect("the next page");
    assert_eq!((rest.items.len(), rest.next), (1, None));
}
