//! Invitations: registration through every door, links into groups, and their ends, each with its sentence.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Wire};

const SECRET: &str = "a secret of the tests, of 32 bytes and more";

/// The paths by which people register, each with the name that the code has there, and the status of a success.
const DOORS: [(&str, &str, u16); 6] = [
    ("/api/v1/auth/register", "invitation", 201),
    ("/api/auth/register", "invite", 201),
    ("/meetup/api/auth/register", "invitation", 200),
    ("/messenger/api/auth/signup", "invite", 201),
    ("/conversations/api/auth/register", "invitation", 201),
    ("/chat/api/auth/register", "invite", 201),
];

fn person(number: usize) -> Value {
    json!({
        "username": format!("eve{number}"), "name": format!("Eve {number}"), "email": format!("eve{number}@example.org"),
        "password": "correct horse", "firstName": "Eve", "lastName": format!("Number{number}"),
    })
}

fn refused(answer: &Answer, status: u16, sentence: &str) {
    assert!(answer.status == status && answer.text.contains(sentence), "{}: {}", answer.status, answer.text);
}

#[tokio::test]
async fn a_server_for_the_invited() {
    let server = Server::with()
        .env("QUINTET_AUTH_REGISTRATION", "invite")
        .env("QUINTET_JWT_SECRET", SECRET)
        .env("QUINTET_LIMITS_RATES", "true")
        .run();
    let http = server.http();
    let said = http.api("", "GET", "/server", Value::Null).await.expect(200);
    assert_eq!(said["registration"], "invite");
    for (number, (door, ..)) in DOORS.iter().enumerate() {
        let answer = http.call("", "POST", door, person(number)).await;
        refused(&answer, 403, "Registration on this server needs an invitation; send its code as `invitation`.");
    }
    // Tokens of another back end still enter.
    let claims = json!({ "sub": "ada", "username": "ada", "exp": 4_102_444_800_u64 });
    let ada = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token");
    let group = http.group(&ada, &[]).await;
    let group = group.as_str().expect("an id");

    let (made, code) = server.run(&["invite", "add", "--uses", "6", "--room", group]);
    assert!(made && code.starts_with("qi_"), "{code}");
    let offer = http.api("", "GET", &format!("/invitations/{code}/accept"), Value::Null).await.expect(200);
    let places = json!([{ "id": group, "kind": "group", "name": "G" }]);
    assert_eq!(offer, json!({ "admits": true, "conversations": places, "invitedBy": null, "expiresAt": null }));
    let mut ear = Wire::connect(server.address(), "/chat", &json!({ "token": ada })).await;
    for (number, (door, field, status)) in DOORS.iter().enumerate() {
        let mut new = person(number);
        new[field] = json!(code);
        http.call("", "POST", door, new).await.expect(*status);
        let joined = ear.next("member:joined").await;
        assert_eq!(joined["chatId"], group, "everybody hears of who came by it: {joined}");
    }
    let mut late = person(7);
    late["invitation"] = json!(code);
    let often = "This invitation was used 6 times already, which is its limit.";
    refused(&http.call("", "POST", DOORS[0].0, late.clone()).await, 403, often);
    late["invitation"] = json!("qi_00000000000000000000000000000000");
    refused(&http.call("", "POST", DOORS[0].0, late).await, 404, "There is no such invitation.");
    let (_, listed) = server.run(&["invite", "list"]);
    let (id, rest) = listed.split_once(' ').expect("an id");
    assert_eq!(rest, "used 6 of 6, into G");
    assert_eq!(server.run(&["invite", "revoke", id]).1, format!("Invitation {id} is revoked."));
    let (unknown, said) = server.run(&["invite", "revoke", "nothing"]);
    assert!(!unknown && said.contains("There is no such invitation."), "{said}");
    let (bad, said) = server.run(&["invite", "add", "--until", "2001-01-01T00:00:00Z"]);
    assert!(!bad && said.contains("`expiresAt` must be in the future."), "{said}");
    // The codes of a key end with it, and so does what they lead into.
    let (made, key) = server.run(&["key", "add", "shop", "--scope", "admin"]);
    assert!(made, "{key}");
    let into = http.api(&key, "POST", "/invitations", json!({ "conversationIds": [group] })).await;
    refused(&into, 403, "This key lacks the scope `moderate`");
    let made = http.api(&key, "POST", "/invitations", json!({})).await.expect(201);
    let mut last = person(8);
    last["invitation"] = made["code"].clone();
    let path = format!("/invitations/{}/accept", made["code"].as_str().expect("a code"));
    http.api("", "GET", &path, Value::Null).await.expect(200);
    assert!(server.run(&["key", "remove", "shop"]).0);
    let disabled = "This invitation is not good any more: who made it was disabled.";
    refused(&http.api("", "GET", &path, Value::Null).await, 403, disabled);
    refused(&http.call("", "POST", DOORS[0].0, last).await, 403, disabled);
    // Whoever tries codes is slowed down.
    let mut tries = 0;
    while http.api("", "GET", "/invitations/qi_1/accept", Value::Null).await.status != 429 {
        tries += 1;
        assert!(tries < 60, "codes may be tried without end");
    }
}

