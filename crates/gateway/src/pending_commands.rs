//! The commands of connections that wait for their reply in the stream of commits.
//!
//! What must stay true: each command in the table is answered once: by the reply that has its ticket, or at once if it
//! could not be queued. A ticket is never used twice, so that a late reply cannot answer another command.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quintet_domain::{CommandReply, ConversationId, LocalCommand, Refusal, Ticket, UserId, Written};
use quintet_service::GuestSecret;
use slab::Slab;

use crate::responder::Responder;

/// The number of bits of a ticket that hold the key in the table. The other bits count the commands.
const KEY_BITS: u32 = 32;

/// What is done with the result of a command before it is answered.
pub(crate) enum Completion {
    /// The result is the answer.
    Answer {
        /// The guest's secret, for the answer to the creation of a room.
        guest_secret: Option<GuestSecret>,
    },
    /// The connection joined the conversation, and so receives its events again if it had muted it.
    Unmute(ConversationId),
    /// The command is about the connection itself, and is carried out now.
    Local(LocalCommand),
}

/// A command that waits for its reply.
pub(crate) struct PendingCommand {
    /// Answers the event that carried the command.
    pub(crate) responder: Responder,
    /// The user that the connection belonged to when the command arrived.
    pub(crate) user: UserId,
    /// What is done before the command is answered.
    pub(crate) completion: Completion,
}

/// A command with its result, and its position in the stream.
pub(crate) struct PendingReply {
    /// The command that is replied to.
    pub(crate) command: PendingCommand,
    /// The position after which the answer is sent: it precedes every entry beyond this position.
    pub(crate) after: u64,
    /// The result of the write.
    pub(crate) outcome: Result<Written, Refusal>,
}

/// The commands that wait for a reply, by ticket.
#[derive(Default)]
pub(crate) struct PendingCommands(Mutex<Table<PendingCommand>>);

/// Values by ticket.
struct Table<T> {
    values: Slab<(Ticket, T)>,
    count: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { values: Slab::new(), count: 0 }
    }
}

impl<T> Table<T> {
    fn add(&mut self, value: T) -> Ticket {
        self.count += 1;
        let entry = self.values.vacant_entry();
        let ticket = Ticket(self.count << KEY_BITS | entry.key() as u64);
        entry.insert((ticket, value));
        ticket
    }

    fn remove(&mut self, ticket: Ticket) -> Option<T> {
        let key = usize::try_from(ticket.0 & ((1 << KEY_BITS) - 1)).ok()?;
        self.values.get(key).filter(|(own, _)| *own == ticket)?;
        Some(self.values.remove(key).1)
    }
}

impl PendingCommands {
    fn table(&self) -> MutexGuard<'_, Table<PendingCommand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a command that is about to be queued.
    pub(crate) fn add(&self, command: PendingCommand) -> Submission<'_> {
        let ticket = self.table().add(command);
        Submission { commands: self, ticket, queued: false }
    }

    /// Removes the commands of some replies, in the order of the replies. Commands whose connection's task ended while
    /// they were being queued are gone already, and are skipped.
    pub(crate) fn take(&self, replies: Vec<CommandReply>) -> Vec<PendingReply> {
        if replies.is_empty() {
            return Vec::new();
        }
        let mut table = self.table();
        let taken = replies.into_iter().filter_map(|CommandReply { ticket, after, outcome }| {
            Some(PendingReply { command: table.remove(ticket)?, after, outcome })
        });
        taken.collect()
    }

    fn remove(&self, ticket: Ticket) -> Option<PendingCommand> {
        self.table().remove(ticket)
    }
}

/// A command of the table that is being queued. If it is dropped before [`finish`](Self::finish), the command is
/// removed and answered with an internal error.
pub(crate) struct Submission<'c> {
    commands: &'c PendingCommands,
    ticket: Ticket,
    queued: bool,
}

impl Submission<'_> {
    /// The ticket that the reply will carry.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Ends the submission. A command that was refused is answered at once.
    pub(crate) fn finish(mut self, submitted: Result<(), Refusal>) {
        self.queued = true;
        if let Err(refusal) = submitted
            && let Some(command) = self.commands.remove(self.ticket)
        {
            command.responder.refuse(refusal);
        }
    }
}

impl Drop for Submission<'_> {
    fn drop(&mut self) {
        if !self.queued {
            drop(self.commands.remove(self.ticket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_finds_its_own_value_once() {
        let mut table = Table::default();
        let (first, second) = (table.add("first"), table.add("second"));
        assert_eq!(table.remove(first), Some("first"));
        assert_eq!(table.remove(first), None);
        // The key is used again, the ticket is not.
        let third = table.add("third");
        assert_eq!(table.remove(first), None);
        assert_eq!((table.remove(second), table.remove(third)), (Some("second"), Some("third")));
    }
}
