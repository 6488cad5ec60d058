//! The server on a PostgreSQL database: the golden transcripts, the operator's commands, what is refused at the start, and
//! two processes over one database.

use crate::database::TestDatabase;
use crate::support::{Server, Start, Wire};
use serde_json::json;

fn on(database: &TestDatabase) -> Start {
    Server::with().env("QUINTET_DATABASE_URL", &database.url())
}

macro_rules! stories {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let database = TestDatabase::new();
            crate::support::story::play_on(on(&database), include_str!(concat!("stories/", stringify!($name), ".story")))
                .await;
        }
    )*};
}

stories!(meetup, messenger, rooms, conversations, chat, identity);

/// Commands of the operator write to the database beside the server, which then knows of it.
#[tokio::test]
async fn commands_beside_a_running_server() {
    let database = TestDatabase::new();
    let server = on(&database).run();
    let url = database.url();
    let command = |words: &[&str]| server.run(&[&["--database", &url], words].concat());
    let (id, token) = server.http().register("alice").await;
    let mut alice = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    let (done, listed) = command(&["user", "list"]);
    assert!(done && listed.contains("alice"), "{listed}");
    let (done, said) = command(&["user", "disable", &id]);
    assert!(done, "{said}");
    // The revocation reaches the server, which ends the connection.
    while alice.frame().await.is_some() {}
    let (done, said) = command(&["backup", "/nowhere/copy"]);
    assert!(!done && said.contains("pg_dump"), "{said}");
}

/// What one process commits is heard by clients of another one.
#[tokio::test]
async fn two_processes_over_one_database() {
    let database = TestDatabase::new();
    let start = || {
        let secret = "0123456789abcdef0123456789abcdef";
        on(&database)
            .env("QUINTET_JWT_SECRET", secret)
            .env("QUINTET_AUTH_SIGN_WITH", "shared")
            .env("QUINTET_FILES_SHARED", "true")
            .run()
    };
    let (here, there) = (start(), start());
    let (_, alice) = here.http().register("alice").await;
    let (bob_id, bob) = there.http().register("bob").await;
    let mut hears = Wire::connect(there.address(), "/chat", &json!({ "token": bob })).await;
    let group = json!({ "kind": "group", "name": "Team", "memberIds": [bob_id] });
    let group = here.http().api(&alice, "POST", "/conversations", group).await.expect(201);
    let chat = group["id"].as_str().expect("an id").to_owned();
    hears.next("member:joined").await;
    let mut says = Wire::connect(here.address(), "/chat", &json!({ "token": alice })).await;
    for number in 0..5 {
        let message = json!({ "chatId": chat, "content": format!("{number}"), "messageType": "text" });
        assert_eq!(says.call("message:send", &message).await["success"], true);
    }
    for number in 0..5 {
        assert_eq!(hears.next("message:new").await["content"], format!("{number}"));
    }
    // A member whom one process removes cannot send by another one that still had the row in its cache.
    let mut sends = Wire::connect(there.address(), "/chat", &json!({ "token": bob })).await;
    let message = json!({ "chatId": chat, "content": "mine", "messageType": "text" });
    assert_eq!(sends.call("message:send", &message).await["success"], true);
    here.http().api(&alice, "DELETE", &format!("/conversations/{chat}/members/{bob_id}"), json!({})).await;
    assert_eq!(sends.call("message:send", &message).await["success"], false);

    // The port is that of the server itself, although nothing else says that one runs.
    let found = doctor(&database.url(), &here.address().to_string());
    assert!(found.contains(&format!("good    A server answers at {}.", here.address())), "{found}");
    assert!(!found.contains("is taken"), "{found}");
}

/// What the doctor finds of a database, and of the address of a server over it.
fn doctor(url: &str, listen: &str) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(["doctor", "--listen", listen]).env("QUINTET_DATABASE_URL", url).current_dir(std::env::temp_dir());
    String::from_utf8(command.output().expect("the binary runs").stdout).expect("text")
}

/// What is wrong is said in one sentence.
#[tokio::test]
async fn a_database_that_cannot_be_used_is_named() {
    let database = TestDatabase::new();
    let failed = |url: &str, why: &str| {
        let said = Server::with().env("QUINTET_DATABASE_URL", url).fail();
        assert!(said.contains(why) && said.trim().lines().count() == 1, "{url}: {said}");
    };
    // The doctor looks at the same things, and changes nothing.
    let found = doctor(&database.url(), "0");
    assert!(
        found.contains("is on PostgreSQL 1") && !found.contains("fault") && !found.contains("has version"),
        "{found}"
    );
    failed("mysql://localhost/chat", "must begin with postgres://");
    failed("postgres://ada:secret@127.0.0.1:1/chat", "127.0.0.1/chat");
    failed(&format!("{}_gone", database.url()), "does not exist");
    let said = on(&database).args(&["--ephemeral"]).fail();
    assert!(said.contains("QUINTET_DATABASE_URL") && said.contains("--ephemeral"), "{said}");
    database.run(
        "CREATE ROLE stranger LOGIN; INSERT INTO refinery_schema_history SELECT 999, name, applied_on, checksum
         FROM refinery_schema_history LIMIT 1",
    );
    failed(&database.url(), "version 999");
    let found = doctor(&database.url(), "0");
    assert!(found.contains("fault   The database") && found.contains("has version 999"), "{found}");
    failed(&database.url().replace("postgres@", "stranger@"), "lacks a right");
    database.run("DROP ROLE stranger");
}
