//! What a key is good for: every operation for a key of each scope.

use serde_json::{Value, json};

use crate::services::{key, refused, stage};

const SCOPES: [&str; 5] = ["read", "post", "users", "moderate", "admin"];

#[tokio::test]
async fn every_operation_needs_the_scope_that_its_description_names() {
    let stage = stage().await;
    let (server, http) = (&stage.server, &stage.http);
    let keys = SCOPES.map(|scope| {
        let (made, key) = key(server, &["add", &format!("only-{scope}"), "--scope", scope]);
        assert!(made, "{key}");
        key
    });
    let document = http.api("", "GET", "/openapi.json", Value::Null).await.expect(200);
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let (method, what) = (method.to_uppercase(), format!("{method} {path}"));
            let Some(needed) = operation["x-scope"].as_str() else {
                wrong.push(format!("{what} does not say its scope"));
                continue;
            };
            seen.push(needed.to_owned());
            // Under `/api` the same operations are found by who calls; a few of them are tested below.
            let is_found = path.starts_with("/api/") && !path.starts_with("/api/v1/");
            if needed == "none" || is_found {
                continue;
            }
            let described = operation["description"].as_str().unwrap_or_default();
            if SCOPES.contains(&needed) && !described.contains(&format!("A service needs the scope `{needed}`.")) {
                wrong.push(format!("{what} does not describe its scope"));
            }
            let filled = path.replace("{id}", "nothing").replace("{user}", "nobody").replace("{emoji}", "+1");
            let path = filled.replace("{secret}", "none").replace("{code}", "none");
            for (scope, key) in SCOPES.iter().zip(&keys) {
                let answer = http.call(key, &method, &path, json!({})).await;
                let lacks = answer.status == 403 && answer.text.contains("This key lacks the scope");
                let named =
                    answer.text.contains(&format!("lacks the scope `{needed}`, which this needs; it has `{scope}`."));
                let expected = SCOPES.contains(&needed) && *scope != needed;
                if lacks != expected || lacks != named {
                    wrong.push(format!("{what} by {scope}: {} {}", answer.status, answer.text));
                }
                if needed == "people" && answer.status != 403 {
                    wrong.push(format!("{what} by {scope}: {}, though it is not for services", answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for scope in ["read", "post", "users", "moderate", "admin", "any", "people", "none"] {
        assert!(seen.iter().any(|needed| needed == scope), "no operation with `{scope}`");
    }
    // Under `/api`, where one dialect has the call.
    let reads = http.call(&keys[1], "GET", "/api/groups", Value::Null).await;
    assert!(reads.status == 403 && reads.text.contains("lacks the scope `read`"), "{}", reads.text);
    http.call(&keys[0], "GET", "/api/groups", Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_key_has_the_scopes_that_it_was_made_with() {
    let stage = stage().await;
    let (server, http) = (&stage.server, &stage.http);
    let (made, bot) = key(server, &["add", "bot", "--scope", "read,post"]);
    assert!(made, "{bot}");
    let (unknown, said) = key(server, &["add", "other", "--scope", "fly"]);
    assert!(!unknown && said.contains("must be one of read, post, users, moderate, admin"), "{said}");
    let (_, listed) = key(server, &["list"]);
    let listed: Vec<&str> = listed.lines().map(|line| line.split_once(' ').expect("a time").1).collect();
    assert_eq!(listed, ["read,post bot", "read,post,users,moderate,admin shop"]);

    let group = http.group(&stage.alice.1, &[]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let messages = format!("{path}/messages");
    let sent = http.api(&bot, "POST", &messages, json!({ "content": "hello" })).await.expect(201);
    http.api(&bot, "GET", &messages, Value::Null).await.expect(200);
    let sentence = "This key lacks the scope `moderate`, which this needs; it has `read`, `post`.";
    let message = format!("/messages/{}", sent["id"].as_str().expect("an id"));
    for (method, at, body) in [
        ("DELETE", &message, Value::Null),
        ("DELETE", &path, Value::Null),
        ("PATCH", &path, json!({ "name": "Mine" })),
        ("POST", &format!("{path}/members"), json!({ "userId": stage.bob.0 })),
    ] {
        refused(http.api(&bot, method, at, body).await, 403, sentence);
    }
    // The same failure in the words of existing clients.
    let said = http.call(&bot, "DELETE", &format!("/chat/api{message}"), Value::Null).await.expect(403);
    assert_eq!(said["message"], sentence, "{said}");
}
