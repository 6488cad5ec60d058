//! The order of what passes: of each node, what came later than something newer is dropped.
//!
//! What must stay true: a bounded number of nodes is remembered.

use std::collections::HashMap;

use quintet_domain::NodeId;

/// Maximum number of nodes that are remembered. Where there are more, all are forgotten, and an old event may pass once.
const NODES_MAX: usize = 1_024;

/// The newest number of each node's passing events.
#[derive(Debug, Default)]
pub(super) struct Passing(HashMap<NodeId, u64>);

impl Passing {
    /// Whether an event is newer than all that have come from its node. From then on it is the newest.
    pub(super) fn is_newer(&mut self, from: NodeId, number: u64) -> bool {
        if self.0.len() >= NODES_MAX && !self.0.contains_key(&from) {
            self.0.clear();
        }
        let newest = self.0.entry(from).or_default();
        let is_newer = number > *newest;
        *newest = number.max(*newest);
        is_newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_older_events_are_dropped() {
        let mut passing = Passing::default();
        let (a, b) = (NodeId(1), NodeId(2));
        let newer: Vec<bool> = [1, 3, 3, 2, 4].into_iter().map(|number| passing.is_newer(a, number)).collect();
        assert_eq!(newer, [true, true, false, false, true]);
        assert!(passing.is_newer(b, 1));
        for node in 0..2_000 {
            passing.is_newer(NodeId(node), 1);
        }
        assert!(passing.0.len() <= NODES_MAX);
    }
}