#[tokio::test]
async fn links_into_a_group() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let group = http.group(&alice.1, &[&bob.0]).await;
    let path = format!("/conversations/{}", group.as_str().expect("an id"));
    let links = format!("{path}/invitations");
    let once = json!({ "usesMax": 1, "expiresAt": "2099-01-01T00:00:00Z" });
    http.api(&bob.1, "POST", &links, once.clone()).await.expect(403);
    http.api(&carol.1, "POST", &links, once.clone()).await.expect(404);
    for (bad, field) in
        [(json!({ "usesMax": 0 }), "usesMax"), (json!({ "expiresAt": "2001-01-01T00:00:00Z" }), "expiresAt")]
    {
        refused(&http.api(&alice.1, "POST", &links, bad).await, 422, field);
    }
    let made = http.api(&alice.1, "POST", &links, once).await.expect(201);
    let code = made["code"].as_str().expect("a code");
    let (accept, id) = (format!("/invitations/{code}/accept"), made["id"].as_str().expect("an id"));
    let offer = http.api(&carol.1, "GET", &accept, Value::Null).await.expect(200);
    assert_eq!((&offer["invitedBy"], &offer["conversations"][0]["id"]), (&json!("alice"), &group));
    let mut ear = Wire::connect(server.address(), "/conversations", &json!({ "token": alice.1 })).await;
    let accepted = http.api(&carol.1, "POST", &accept, Value::Null).await.expect(200);
    assert_eq!(accepted["conversations"][0]["id"], group);
    let joined = ear.next("member_joined").await;
    assert_eq!((&joined["conversationId"], &joined["user"]["username"]), (&group, &json!("carol")));
    http.api(&carol.1, "GET", &path, Value::Null).await.expect(200);
    // The code is shown once; the list has the rest. Others see no link of hers.
    let listed = http.api(&alice.1, "GET", "/invitations", Value::Null).await.expect(200);
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["uses"]), (&made["id"], &json!(1)));
    assert_eq!(listed["items"][0].get("code"), None);
    let others = http.api(&bob.1, "GET", "/invitations", Value::Null).await.expect(200);
    assert_eq!(others["items"], json!([]));
    http.api(&bob.1, "DELETE", &format!("/invitations/{id}"), Value::Null).await.expect(404);
    // A member again, after leaving, by a link that may be used any number of times.
    http.api(&carol.1, "DELETE", &format!("{path}/members/{}", carol.0), Value::Null).await.expect(204);
    refused(&http.api(&carol.1, "POST", &accept, Value::Null).await, 403, "This invitation was used already.");
    let many = http.api(&alice.1, "POST", &links, json!({})).await.expect(201);
    let again = format!("/invitations/{}/accept", many["code"].as_str().expect("a code"));
    http.api(&carol.1, "POST", &again, Value::Null).await.expect(200);
    http.api(&carol.1, "GET", &path, Value::Null).await.expect(200);
    let many = format!("/invitations/{}", many["id"].as_str().expect("an id"));
    http.api(&alice.1, "DELETE", &many, Value::Null).await.expect(204);
    refused(&http.api("", "GET", &again, Value::Null).await, 403, "This invitation was revoked.");
    http.api("", "POST", &again, Value::Null).await.expect(401);

    // A service makes invitations to the server, for groups and rooms, and sees all.
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let into = json!({ "conversationIds": [group] });
    let served = http.api(&shop, "POST", "/invitations", into).await.expect(201);
    assert_eq!((&served["admits"], &served["madeBy"]["username"]), (&json!(true), &json!("shop")));
    let all = http.api(&shop, "GET", "/invitations", Value::Null).await.expect(200);
    assert_eq!(all["items"].as_array().expect("items").len(), 3);
    http.api(&shop, "DELETE", &format!("/invitations/{id}"), Value::Null).await.expect(204);
}
