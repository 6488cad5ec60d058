//! A collector of OpenTelemetry, which reads what it is sent with OpenTelemetry's own definitions, and answers as a test
//! says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{Server, Start};

/// The time within which what a test waits for has to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Stands for a collector that takes requests and answers none.
pub const NOTHING: u16 = 0;

/// A span, and which server has sent it.
#[derive(Clone, Debug)]
pub struct Heard {
    pub instance: String,
    pub span: Span,
}

/// Everything that a collector was sent.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub spans: Vec<Heard>,
    pub metrics: Vec<Metric>,
    /// The heads of the requests, in lower case, and their bodies.
    pub requests: Vec<(String, Vec<u8>)>,
}

pub struct Collector {
    pub address: SocketAddr,
    answer: Arc<AtomicU16>,
    told: watch::Sender<Told>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (answer, told) = (Arc::new(AtomicU16::new(200)), watch::channel(Told::default()).0);
        let (answers, tells) = (Arc::clone(&answer), told.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), tells.clone()));
            }
        });
        Self { address, answer, told }
    }

    /// A server whose telemetry comes here, every trace of it.
    pub fn server(&self) -> Start {
        self.of(Server::with())
    }

    /// The same, with the settings of another server.
    pub fn of(&self, start: Start) -> Start {
        start
            .env("QUINTET_TELEMETRY_OTLP_ENDPOINT", &format!("http://{}", self.address))
            .env("QUINTET_TELEMETRY_SAMPLE_RATIO", "1")
    }

    /// Answers with a status from now on.
    pub fn answer(&self, status: u16) {
        self.answer.store(status, Ordering::Relaxed);
    }

    pub fn told(&self) -> Told {
        self.told.borrow().clone()
    }

    /// Waits until what came is as a test wants it.
    pub async fn until(&self, wanted: impl Fn(&Told) -> bool) -> Told {
        let mut told = self.told.subscribe();
        let waited = tokio::time::timeout(PATIENCE, told.wait_for(|told| wanted(told))).await;
        let found = waited.map(|found| found.expect("a collector").clone());
        found.unwrap_or_else(|_| panic!("it never comes: {:#?}", self.told().spans))
    }
}

impl Heard {
    pub fn name(&self) -> &str {
        &self.span.name
    }

    /// An attribute as text; empty if there is none.
    pub fn attribute(&self, name: &str) -> String {
        value(&self.span.attributes, name)
    }
}

pub fn value(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|one| one.key == name).and_then(|one| one.value.as_ref()?.value.clone());
    match found {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => other.map(|other| format!("{other:?}")).unwrap_or_default(),
    }
}

fn instance(resource: Option<&Resource>) -> String {
    value(&resource.expect("a resource").attributes, "service.instance.id")
}

async fn serve(mut stream: TcpStream, answers: Arc<AtomicU16>, told: watch::Sender<Told>) {
    let mut bytes = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut bytes).await {
        let status = answers.load(Ordering::Relaxed);
        told.send_modify(|told| {
            if status == 200 {
                understand(told, &head, &body);
            }
            told.requests.push((head, body));
        });
        if status == NOTHING {
            std::future::pending::<()>().await;
        }
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn understand(told: &mut Told, head: &str, body: &[u8]) {
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    if head.starts_with("post /v1/traces ") {
        let resources = ExportTraceServiceRequest::decode(body).expect("spans").resource_spans;
        // The doctor's has no spans.
        for of_resource in resources.into_iter().filter(|of_resource| !of_resource.scope_spans.is_empty()) {
            let instance = instance(of_resource.resource.as_ref());
            let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            told.spans.extend(spans.map(|span| Heard { instance: instance.clone(), span }));
        }
    } else {
        assert!(head.starts_with("post /v1/metrics "), "{head}");
        for of_resource in ExportMetricsServiceRequest::decode(body).expect("metrics").resource_metrics {
            let name = value(&of_resource.resource.as_ref().expect("a resource").attributes, "service.name");
            assert_eq!(name, "quintet");
            told.metrics.extend(of_resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics));
        }
    }
}

/// Reads a request: its head in lower case, and its body; `None` at the end of the connection.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            break String::from_utf8(std::mem::replace(bytes, rest)).expect("text").to_lowercase();
        }
        more(stream, bytes).await?;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())?;
    while bytes.len() < length {
        more(stream, bytes).await?;
    }
    let rest = bytes.split_off(length);
    Some((head, std::mem::replace(bytes, rest)))
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 16_384];
    let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
    bytes.extend_from_slice(&buffer[..read]);
    Some(())
}
