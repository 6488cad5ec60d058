//! What the hub does with a message: it is delivered to those who receive it, and may count as delivered by that.
//!
//! What must stay true: a message that appears to somebody later counts like one that was just sent.

use std::sync::Arc;

use quintet_domain::{Entry, Message};
use tokio::time::Instant;

use super::Hub;

impl Hub {
    /// Delivers a message, and notes whom it was sent to where it counts as delivered by itself.
    pub(super) fn deliver_message(&mut self, message: &Arc<Message>, entry: &Entry, now: Instant) {
        if self.deliveries.concern(&self.directory, &message.conversation) {
            let sent_to = self.fan_out.deliver_message(&self.directory, entry);
            self.deliveries.sent(&mut self.timers, message, sent_to, now);
        } else {
            self.fan_out.deliver(&self.directory, entry);
        }
    }
}
