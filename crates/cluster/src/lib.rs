//! Many nodes over one PostgreSQL database.
//!
//! What lives here: what nodes tell each other ([`Envelope`]) and how it is written; the wires that carry it ([`Wire`]);
//! the feed, which brings the commits of all nodes into one order ([`Feed`]); and who is online on which node. What does
//! not: the order itself, which the database decides, and the choice of recipients, which each node's hub makes.
//!
//! What must stay true: correctness never depends on a wire. A wire may lose, repeat, delay and reorder what it carries;
//! the feed delivers each commit once, in order, and what a wire has lost is read from the store.

mod envelope;
mod feed;
mod nodes;
mod wire;

pub use envelope::{Envelope, GroupNotice, Message};
pub use feed::Feed;
pub use nodes::{Nodes, NodesOutput};
pub use wire::{Wire, WireEvent};
