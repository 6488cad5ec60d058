//! The ids of requests and of connections: in answers, and in every line of the log that was written for them.

use serde_json::{Value, json};

use crate::support::{Http, Server, Wire};

/// Fails to log in under an id, and returns the id in the answer's head and the one in its body.
async fn failed_login(http: &Http, id: &str) -> (String, String) {
    let body = json!({ "username": "nobody", "password": "wrong horse" }).to_string();
    let headers = [("content-type", "application/json"), ("x-request-id", id)];
    let answer = http.send("POST", "/api/v1/auth/login", &headers, &body).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    let of_head = answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id").to_owned();
    (of_head, answer.json()["requestId"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn a_request_is_found_in_the_log_by_its_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let server = Server::with()
        .env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1")
        .env("QUINTET_LOG_FORMAT", "json")
        .log(&log)
        .run_in(folder, &data);
    let http = server.http();
    // The proxy's own id, and one that the server makes because a line of the log could not carry it.
    let ours = failed_login(&http, "Root=1-6789-abc").await;
    assert_eq!(ours, ("root=1-6789-abc".to_owned(), "Root=1-6789-abc".to_owned()));
    let made = failed_login(&http, "a\"b").await;
    assert_eq!(made.0, made.1);
    assert_eq!(made.0.len(), 36, "{}", made.0);
    let mut wire = Wire::connect(server.address(), "/", &json!({ "token": http.register("alice").await.1 })).await;
    wire.call("no:such", &json!({})).await;
    let said = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let ids: Vec<&Value> = lines.iter().map(|line| &line["request.id"]).filter(|id| !id.is_null()).collect();
    assert_eq!(ids, [&json!(ours.1), &json!(made.1)], "{said}");
    let of_event = lines.iter().find(|line| line["event"] == "\"no:such\"").expect("a line of the event");
    assert_eq!(of_event["connection.id"].as_str().expect("an id").len(), 16, "{of_event}");
    // Whatever the answer is, it has an id: also that of a poll and of a page.
    for path in ["/socket.io/?EIO=4&transport=polling", "/", "/nowhere", "/healthz"] {
        let answer = http.send("GET", path, &[("x-request-id", "abc")], "").await;
        assert!(answer.head.contains("x-request-id: abc"), "{path}: {}", answer.head);
    }
}

#[tokio::test]
async fn a_stranger_chooses_no_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let server = Server::with().log(&log).run_in(folder, &data);
    let (of_head, of_body) = failed_login(&server.http(), "chosen").await;
    assert_eq!(of_head, of_body);
    assert_ne!(of_head, "chosen");
    let mut wire =
        Wire::connect(server.address(), "/", &json!({ "token": server.http().register("bob").await.1 })).await;
    wire.call("no:such", &json!({})).await;
    let said = std::fs::read_to_string(&log).expect("a log");
    // Programs that ban addresses match this line to its end.
    assert!(said.lines().any(|line| line.ends_with("log-in failed address=127.0.0.1 login=\"nobody\"")), "{said}");
    let line = said.lines().find(|line| line.contains("no:such")).expect("a line");
    let id = line.split_once(" connection.id=").expect("an id").1;
    assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{line}");
}
