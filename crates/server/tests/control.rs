//! The operator's commands, without a server and beside a running one, and the socket on which the server takes them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Server, Wire};
use serde_json::{Value, json};

/// The output of a command, and whether it succeeded.
#[derive(Debug)]
struct Said {
    success: bool,
    output: String,
    notes: String,
}

/// Runs a command on a data folder, with a text as its input.
fn quintet(data: &Path, words: &[&str], input: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.arg("--data").arg(data).args(words).current_dir(std::env::temp_dir());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // A command that reads no input may have ended already.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { success: output.status.success(), output: text(output.stdout), notes: text(output.stderr) }
}

#[track_caller]
fn done(said: Said) -> String {
    assert!(said.success, "{said:?}");
    said.output
}

#[track_caller]
fn failed(said: &Said, why: &str) {
    assert!(!said.success && said.output.is_empty() && said.notes.contains(why), "{said:?}");
    assert_eq!(said.notes.trim().lines().count(), 1, "{said:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn socket(data: &Path) -> PathBuf {
    data.join("quintet.sock")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect()
}

/// Runs every command on a data folder, in which there is nothing yet.
fn every_command(data: &Path) {
    let run = |words: &[&str], input: &str| quintet(data, words, input);
    let added =
        done(run(&["user", "add", "carol", "--email", "carol@example.org", "--name", "Carol"], "correct horse\n"));
    let id = added.strip_suffix(" carol\n").expect("an id and a name").to_owned();
    failed(&run(&["user", "add", "carol", "--email", "other@example.org"], "correct horse\n"), "carol");
    failed(&run(&["user", "add", "dave", "--email", "dave@example.org"], "short\n"), "password");
    assert_eq!(done(run(&["user", "list"], "")), format!("{id} carol carol@example.org\n"));
    assert_eq!(
        done(run(&["user", "disable", "carol@example.org"], "")),
        "carol is disabled; its sessions have ended.\n"
    );
    assert_eq!(done(run(&["user", "list"], "")), format!("{id} carol carol@example.org (disabled)\n"));
    assert_eq!(done(run(&["user", "enable", "--id", &id], "")), "carol is enabled again.\n");
    assert_eq!(done(run(&["user", "role", "carol", "moderator"], "")), "carol is a moderator of this server.\n");
    assert_eq!(done(run(&["user", "role", "--id", &id, "admin"], "")), "carol is an admin of this server.\n");
    assert_eq!(done(run(&["user", "list"], "")), format!("{id} carol carol@example.org (admin)\n"));
    let unknown = run(&["user", "role", "carol", "king"], "");
    assert!(!unknown.success && unknown.notes.contains("[possible values: user, moderator, admin]"), "{unknown:?}");
    failed(&run(&["user", "role", "nobody", "admin"], ""), "nobody");
    assert_eq!(done(run(&["user", "role", "carol", "user"], "")), "carol is a user of this server.\n");
    let set = done(run(&["user", "passwd", "--username", "carol"], "battery staple"));
    assert_eq!(set, "The password of carol is set; its sessions have ended.\n");
    failed(&run(&["user", "passwd", "nobody"], "battery staple"), "nobody");

    let made = run(&["key", "add", "shop"], "");
    assert!(made.notes.starts_with("This is the key of shop."), "{made:?}");
    assert!(done(made).starts_with("qk_"));
    assert!(done(run(&["key", "list"], "")).ends_with(" shop\n"));
    assert_eq!(done(run(&["key", "remove", "shop"], "")), "The key of shop is removed.\n");
    assert_eq!(done(run(&["key", "list"], "")), "");

    let copies = tempfile::tempdir().expect("a folder");
    let file = copies.path().join("copy");
    let backup = ["backup", text(&file)];
    assert_eq!(done(run(&backup, "")), format!("The database is copied to {}.\n", file.display()));
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    failed(&run(&backup, ""), "never overwrites");
    let nowhere = copies.path().join("none/copy");
    failed(&run(&["backup", text(&nowhere)], ""), "cannot write the backup");
    assert_eq!(names(copies.path()), ["copy"]);
    let database = rusqlite::Connection::open(&file).expect("a database");
    let users: i64 =
        database.query_row("SELECT count(*) FROM user WHERE service = 0", [], |row| row.get(0)).expect("users");
    assert_eq!(users, 1);
}

#[test]
fn every_command_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    every_command(&data);
    // The commands are finished with the database, and it is whole without them.
    assert!(!names(&data).iter().any(|name| name.starts_with("quintet.sqlite3-") || name == "quintet.sock"));
}

