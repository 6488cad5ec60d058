//! What is sent: an event in the model's words, with an id.
//!
//! What must stay true: one event has one id, however often it is sent, so that a receiver can tell a repeat.

use bytes::Bytes;
use quintet_dialect::ModelEvent;
use quintet_domain::{ConversationId, ModelEventType};
use quintet_service::{Service, Told};

/// Something to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) kind: ModelEventType,
    pub(crate) position: u64,
    pub(crate) conversation: Option<ConversationId>,
    /// Whether it is of a direct conversation, or a notification.
    pub(crate) is_personal: bool,
    pub(crate) body: Bytes,
}

impl Envelope {
    /// Returns what is delivered of an entry of the log; `None` if nothing is. `identity` is that of the data.
    pub(crate) fn of(service: &Service, identity: &str, told: &Told) -> Option<Self> {
        let links = service.bases().public_links();
        let event = &told.entry.event;
        let linked = links.event(event, |message| links.message(message));
        let event = ModelEvent::of(linked.as_ref().unwrap_or(event), told.at, told.is_erased)?;
        let position = told.entry.position;
        let id = format!("evt_{identity}_{position}");
        let body = event.text(Some(&id), position).into();
        let is_personal = told.entry.event.parties().is_some();
        Some(Self { id, kind: event.kind, position, conversation: event.conversation, is_personal, body })
    }
}
