//! The nodes whose ephemeral messages are accepted, and which of their messages were accepted already.
//!
//! A message proves its sender, but not the time at which it was sent. An attacker with access to the wire could send an old
//! one again: to show a user online who has gone, or typing who has stopped, or to make a node believe that another one
//! reaches the database. Therefore each number of a sender is accepted once, numbers far behind its newest are refused, and
//! so is everything from a node that the store has not named lately, such as one that is dead. Groups need none of this: their
//! positions say whether they are new.
//!
//! What must stay true: a bounded number of nodes is remembered; while the store does not answer, what it has said last
//! holds.

use std::collections::HashMap;
use std::time::Duration;

use quintet_domain::NodeId;
use tokio::time::Instant;

/// Maximum number of nodes that are remembered. Messages of further ones are not taken.
const NODES_MAX: usize = 1_024;

/// The time after the store has last named a node for which its messages are taken. It is counted in answers of the store:
/// while there are none, it does not pass.
const NAMED_FOR: Duration = Duration::from_secs(15);

/// What is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was not taken before.
    New,
    /// It was taken before, or is far behind what was taken.
    Old,
    /// The store has not named its sender lately.
    Unknown,
}

/// The nodes whose messages are taken.
#[derive(Debug, Default)]
pub(super) struct Senders(HashMap<NodeId, Sender>);

#[derive(Debug)]
struct Sender {
    /// When the store has named it last.
    named_at: Instant,
    taken: Taken,
    /// The newest number of what was typed there.
    typing: u64,
}

/// The numbers that were taken.
#[derive(Debug, Default)]
struct Taken {
    /// The newest of them; `None` before the first.
    newest: Option<u64>,
    /// A bit for the newest and for each of those before it, from the lowest bit on.
    bits: u128,
}

impl Taken {
    /// Takes a number. Returns whether it was not taken before.
    fn take(&mut self, number: u64) -> bool {
        let Some(newest) = self.newest else {
            // What is older than the first that is heard could be anything that was sent again.
            *self = Self { newest: Some(number), bits: u128::MAX };
            return true;
        };
        if number > newest {
            let ahead = u32::try_from(number - newest).unwrap_or(u32::MAX);
            *self = Self { newest: Some(number), bits: self.bits.checked_shl(ahead).unwrap_or_default() | 1 };
            return true;
        }
        let behind = u32::try_from(newest - number).unwrap_or(u32::MAX);
        let Some(bit) = 1_u128.checked_shl(behind) else { return false };
        let is_new = self.bits & bit == 0;
        self.bits |= bit;
        is_new
    }
}

impl Senders {
    /// Takes an answer of the store: the other nodes that are alive.
    pub(super) fn named(&mut self, nodes: &[NodeId], now: Instant) {
        for node in nodes {
            if let Some(sender) = self.0.get_mut(node) {
                sender.named_at = now;
            } else if self.0.len() < NODES_MAX {
                self.0.insert(*node, Sender { named_at: now, taken: Taken::default(), typing: 0 });
            }
        }
        self.0.retain(|_, sender| now.duration_since(sender.named_at) < NAMED_FOR);
    }

    /// Takes a message by its number among those of its sender.
    pub(super) fn take(&mut self, from: NodeId, number: u64) -> Standing {
        let Some(sender) = self.0.get_mut(&from) else { return Standing::Unknown };
        if sender.taken.take(number) { Standing::New } else { Standing::Old }
    }

    /// Whether something that was typed is newer than all that has come from its node. From then on it is the newest.
    pub(super) fn is_newer_typing(&mut self, from: NodeId, number: u64) -> bool {
        let Some(sender) = self.0.get_mut(&from) else { return false };
        let is_newer = number > sender.typing;
        sender.typing = number.max(sender.typing);
        is_newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn each_number_is_taken_once() {
        use Standing::{New, Old};
        let mut senders = Senders::default();
        senders.named(&[A, B], Instant::now());
        let taken: Vec<Standing> = [5, 5, 4, 9, 7, 7, 9, 8, 6].map(|number| senders.take(A, number)).to_vec();
        assert_eq!(taken, [New, Old, Old, New, New, Old, Old, New, New]);
        assert_eq!(senders.take(B, 1), New, "each node counts for itself");
        // What is far behind is not taken, whether it was before or not.
        assert_eq!([1_000, 873, 872, 999].map(|number| senders.take(A, number)), [New, New, Old, New]);
        assert_eq!([u64::MAX, 1_001, u64::MAX - 1].map(|number| senders.take(A, number)), [New, Old, New]);
    }

    #[test]
    fn typing_that_is_older_is_dropped() {
        let mut senders = Senders::default();
        senders.named(&[A], Instant::now());
        let newer: Vec<bool> = [1, 3, 2, 4].into_iter().map(|number| senders.is_newer_typing(A, number)).collect();
        assert_eq!(newer, [true, true, false, true]);
        assert!(!senders.is_newer_typing(B, 1));
    }

    /// What a node has sent before it died has no effect later, and what a node sends while the store is away has.
    #[test]
    fn only_nodes_that_the_store_names_are_heard() {
        let mut senders = Senders::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(senders.take(A, 1), Standing::Unknown);
        senders.named(&[A, B], after(0));
        assert_eq!(senders.take(A, 1), Standing::New);
        // The store does not answer for an hour.
        assert_eq!(senders.take(A, 2), Standing::New);
        senders.named(&[A], after(3_600));
        assert_eq!(senders.take(A, 3), Standing::New);
        assert_eq!(senders.take(B, 1), Standing::Unknown);
        senders.named(&[B], after(3_610));
        assert_eq!((senders.take(A, 4), senders.take(B, 2)), (Standing::New, Standing::New));
        senders.named(&[B], after(3_616));
        assert_eq!(senders.take(A, 5), Standing::Unknown);
        let many: Vec<NodeId> = (0..2 * NODES_MAX as u64).map(NodeId).collect();
        senders.named(&many, after(3_616));
        assert_eq!(senders.0.len(), NODES_MAX);
    }
}
