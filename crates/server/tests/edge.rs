//! The edge as configured and seen from outside: heads, headers of answers, places, metrics, the log, and files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::support::{Http, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Returns a request's head of about `bytes` bytes.
fn head(bytes: usize) -> String {
    format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-long: {}\r\n\r\n", "x".repeat(bytes))
}

#[tokio::test]
async fn heads_are_bounded() {
    let http = Server::start();
    let http = http.http();
    assert_eq!(http.raw(head(30_000).as_bytes()).await.status, 200);
    assert_eq!(http.raw(head(33_000).as_bytes()).await.status, 431);
    let lines = |count: usize| {
        let lines: String = (0..count).map(|n| format!("x-{n}: 1\r\n")).collect();
        format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{lines}\r\n")
    };
    assert_eq!(http.raw(lines(250).as_bytes()).await.status, 200);
    assert_eq!(http.raw(lines(260).as_bytes()).await.status, 431);
}

/// Every answer has a security policy for browsers.
#[tokio::test]
async fn every_answer_has_its_policy() {
    let server = Server::start();
    let http = server.http();
    let (_, token) = http.register("alice").await;
    let file = http.upload(&token, "a.html", b"<script>alert(1)</script>").await.expect(201);
    let file = file["url"].as_str().expect("a link").to_owned();
    let (file, html) = (file.as_str(), [("accept", "text/html")]);
    for (path, headers, status, policy) in [
        ("/", &html[..], 200, "script-src 'self' 'sha256-"),
        ("/playground", &html[..], 200, "frame-ancestors 'none'"),
        ("/api/v1/docs/", &[], 200, "script-src 'self';"),
        ("/api/v1/docs/swagger-ui-bundle.js", &[], 200, "frame-ancestors 'none'"),
        ("/api/v1/openapi.json", &[], 200, "default-src 'none'"),
        ("/api/v1/types/chat.d.ts", &[], 200, "default-src 'none'"),
        ("/api/v1/me", &[], 401, "default-src 'none'"),
        ("/nowhere", &[], 404, "default-src 'none'"),
        ("/healthz", &[], 200, "default-src 'none'"),
        ("/socket.io/?EIO=4&transport=polling", &[], 200, "default-src 'none'"),
        ("/socket.io/?EIO=4&transport=carrier", &[], 400, "default-src 'none'"),
        ("/ws", &[], 400, "default-src 'none'"),
        ("/chat/api/auth/me", &[], 401, "default-src 'none'"),
        (file, &[], 200, "default-src 'none'; sandbox"),
    ] {
        let (found, head, _) = http.send_bytes("GET", path, headers).await;
        assert_eq!(found, status, "{path}: {head}");
        let line = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
        assert!(line.is_some_and(|line| line.contains(policy) && !line.contains("unsafe")), "{path}: {head}");
        for header in ["x-content-type-options: nosniff", "x-frame-options: deny", "referrer-policy: no-referrer"] {
            assert_eq!(head.matches(header).count(), 1, "{path}: {header} in {head}");
        }
        assert!(!head.contains("strict-transport-security"), "{path}: there is no TLS to be strict about");
    }
}

