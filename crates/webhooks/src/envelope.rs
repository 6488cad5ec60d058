//! What is sent: the data of an event with its id, its kind, its time and its position.
//!
//! What must stay true: one event has one id, however often it is sent, so that a receiver can tell a repeat.

use bytes::Bytes;
use quintet_domain::{ConversationId, Timestamp, WebhookKind};
use quintet_rest::{EventData, event_data};
use quintet_service::{Service, Told};
use serde::Serialize;
use serde_json::value::RawValue;

/// The version of the words. A field that is added needs no new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Body<'b> {
    id: &'b str,
    #[serde(rename = "type")]
    kind: &'b str,
    version: u32,
    timestamp: String,
    position: u64,
    data: &'b RawValue,
}

/// Something to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) kind: WebhookKind,
    pub(crate) position: u64,
    pub(crate) conversation: Option<ConversationId>,
    /// Whether it is of a direct conversation, or a notification.
    pub(crate) is_personal: bool,
    pub(crate) body: Bytes,
}

/// The text of a body.
pub(crate) fn body(id: &str, kind: &str, at: Timestamp, position: u64, data: &RawValue) -> Bytes {
    let body = Body { id, kind, version: VERSION, timestamp: at.to_string(), position, data };
    // Texts and numbers are always serialised.
    serde_json::to_vec(&body).unwrap_or_default().into()
}

impl Envelope {
    /// Returns what is delivered of an entry of the log; `None` if nothing is. `identity` is that of the data.
    pub(crate) fn of(service: &Service, identity: &str, told: &Told) -> Option<Self> {
        let event = event_data(service, told)?;
        let position = told.entry.position;
        let id = format!("evt_{identity}_{position}");
        let body = body(&id, event.kind.as_str(), told.at, position, &event.data);
        let EventData { kind, conversation, is_personal, .. } = event;
        Some(Self { id, kind, position, conversation, is_personal, body })
    }
}
