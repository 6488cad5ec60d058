//! The start and end of the process.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Server, Wire};
use serde_json::{Value, json};

fn quintet(args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(args).current_dir(std::env::temp_dir());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asserts that a command fails with one sentence on standard error, and status 1.
fn fails(args: &[&str], why: &str) {
    let output = quintet(args, "");
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
    assert!(error.contains(why), "{args:?}: {error}");
    assert_eq!(error.trim().lines().count(), 1, "{error}");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[tokio::test]
async fn failures_at_the_start_are_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    fails(&["--listen", &port, "--data", path(&data)], "cannot listen on 127.0.0.1:");
    let file = folder.path().join("file");
    std::fs::write(&file, "x").expect("written");
    fails(&["--listen", "0", "--data", path(&file.join("below"))], "cannot use the data folder");
    fails(&["--listen", "0=irc"], "the dialect must be");
    fails(&["--config", path(&folder.path().join("none.toml"))], "cannot read");
    let config = folder.path().join("quintet.toml");
    std::fs::write(&config, "[limits]\nspeed = 1\n").expect("written");
    fails(&["check-config", "--config", path(&config)], "speed");
    for origin in ["*", "chat.example.org", "https://chat.example.org/"] {
        std::fs::write(&config, format!("[http]\norigins = [\"{origin}\"]\n")).expect("written");
        fails(&["check-config", "--config", path(&config)], origin);
    }
    std::fs::write(&config, "[limits]\nrates = false\n[server]\nlisten = [\"0=chat\"]\n").expect("written");
    let good = quintet(&["check-config", "--config", path(&config), "--data", path(&data)], "");
    assert!(good.status.success());
    assert!(text(&good.stdout).contains("rates = false"));

    // An error in a variable is not reported as an error in the file.
    std::fs::write(&config, "[people]\nadded_per_day = 5\n").expect("written");
    let said = Server::with().args(&["--config", path(&config)]).env("QUINTET_PEOPLE_ADDED_PER_DAY", "-1").fail();
    assert!(said.contains("the environment variable QUINTET_PEOPLE_ADDED_PER_DAY: "), "{said}");
    assert!(said.contains("-1") && !said.contains("quintet.toml"), "{said}");
    let said = Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", "10.0.0.0/33").fail();
    assert!(said.contains("variable QUINTET_LIMITS_TRUSTED_PROXIES: `10.0.0.0/33` is neither"), "{said}");
    // An empty variable counts as unset.
    let empty = Server::with().args(&["--config", path(&config)]).env("QUINTET_PEOPLE_ADDED_PER_DAY", "");
    drop(empty.env("QUINTET_JWT_SECRET", "").env("JWT_SECRET", "").env("QUINTET_HTTP_ORIGINS", "").run());

    let server = Server::start();
    fails(&["--listen", "0", "--data", path(&server.data())], "another quintet uses the data folder");
    drop(server);

    let newer = folder.path().join("newer");
    // Only commands that may run before the first start create the data folder.
    let copy = folder.path().join("copy");
    for command in [
        &["user", "list"][..],
        &["user", "disable", "carol"],
        &["user", "enable", "carol"],
        &["user", "passwd", "carol", "--password", "correct horse"],
        &["key", "list"],
        &["key", "remove", "shop"],
        &["backup", path(&copy)],
    ] {
        fails(&[command, &["--data", path(&newer)]].concat(), "there is no database in the data folder");
    }
    assert!(!newer.exists() && !copy.exists());
    assert!(quintet(&["key", "add", "shop", "--data", path(&newer)], "").status.success());
    let database = rusqlite::Connection::open(newer.join("quintet.sqlite3")).expect("a database");
    let later = "INSERT INTO refinery_schema_history VALUES (999, 'later', '2030-01-01T00:00:00Z', '0')";
    database.execute(later, []).expect("written");
    drop(database);
    fails(&["--listen", "0", "--data", path(&newer)], "use a newer quintet");
}

#[tokio::test]
async fn a_stop_closes_without_a_disconnect_and_loses_nothing() {
    let mut server = Server::with().args(&["--jwt-secret", "a secret that is kept, of 32 bytes and more"]).run();
    let http = server.http();
    let alice = http.register("alice").await;
    let body = json!({ "kind": "room", "name": "R" });
    let place = http.api(&alice.1, "POST", "/conversations", body).await.expect(201)["id"].clone();
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": alice.1 })).await;
    let ack = wire.call("message:send", &json!({ "chatId": place, "content": "last words" })).await;
    assert_eq!(ack["success"], true);
    wire.events.clear();
    let start = Instant::now();
    server.signal(15);
    // The transport closes without a DISCONNECT, which would keep official clients from reconnecting.
    let mut frames = Vec::new();
    while let Some(frame) = wire.frame().await {
        frames.push(frame);
    }
    assert!(frames.iter().all(|frame| !frame.starts_with("41")), "{frames:?}");
    assert_eq!(server.wait().code(), Some(0));
    // The stop does not wait until the heartbeat of a client that leaves the close unanswered has failed.
    assert!(start.elapsed() < Duration::from_secs(60));
    let database = rusqlite::Connection::open(server.data().join("quintet.sqlite3")).expect("a database");
    let content: String = database.query_row("SELECT content FROM message", [], |row| row.get(0)).expect("a message");
    assert_eq!(content, "last words");
}

#[tokio::test]
async fn the_key_of_tokens_is_made_once_and_kept() {
    let server = Server::start();
    let (_, token) = server.http().register("alice").await;
    let file = server.data().join("token-key");
    let mode = std::fs::metadata(&file).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("read");
    assert_eq!(text.split(' ').next().expect("a key").len(), 64);
    // The operator's commands use the same data and do not change the key.
    assert!(server.run(&["user", "list"]).0);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), text);
    let others: Vec<_> = std::fs::read_dir(server.data())
        .expect("a folder")
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter(|name| name.contains("draft") || name.contains("secret"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(server.http().api(&token, "GET", "/me", Value::Null).await.status, 200);
}

#[tokio::test]
async fn an_ephemeral_server_leaves_no_files() {
    let server = Server::with().args(&["--ephemeral"]).run();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut wire = Wire::connect(server.address(), "/messenger", &json!({ "token": alice.1 })).await;
    let ack = wire.call("privateMessage", &json!({ "recipientId": bob.0, "content": "hi" })).await;
    assert_eq!(ack["success"], true, "{ack}");
    let list = http.api(&bob.1, "GET", "/conversations", Value::Null).await.expect(200);
    assert_eq!(list["items"][0]["unreadCount"], 1);
    assert!(!server.data().exists());
}

#[tokio::test]
async fn listeners_of_a_dialect_and_trusting_ones() {
    let server = Server::with().listen(&["0", "0=messenger", "0=meetup,trust"]).run();
    let (id, token) = server.http().register("alice").await;
    // A client of the documented backend, with only its token and without a namespace.
    let mut wire = Wire::connect(server.addresses[1], "/", &json!({ "token": token })).await;
    assert_eq!(wire.event().await, ("onlineUsers".to_owned(), json!([id])));
    let mut refused = Wire::open(server.addresses[1], "").await;
    let answer = refused.enter("/", &Value::Null).await;
    assert!(answer.starts_with("44{\"message\":\"Authentication error"), "{answer}");
    // A client's unproven claim to be a registered user is accepted only on the trusting listener.
    let mut trusted = Wire::connect(server.addresses[2], "/", &json!({ "userId": id })).await;
    assert_eq!(trusted.event().await, ("connected".to_owned(), json!({ "status": "connected", "userId": id })));
    let mut query = Wire::open(server.addresses[2], &format!("&userId={id}")).await;
    assert!(query.enter("/", &Value::Null).await.starts_with("40{"));
    assert_eq!(query.event().await.0, "connected");
    let mut refused = Wire::open(server.address(), "").await;
    assert!(refused.enter("/meetup", &json!({ "userId": id })).await.starts_with("44/meetup,"));
    // The token in the header, as one document has it, and in the query.
    let mut query = Wire::open(server.address(), &format!("&token={token}&dialect=chat")).await;
    assert!(query.enter("/", &Value::Null).await.starts_with("40{"));
}

#[tokio::test]
async fn guests_can_be_turned_off() {
    let server = Server::with().args(&["--no-guests"]).run();
    for namespace in ["/rooms", "/meetup"] {
        for auth in [Value::Null, json!({ "userId": "g" })] {
            let mut wire = Wire::open(server.address(), "").await;
            let answer = wire.enter(namespace, &auth).await;
            assert!(answer.starts_with(&format!("44{namespace},{{\"message\":\"Authentication error")), "{answer}");
        }
    }
}

/// Writes a self-signed certificate for `localhost` and its key to two files.
fn certificate(folder: &Path) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    made.cert.der().to_vec()
}

