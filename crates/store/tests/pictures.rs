//! Pictures of conversations, and the files that they keep, for each store.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::slice;
use std::sync::Arc;

use crate::support::{Bench, actor, every_store, message, new_conversation};
use quintet_domain::limits::UPLOADS_WAITING_MAX;
use quintet_domain::{
    AddMember, AddService, AnnounceFile, ChangeConversation, ChangeProfile, Code, CompleteFile, ConversationId,
    ConversationKind, CreateConversation, DeleteConversation, DeleteMessage, EraseUser, Event, FileLink,
    NewConversation, NewFile, ProfileChange, Refusal, Role, Scopes, StoredFile, UserId, file_of_link,
};
use quintet_store::{Filter, Party};

every_store!(
    shown_in_every_read_and_told,
    changed_by_those_who_may_change_the_name,
    keeps_its_file_until_another_takes_its_place,
    leads_to_a_file_that_is_there,
    is_no_file_of_another_person,
    goes_with_the_person_who_uploaded_it,
    does_not_count_as_a_file_that_nothing_uses,
);

const ELSEWHERE: &str = "https://example.org/a.png";

async fn made(bench: &Bench, owner: &UserId, members: &[UserId], picture: Option<&str>) -> ConversationId {
    let picture = picture.map(str::to_owned);
    let new = NewConversation { picture, ..new_conversation(ConversationKind::Group, false, members) };
    bench.write(CreateConversation { actor: actor(owner), new }).await.unwrap().conversation.id.clone()
}

async fn change(bench: &Bench, by: &UserId, id: &ConversationId, picture: Option<&str>) -> Result<(), Refusal> {
    let change = ChangeConversation {
        actor: actor(by),
        conversation: id.clone(),
        name: None,
        open: None,
        picture: Some(picture.map(str::to_owned)),
        metadata: None,
        moderation: Default::default(),
    };
    bench.write(change).await.map(|_| ())
}

/// The picture of a conversation in every read of it.
async fn shown(bench: &Bench, user: &UserId, id: &ConversationId) -> Option<String> {
    let one = bench.store.conversation(user.clone(), id.clone()).await.unwrap().picture;
    let listed = bench.store.conversations(user.clone(), None, 10).await.unwrap();
    let listed = listed.items.into_iter().find(|listed| listed.conversation.id == *id).expect("listed");
    assert_eq!(listed.picture, one);
    let found = bench.store.find_conversations(user.clone(), String::new(), Filter::One(id.clone()), None, 1).await;
    assert_eq!(found.unwrap().items[0].picture, one);
    one.map(|link| link.to_string())
}

fn picture(event: &Event) -> Option<Option<Arc<str>>> {
    match event {
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => Some(conversation.picture.clone()),
        _ => None,
    }
}

/// The pictures in the events of changed conversations, from the entry with the number `from` on.
async fn told(bench: &Bench, from: usize) -> Vec<Option<String>> {
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    let told = entries[from..].iter().filter_map(|entry| picture(&entry.event));
    told.map(|link| link.map(|link| link.to_string())).collect()
}

async fn entries(bench: &Bench) -> usize {
    bench.settled().await;
    bench.entries.lock().unwrap().len()
}

async fn upload(bench: &Bench, by: &UserId, id: &str) -> Result<String, Refusal> {
    let new = NewFile { id: id.to_owned(), secret: "s".to_owned(), uploader: by.clone(), name: None };
    bench.write(AnnounceFile { new }).await?;
    let file = StoredFile { name: None, size: 30, mime: "image/png".to_owned(), image: Some((2, 3)) };
    bench.write(CompleteFile { id: id.to_owned(), file }).await?;
    Ok(format!("/files/{id}/s"))
}

/// Uploads a file. Returns its link.
async fn uploaded(bench: &Bench, by: &UserId, id: &str) -> String {
    upload(bench, by, id).await.unwrap()
}

async fn service(bench: &Bench) -> UserId {
    let add = AddService { name: "shop".to_owned(), hash: "hash".to_owned(), scopes: Scopes::all() };
    bench.write(add).await.unwrap().user.id.clone()
}

#[track_caller]
fn refused(result: Result<(), Refusal>, part: &str) {
    let refusal = result.expect_err("refused");
    assert_eq!((refusal.code, refusal.field.as_deref()), (Code::InvalidPayload, Some("picture")), "{refusal:?}");
    assert!(refusal.message.contains(part), "{refusal:?}");
}