#[tokio::test]
async fn the_document_can_be_turned_off() {
    let server = Server::with().env("QUINTET_HTTP_DOCS", "false").run();
    for path in [
        "/api/v1/docs",
        "/api/v1/docs/",
        "/api/v1/docs/swagger-ui-bundle.js",
        "/api/v1/openapi.json",
        "/api/v1/types/chat.d.ts",
    ] {
        let answer = server.http().send("GET", path, &[], "").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    // Calls under `/api`, whose dialects are looked up in the document, still work.
    let (_, token) = server.http().register("alice").await;
    server.http().call(&token, "GET", "/api/auth/me", Value::Null).await.expect(200);
}

#[tokio::test]
async fn types_are_served_and_printed() {
    let server = Server::start();
    let http = server.http();
    for (path, words, media_type) in [
        ("/api/v1/types/chat.d.ts", &["types", "chat"][..], "text/plain; charset=utf-8"),
        ("/api/v1/types/rooms.schema.json", &["types", "rooms", "--schema"], "application/schema+json"),
        ("/api/v1/types/meetup.asyncapi.json", &["types", "meetup", "--asyncapi"], "application/vnd.aai.asyncapi+json"),
        ("/api/v1/types/chat.py", &["types", "chat", "--python"], "text/x-python; charset=utf-8"),
    ] {
        let (status, head, body) = http.send_bytes("GET", path, &[]).await;
        assert_eq!(status, 200, "{path}: {head}");
        assert!(head.contains(&format!("content-type: {media_type}")), "{path}: {head}");
        let (printed, text) = server.run(words);
        assert!(printed, "{text}");
        assert_eq!(text, String::from_utf8(body).expect("text").trim(), "{path}");
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
        let again = http.send("GET", path, &[("if-none-match", tag)], "").await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
    }
    let names = "meetup, messenger, rooms, conversations, chat";
    for path in ["/api/v1/types/slack.d.ts", "/api/v1/types/chat"] {
        let answer = http.send("GET", path, &[], "").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert!(answer.text.contains(names), "{path}: {}", answer.text);
    }
    let (printed, said) = server.run(&["types", "slack"]);
    assert!(!printed && said.contains(names), "{said}");
}

#[tokio::test]
async fn metrics_are_protected() {
    let server = Server::start();
    assert_eq!(server.http().send("GET", "/metrics", &[], "").await.status, 404);
    assert_eq!(server.metrics().send("GET", "/metrics", &[], "").await.status, 200);
    assert_eq!(server.metrics().send("GET", "/healthz", &[], "").await.status, 404, "nothing else is there");
    // If the default address is taken the server runs without metrics; if a configured one is taken it does not start.
    let taken = server.output.iter().find_map(|line| line.strip_prefix("metrics on http://")?.strip_suffix("/metrics"));
    let refused = Server::with().env("QUINTET_METRICS_LISTEN", taken.expect("an address")).fail();
    assert!(refused.contains("[metrics] listen") || refused.contains("for [metrics]"), "{refused}");
    assert!(Server::with().env("QUINTET_METRICS_LISTEN", "nowhere").fail().contains("nowhere"));

    let secret = "correct horse battery";
    let server = Server::with().env("QUINTET_METRICS_SECRET", secret).env("QUINTET_METRICS_LISTEN", "off").run();
    assert!(!server.output.iter().any(|line| line.starts_with("metrics")), "{:?}", server.output);
    let ask = async |authorization: &str| {
        server.http().send("GET", "/metrics", &[("authorization", authorization)], "").await
    };
    assert_eq!(server.http().send("GET", "/metrics", &[], "").await.status, 401);
    assert_eq!(ask("Bearer correct horse batterx").await.status, 401);
    assert_eq!(ask(&format!("Basic {secret}")).await.status, 401);
    let answer = ask(&format!("Bearer {secret}")).await;
    assert_eq!(answer.status, 200);
    // The number depends on how soon the ends of earlier connections were noticed.
    assert!(answer.text.contains("quintet_places{of=\"ordinary\"} "), "{}", answer.text);
    assert!(Server::with().env("QUINTET_METRICS_SECRET", "short").fail().contains("[metrics] secret"));
}

#[tokio::test]
async fn the_start_prints_the_limit_of_connections() {
    let room = |server: &Server| -> usize {
        let line = server.output.iter().find_map(|line| line.strip_prefix("room for ")?.strip_suffix(" connections"));
        line.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{:?}", server.output))
    };
    // The soft limit is raised to the hard limit.
    let raised = Server::with().under(&["prlimit", "--nofile=64:512"]).run();
    assert!((200..512).contains(&room(&raised)), "{}", room(&raised));
    let lowered = Server::with().env("QUINTET_LIMITS_CONNECTIONS", "100").run();
    assert_eq!(room(&lowered), 100);
    let warned = |server: &Server| server.output.iter().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!((warned(&raised), warned(&lowered)), (0, 0), "{:?}", (&raised.output, &lowered.output));
    let bounds = Server::with().env("QUINTET_LIMITS_CONNECTIONS", "999999999").under(&["prlimit", "--nofile=512:512"]);
    let bounded = bounds.env("QUINTET_LIMITS_CONNECTIONS_PER_ADDRESS", "4000").run();
    let warning = bounded.output.iter().find(|line| line.starts_with("warning: ")).expect("a warning");
    let comes_to = format!("connections = 999999999 comes to {}, by the limit of open files (512)", room(&bounded));
    assert!(warning.contains(&comes_to) && warning.contains("connections_per_address = 4000 comes to "), "{warning}");
    assert_eq!(warned(&bounded), 1, "{:?}", bounded.output);
    let (_, checked) = lowered.run(&["check-config"]);
    assert!(checked.contains("open files that this process may have, connections comes to "), "{checked}");
    // Clients without a token may have half of it, and an operator who wants more is warned.
    let halved =
        |server: &Server| server.output.iter().any(|line| line.contains("[limits] unidentified is 60, but at most 50"));
    assert!(!halved(&lowered), "the default asks for nothing");
    let lowered =
        Server::with().env("QUINTET_LIMITS_CONNECTIONS", "100").env("QUINTET_LIMITS_UNIDENTIFIED", "60").run();
    assert!(halved(&lowered), "{:?}", lowered.output);
    assert!(Server::with().env("QUINTET_LIMITS_CONNECTIONS", "2").fail().contains("[limits] connections"));
    assert!(Server::with().under(&["prlimit", "--nofile=64:64"]).fail().contains("ulimit -n"));
}

/// Opens a connection with a request whose body does not arrive, for a client of a proxy.
async fn hanging(server: &Server, client: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {client}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The server sends `100 Continue` when it begins to read the body.
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 100");
    stream
}

/// Behind a trusted proxy, each client has a limit, and the proxy has none.
#[tokio::test]
async fn clients_of_a_proxy_have_a_limit_each() {
    let proxied = Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1");
    let server = proxied.env("QUINTET_LIMITS_CONNECTIONS_PER_ADDRESS", "16").run();
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(hanging(&server, "203.0.113.1").await);
        held.push(hanging(&server, "203.0.113.2").await);
    }
    let ask = async |client: &str| server.http().send("GET", "/healthz", &[("x-forwarded-for", client)], "").await;
    let refused = ask("203.0.113.1").await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(refused.head.contains("retry-after: 1") && refused.head.contains("connection: close"), "{}", refused.head);
    let refused = refused.json();
    assert_eq!((&refused["status"], &refused["code"]), (&json!(503), &json!("ERR_BUSY")), "{refused}");
    assert_eq!(refused["retryAfterMs"], 1_000, "{refused}");
    ask("203.0.113.3").await.expect(200);
    // A request that has ended no longer counts.
    let mut over = held.remove(0);
    let sent = over.write_all(format!("{:100}", "{}").as_bytes()).await;
    sent.expect("sent");
    let mut answer = [0; 16];
    over.read_exact(&mut answer).await.expect("an answer");
    ask("203.0.113.1").await.expect(200);
}

