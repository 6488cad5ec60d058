//! `quintet copy` and `quintet migrate`: an installation moves to PostgreSQL and back, with its files, keys and offsets.

use std::path::Path;

use crate::database::TestDatabase;
use crate::support::{Server, Wire};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Runs a command. Returns whether it succeeded, and what it said on standard output, or on standard error if it failed.
fn command(data: &Path, words: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.arg("--data").arg(data).args(words).env("QUINTET_CLUSTER_SECRET", SECRET);
    let output = command.current_dir(std::env::temp_dir()).output().expect("the command runs");
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).expect("text").trim().to_owned())
}

#[tokio::test]
async fn an_installation_moves_there_and_back() {
    let database = TestDatabase::new();
    let (url, home) = (database.url(), tempfile::tempdir().expect("a folder"));
    let (first, second) = (home.path().join("first"), home.path().join("second"));
    let folder = || tempfile::tempdir().expect("a folder");
    let server = Server::with().run_in(folder(), &first);
    let (alice, bob) = (server.http().register("alice").await, server.http().register("bob").await);
    let group = json!({ "kind": "group", "name": "Team", "memberIds": [bob.0] });
    let group = server.http().api(&alice.1, "POST", "/conversations", group).await.expect(201);
    let path = format!("/conversations/{}/messages", group["id"].as_str().expect("an id"));
    let (wire, secret) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1 })).await;
    drop(wire);
    let file = server.http().upload(&alice.1, "notes.txt", b"the notes").await.expect(201);
    let link = file["url"].as_str().expect("a link").to_owned();
    let link = link[link.find("/files/").expect("a path")..].to_owned();
    let message = json!({ "content": "first", "type": "file", "fileUrl": link, "fileName": "notes.txt" });
    server.http().api(&alice.1, "POST", &path, message).await.expect(201);

    let (from, to) = (format!("sqlite:{}", first.display()), format!("sqlite:{}", second.display()));
    let (done, said) = command(&first, &["copy", "--from", &from, "--to", &url]);
    assert!(!done && said.contains("another quintet uses the data folder"), "{said}");
    drop(server);
    let (done, said) = command(&first, &["migrate"]);
    assert!(done && said.contains("already"), "{said}");
    let (done, said) = command(&first, &["copy", "--from", &from, "--to", &url]);
    assert!(done && said.contains("the files stay where they are"), "{said}");
    let (done, said) = command(&first, &["copy", "--from", &from, "--to", &url]);
    assert!(!done && said.contains("is not empty"), "{said}");

    let on_postgres = || Server::with().env("QUINTET_DATABASE_URL", &url).env("QUINTET_CLUSTER_SECRET", SECRET);
    let server = on_postgres().run_in(folder(), &first);
    server.http().api(&alice.1, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(server.http().send_bytes("GET", &link, &[]).await.2, b"the notes");
    server.http().api(&alice.1, "POST", &path, json!({ "content": "second" })).await.expect(201);
    let (mut wire, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": secret })).await;
    assert_eq!(same, secret, "a connection of before is continued");
    for content in ["first", "second"] {
        assert_eq!(wire.next("message:new").await["content"], content);
    }
    drop((wire, server));

    let (done, said) = command(&first, &["copy", "--from", &url, "--to", &to]);
    assert!(done && said.contains("with 1 files"), "{said}");
    let server = Server::with().run_in(folder(), &second);
    server.http().api(&bob.1, "GET", "/me", Value::Null).await.expect(200);
    assert_eq!(server.http().send_bytes("GET", &link, &[]).await.2, b"the notes");
    let (mut wire, same) = Wire::recoverable(server.address(), "/chat", json!({ "token": bob.1, "pid": secret })).await;
    assert_eq!(same, secret);
    for content in ["first", "second"] {
        assert_eq!(wire.next("message:new").await["content"], content);
    }
}

/// `quintet migrate` works on a database that is being used, and says what it did.
#[tokio::test]
async fn a_database_is_migrated_alone() {
    let database = TestDatabase::new();
    database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    let home = tempfile::tempdir().expect("a folder");
    let migrate = || command(home.path(), &["migrate", "--database", &database.url()]);
    let (done, said) = migrate();
    assert!(done && said.contains("is brought from version 0 to version ") && said.contains("1_first"), "{said}");
    let (done, said) = migrate();
    assert!(done && said.contains("already"), "{said}");
    let (done, said) = command(home.path(), &["migrate"]);
    assert!(!done && said.contains("there is no database"), "{said}");
}