/// Sends a file to a group and deletes the message, after which nothing but a picture keeps the file.
async fn let_go(bench: &Bench, by: &UserId, group: &ConversationId, link: &str) {
    let mut send = message(by, group, "a file", None);
    send.text.file = Some(FileLink { url: link.to_owned(), name: None });
    let sent = bench.write(send).await.unwrap();
    bench.write(DeleteMessage { actor: actor(by), message: sent.message.id.clone() }).await.unwrap();
}

async fn is_there(bench: &Bench, link: &str) -> bool {
    let (id, secret) = file_of_link(link).expect("a link");
    bench.store.file(Party::Server, id.to_owned(), secret.to_owned()).await.unwrap().is_some()
}

async fn shown_in_every_read_and_told(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let before = entries(&bench).await;
    let id = made(&bench, &a, slice::from_ref(&b), Some(ELSEWHERE)).await;
    let elsewhere = Some(ELSEWHERE.to_owned());
    assert_eq!(
        told(&bench, before).await,
        [elsewhere.clone(), elsewhere.clone()],
        "to its owner, and to the one added"
    );
    assert_eq!(shown(&bench, &b, &id).await, elsewhere);
    let before = entries(&bench).await;
    let add = AddMember { actor: actor(&a), conversation: id.clone(), user: c, role: None, reason: None };
    bench.write(add).await.unwrap();
    assert_eq!(told(&bench, before).await, [elsewhere], "it appears with its picture");
    let plain = made(&bench, &a, &[], None).await;
    assert_eq!(shown(&bench, &a, &plain).await, None);
    // A replay shows it as it is now.
    let since = bench.settled().await;
    change(&bench, &a, &id, Some("https://example.org/b.png")).await.unwrap();
    change(&bench, &a, &id, Some("https://example.org/c.png")).await.unwrap();
    let replayed = bench.store.replay_since(b, false, since.into()).await.unwrap().entries.expect("entries");
    let told: Vec<_> = replayed.iter().filter_map(|entry| picture(&entry.event)).collect();
    assert_eq!(told, [Some("https://example.org/c.png".into()), Some("https://example.org/c.png".into())]);
}

async fn changed_by_those_who_may_change_the_name(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let id = made(&bench, &a, slice::from_ref(&b), None).await;
    assert_eq!(change(&bench, &b, &id, Some(ELSEWHERE)).await.unwrap_err().code, Code::Forbidden);
    let role = Some(Role::Admin);
    let admin = AddMember { actor: actor(&a), conversation: id.clone(), user: b.clone(), role, reason: None };
    bench.write(admin).await.unwrap();
    let before = entries(&bench).await;
    change(&bench, &b, &id, Some(ELSEWHERE)).await.unwrap();
    change(&bench, &a, &id, Some(ELSEWHERE)).await.unwrap();
    change(&bench, &b, &id, None).await.unwrap();
    change(&bench, &b, &id, None).await.unwrap();
    assert_eq!(
        told(&bench, before).await,
        [Some(ELSEWHERE.to_owned()), None],
        "a change to the same picture tells nobody"
    );
    refused(change(&bench, &a, &id, Some("http://example.org/a.png")).await, "https");
    assert_eq!(shown(&bench, &a, &id).await, None);
}

async fn keeps_its_file_until_another_takes_its_place(bench: Bench) {
    let a = bench.user("a").await;
    let place = made(&bench, &a, &[], None).await;
    let (first, second) = (uploaded(&bench, &a, "f-1").await, uploaded(&bench, &a, "f-2").await);
    let id = made(&bench, &a, &[], Some(&first)).await;
    let other = made(&bench, &a, &[], None).await;
    change(&bench, &a, &other, Some(&second)).await.unwrap();
    let_go(&bench, &a, &place, &first).await;
    let_go(&bench, &a, &place, &second).await;
    assert!(is_there(&bench, &first).await && is_there(&bench, &second).await);
    change(&bench, &a, &id, Some(&second)).await.unwrap();
    assert!(!is_there(&bench, &first).await, "another took its place");
    change(&bench, &a, &other, None).await.unwrap();
    assert!(is_there(&bench, &second).await, "one of two keeps it");
    bench.write(DeleteConversation { actor: actor(&a), conversation: id }).await.unwrap();
    assert!(!is_there(&bench, &second).await, "what is deleted keeps nothing");
}