/// A trusted proxy may be configured by its network, and may write ports behind addresses. An unreadable value is
/// logged once.
#[tokio::test]
async fn clients_of_a_proxy_are_distinguished_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let proxied = Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.0/8 2001:db8::/32").log(&log);
    let server = proxied.env("QUINTET_LIMITS_CONNECTIONS_PER_ADDRESS", "16").run_in(folder, &data);
    let mut held = Vec::new();
    for port in 4_000..4_016 {
        held.push(hanging(&server, &format!("203.0.113.1:{port}")).await);
        held.push(hanging(&server, &format!("[2001:db9::1]:{port}")).await);
    }
    let ask = async |client: &str| server.http().send("GET", "/healthz", &[("x-forwarded-for", client)], "").await;
    ask("203.0.113.1:80").await.expect(503);
    ask("[2001:db9::1]:80").await.expect(503);
    ask("203.0.113.2:80").await.expect(200);
    let logged = || std::fs::read_to_string(&log).expect("a log").matches("cannot be read").count();
    assert_eq!(logged(), 0);
    ask("who knows").await.expect(200);
    ask("who else knows").await.expect(200);
    assert_eq!(logged(), 1, "{}", std::fs::read_to_string(&log).expect("a log"));
}

/// Returns the value of a metric, or zero if the series does not exist.
async fn number(metrics: &Http, series: &str) -> usize {
    let text = metrics.send("GET", "/metrics", &[], "").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |number| number.trim().parse().expect("a number"))
}

