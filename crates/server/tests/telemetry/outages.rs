//! What the state of a collector changes for clients: nothing; and what is sent where no trace is kept.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use serde_json::json;

use super::collector::{Collector, NOTHING, value};
use crate::support::{Server, Wire};

/// The time within which a server ends whose collector does not answer: what it waits for at its end, and a slow machine.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

async fn count(server: &Server, result: &str) -> u64 {
    let text = server.metrics().send("GET", "/metrics", &[], "").await.text;
    let start = format!("quintet_telemetry_spans_total{{result=\"{result}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or_else(|| panic!("{start}: {text}"))
}

#[tokio::test]
async fn a_collector_that_refuses_or_hangs_costs_no_client_anything() {
    let collector = Collector::start().await;
    collector.answer(400);
    let mut server = collector.server().run();
    let token = server.http().register("alice").await.1;
    let group = server.http().group(&token, &[]).await;
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    let message = json!({ "chatId": group, "content": "hello" });
    wire.call("message:send", &message).await;
    while count(&server, "refused").await == 0 {}
    assert_eq!(count(&server, "sent").await, 0);
    // It takes a request and never answers it: every message is answered as soon as before.
    collector.answer(NOTHING);
    let asked = collector.told().requests.len();
    wire.call("message:send", &message).await;
    collector.until(|told| told.requests.len() > asked).await;
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(wire.call("message:send", &message).await["success"], true);
    }
    // Less than the collector is waited for.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let began = Instant::now();
    server.signal(15);
    assert!(server.wait().success());
    assert!(began.elapsed() < ENDS_WITHIN, "{:?}", began.elapsed());
}

#[tokio::test]
async fn metrics_are_sent_where_no_trace_is_kept() {
    let collector = Collector::start().await;
    let server = collector
        .server()
        .env("QUINTET_TELEMETRY_SAMPLE_RATIO", "0")
        .env("QUINTET_TELEMETRY_METRICS_SECONDS", "1")
        .run();
    let token = server.http().register("alice").await.1;
    // A client that asks for a trace does not get one.
    let parent = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    server.http().send("GET", "/api/v1/server", &[parent], "").await.expect(200);
    let mut wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
    wire.call("message:send", &json!({ "chatId": "nowhere", "content": "hello" })).await;
    let of_chat = |data: &Data| match data {
        Data::Sum(sum) => sum.data_points.iter().any(|point| value(&point.attributes, "dialect") == "chat"),
        _ => false,
    };
    let told = collector
        .until(|told| {
            told.metrics.iter().any(|one| one.name == "quintet_events" && one.data.as_ref().is_some_and(of_chat))
        })
        .await;
    assert!(told.spans.is_empty(), "{:#?}", told.spans);
    // Each name that a scrape has.
    let scraped =
        server.metrics().send("GET", "/metrics", &[("accept", "application/openmetrics-text")], "").await.text;
    for line in scraped.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().expect("a name");
        let is_empty = !scraped.lines().any(|line| line.starts_with(name));
        assert!(is_empty || told.metrics.iter().any(|metric| metric.name == name), "{name} was not sent");
    }
}

/// What the doctor says of a collector.
async fn doctor_says(endpoint: String) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut doctor = std::process::Command::new(env!("CARGO_BIN_EXE_quintet"));
    doctor.args(["doctor", "--listen", "0", "--data"]).arg(folder.path().join("data"));
    doctor.env("QUINTET_TELEMETRY_OTLP_ENDPOINT", endpoint).current_dir(folder.path());
    // The collector answers beside it.
    let output = tokio::task::spawn_blocking(move || doctor.output()).await.expect("no panic").expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "a collector is no fault of the server: {said}");
    said.lines().find(|line| line.contains("collector")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn the_doctor_asks_the_collector() {
    let collector = Collector::start().await;
    let endpoint = || format!("http://{}/", collector.address);
    assert!(doctor_says(endpoint()).await.starts_with("good    The collector of telemetry takes traces"));
    collector.answer(401);
    let said = doctor_says(endpoint()).await;
    assert!(said.starts_with("advice  ") && said.contains("it answers with status 401"), "{said}");
    let said = doctor_says("http://127.0.0.1:1".to_owned()).await;
    assert!(said.starts_with("advice  ") && said.contains("127.0.0.1"), "{said}");
}

#[tokio::test]
async fn what_is_left_is_sent_at_the_end() {
    let collector = Collector::start().await;
    let mut server = collector.server().run();
    server.http().register("alice").await;
    server.signal(15);
    // The collector answers beside it.
    let ended = tokio::task::spawn_blocking(move || server.wait()).await.expect("no panic");
    assert!(ended.success());
    let told = collector.told();
    assert!(told.spans.iter().any(|heard| heard.name() == "POST /api/v1/auth/register"), "{:#?}", told.spans);
    assert!(told.metrics.iter().any(|metric| metric.name == "quintet_http_requests"));
}