async fn leads_to_a_file_that_is_there(bench: Bench) {
    let a = bench.user("a").await;
    let place = made(&bench, &a, &[], None).await;
    let gone = uploaded(&bench, &a, "f-1").await;
    let_go(&bench, &a, &place, &gone).await;
    let other_secret = format!("{}x", uploaded(&bench, &a, "f-2").await);
    for link in [gone.as_str(), &other_secret, "/files/f-3/s"] {
        refused(change(&bench, &a, &place, Some(link)).await, "names no file");
        let picture = Some(link.to_owned());
        let new = NewConversation { picture, ..new_conversation(ConversationKind::Group, false, &[]) };
        refused(bench.write(CreateConversation { actor: actor(&a), new }).await.map(|_| ()), "names no file");
    }
    assert_eq!(shown(&bench, &a, &place).await, None);
}

async fn is_no_file_of_another_person(bench: Bench) {
    let (a, b, shop) = (bench.user("a").await, bench.user("b").await, service(&bench).await);
    let place = made(&bench, &b, slice::from_ref(&a), None).await;
    let role = Some(Role::Admin);
    let admin = AddMember { actor: actor(&b), conversation: place.clone(), user: a.clone(), role, reason: None };
    bench.write(admin).await.unwrap();
    let of_a = uploaded(&bench, &a, "f-1").await;
    refused(change(&bench, &b, &place, Some(&of_a)).await, "another person");
    assert_eq!(shown(&bench, &b, &place).await, None);
    // Who sends back the picture that another admin chose changes nothing.
    change(&bench, &a, &place, Some(&of_a)).await.unwrap();
    change(&bench, &b, &place, Some(&of_a)).await.unwrap();
    let_go(&bench, &a, &place, &of_a).await;
    assert!(is_there(&bench, &of_a).await);
    // A file that a service uploaded is offered to everybody, and a service may choose any file.
    let offered = uploaded(&bench, &shop, "f-2").await;
    change(&bench, &b, &place, Some(&offered)).await.unwrap();
    let_go(&bench, &b, &place, &offered).await;
    assert!(is_there(&bench, &offered).await);
    let of_a = uploaded(&bench, &a, "f-3").await;
    change(&bench, &shop, &place, Some(&of_a)).await.unwrap();
    let_go(&bench, &a, &place, &of_a).await;
    assert!(is_there(&bench, &of_a).await && !is_there(&bench, &offered).await);
}

async fn goes_with_the_person_who_uploaded_it(bench: Bench) {
    let (a, b, shop) = (bench.user("a").await, bench.user("b").await, service(&bench).await);
    let link = uploaded(&bench, &a, "f-1").await;
    let id = made(&bench, &a, slice::from_ref(&b), Some(&link)).await;
    let kept = made(&bench, &a, slice::from_ref(&b), Some(ELSEWHERE)).await;
    let other = made(&bench, &b, &[], None).await;
    change(&bench, &b, &other, Some(&link)).await.unwrap_err();
    let given = made(&bench, &b, &[], None).await;
    change(&bench, &shop, &given, Some(&link)).await.unwrap();
    let before = entries(&bench).await;
    bench.write(EraseUser { user: a, by: None }).await.unwrap();
    assert!(!is_there(&bench, &link).await);
    for id in [&id, &other, &given] {
        assert_eq!(shown(&bench, &b, id).await, None, "no conversation keeps a link to a file that is gone");
    }
    assert_eq!(shown(&bench, &b, &kept).await, Some(ELSEWHERE.to_owned()), "a link elsewhere is no file of the person");
    assert_eq!(told(&bench, before).await[..2], [None, None], "the members are told");
}

async fn does_not_count_as_a_file_that_nothing_uses(bench: Bench) {
    let a = bench.user("a").await;
    let mut links = Vec::new();
    while (links.len() as i64) < UPLOADS_WAITING_MAX {
        links.push(uploaded(&bench, &a, &format!("f-{}", links.len())).await);
    }
    let too_many = async |id: &str| {
        let refusal = upload(&bench, &a, id).await.expect_err("refused");
        assert!(refusal.code == Code::RateLimited && refusal.message.contains("100 files"), "{refusal:?}");
    };
    too_many("g-1").await;
    let id = made(&bench, &a, &[], Some(&links[0])).await;
    uploaded(&bench, &a, "g-1").await;
    too_many("g-2").await;
    let change_avatar = ProfileChange { avatar: Some(Some(links[1].clone())), ..ProfileChange::default() };
    bench.write(ChangeProfile { user: a.clone(), change: change_avatar }).await.unwrap();
    uploaded(&bench, &a, "g-2").await;
    // What another takes the place of counts again.
    change(&bench, &a, &id, Some(&links[2])).await.unwrap();
    too_many("g-3").await;
    bench.write(DeleteConversation { actor: actor(&a), conversation: id }).await.unwrap();
    too_many("g-3").await;
}