/// An operator sees that the server is full: in the log when it begins and when it ends, and each refusal in the
/// metrics.
#[tokio::test]
async fn a_full_server_logs_and_counts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let server = Server::with().env("QUINTET_LIMITS_CONNECTIONS", "16").log(&log).run_in(folder, &data);
    let (http, metrics) = (server.http(), server.metrics());
    let (_, token) = http.register("alice").await;
    let mut wires = Vec::new();
    for _ in 0..16 {
        wires.push(crate::support::Wire::connect(server.address(), "/chat", &json!({ "token": token })).await);
    }
    let logged = |part: &str| std::fs::read_to_string(&log).expect("a log").matches(part).count();
    let (begins, is_over) = ("a new connection found no ordinary place", "new connections find ordinary places again");
    assert_eq!((logged(begins), logged(is_over)), (0, 0));
    for _ in 0..3 {
        let refused = http.send("GET", "/api/v1/openapi.json", &[], "").await;
        assert!(refused.head.contains("content-type: application/problem+json"), "{}", refused.head);
        assert_eq!(refused.expect(503)["code"], "ERR_BUSY");
    }
    assert_eq!((logged(begins), logged(is_over)), (1, 0));
    assert_eq!(number(&metrics, "quintet_refusals_total{of=\"http\",reason=\"ERR_BUSY\"}").await, 3);
    assert_eq!(number(&metrics, "quintet_http_requests_total{status=\"503\"}").await, 3);
    drop(wires);
    let over = async {
        while logged(is_over) == 0 {
            // Each of these is a new connection, which finds a place.
            http.send("GET", "/healthz", &[], "").await.expect(200);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), over).await.expect("it is over");
    assert_eq!((logged(begins), logged(is_over)), (1, 1));
}

/// When all places are taken by connections that cannot be closed, operators and known users are still served.
#[tokio::test]
async fn known_users_are_served_when_no_place_is_left() {
    let server = Server::with().env("QUINTET_LIMITS_CONNECTIONS", "16").run();
    let http = server.http();
    let (_, token) = http.register("alice").await;
    let mut wires = Vec::new();
    for _ in 0..16 {
        wires.push(crate::support::Wire::connect(server.address(), "/chat", &json!({ "token": token })).await);
    }
    http.call("", "GET", "/healthz", Value::Null).await.expect(200);
    http.call("", "GET", "/readyz", Value::Null).await.expect(200);
    http.api(&token, "GET", "/me", Value::Null).await.expect(200);
    http.api("no token", "GET", "/me", Value::Null).await.expect(503);
    http.api("", "GET", "/openapi.json", Value::Null).await.expect(503);
    let url = |query: &str| format!("ws://{}/socket.io/?EIO=4&transport=websocket{query}", server.address());
    assert!(tokio_tungstenite::connect_async(url("")).await.is_err(), "a stranger has no place");
    let known = tokio_tungstenite::connect_async(url(&format!("&token={token}"))).await;
    assert!(known.is_ok(), "{:?}", known.err());
    drop(wires);
    // Once there is a place again, everyone is served.
    let again = async { while http.api("", "GET", "/openapi.json", Value::Null).await.status != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), again).await.expect("a place");
}

