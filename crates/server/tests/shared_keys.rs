//! The keys of the nodes over one database: made once, the same everywhere, and encrypted if there is a secret.

use crate::database::TestDatabase;
use crate::support::{Server, Start, Wire};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn on(database: &TestDatabase) -> Start {
    Server::with().env("QUINTET_DATABASE_URL", &database.url()).env("QUINTET_FILES_SHARED", "true")
}

/// Two nodes that start at the same moment on an empty database have one key: tokens and secrets of connections of one
/// are valid on the other.
#[tokio::test]
async fn nodes_that_start_at_once_have_one_key() {
    let database = TestDatabase::new();
    let starts = [(); 2].map(|()| on(&database));
    let nodes: Vec<Server> = std::thread::scope(|scope| {
        let starting = starts.map(|start| scope.spawn(move || start.run()));
        starting.map(|node| node.join().expect("started")).into_iter().collect()
    });
    let [here, there] = &nodes[..] else { panic!("two nodes") };
    let (alice, bob) = (here.http().register("alice").await, there.http().register("bob").await);
    for (node, token) in [(here, &bob.1), (there, &alice.1), (here, &alice.1), (there, &bob.1)] {
        node.http().api(token, "GET", "/me", Value::Null).await.expect(200);
    }
    let group = json!({ "kind": "group", "name": "Team", "memberIds": [bob.0] });
    let group = here.http().api(&alice.1, "POST", "/conversations", group).await.expect(201);
    let (mut wire, secret) = Wire::recoverable(here.address(), "/chat", json!({ "token": bob.1 })).await;
    let path = format!("/conversations/{}/messages", group["id"].as_str().expect("an id"));
    here.http().api(&alice.1, "POST", &path, json!({ "content": "heard" })).await.expect(201);
    assert_eq!(wire.next("message:new").await["content"], "heard");
    drop(wire);
    here.http().api(&alice.1, "POST", &path, json!({ "content": "missed" })).await.expect(201);
    // Without an offset, everything since the connection began is told again.
    let (mut back, same) = Wire::recoverable(there.address(), "/chat", json!({ "token": bob.1, "pid": secret })).await;
    assert_eq!(same, secret, "a connection of one node is continued on the other");
    for content in ["heard", "missed"] {
        assert_eq!(back.next("message:new").await["content"], content);
    }
    for node in &nodes {
        assert!(!node.data().join("token-key").exists(), "no node has a key of its own");
    }
}

#[tokio::test]
async fn keys_are_encrypted_under_the_secret() {
    let database = TestDatabase::new();
    let plain = on(&database).run();
    let (_, token) = plain.http().register("alice").await;
    let count = |what: &str| database.number(&format!("SELECT count(*) FROM installation_key WHERE {what}"));
    // That of tokens has 64 hexadecimal digits; the other one is that of push messages.
    let token_key = |with: &str| count(&format!("name = 'token' AND {with}"));
    assert_eq!((token_key("length(value) = 64"), count("NOT sealed"), count("true")), (1, 2, 2));
    drop(plain);
    let sealed = on(&database).env("QUINTET_CLUSTER_SECRET", SECRET).run();
    assert_eq!((token_key("length(value) = 12 + 64 + 16"), count("sealed"), count("true")), (1, 2, 2));
    sealed.http().api(&token, "GET", "/me", Value::Null).await.expect(200);
    drop(sealed);
    let said = on(&database).fail();
    assert!(said.contains("are encrypted: set the [cluster] secret"), "{said}");
    let other = SECRET.replace('0', "1");
    let said = on(&database).env("QUINTET_CLUSTER_SECRET", &other).fail();
    assert!(said.contains("under another [cluster] secret") && !said.contains(&other), "{said}");
    let said = on(&database).env("QUINTET_CLUSTER_SECRET", "short").fail();
    assert!(said.contains("QUINTET_CLUSTER_SECRET") && said.contains("at least 32"), "{said}");
}

/// The key of a folder, by which people have logged in, goes on in the database.
#[tokio::test]
async fn the_key_of_a_folder_is_stored() {
    let database = TestDatabase::new();
    let key = "ab".repeat(32);
    let first = on(&database).file("token-key", &format!("{key} 1700000000\n")).run();
    let (_, token) = first.http().register("alice").await;
    let kept = format!(
        "SELECT count(*) FROM installation_key WHERE value = convert_to('{key}', 'UTF8') AND made_s = 1700000000"
    );
    assert_eq!(database.number(&kept), 1);
    drop(first);
    // Another folder's key is not used any more.
    let second = on(&database).file("token-key", &format!("{} 1700000000\n", "cd".repeat(32))).run();
    second.http().api(&token, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(database.number(&kept), 1);
}
