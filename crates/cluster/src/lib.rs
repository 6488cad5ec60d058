//! Many nodes over one PostgreSQL database.
//!
//! What lives here: what nodes tell each other ([`Envelope`]) and how it is written; the wires that carry it ([`Wire`]);
//! the feed, which brings the commits of all nodes into one order ([`Feed`]); the node that drives them ([`Cluster`]);
//! and who is online on which node. What does not: the order itself, which the database decides, and the choice of
//! recipients, which each node's hub makes.
//!
//! What must stay true: correctness never depends on a wire. A wire may lose, repeat, delay and reorder what it carries;
//! the feed delivers each commit once, in order, and what a wire has lost is read from the store. With a secret, what no
//! node of the cluster has sent is dropped.

mod backing;
mod bus;
mod codec;
mod envelope;
mod feed;
mod inbox;
mod node;
mod nodes;
mod seal;
mod status;
mod weight;
mod wire;

pub use backing::Backing;
pub use bus::ClusterBus;
pub use codec::{CodecError, decode, encode, encode_group, sender};
pub use envelope::{Envelope, GroupNotice, Message};
pub use feed::{Feed, GAP_WAIT};
pub use inbox::{GroupSender, Inbox, Teller};
pub use node::{Cluster, Neighbours, Parts, TellNodes};
pub use nodes::{Nodes, NodesOutput};
pub use status::{Health, READY_WITHIN, Status};
pub use wire::{
    Fate, MemoryNetwork, Passage, Wire, WireError, WireEvent, WireEvents, postgres_wire, redis_round_trip, redis_wire,
};

/// The part of the order that everything belongs to; there is one.
pub const PART: u16 = 1;
