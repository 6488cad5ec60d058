//! Messages that count as delivered by themselves: those of small conversations that were written to a connection.
//!
//! Nothing is told to the hub when a frame is written. A little after a message was queued, the hub asks the queues of its
//! receivers whether they have written all that they held; those that have not are asked again. A conversation is looked
//! at once for all messages of a second, so that a send costs a note in memory.
//!
//! What must stay true: a message counts only for receivers who were sent it live, in a decided dialect, and whose
//! connection has written it; conversations that are not small cost nothing; what waits is bounded, and little of it is
//! in the queue of the writer at once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::{DELIVERIES_NOTED_AT_ONCE, DELIVERIES_READY_MAX, DELIVERY_CONVERSATIONS_MAX};
use quintet_domain::{ConnectionId, ConversationId, ConversationRef, Message, UserId};
use quintet_service::{Delivery, Service};
use quintet_socketio::Mark;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::directory::Directory;
use super::fan_out::SentTo;
use super::message::ClientMessage;
use super::timers::{Timer, Timers};
use crate::connection::Out;

/// The time after a message to a quiet conversation in which its receivers' queues are usually written.
const FIRST_AFTER: Duration = Duration::from_millis(50);

/// The time between two looks at the receivers of a conversation.
const NEXT_AFTER: Duration = Duration::from_secs(1);

/// A connection that was sent messages which do not count as delivered yet.
struct Receiver {
    to: SentTo,
    /// The newest message that it was sent.
    newest: Arc<Message>,
    /// An older one, or the same, with the mark behind it in a queue that was not empty when it was looked at.
    marked: Option<(Arc<Message>, Mark)>,
}

impl Receiver {
    /// The newest message that is known to be written now, and whether that is the newest of all.
    fn written(&mut self, out: &Out) -> (Option<Arc<Message>>, bool) {
        let mut written = None;
        if let Some((message, mark)) = &self.marked {
            if !out.has_written(*mark) {
                return (None, false);
            }
            let is_newest = Arc::ptr_eq(message, &self.newest);
            written = Some(Arc::clone(message));
            if is_newest {
                return (written, true);
            }
        }
        let mark = out.mark();
        if out.has_written(mark) {
            return (Some(Arc::clone(&self.newest)), true);
        }
        self.marked = Some((Arc::clone(&self.newest), mark));
        (written, false)
    }
}

/// What was sent in small conversations and does not count as delivered yet.
pub(super) struct Deliveries {
    enabled: bool,
    service: Service,
    inbox: mpsc::WeakSender<ClientMessage>,
    /// The receivers in each conversation that has a timer.
    sent: HashMap<ConversationId, Vec<Receiver>>,
    /// What was written and is to be noted.
    ready: VecDeque<Delivery>,
    /// Whether some of it is being noted.
    noting: bool,
}

impl Deliveries {
    pub(super) fn new(enabled: bool, service: Service, inbox: mpsc::WeakSender<ClientMessage>) -> Self {
        Self { enabled, service, inbox, sent: HashMap::new(), ready: VecDeque::new(), noting: false }
    }

    /// Whether messages to a conversation count as delivered by themselves.
    pub(super) fn concern(&self, directory: &Directory, conversation: &ConversationRef) -> bool {
        let is_small = |count| conversation.kind.delivers_by_itself(count);
        // Rooms and meetups need no look-up.
        self.enabled
            && is_small(0)
            && directory.channel(&conversation.id).is_some_and(|channel| is_small(channel.member_count))
    }