#[tokio::test]
async fn every_command_beside_a_server() {
    let mut server = Server::start();
    every_command(&server.data());
    // While the server runs, no other program reads its file.
    let beside = rusqlite::Connection::open(server.data().join("quintet.sqlite3")).expect("a file");
    let refused = beside.query_row("SELECT count(*) FROM user", [], |_| Ok(())).expect_err("the server owns it");
    assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
    drop(beside);
    server.signal(15);
    assert_eq!(server.wait().code(), Some(0));
    assert!(!socket(&server.data()).exists(), "a clean end removes the socket");
}

#[tokio::test]
async fn a_disabled_user_is_disconnected_at_once() {
    let server = Server::start();
    let data = server.data();
    done(quintet(&data, &["user", "add", "carol", "--email", "carol@example.org"], "correct horse\n"));
    let http = server.http();
    let log_in = |password: &'static str| {
        let http = http.clone();
        async move { http.api("", "POST", "/auth/login", json!({ "username": "carol", "password": password })).await }
    };
    let token = log_in("correct horse").await.expect(200)["token"].as_str().expect("a token").to_owned();
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    wire.next("users:online").await;
    done(quintet(&data, &["user", "disable", "carol"], ""));
    // The server closes the connection, with a DISCONNECT.
    assert_eq!(wire.frame().await.as_deref(), Some("41/chat,"));
    assert_eq!(log_in("correct horse").await.status, 401);
    assert_eq!(http.api(&token, "GET", "/me", Value::Null).await.status, 401);
    done(quintet(&data, &["user", "enable", "carol@example.org"], ""));
    done(quintet(&data, &["user", "passwd", "carol"], "battery staple"));
    assert_eq!(log_in("correct horse").await.status, 401);
    log_in("battery staple").await.expect(200);
}

/// Everything that was acknowledged before a backup is in it, while writes go on, and nothing is lost by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_writes_go_on() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let group = http.api(&alice.1, "POST", "/conversations", json!({ "kind": "group", "name": "G" })).await.expect(201);
    let path = format!("/conversations/{}/messages", group["id"].as_str().expect("an id"));
    let (count, mut sent) = tokio::sync::watch::channel(0_i64);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn(async move {
        while !*stopped.borrow() {
            http.api(&alice.1, "POST", &path, json!({ "content": "x".repeat(1_000) })).await.expect(201);
            count.send_modify(|count| *count += 1);
        }
        let read = http.api(&alice.1, "GET", &format!("{path}?limit=200"), Value::Null).await.expect(200);
        read["items"].as_array().map(Vec::len)
    });
    sent.wait_for(|count| *count >= 20).await.expect("messages");
    let mut copied = 0;
    for _ in 0..3 {
        let before = *sent.borrow();
        let copy = tokio::task::block_in_place(|| server.copy());
        let after = *sent.borrow();
        copied = copy.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).expect("a number");
        assert!(before <= copied && copied <= after + 1, "{before} <= {copied} <= {after} + 1");
        let state: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a state");
        assert_eq!(state, "ok");
    }
    sent.wait_for(|count| *count > copied).await.expect("writes go on");
    stop.send(true).expect("a writer");
    let kept = writer.await.expect("no write fails").expect("a list");
    assert_eq!(kept as i64, (*sent.borrow()).min(200));
}

/// A disk that becomes full in the middle of a copy.
#[tokio::test]
async fn a_backup_that_fails_leaves_nothing() {
    let server = Server::with().under(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]).run();
    let copies = tempfile::tempdir().expect("a folder");
    let file = copies.path().join("copy");
    server.limit_files(Some(20_000));
    failed(&quintet(&server.data(), &["backup", text(&file)], ""), "cannot write the backup");
    assert!(names(copies.path()).is_empty(), "{:?}", names(copies.path()));
    server.limit_files(None);
    done(quintet(&server.data(), &["backup", text(&file)], ""));
}

/// Sends bytes over the socket, and returns what comes back.
fn sent(data: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket(data)).expect("a server");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.write_all(bytes).expect("written");
    let mut answer = String::new();
    // One line. Behind it, the server has closed the connection, or reset it if it has not read everything.
    BufReader::new(stream).read_line(&mut answer).expect("an answer");
    answer
}

