//! A message from frame to frame as one trace, over one node and over two, and what traces never contain.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use super::collector::{Collector, Heard, Told};
use crate::database::TestDatabase;
use crate::support::{Http, Server, Wire};

/// What nobody but the members may read.
const TEXT: &str = "meet me at the old mill";
/// A trace of a caller, and its span.
const CALLER: (&str, &str) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of one trace.
struct Trace(Vec<Heard>);

impl Trace {
    /// The trace of the first span with a name.
    fn of(told: &Told, name: &str) -> Option<Self> {
        let first = told.spans.iter().find(|heard| heard.name() == name)?;
        let of_it = told.spans.iter().filter(|heard| heard.span.trace_id == first.span.trace_id);
        Some(Self(of_it.cloned().collect()))
    }

    fn all(&self, name: &str) -> Vec<&Heard> {
        self.0.iter().filter(|heard| heard.name() == name).collect()
    }

    fn one(&self, name: &str) -> &Heard {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {:#?}", self.0);
        all[0]
    }

    fn has(&self, name: &str) -> usize {
        self.all(name).len()
    }

    fn assert_child(&self, child: &Heard, parent: &Heard) {
        assert_eq!(child.span.parent_span_id, parent.span.span_id, "{} of {}", child.name(), parent.name());
        assert!(child.span.start_time_unix_nano >= parent.span.start_time_unix_nano, "{child:?} of {parent:?}");
    }

    /// Checks the part of the trace from a request or event to the frames, and returns the fan-outs.
    fn assert_written(&self, root: &Heard) -> Vec<&Heard> {
        let write = self.one("write SendMessage");
        let (queue, commit) = (self.one("queue"), self.one("commit"));
        self.assert_child(write, root);
        self.assert_child(queue, write);
        self.assert_child(commit, write);
        assert!(queue.span.end_time_unix_nano <= commit.span.end_time_unix_nano);
        assert_ne!(commit.attribute("quintet.group.writes"), "");
        let fan_outs = self.all("fan-out");
        for fan_out in &fan_outs {
            self.assert_child(fan_out, write);
            assert_eq!(fan_out.attribute("quintet.position"), commit.attribute("quintet.position"));
        }
        for frame in self.all("write frame") {
            let parent = fan_outs.iter().find(|fan_out| fan_out.span.span_id == frame.span.parent_span_id);
            self.assert_child(frame, parent.expect("a fan-out"));
            assert!(frame.span.status.is_none(), "{frame:?}");
        }
        fan_outs
    }
}

/// Two users, each with the id and the token, and the id of a group of both.
async fn two_in_a_group(http: &Http) -> ((String, String), (String, String), String) {
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let group = http.group(&alice.1, &[&bob.0]).await.as_str().expect("an id").to_owned();
    (alice, bob, group)
}

async fn connected(server: &Server, namespace: &str, token: &str) -> Wire {
    Wire::connect(server.address(), namespace, &json!({ "token": token })).await
}

#[tokio::test]
async fn a_message_is_one_trace_from_frame_to_frame_and_has_no_text() {
    let collector = Collector::start().await;
    let server = collector.server().env("QUINTET_TELEMETRY_HEADERS", "authorization=Bearer%20k").run();
    let (alice, bob, group) = two_in_a_group(&server.http()).await;
    let mut a = connected(&server, "/chat", &alice.1).await;
    let mut b = connected(&server, "/messenger", &bob.1).await;
    a.call("message:send", &json!({ "chatId": group, "content": TEXT })).await;
    b.next("groupMessage").await;
    let is_whole =
        |told: &Told| Trace::of(told, "chat message:send").is_some_and(|trace| trace.has("write frame") == 2);
    let told = collector.until(is_whole).await;
    let trace = Trace::of(&told, "chat message:send").expect("a trace");
    let root = trace.one("chat message:send");
    assert_eq!((root.span.kind(), root.span.parent_span_id.len()), (SpanKind::Server, 0));
    assert_eq!(
        (root.attribute("quintet.dialect"), root.attribute("quintet.event")),
        ("chat".into(), "message:send".into())
    );
    trace.assert_child(trace.one("decode"), root);
    let fan_outs = trace.assert_written(root);
    assert_eq!(fan_outs.len(), 1);
    assert_eq!(fan_outs[0].attribute("quintet.frames"), "2");
    let dialects: Vec<String> =
        trace.all("write frame").iter().map(|frame| frame.attribute("quintet.dialect")).collect();
    assert!(dialects.contains(&"chat".to_owned()) && dialects.contains(&"messenger".to_owned()), "{dialects:?}");
    assert_eq!(trace.0.len(), 8, "{:#?}", trace.0);
    // It is linked to the CONNECT of its connection, which belongs to the request that opened it.
    let connects: Vec<&Heard> = told.spans.iter().filter(|heard| heard.name() == "connect").collect();
    let link = &root.span.links[0];
    let connect = connects.iter().find(|heard| heard.span.span_id == link.span_id).expect("a CONNECT");
    assert_eq!(connect.attribute("quintet.connection.id"), root.attribute("quintet.connection.id"));
    let opened = told.spans.iter().find(|heard| heard.span.span_id == connect.span.parent_span_id).expect("a request");
    assert_eq!((opened.name(), opened.attribute("http.response.status_code")), ("GET", "101".into()));
    // A refusal is an error, by its code.
    a.call("message:send", &json!({ "chatId": "nowhere", "content": TEXT })).await;
    let is_refused = |heard: &&Heard| heard.span.status.is_some() && heard.name() == "chat message:send";
    let told = collector.until(|told| told.spans.iter().any(|heard| is_refused(&heard))).await;
    let refused = told.spans.iter().find(is_refused).expect("a refusal");
    assert_eq!(refused.span.status.as_ref().expect("a status").message, "ERR_NOT_FOUND");
    for (head, body) in &collector.told().requests {
        assert!(head.contains("authorization: bearer k"), "{head}");
        let body = String::from_utf8_lossy(body);
        for secret in [TEXT, &alice.1, &bob.1, "alice", "correct horse", group.as_str()] {
            assert!(!body.contains(secret), "{secret} was sent");
        }
    }
}

#[tokio::test]
async fn a_request_continues_the_trace_of_its_caller() {
    let collector = Collector::start().await;
    let server = collector.server().run();
    let http = server.http();
    let (alice, bob, group) = two_in_a_group(&http).await;
    let mut b = connected(&server, "/chat", &bob.1).await;
    let send = async |parent: &str| {
        let body = json!({ "content": TEXT }).to_string();
        let token = format!("Bearer {}", alice.1);
        let headers =
            [("authorization", token.as_str()), ("content-type", "application/json"), ("traceparent", parent)];
        let path = format!("/api/v1/conversations/{group}/messages");
        http.send("POST", &path, &headers, &body).await.expect(201);
    };
    send(&format!("00-{}-{}-00", CALLER.0, CALLER.1)).await;
    b.next("message:new").await;
    let name = "POST /api/v1/conversations/{id}/messages";
    let is_whole = |told: &Told| {
        let trace = Trace::of(told, name);
        trace.is_some_and(|trace| {
            trace.has("fan-out") == 1 && trace.has("write SendMessage") == 1 && trace.has("commit") == 1
        })
    };
    let told = collector.until(is_whole).await;
    let trace = Trace::of(&told, name).expect("a trace");
    let root = trace.one(name);
    assert_eq!(hex(&root.span.trace_id), CALLER.0);
    assert_eq!(hex(&root.span.parent_span_id), CALLER.1);
    assert_eq!(root.attribute("http.response.status_code"), "201");
    assert_eq!(root.attribute("quintet.request.id").len(), 36);
    trace.assert_written(root);
    // What is no parent is ignored.
    for bad in ["00-0-0-0", "\u{e9}", &"x".repeat(5_000)] {
        let before = collector.told().spans.iter().filter(|heard| heard.name() == name).count();
        send(bad).await;
        let told =
            collector.until(|told| told.spans.iter().filter(|heard| heard.name() == name).count() > before).await;
        let newest = told.spans.iter().rfind(|heard| heard.name() == name).expect("a request");
        assert_eq!(newest.span.parent_span_id.len(), 0, "{bad}");
        assert_ne!(hex(&newest.span.trace_id), CALLER.0, "{bad}");
    }
}

#[tokio::test]
async fn a_trace_goes_on_at_the_node_of_whoever_hears_the_message() {
    let (database, collector) = (TestDatabase::new(), Collector::start().await);
    let node = || collector.of(crate::cluster::node_at(&database.url())).run();
    let (here, there) = (node(), node());
    let (alice, bob, group) = two_in_a_group(&here.http()).await;
    let (mut a, mut b) = (connected(&here, "/chat", &alice.1).await, connected(&there, "/chat", &bob.1).await);
    a.call("message:send", &json!({ "chatId": group, "content": TEXT })).await;
    b.next("message:new").await;
    let is_whole =
        |told: &Told| Trace::of(told, "chat message:send").is_some_and(|trace| trace.has("write frame") == 2);
    let told = collector.until(is_whole).await;
    let trace = Trace::of(&told, "chat message:send").expect("a trace");
    let fan_outs = trace.assert_written(trace.one("chat message:send"));
    assert_eq!(fan_outs.len(), 2, "{:#?}", trace.0);
    assert_ne!(fan_outs[0].instance, fan_outs[1].instance);
}
