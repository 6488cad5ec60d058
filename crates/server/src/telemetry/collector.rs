//! The collector: requests to it, tried again where that helps.
//!
//! What must stay true: a request ends within a bounded time, whatever the collector does.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use prost::Message;
use quintet_outbound::{Outbound, Reach};
use tokio_util::sync::CancellationToken;

use super::endpoint::address;
use crate::config::Telemetry;

/// The time in which the collector answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The pauses before a request is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// The type of the requests.
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// A collector that takes one kind of telemetry.
pub(super) struct Collector {
    outbound: Outbound,
    url: String,
    headers: HeaderMap,
    /// Whether the last request has failed, which was logged.
    fails: bool,
}

impl Collector {
    pub(super) fn new(outbound: Outbound, telemetry: &Telemetry, path: &str) -> Self {
        let url = address(telemetry.otlp_endpoint.as_deref().unwrap_or_default(), path);
        let mut headers = telemetry.header_map().unwrap_or_default();
        headers.insert(header::CONTENT_TYPE, PROTOBUF);
        Self { outbound, url, headers, fails: false }
    }

    /// Sends a request, and again while it fails in a way that may pass and nothing is stopped. Returns the answer's body; none
    /// if the collector has not taken it.
    pub(super) async fn send(&mut self, request: &impl Message, stopped: &CancellationToken) -> Option<Bytes> {
        let body = Bytes::from(request.encode_to_vec());
        let mut pauses = PAUSES.iter();
        loop {
            let why = match self.try_once(body.clone()).await {
                Ok(answer) => {
                    if std::mem::take(&mut self.fails) {
                        tracing::warn!(url = self.url, "the collector of telemetry takes what is sent again");
                    }
                    return Some(answer);
                }
                Err(why) => why,
            };
            if !std::mem::replace(&mut self.fails, true) {
                tracing::warn!(url = self.url, why = why.said, "the collector of telemetry does not take what is sent");
            }
            let pause = pauses.next().filter(|_| why.may_pass && !stopped.is_cancelled())?;
            tokio::select! {
                () = tokio::time::sleep(*pause) => {}
                () = stopped.cancelled() => {}
            }
        }
    }

    async fn try_once(&self, body: Bytes) -> Result<Bytes, Failed> {
        let sent = self.outbound.post(Reach::Trusted, &self.url, self.headers.clone(), body, ANSWER_WITHIN).await;
        match sent {
            Ok(answer) if answer.is_success() => Ok(answer.body),
            Ok(answer) => Err(Failed {
                said: format!("It answers with status {}.", answer.status),
                // What the specification of OTLP says may be sent again.
                may_pass: matches!(answer.status, 429 | 502 | 503 | 504),
            }),
            Err(error) => Err(Failed { said: error.to_string(), may_pass: true }),
        }
    }
}

/// Why the collector has not taken a request.
struct Failed {
    said: String,
    may_pass: bool,
}