#[tokio::test]
async fn bad_requests_are_refused_and_change_nothing() {
    let server = Server::start();
    let data = server.data();
    let mut long = vec![b' '; 64 * 1024];
    long.extend_from_slice(b"{}\n");
    let refused: &[(&[u8], &str)] = &[
        (b"\n", "EOF"),
        (b"hello\n", "does not understand"),
        (b"\xff\xfe\n", "utf-8"),
        (b"{}\n", "missing field `version`"),
        (b"{\"version\":1}\n", "missing field `command`"),
        (b"{\"version\":2,\"command\":\"list_everything\"}\n", "use the binary of the same version"),
        (b"{\"version\":1,\"command\":\"drop_all\"}\n", "unknown variant `drop_all`"),
        (b"{\"version\":1,\"command\":\"list_users\",\"as\":\"root\"}\n", "unknown field `as`"),
        (b"{\"version\":1,\"command\":{\"add_key\":{\"name\":\"shop\",\"more\":1}}}\n", "unknown field `more`"),
        (
            b"{\"version\":1,\"command\":{\"set_disabled\":{\"which\":\"any\",\"disabled\":true}}}\n",
            "does not understand",
        ),
        (&long, "too large"),
    ];
    for (bytes, why) in refused {
        let answer: Value = serde_json::from_str(&sent(&data, bytes)).expect("JSON");
        let failed = answer["failed"].as_str().expect("a failure");
        assert!(failed.contains(why), "{failed:?} does not say {why:?}");
    }
    // A request that ends in the middle.
    drop(UnixStream::connect(socket(&data)).and_then(|mut stream| stream.write_all(b"{\"version\":1,")));
    let answer: Value =
        serde_json::from_str(&sent(&data, b"{\"version\":1,\"command\":\"list_keys\"}\n")).expect("JSON");
    assert_eq!(answer, json!({ "done": { "output": "", "notes": "" } }));
}

/// Clients that say nothing, and one that goes away, hold up neither others nor the end of the server.
#[tokio::test]
async fn idle_clients_block_nobody() {
    let mut server = Server::start();
    let data = server.data();
    let idle: Vec<UnixStream> = (0..10).map(|_| UnixStream::connect(socket(&data)).expect("a server")).collect();
    let mut half = UnixStream::connect(socket(&data)).expect("a server");
    half.write_all(b"{\"version\":1").expect("written");
    done(quintet(&data, &["user", "list"], ""));
    // More than the server serves at once are cut off, and a command waits for that at most.
    let crowd: Vec<UnixStream> = (0..30).map(|_| UnixStream::connect(socket(&data)).expect("a server")).collect();
    done(quintet(&data, &["user", "list"], ""));
    drop(crowd);
    let last = UnixStream::connect(socket(&data)).expect("a server");
    let began = Instant::now();
    server.signal(15);
    assert_eq!(server.wait().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop((idle, half, last));
}

#[tokio::test]
async fn the_socket_is_for_its_owner_and_replaces_a_stale_one() {
    let server = Server::start();
    let owners = |data: &Path| {
        let found = std::fs::symlink_metadata(socket(data)).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    };
    owners(&server.data());
    let added = ["user", "add", "carol", "--email", "carol@example.org", "--password", "correct horse"];
    done(quintet(&server.data(), &added, ""));
    // A crash leaves the socket behind.
    server.signal(9);
    let mut listed = String::new();
    let server = Server::with().run_after(server, |data| {
        assert!(socket(data).exists(), "a crash leaves the socket");
        // Without a server, the stale socket is in nobody's way either.
        listed = done(quintet(data, &["user", "list"], ""));
        assert!(listed.contains("carol carol@example.org"), "{listed}");
    });
    owners(&server.data());
    assert_eq!(done(quintet(&server.data(), &["user", "list"], "")), listed);
}

/// A path that is longer than an address of a socket can be.
#[tokio::test]
async fn a_folder_with_a_long_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a".repeat(120)).join("data");
    let _server = Server::with().run_in(folder, &data);
    let added = ["user", "add", "carol", "--email", "carol@example.org", "--password", "correct horse"];
    done(quintet(&data, &added, ""));
    assert!(done(quintet(&data, &["user", "list"], "")).contains("carol"));
}

