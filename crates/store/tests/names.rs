//! How accounts and conversations are found by their names and addresses, in every store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store, new_conversation};
use quintet_domain::{ChangeProfile, CreateConversation};
use quintet_domain::{ConversationKind, Login, NewConversation, NewUser, ProfileChange, RegisterUser, UserId};
use quintet_store::{Filter, Party};

every_store!(every_form_of_a_login, searches_for_users, searches_for_conversations, a_taken_address_in_another_form);

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
