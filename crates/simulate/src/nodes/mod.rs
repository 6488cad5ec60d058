//! Several nodes over one store, each a process of its own: a runtime that can end at any moment, while the others go on.
//!
//! What lives here: the processes, and who of them is up. How a node is fed is in [`feeding`], and the wire between them in
//! [`wire`].
//!
//! What must stay true: a process that has crashed leaves nothing behind but what the store had committed and what is on
//! the wire.

mod bus;
mod feeding;
mod wire;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quintet_cluster::Feed;
use quintet_domain::{NodeId, Refusal};
use quintet_store::{Delivered, Group, MemoryDisk, MemoryStore, MemoryWriter, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use self::bus::NodeBus;
use self::feeding::{Feeding, Input};
use self::wire::{Arrival, End, Published, SimulatedWire};
use crate::bus::SlowBus;
use crate::faults;
use crate::server::{Parts, Server, random};
use crate::settings;
use crate::sim::Sim;

/// Milliseconds that a node is down after a crash, at most.
const DOWN_MS: u64 = 2_500;

/// One life of a node.
struct Process {
    /// Its number among the lives of all nodes.
    life: u32,
    runtime: Runtime,
    tasks: LocalSet,
    /// The server, once it has started.
    server: Rc<RefCell<Option<Rc<Server>>>>,
    inputs: UnboundedSender<Input>,
    delivered: Delivered,
}

impl Drop for Process {
    /// Drops everything that lived in the runtime, in its context: connections that end may still start tasks.
    fn drop(&mut self) {
        let _context = self.runtime.enter();
        drop(self.server.take());
        drop(std::mem::take(&mut self.tasks));
    }
}

impl Process {
    fn start(sim: &Rc<Sim>, node: usize, disk: &MemoryDisk, published: &Published) -> std::io::Result<Self> {
        sim.next_life();
        let life = sim.life();
        sim.note(format!("node {node} begins life {life}"));
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let tasks = LocalSet::new();
        let delivered = Delivered::default();
        let (store, writer) = disk.open_node(sim.environment.clone(), settings::quotas(), delivered.clone());
        let (inputs, taken) = unbounded_channel();
        let server = Rc::new(RefCell::new(None));
        let birth = Birth {
            sim: Rc::clone(sim),
            life,
            store,
            writer,
            end: Arc::new(End::new(node, NodeId(u64::from(life)), published.clone())),
            delivered: delivered.clone(),
            inputs: (inputs.clone(), taken),
        };
        let (sim, born) = (Rc::clone(sim), Rc::clone(&server));
        tasks.spawn_local(async move {
            match birth.server().await {
                Ok(server) => *born.borrow_mut() = Some(Rc::new(server)),
                Err(refusal) => sim.violate(format!("node {node} cannot start: {refusal}")),
            }
        });
        Ok(Self { life, runtime, tasks, server, inputs, delivered })
    }

    fn server(&self) -> Option<Rc<Server>> {
        self.server.borrow().clone()
    }

    /// Whether it has delivered everything that is committed, and waits for nothing.
    fn is_idle(&self, sim: &Sim) -> bool {
        self.delivered.position() >= sim.newest() && self.server().is_some_and(|server| server.is_idle())
    }
}

/// What a process is made of.
struct Birth {
    sim: Rc<Sim>,
    life: u32,
    store: Arc<MemoryStore>,
    writer: MemoryWriter,
    end: Arc<End>,
    delivered: Delivered,
    inputs: (UnboundedSender<Input>, UnboundedReceiver<Input>),
}

impl Birth {
    /// Starts what feeds the node, and its server.
    async fn server(self) -> Result<Server, Refusal> {
        let Self { sim, life, store, writer, end, delivered, inputs: (inputs, taken) } = self;
        let bus = SlowBus::new(random(&sim, "bus", life));
        let feeding = Feeding {
            sim: Rc::clone(&sim),
            random: random(&sim, "feeding", life),
            feed: Feed::new(delivered.position()),
            identity: store.identity().await?,
            delivered,
            store: Arc::clone(&store),
            bus: Arc::clone(&bus),
            end: Arc::clone(&end),
            asked: false,
        };
        tokio::task::spawn_local(feeding.run(taken));
        let outward = Arc::new(NodeBus { own: Arc::clone(&bus), end });
        // Nobody hears of what a process commits that is about to end.
        let hand_on = Box::new(move |group: Group| drop(inputs.send(Input::Own(group))));
        Server::with(&sim, Parts { life, store, writer, bus, outward, hand_on }).await
    }
}

/// A node: its process, or when it is started again.
enum Node {
    Up(Rc<Process>),
    Down { until_ms: u64 },
}

/// All nodes, and the wire between them.
pub(crate) struct Nodes {
    sim: Rc<Sim>,
    disk: MemoryDisk,
    published: Published,
    nodes: RefCell<Vec<Node>>,
    wire: RefCell<SimulatedWire>,
}

impl Nodes {
    /// Nodes that are about to start, over an empty store.
    pub(crate) fn new(sim: &Rc<Sim>, count: usize) -> Self {
        let published = Published::default();
        let nodes = (0..count).map(|_| Node::Down { until_ms: 0 }).collect();
        Self {
            sim: Rc::clone(sim),
            disk: MemoryDisk::new(&*sim.environment),
            wire: RefCell::new(SimulatedWire::new(sim, count, published.clone())),
            published,
            nodes: RefCell::new(nodes),
        }
    }

    /// The number of nodes, those that are down included.
    pub(crate) fn count(&self) -> usize {
        self.nodes.borrow().len()
    }

    fn process(&self, node: usize) -> Option<Rc<Process>> {
        match self.nodes.borrow().get(node) {
            Some(Node::Up(process)) => Some(Rc::clone(process)),
            Some(Node::Down { .. }) | None => None,
        }
    }

    fn processes(&self) -> Vec<Rc<Process>> {
        (0..self.count()).filter_map(|node| self.process(node)).collect()
    }

    /// Starts the nodes whose time has come, and lets the wire deliver what arrives by now.
    pub(crate) fn begin_turn(&self, now_ms: u64) {
        for (node, slot) in self.nodes.borrow_mut().iter_mut().enumerate() {
            if matches!(slot, Node::Down { until_ms } if *until_ms <= now_ms) {
                match Process::start(&self.sim, node, &self.disk, &self.published) {
                    Ok(process) => *slot = Node::Up(Rc::new(process)),
                    Err(error) => self.sim.violate(format!("the runtime of node {node} cannot be built: {error}")),
                }
            }
        }
        self.wire.borrow_mut().step(now_ms, |to, arrival: Arrival| {
            if let Some(process) = self.process(to) {
                let _ = process.inputs.send(Input::Wire(arrival));
            }
        });
    }

    /// Lets a node run for some milliseconds.
    pub(crate) fn run(&self, node: usize, ms: u64) {
        if let Some(process) = self.process(node) {
            process.tasks.block_on(&process.runtime, async { sleep(Duration::from_millis(ms)).await });
        }
    }

    /// The servers that have started.
    pub(crate) fn servers(&self) -> Vec<Rc<Server>> {
        self.processes().iter().filter_map(|process| process.server()).collect()
    }

    /// Runs something that a node does for a client, in its process, until it is dropped; none where the node is down. Also
    /// gives the life of the node.
    pub(crate) fn spawn<F: Future + 'static>(
        &self,
        node: usize,
        work: impl FnOnce(&Server) -> F,
    ) -> Option<(u32, AbortOnDropHandle<F::Output>)> {
        let process = self.process(node)?;
        let work = work(&*process.server()?);
        Some((process.life, AbortOnDropHandle::new(process.tasks.spawn_local(work))))
    }

    /// Changes rows behind the log, as a migration does beside nodes that run. It cannot be in the middle of a group.
    pub(crate) fn change_behind_the_log(&self) {
        self.sim.note("rows change behind the log");
        self.sim.count("changes behind the log");
        self.disk.change_behind_the_log();
    }

    /// Ends the process of a node. It is started again a little later.
    pub(crate) fn crash(&self, node: usize, now_ms: u64) {
        let Some(process) = self.process(node) else { return };
        // One that is still starting is left alone.
        let Some(server) = process.server() else { return };
        let _ = server.crash(&self.sim);
        drop(server);
        self.sim.note(format!("node {node} crashes"));
        self.end(node, now_ms + self.sim.choice.below(DOWN_MS));
        drop(process);
        // What happens while a process ends is no violation: nobody hears of it.
        let _ = faults::take();
    }

    /// Ends all processes.
    pub(crate) fn end_all(&self) {
        (0..self.count()).for_each(|node| self.end(node, u64::MAX));
        let _ = faults::take();
    }

    fn end(&self, node: usize, until_ms: u64) {
        let ended = self.nodes.borrow_mut().get_mut(node).map(|slot| std::mem::replace(slot, Node::Down { until_ms }));
        // It may borrow the nodes while it ends.
        drop(ended);
    }

    /// Whether all nodes are up, have delivered everything, and nothing is on its way between them.
    pub(crate) fn are_idle(&self) -> bool {
        let processes = self.processes();
        let idle = processes.iter().all(|process| process.is_idle(&self.sim));
        idle && processes.len() == self.count() && self.wire.borrow().is_idle()
    }
}
