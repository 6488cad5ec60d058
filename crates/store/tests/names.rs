//! How accounts and conversations are found by their names and addresses, in every store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store, new_conversation};
use quintet_domain::{
    ChangeProfile, Code, ConversationId, ConversationKind, CreateConversation, Login, Member, NewConversation, NewUser,
    ProfileChange, RegisterUser, Role, UserId,
};
use quintet_store::{Filter, Page, Party, StoreError};

every_store!(
    every_form_of_a_login,
    searches_for_users,
    searches_for_members,
    searches_for_conversations,
    a_taken_address_in_another_form,
);

async fn registered(bench: &Bench, username: &str, email: &str) -> UserId {
    let (username, email) = (username.to_owned(), Some(email.to_owned()));
    let new = NewUser { username, email, ..NewUser::default() };
    bench.write(RegisterUser { new }).await.expect("registered").user.id.clone()
}

async fn every_form_of_a_login(bench: Bench) {
    let zoe = registered(&bench, "Zo\u{eb}", "Zo\u{eb}@Example.org").await;
    let found = async |login| bench.store.account_by_login(Party::Server, login).await.unwrap();
    for name in ["Zo\u{eb}", "ZOE\u{308}", " zo\u{eb} ", "ｚｏ\u{eb}"] {
        let account = found(Login::Username(name.to_owned())).await.expect(name);
        assert_eq!(account.user.id, zoe, "{name:?}");
    }
    for email in ["zo\u{eb}@example.org", "ZOE\u{308}@EXAMPLE.ORG", " Zo\u{eb}@example.org\n"] {
        let account = found(Login::Email(email.to_owned())).await.expect(email);
        assert_eq!(account.user.id, zoe, "{email:?}");
    }
    for other in ["zoe@example.org", "zo\u{eb}@example.com", ""] {
        assert!(found(Login::Email(other.to_owned())).await.is_none(), "{other:?}");
    }
    assert!(found(Login::Username("a".repeat(100_000))).await.is_none());
}

async fn a_taken_address_in_another_form(bench: Bench) {
    registered(&bench, "ada", "zo\u{eb}@example.org").await;
    let email = Some("ZOE\u{308}@example.org".to_owned());
    let new = NewUser { username: "bob".to_owned(), email, ..NewUser::default() };
    assert!(bench.write(RegisterUser { new }).await.is_err(), "one address, two forms");
}

async fn searches_for_users(bench: Bench) {
    let asker = bench.user("asker").await;
    for (username, name) in [("strasse", "Große Straße"), ("odysseus", "Οδυσσεύς"), ("zoe", "Zo\u{eb} Łuk")]
    {
        let user = registered(&bench, username, &format!("{username}@example.org")).await;
        let change = ProfileChange { name: Some(name.to_owned()), ..ProfileChange::default() };
        bench.write(ChangeProfile { user, change }).await.expect("changed");
    }
    for (query, username) in [
        ("GROSSE STRASSE", "strasse"),
        ("straße", "strasse"),
        ("ΟΔΥΣΣΕΥΣ", "odysseus"),
        ("zoe\u{308}", "zoe"),
        ("ZOE LUK", "zoe"),
    ] {
        let page = bench.store.users(Party::User(asker.clone()), query.to_owned(), None, 10).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(found, [username], "{query}");
    }
}

async fn searches_for_members(bench: Bench) {
    let ada = bench.user("ada").await;
    let mut people = Vec::new();
    for (username, name) in [("strasse", "Große Straße"), ("zoe", "Zo\u{eb} Łuk"), ("luke", "Luke"), ("lukas", "Lukas")]
    {
        let user = registered(&bench, username, &format!("{username}@example.org")).await;
        let change = ProfileChange { name: Some(name.to_owned()), ..ProfileChange::default() };
        bench.write(ChangeProfile { user: user.clone(), change }).await.expect("changed");
        people.push(user);
    }
    let (outside, inside) = people.split_last().expect("people");
    let group = bench.conversation(&ada, ConversationKind::Group, false, inside).await;
    let page = async |asker: &UserId, id: &ConversationId, query: &str, cursor: Option<String>, limit| {
        bench.store.members(asker.clone(), id.clone(), query.to_owned(), cursor, limit).await
    };
    let names = |page: &Page<Member>| page.items.iter().map(|one| one.user.username.clone()).collect::<Vec<_>>();
    for (query, found) in [
        ("", vec!["ada", "strasse", "zoe", "luke"]),
        ("GROSSE STRASSE", vec!["strasse"]),
        ("ZOE\u{308}", vec!["zoe"]),
        ("luk", vec!["zoe", "luke"]),
        ("nobody", vec![]),
    ] {
        let all = page(&ada, &group, query, None, 10).await.unwrap();
        assert_eq!((names(&all), &all.next), (found.into_iter().map(str::to_owned).collect(), &None), "{query}");
    }
    let owner = page(&ada, &group, "ada", None, 1).await.unwrap().items.remove(0);
    assert_eq!((owner.role, &owner.user.id), (Role::Owner, &ada));

    // As many as fit a page and no more are one page; of more, the next page begins behind the last.
    let first = page(&ada, &group, "luk", None, 1).await.unwrap();
    assert_eq!(names(&first), ["zoe"]);
    let second = page(&ada, &group, "luk", first.next, 1).await.unwrap();
    assert_eq!((names(&second), second.next), (vec!["luke".to_owned()], None));

    let direct = bench.conversation(&ada, ConversationKind::Direct, false, &inside[..1]).await;
    assert_eq!(names(&page(&inside[0], &direct, "ADA", None, 10).await.unwrap()), ["ada"]);
    for (asker, id) in [(outside, &group), (&inside[1], &direct)] {
        let refused = page(asker, id, "", None, 10).await;
        assert!(matches!(&refused, Err(StoreError::Refused(refusal)) if refusal.code == Code::NotFound), "{refused:?}");
    }
    assert!(page(&ada, &group, "", Some("zoe".to_owned()), 10).await.is_err(), "no page ended so");
}

async fn searches_for_conversations(bench: Bench) {
    let ada = bench.user("ada").await;
    for open in [true, false] {
        let named = |name: &str| NewConversation {
            name: Some(name.to_owned()),
            ..new_conversation(ConversationKind::Group, open, &[])
        };
        for name in ["Straßenfest", "Café"] {
            let create = CreateConversation { actor: actor(&ada), new: named(name) };
            bench.write(create).await.expect("created");
        }
    }
    for (query, name) in [("STRASSEN", "Straßenfest"), ("CAFE\u{301}", "Café"), ("cafe", "Café")] {
        let found = bench.store.find_conversations(ada.clone(), query.to_owned(), Filter::OpenOrMine, None, 10).await;
        let names: Vec<_> = found.unwrap().items.iter().map(|item| item.conversation.name.clone()).collect();
        assert_eq!(names, [Some(name.into()), Some(name.into())], "{query}");
    }
}