/// A server of version 0.1 holds the lock and has no socket; and another program may have the file open.
#[test]
fn a_database_that_others_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, opened) = (folder.path().join("data"), folder.path().join("opened"));
    for data in [&data, &opened] {
        done(quintet(data, &["key", "add", "shop"], ""));
    }
    let lock = std::fs::File::options().write(true).open(data.join("quintet.lock")).expect("a lock");
    lock.lock().expect("locked");
    let program = rusqlite::Connection::open(opened.join("quintet.sqlite3")).expect("a database");
    program.query_row("SELECT count(*) FROM user", [], |_| Ok(())).expect("read");
    let file = folder.path().join("copy");
    let backup = ["backup", text(&file)];
    std::thread::scope(|scope| {
        for words in [&["user", "list"][..], &["key", "add", "other"], &backup] {
            let data = &data;
            scope.spawn(move || failed(&quintet(data, words, ""), "must be stopped first"));
        }
        scope.spawn(|| failed(&quintet(&opened, &["user", "list"], ""), "another program has the database"));
    });
    assert!(!file.exists());
    // Once the other process has ended, the same commands work; one that waits for it does so by itself.
    let waits = std::thread::scope(|scope| {
        let waits = scope.spawn(|| quintet(&data, &["key", "list"], ""));
        lock.unlock().expect("unlocked");
        waits.join().expect("it ends")
    });
    assert!(done(waits).ends_with(" shop\n"));
}

/// What is not a server may listen there, and is not waited for for ever.
#[test]
fn a_server_that_ends_without_an_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    done(quintet(&data, &["key", "add", "shop"], ""));
    let lock = std::fs::File::options().write(true).open(data.join("quintet.lock")).expect("a lock");
    lock.lock().expect("locked");
    let listener = UnixListener::bind(socket(&data)).expect("a socket");
    let said = std::thread::scope(|scope| {
        let said = scope.spawn(|| quintet(&data, &["key", "remove", "shop"], ""));
        drop(listener.accept().expect("a client"));
        said.join().expect("it ends")
    });
    failed(&said, "may have run the command or not");
}

/// What the doctor finds: the lines of each kind, and whether it finds a fault.
fn doctor(data: &Path, words: &[&str]) -> (String, bool) {
    let said = quintet(data, &[&["doctor"], words].concat(), "");
    assert_eq!(said.notes.contains("must be mended"), !said.success, "{said:?}");
    (said.output, said.success)
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_good_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (found, is_well) = doctor(&data, &["--listen", "0"]);
    assert!(is_well, "{found}");
    for line in ["does not exist yet; the server makes it", "B are free for", "(fsync)", "room for"] {
        assert!(found.contains(line), "no {line} in {found}");
    }
    // Nothing is left behind by looking.
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[test]
fn the_doctor_names_what_must_be_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (found, is_well) = doctor(folder.path(), &["--listen", &port, "--listen", "192.0.2.1:3000"]);
    assert!(!is_well, "{found}");
    assert!(found.contains(&format!("fault   127.0.0.1:{port} is taken by another program.")), "{found}");
    assert!(found.contains("fault   192.0.2.1:3000 is no address of this machine."), "{found}");
    assert!(found.contains("advice  Other machines reach the server without encryption"), "{found}");
    assert!(found.contains("advice  Everybody who reaches the server can register."), "{found}");

    let secret = "abababababababababababababababababab";
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("written");
    let (found, is_well) = doctor(&file, &["--listen", "0", "--jwt-secret", secret]);
    assert!(!is_well && found.contains("is no folder. Choose another one in [server] data."), "{found}");
    assert!(found.contains("[auth] jwt_secret has only 2 different characters") && !found.contains(secret), "{found}");

    let url = "postgres://ada:sesame@127.0.0.1:1/chat";
    let (found, is_well) = doctor(folder.path(), &["--listen", "0", "--database", url]);
    assert!(!is_well && found.contains("fault   Cannot use the database 127.0.0.1/chat"), "{found}");
    assert!(!found.contains("sesame"), "{found}");
}

#[tokio::test]
async fn the_doctor_looks_at_a_server_that_runs() {
    let server = Server::start();
    let address = server.address().to_string();
    let (found, is_well) = doctor(&server.data(), &["--listen", &address]);
    // The port is that of the server itself.
    assert!(is_well && found.contains("and answers the operator's commands") && !found.contains("is taken"), "{found}");
    assert!(found.contains("is closed to other users"), "{found}");
    let key = server.data().join("token-key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("opened");
    let (found, _) = doctor(&server.data(), &["--listen", &address]);
    assert!(found.contains("advice  Other users of this machine can read the key of tokens"), "{found}");
}
