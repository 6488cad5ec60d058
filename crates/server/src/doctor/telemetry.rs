//! The collector of telemetry: whether it is reached, and takes what it is sent.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, header};
use quintet_outbound::Reach;

use super::finding::Finding;
use crate::compose;
use crate::config::Config;
use crate::telemetry::endpoint::{TRACES_PATH, address};

/// The time in which the collector answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The request of one resource that has no spans, in the form of OTLP: its first field, with no bytes.
const NO_SPANS: [u8; 2] = [0x0a, 0x00];

/// Sends the collector a request without any span, which it accepts.
pub(super) async fn look(config: &Config) -> Option<Finding> {
    let endpoint = config.telemetry.otlp_endpoint.as_deref()?;
    let advice = |why: &str| {
        let why = why.trim_end_matches('.');
        Finding::Advice(format!(
            "The collector of telemetry does not take traces: {why}. The server runs without it, and drops them. It is named \
             in [telemetry] otlp_endpoint."
        ))
    };
    // Both are checked with the rest of the settings.
    let (Ok(outbound), Ok(mut headers)) = (compose::outbound(config), config.telemetry.header_map()) else {
        return None;
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    let (url, began) = (address(endpoint, TRACES_PATH), Instant::now());
    Some(match outbound.post(Reach::Trusted, &url, headers, Bytes::from_static(&NO_SPANS), ANSWER_WITHIN).await {
        Ok(answer) if answer.is_success() => {
            let ms = began.elapsed().as_secs_f64() * 1e3;
            Finding::Good(format!("The collector of telemetry takes traces, and answers in {ms:.2} ms."))
        }
        Ok(answer) => advice(&format!("it answers with status {}", answer.status)),
        Err(error) => advice(&error.to_string()),
    })
}