/// Returns the certificate that a server presents.
async fn shown(address: std::net::SocketAddr) -> Vec<u8> {
    use tokio_rustls::rustls;
    #[derive(Debug)]
    struct Any;
    impl rustls::client::danger::ServerCertVerifier for Any {
        fn verify_server_cert(
            &self,
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &[rustls::pki_types::CertificateDer<'_>],
            _: &rustls::pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(std::sync::Arc::new(Any))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = tokio::net::TcpStream::connect(address).await.expect("connected");
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let mut stream = connector.connect(name, stream).await.expect("TLS");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("written");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(text(&answer).starts_with("HTTP/1.1 200"), "{}", text(&answer));
    assert!(text(&answer).contains("strict-transport-security: max-age=31536000\r\n"), "{}", text(&answer));
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

#[tokio::test]
async fn tls_and_a_new_certificate() {
    let files = tempfile::tempdir().expect("a folder");
    let first = certificate(files.path());
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let server = Server::with().args(&["--tls-cert", path(&cert), "--tls-key", path(&key)]).run();
    assert_eq!(shown(server.address()).await, first);
    let second = certificate(files.path());
    server.signal(1);
    // The signal is handled asynchronously.
    let renewed = async { while shown(server.address()).await != second {} };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the new certificate is shown");
    // An invalid file changes nothing.
    std::fs::write(&cert, "no certificate").expect("written");
    server.signal(1);
    assert_eq!(shown(server.address()).await, second);
    fails(&["--listen", "0", "--tls-cert", path(&cert), "--tls-key", path(&key)], "for TLS");
}

/// A shell that has read the script completes the words of the command line.
#[test]
fn bash_completes_the_command_line() {
    let script = quintet(&["completions", "bash"], "");
    assert!(script.status.success(), "{}", text(&script.stderr));
    let completed = |words: &str| {
        let ask = format!(
            "source /dev/stdin; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); \
             _quintet quintet \"${{COMP_WORDS[COMP_CWORD]}}\"; echo \"${{COMPREPLY[*]}}\""
        );
        let mut shell = Command::new("bash");
        shell.args(["-c", &ask]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = shell.spawn().expect("bash runs");
        shell.stdin.take().expect("piped").write_all(&script.stdout).expect("read");
        let output = shell.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    };
    assert_eq!(completed("quintet us"), "user");
    assert_eq!(completed("quintet user pa"), "passwd");
    assert_eq!(completed("quintet serve --ephe"), "--ephemeral");
    fails_with_usage(&["completions", "cobol"], "cobol");
}

/// Asserts that a command line is refused with a text that names what is wrong, and status 2.
fn fails_with_usage(args: &[&str], why: &str) {
    let output = quintet(args, "");
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
    assert!(text(&output.stderr).contains(why), "{args:?}: {}", text(&output.stderr));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = quintet(&["man", path(folder.path())], "");
    assert!(written.status.success(), "{}", text(&written.stderr));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a page");
    assert!(page("quintet.1").contains("speaks five dialects"), "{}", page("quintet.1"));
    assert!(
        page("quintet-user-role.1").contains("The user\\*(Aqs role from now on"),
        "{}",
        page("quintet-user-role.1")
    );
    fails(&["man", path(&folder.path().join("absent"))], "cannot write the manual pages to");
}

/// Each line of the log is an object that programs read, whatever people type.
#[tokio::test]
async fn the_log_can_be_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let server = Server::with().env("QUINTET_LOG_FORMAT", "json").log(&log).run_in(folder, &data);
    let http = server.http();
    for login in ["alice", "\"},\n{\"level\":\"ERROR\"", "\u{1b}[2J"] {
        let body = json!({ "username": login, "password": "wrong horse" });
        http.api("", "POST", "/auth/login", body).await.expect(401);
    }
    let said = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["message"] == "log-in failed").collect();
    assert_eq!(failed.len(), 3, "{said}");
    for line in failed {
        assert_eq!((&line["level"], &line["target"]), (&json!("INFO"), &json!("quintet::login")), "{line}");
        assert_eq!(line["address"], "127.0.0.1", "{line}");
    }
    let bad = data.join("bad.toml");
    std::fs::write(&bad, "[log]\nformat = \"xml\"\n").expect("written");
    fails(
        &["check-config", "--config", path(&bad)],
        "unknown variant `xml`, expected `text` or `json` in `log.format`",
    );
}