/// Guests may take every place, but make room for users who log in.
#[tokio::test]
async fn guests_make_room_when_no_place_is_left() {
    let server = Server::with().env("QUINTET_LIMITS_CONNECTIONS", "16").run();
    let http = server.http();
    http.register("alice").await;
    let mut guests = Vec::new();
    for number in 0..16 {
        let auth = json!({ "userId": format!("guest of {number}") });
        let mut wire = crate::support::Wire::open(server.address(), "").await;
        wire.enter("/rooms", &auth).await;
        guests.push(wire);
    }
    let log_in = json!({ "username": "alice", "password": "correct horse" });
    let served = async { while http.api("", "POST", "/auth/login", log_in.clone()).await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("a log-in is served");
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// Returns every folder and file below a path, with its mode.
fn modes(path: &Path) -> Vec<(String, bool, u32)> {
    let mut found = vec![(path.display().to_string(), path.is_dir(), mode(path))];
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            found.extend(modes(&entry.expect("an entry").path()));
        }
    }
    found
}

fn assert_private(data: &Path) {
    let found = modes(data);
    for name in ["quintet.sqlite3", "quintet.sqlite3-wal", "quintet.lock", "token-key", "/files"] {
        assert!(found.iter().any(|(path, ..)| path.ends_with(name)), "{name} in {found:?}");
    }
    for (path, folder, mode) in found {
        assert_eq!(mode, if folder { 0o700 } else { 0o600 }, "{path}");
    }
}

/// Whatever the umask is, new files are private, and existing ones are made private.
#[tokio::test]
async fn the_data_is_private_to_its_owner() {
    let open = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::with().under(&open).run_in(folder, &data);
    let (_, token) = server.http().register("alice").await;
    server.http().upload(&token, "a.txt", b"secret").await.expect(201);
    assert_private(&data);
    let backup = data.parent().expect("a folder").join("backup.sqlite3");
    assert!(server.run(&["backup", backup.to_str().expect("a path")]).0);
    assert_eq!(mode(&backup), 0o600);

    // A folder of an earlier version, created under a permissive umask.
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let deep = data.join("files/ab");
    std::fs::create_dir_all(&deep).expect("made");
    for file in [data.join("jwt-secret"), deep.join("old")] {
        std::fs::write(&file, "a secret of an earlier time").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("opened");
    }
    for folder in [&deep, &data.join("files"), &data] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("opened");
    }
    // Files that do not belong to the server keep their mode.
    let script = data.join("run.sh");
    std::fs::write(&script, "a script of the operator").expect("written");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("opened");
    let server = Server::with().under(&open).log(&log).run_in(folder, &data);
    server.http().register("alice").await;
    assert_eq!(mode(&script), 0o755);
    std::fs::remove_file(&script).expect("removed");
    assert_private(&data);
    let said = std::fs::read_to_string(&log).expect("a log");
    assert!(said.contains(&format!("{} was open to others (mode 777); its mode is now 700", data.display())), "{said}");
}

/// The filter that the documentation gives for fail2ban, with its tag for the address as a group.
fn fail2ban() -> (String, String) {
    let manual = include_str!("../../../docs/operations.md");
    let line = manual.lines().find_map(|line| line.trim().strip_prefix("failregex = ")).expect("a filter");
    assert!(line.contains("<ADDR>"), "{line}");
    let (before, after) = line.split_once("<ADDR>").expect("an address");
    (before.to_owned(), after.to_owned())
}

