//! The whole server under one seed: store, rules, bus, service, gateway and engine, with simulated clients over a
//! simulated network, faults, and a model that says what each client must have heard.
//!
//! What lives here: the schedulers of a simulation, of one server ([`run`]) and of several nodes ([`run_nodes`]), their
//! parts, and the model. What does not: sockets, HTTP itself, TLS, files on a disk, SQLite, and PostgreSQL.
//!
//! What must stay true: a seed decides everything. One thread runs all of it on a paused clock, and nothing is taken
//! from the system: the same seed gives the same trace.

mod actions;
mod bus;
mod client;
mod coverage;
mod ending;
mod environment;
mod faults;
mod model;
mod network;
mod nodes;
mod packets;
mod random;
mod run;
mod run_nodes;
mod server;
mod settings;
mod sim;
mod store;
mod trace;
mod vocabulary;
mod world;

pub use coverage::Coverage;
pub use ending::{Failure, Outcome};
pub use faults::watch;
pub use run::run;
pub use run_nodes::run_nodes;
