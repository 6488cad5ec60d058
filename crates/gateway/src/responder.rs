//! Answers the event of a client.
//!
//! What must stay true: each event that asks for an acknowledgement gets exactly one, whatever happens.

use std::sync::Arc;

use quintet_dialect::{Dialect, answer, refuse};
use quintet_domain::{Hidden, Outcome, Refusal, UserId};
use quintet_service::{Refused, Service};
use quintet_telemetry::ActiveSpan;

use crate::connection::{Connection, Permit};
use crate::traced;
use crate::written::Written;

/// Answers one event, once. If it is dropped before that, the client receives an internal error.
pub(crate) struct Responder {
    /// The connection that the event came from.
    pub(crate) connection: Arc<Connection>,
    /// The dialect of the answer; `None` while it is undecided.
    pub(crate) dialect: Option<Dialect>,
    /// The name of the event.
    pub(crate) name: String,
    /// The id of the acknowledgement, if the client asked for one.
    pub(crate) ack: Option<u64>,
    /// Held until the answer is sent, to limit the commands that a connection has in flight.
    pub(crate) permit: Option<Permit>,
    /// The span of the event, if a trace is kept. It ends with the answer.
    pub(crate) span: Option<ActiveSpan>,
    service: Service,
    answered: bool,
}

impl Responder {
    pub(crate) fn new(service: &Service, connection: &Arc<Connection>, name: String, ack: Option<u64>) -> Self {
        Self {
            connection: Arc::clone(connection),
            dialect: connection.dialect(),
            name,
            ack,
            permit: None,
            span: traced::event_span(service, connection),
            service: service.clone(),
            answered: false,
        }
    }

    /// Sends an outcome as the answer.
    pub(crate) fn answer(self, outcome: &Outcome) {
        self.answer_with(outcome, None, &mut Written::default());
    }

    /// Sends an outcome as the answer. `written` saves writing a message's object again for its event; `hidden` is what the
    /// user is not shown of others.
    pub(crate) fn answer_with(mut self, outcome: &Outcome, hidden: Option<&Hidden>, written: &mut Written) {
        match hidden.and_then(|hidden| hidden.reply(outcome.as_ref().ok()?)) {
            // What is written for one user is not shown to others.
            Some(shown) => self.respond(&Ok(shown), hidden, &mut Written::default()),
            None => self.respond(outcome, hidden, written),
        }
    }

    /// Sends a refusal as the answer.
    pub(crate) fn refuse(self, refusal: Refusal) {
        self.answer(&Err(refusal));
    }

    /// Ends without an answer, for events that are ignored.
    pub(crate) fn ignore(mut self) {
        self.answered = true;
        if let Some(span) = self.span.take() {
            span.end(None);
        }
    }

    fn respond(&mut self, outcome: &Outcome, hidden: Option<&Hidden>, written: &mut Written) {
        self.answered = true;
        let readers = written.readers(self.service.bases(), self.connection.base);
        let shown = readers.outcome(outcome);
        let (outcome, texts) = (shown.as_ref().unwrap_or(outcome), &mut readers.texts);
        if let Err(refusal) = outcome {
            self.service.metrics().refused(Refused::Event, refusal.code);
        }
        let answer = match (self.dialect, outcome) {
            (Some(dialect), outcome) => {
                let shows = |user: &UserId| hidden.is_none_or(|hidden| !hidden.hides(user));
                let online = |user: &UserId| shows(user) && self.service.presence().is_online(user);
                answer(dialect, &self.name, outcome, &online, texts)
            }
            (None, Err(refusal)) => refuse(None, &self.name, refusal),
            (None, Ok(_)) => {
                // Only `authenticate` belongs to no dialect, and all of them answer it alike.
                answer(Dialect::Chat, &self.name, outcome, &|_| false, texts)
            }
        };
        self.connection.out.answer(self.ack, &answer);
        if let Some(span) = self.span.take() {
            span.end(outcome.as_ref().err().map(|refusal| traced::error(refusal.code)));
        }
        drop(self.permit.take());
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.answered {
            self.respond(&Err(Refusal::internal()), None, &mut Written::default());
        }
    }
}