/// Returns the addresses that fail2ban would ban for the log. Its patterns are Python's.
fn banned(log: &Path) -> Vec<String> {
    let (before, after) = fail2ban();
    // fail2ban removes the time from the line before it matches.
    let script = "import re,sys\n\
        rule=re.compile(sys.argv[1]+r'(?P<a>[0-9a-fA-F.:]+)'+sys.argv[2])\n\
        for line in open(sys.argv[3], encoding='utf-8', newline='\\n'):\n\
        \x20   line=re.sub(r'^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z', '', line.rstrip('\\n'))\n\
        \x20   found=rule.search(line)\n\
        \x20   if found: print(found.group('a'))\n";
    let output = std::process::Command::new("python3")
        .args(["-c", script, &before, &after])
        .arg(log)
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn failed_log_ins_are_logged_for_fail2ban() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let proxied = Server::with().env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").log(&log);
    let server = proxied.run_in(folder, &data);
    let http: Http = server.http();
    http.register("alice").await;
    let hostile = [
        "alice",
        "x\" address=198.51.100.1 login=\"y",
        "x\n2026-01-01T00:00:00.000000Z  INFO quintet::login: log-in failed address=198.51.100.2 login=\"alice\"",
        "x\r\n  INFO quintet::login: log-in failed address=198.51.100.3 login=\"alice\"\r\n",
        "x INFO quintet::login: log-in failed address=198.51.100.4 login=",
        "\u{2028}\u{85}\u{1b}[2J\\",
        &"long ".repeat(5_000),
    ];
    for login in hostile {
        let body = json!({ "username": login, "password": "wrong horse" }).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(http.send("POST", "/api/v1/auth/login", &headers, &body).await.status, 401, "{login:?}");
    }
    let good = json!({ "username": "alice", "password": "correct horse" });
    http.api("", "POST", "/auth/login", good).await.expect(200);
    let said = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("log-in failed")).collect();
    assert_eq!(lines.len(), hostile.len(), "{said}");
    assert!(lines.iter().all(|line| line.chars().count() < 500 && !line.contains('\u{1b}')), "{said}");
    assert!(lines[0].ends_with("INFO quintet::login: log-in failed address=192.0.2.7 login=\"alice\""), "{}", lines[0]);
    assert!(!said.contains("horse"), "{said}");
    assert_eq!(banned(&log), vec!["192.0.2.7"; hostile.len()]);
}

/// Sends a request with its own framing and another request behind it. Returns the statuses of all answers.
async fn statuses(server: &Server, head: &str, rest: &str) -> Vec<u16> {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let request =
        format!("POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{head}\r\n{rest}");
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answers = Vec::new();
    let read = stream.read_to_end(&mut answers);
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("the connection ends").ok();
    let text = String::from_utf8_lossy(&answers).into_owned();
    text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

/// A proxy and the server must not disagree about the end of a request: ambiguous framing is refused, and what follows
/// it is not answered as a second request.
#[tokio::test]
async fn requests_are_not_smuggled() {
    let server = Server::start();
    let hidden = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let ambiguous = [
        ("two lengths", "content-length: 2\r\ncontent-length: 60\r\n"),
        ("a list of lengths", "content-length: 2, 60\r\n"),
        ("no number", "content-length: +2\r\n"),
        ("a coding that is not known", "transfer-encoding: xchunked\r\n"),
        ("chunked before another coding", "transfer-encoding: chunked, identity\r\n"),
        ("white space before the colon", "content-length : 2\r\n"),
        ("a folded line", "x: y\r\n content-length: 60\r\ncontent-length: 2\r\n"),
    ];
    for (what, head) in ambiguous {
        let found = statuses(&server, head, &format!("{{}}{hidden}")).await;
        assert_eq!(found, [400], "{what}");
    }
    // RFC 9112, section 6.3: chunked overrides the length, and the connection must not be used for another request.
    let rest = format!("2\r\n{{}}\r\n0\r\n\r\n{hidden}");
    let both = statuses(&server, "content-length: 2\r\ntransfer-encoding: chunked\r\n", &rest).await;
    assert!(matches!(both[..], [400] | [422]), "{both:?}");
}
