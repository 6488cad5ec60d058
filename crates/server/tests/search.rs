//! Searches for messages and for members over HTTP, and pages around a message.

use std::time::Duration;

use crate::support::Server;
use serde_json::{Value, json};

fn contents(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|item| item["content"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn messages_are_found_and_shown_among_their_neighbours() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "false").run();
    let http = server.http();
    let (alice, bob, eve) = (http.register("alice").await, http.register("bob").await, http.register("eve").await);
    let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0] });
    let made = http.api(&alice.1, "POST", "/conversations", group).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let mut last = Value::Null;
    for text in ["a quick fox", "Die große Straße", "quick, again", "the end"] {
        let path = format!("/conversations/{id}/messages");
        last = http.api(&alice.1, "POST", &path, json!({ "content": text })).await.expect(201);
    }
    // The index comes a moment later, in the order of the messages.
    let mut look = tokio::time::interval(Duration::from_millis(20));
    loop {
        look.tick().await;
        let page = http.api(&bob.1, "GET", "/search/messages?q=end", Value::Null).await.expect(200);
        if contents(&page) == ["the end"] {
            assert_eq!((&page["items"][0]["id"], &page["items"][0]["sequence"]), (&last["id"], &last["sequence"]));
            break;
        }
    }
    let found = async |token: &str, query: &str| {
        http.api(token, "GET", &format!("/search/messages?q={query}"), Value::Null).await.expect(200)
    };
    let page = found(&bob.1, "quick&limit=1").await;
    assert_eq!(contents(&page), ["quick, again"]);
    let next = page["next"].as_str().expect("a next page");
    let page = found(&bob.1, &format!("quick&limit=1&cursor={next}")).await;
    assert_eq!((contents(&page), &page["next"]), (vec!["a quick fox"], &Value::Null));
    assert_eq!(contents(&found(&bob.1, &format!("STRASSE&conversation={id}")).await), ["Die große Straße"]);
    assert_eq!(contents(&found(&bob.1, &format!("quick&from={}", bob.0)).await), Vec::<&str>::new());
    assert_eq!(contents(&found(&eve.1, "quick").await), Vec::<&str>::new());

    for (query, status, sentence) in [
        ("*%20%22%22", 422, "`q` must have a word to search for."),
        ("a*", 422, "`q` needs at least 2 characters before a `*`."),
        ("word&has=picture", 422, "`has` must be `file`, `link` or `mention`."),
        ("word&before=5", 422, "`before` must be a time in ISO 8601."),
        ("word&cursor=x", 422, "`cursor` must be the `next` of an earlier page."),
        (&"x".repeat(10_000), 413, "`q` has 10000 characters; at most 256 are allowed."),
    ] {
        let answer = http.api(&bob.1, "GET", &format!("/search/messages?q={query}"), Value::Null).await;
        let refused = answer.expect(status);
        assert_eq!(refused["detail"], sentence);
    }

    let path = |of: &str| format!("/conversations/{id}/messages?limit=2&{of}");
    let page = http.api(&bob.1, "GET", &path("around=3"), Value::Null).await.expect(200);
    assert_eq!(contents(&page), ["Die große Straße", "quick, again"]);
    assert_eq!((&page["next"], &page["newer"]), (&json!(3), &json!(4)));
    let page = http.api(&bob.1, "GET", &path("after=4"), Value::Null).await.expect(200);
    assert_eq!((contents(&page), page.get("newer")), (vec!["the end"], None));
    let refused = http.api(&bob.1, "GET", &path("around=3&after=4"), Value::Null).await.expect(422);
    assert_eq!(refused["detail"], "`around` excludes `before` and `after`.");
}

#[tokio::test]
async fn members_are_found_by_their_names_and_only_by_members() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, eve) = (http.register("alice").await, http.register("bob").await, http.register("eve").await);
    let kim = http.register("kim").await;
    http.api(&bob.1, "PATCH", "/me", json!({ "name": "Große Straße" })).await.expect(200);
    let group = json!({ "kind": "group", "name": "G", "memberIds": [bob.0, kim.0] });
    let made = http.api(&alice.1, "POST", "/conversations", group).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let path = |query: &str| format!("/conversations/{id}/members?{query}");
    let found = async |token: &str, query: &str| http.api(token, "GET", &path(query), Value::Null).await.expect(200);
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|one| one["user"]["id"].as_str().expect("an id").to_owned()).collect()
    };

    let page = found(&bob.1, "").await;
    assert_eq!(page["items"], made["members"], "as the conversation shows them");
    let page = found(&kim.1, "q=STRASSE").await;
    assert_eq!((ids(&page), &page["next"]), (vec![bob.0.clone()], &Value::Null));
    let page = found(&kim.1, "limit=2").await;
    let next = page["next"].as_str().expect("a next page");
    assert_eq!(ids(&found(&kim.1, &format!("limit=2&cursor={next}")).await), std::slice::from_ref(&kim.0));

    // Of somebody who has blocked the reader, nothing is shown here that is hidden elsewhere.
    let message = json!({ "content": "hello" });
    let sent = http.api(&alice.1, "POST", &format!("/conversations/{id}/messages"), message).await.expect(201);
    let read = json!({ "messageId": sent["id"] });
    http.api(&bob.1, "PUT", &format!("/conversations/{id}/read"), read).await.expect(204);
    assert_eq!(found(&alice.1, "q=bob").await["items"][0]["readSequence"], sent["sequence"]);
    http.api(&bob.1, "PUT", &format!("/me/blocks/{}", alice.0), Value::Null).await.expect(204);
    assert_eq!(found(&alice.1, "q=bob").await["items"][0]["readSequence"], 0);

    http.api(&eve.1, "GET", &path(""), Value::Null).await.expect(404);
    for (query, sentence) in
        [("limit=0", "`limit` must be from 1 to 200."), ("cursor=x", "`cursor` must be the `next` of an earlier page.")]
    {
        assert_eq!(http.api(&alice.1, "GET", &path(query), Value::Null).await.expect(422)["detail"], sentence);
    }
}
