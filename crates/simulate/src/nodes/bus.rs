//! The bus of a node: what is not kept goes to its own hub, and to the other nodes.
//!
//! What must stay true: it keeps every guarantee of [`Bus`]; it only uses the freedom that they leave.

use std::sync::Arc;

use quintet_bus::{Bus, Subscription};
use quintet_cluster::Message;
use quintet_domain::{Commit, Ephemeral, Event};

use super::wire::End;
use crate::bus::SlowBus;

/// The bus of a node.
#[derive(Debug)]
pub(crate) struct NodeBus {
    pub(crate) own: Arc<SlowBus>,
    pub(crate) end: Arc<End>,
}

impl Bus for NodeBus {
    fn committed(&self, commit: Commit) {
        self.own.committed(commit);
    }

    fn ephemeral(&self, ephemeral: Ephemeral) -> Result<(), Ephemeral> {
        let passing = match &ephemeral {
            Ephemeral::Event(event @ (Event::Typing { .. } | Event::MessagesDelivered { .. })) => Some(event.clone()),
            Ephemeral::Event(_) | Ephemeral::RoomPresence { .. } => None,
        };
        self.own.ephemeral(ephemeral)?;
        if let Some(event) = passing {
            self.end.publish(Message::Passing(event));
        }
        Ok(())
    }

    fn subscribe(&self) -> Subscription {
        self.own.subscribe()
    }
}