    /// Notes to whom a message was sent.
    pub(super) fn sent(&mut self, timers: &mut Timers, message: &Arc<Message>, to: Vec<SentTo>, now: Instant) {
        let conversation = &message.conversation.id;
        if to.is_empty() {
            return;
        }
        if !self.sent.contains_key(conversation) {
            if self.sent.len() >= DELIVERY_CONVERSATIONS_MAX {
                return;
            }
            timers.add(now + FIRST_AFTER, Timer::Deliveries(conversation.clone()));
        }
        let receivers = self.sent.entry(conversation.clone()).or_default();
        for (at, to) in to.into_iter().enumerate() {
            // Nearly always the same connections receive the next message, in the same order.
            let known = match receivers.get(at) {
                Some(receiver) if receiver.to == to => Some(at),
                _ => receivers.iter().position(|receiver| receiver.to == to),
            };
            match known.and_then(|at| receivers.get_mut(at)) {
                // What is sent after a loss may be older than what was sent meanwhile.
                Some(receiver) if receiver.newest.sequence > message.sequence => {}
                Some(receiver) => receiver.newest = Arc::clone(message),
                None => receivers.push(Receiver { to, newest: Arc::clone(message), marked: None }),
            }
        }
    }

    /// Notes the messages that were sent to a connection which has come back, because it had missed them.
    pub(super) fn sent_again(
        &mut self,
        (directory, timers): (&Directory, &mut Timers),
        (user, connection): (&UserId, ConnectionId),
        messages: &[Arc<Message>],
        now: Instant,
    ) {
        let Some(slot) = directory.slot(user) else { return };
        for message in messages {
            if self.concern(directory, &message.conversation) {
                self.sent(timers, message, vec![(slot, connection)], now);
            }
        }
    }

    /// Looks at what was sent in a conversation, and notes what is written.
    pub(super) fn look(
        &mut self,
        directory: &Directory,
        timers: &mut Timers,
        conversation: ConversationId,
        now: Instant,
    ) {
        let Some(receivers) = self.sent.get_mut(&conversation) else { return };
        if receivers.is_empty() {
            self.sent.remove(&conversation);
            return;
        }
        if self.ready.len() < DELIVERIES_READY_MAX {
            let mut written: Vec<(usize, Arc<Message>)> = Vec::new();
            receivers.retain_mut(|receiver| {
                let (slot, id) = receiver.to;
                let Some(subscriber) = directory.subscriber_at(slot, id) else { return false };
                if subscriber.buffer.borrow().is_some() {
                    // What it was sent follows its replay.
                    return true;
                }
                let (message, is_newest) = receiver.written(&subscriber.connection.out);
                if let Some(message) = message {
                    match written.iter_mut().find(|(other, _)| *other == slot) {
                        Some((_, newest)) if newest.sequence >= message.sequence => {}
                        Some((_, newest)) => *newest = message,
                        None => written.push((slot, message)),
                    }
                }
                !is_newest
            });
            // Another connection of the same user needs no look for what one has written.
            receivers.retain(|receiver| {
                let of_user = written.iter().find(|(slot, _)| *slot == receiver.to.0);
                of_user.is_none_or(|(_, message)| message.sequence < receiver.newest.sequence)
            });
            self.ready.extend(written.into_iter().map(|(slot, message)| Delivery {
                user: directory.at(slot).user.id.clone(),
                conversation: conversation.clone(),
                message: message.id.clone(),
            }));
        }
        timers.add(now + NEXT_AFTER, Timer::Deliveries(conversation));
        self.note_some();
    }

    /// Forgets what a connection was sent in a conversation, which it will not receive.
    pub(super) fn forget(&mut self, conversation: &ConversationId, connection: ConnectionId) {
        if let Some(receivers) = self.sent.get_mut(conversation) {
            receivers.retain(|receiver| receiver.to.1 != connection);
        }
    }

    /// Goes on once some of what was written is noted.
    pub(super) fn noted(&mut self) {
        self.noting = false;
        self.note_some();
    }

    fn note_some(&mut self) {
        if self.noting || self.ready.is_empty() {
            return;
        }
        self.noting = true;
        let count = self.ready.len().min(DELIVERIES_NOTED_AT_ONCE);
        let some = self.ready.drain(..count).collect();
        let (service, inbox) = (self.service.clone(), self.inbox.clone());
        tokio::spawn(async move {
            service.note_deliveries(some).await;
            if let Some(inbox) = inbox.upgrade() {
                let _ = inbox.send(ClientMessage::DeliveriesNoted).await;
            }
        });
    }
}
