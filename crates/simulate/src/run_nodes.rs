//! The simulation of several nodes under one seed, from their first start to the last look at what every client heard.
//!
//! What must stay true: each process has a runtime of its own, and so have the clients and the network. They run in turn,
//! a few milliseconds each, so that their clocks are never further apart; who begins is chosen by the seed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use quintet_domain::Refusal;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::client::{Client, connection};
use crate::ending::{self, Outcome, PURGE_MS, REST_MS, SETTLE_MS, STEP_MS};
use crate::network::{Door, Wire};
use crate::nodes::Nodes;
use crate::random::Random;
use crate::sim::Sim;
use crate::{actions, faults, world};

/// Steps of a thousand at which a node crashes.
const CRASHES: u64 = 8;
/// Steps of a thousand at which rows change behind the log.
const CHANGES_BEHIND_THE_LOG: u64 = 5;
/// Milliseconds of a turn while clients act, at most.
const TURN_MS: u64 = 3;
/// Milliseconds of a turn once nothing fails any more.
const CALM_TURN_MS: u64 = 20;
/// Milliseconds within which all nodes have started and the world is made.
const BEGIN_MS: u64 = 60_000;

/// Runs a seed for so many steps, with several nodes. `print` prints its trace.
#[must_use]
pub fn run_nodes(seed: u64, steps: u64, nodes: usize, print: bool) -> Outcome {
    let sim = Rc::new(Sim::new(seed, true, print));
    let _ = faults::take();
    match Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => {
            let course = Course {
                nodes: Rc::new(Nodes::new(&sim, nodes)),
                clients: world::clients(),
                schedule: Random::new(seed, "schedule"),
                now_ms: Cell::new(0),
                runtime,
                tasks: LocalSet::new(),
                sim: Rc::clone(&sim),
            };
            course.run(steps);
            course.end();
        }
        Err(error) => sim.violate(format!("the runtime of the clients cannot be built: {error}")),
    }
    Outcome::of(&sim)
}

/// The course of a simulation.
struct Course {
    sim: Rc<Sim>,
    nodes: Rc<Nodes>,
    clients: Vec<Rc<Client>>,
    /// Chooses the turns.
    schedule: Random,
    now_ms: Cell<u64>,
    /// Where the clients and the network live.
    runtime: Runtime,
    tasks: LocalSet,
}

impl Course {
    fn run(&self, steps: u64) {
        if !self.begin() {
            return;
        }
        for client in &self.clients {
            let door = Door::Node(Rc::clone(&self.nodes), 0);
            let wire = Wire { sim: Rc::clone(&self.sim), door, client: client.index, is_abandoned: false };
            self.tasks.spawn_local(connection::run(Rc::clone(client), wire));
        }
        for _ in 0..steps {
            self.pass(self.sim.choice.below(STEP_MS + 1));
            if self.sim.has_failed() {
                return;
            }
            if self.sim.choice.per_mille(CRASHES) {
                let node = self.sim.choice.below(self.nodes.count() as u64);
                self.nodes.crash(usize::try_from(node).unwrap_or_default(), self.now_ms.get());
            }
            if self.sim.choice.per_mille(CHANGES_BEHIND_THE_LOG) {
                self.nodes.change_behind_the_log();
            }
            let servers = self.nodes.servers();
            if let Some(server) = self.sim.choice.pick(&servers) {
                // In the context of the clients, which start tasks.
                self.tasks.block_on(&self.runtime, async { actions::step(&self.sim, server, &self.clients) });
            }
        }
        self.rest();
    }

    /// Starts the nodes and makes the world. Returns whether that succeeded.
    fn begin(&self) -> bool {
        let began = self.wait(BEGIN_MS, || self.nodes.servers().len() == self.nodes.count());
        let Some(server) = self.nodes.servers().pop().filter(|_| began) else {
            self.sim.violate("not all nodes start".to_owned());
            return false;
        };
        let made = Rc::new(RefCell::new(None));
        let (sim, result) = (Rc::clone(&self.sim), Rc::clone(&made));
        self.tasks.spawn_local(async move {
            let outcome = world::begin(&sim, &server).await;
            *result.borrow_mut() = Some(outcome);
        });
        self.wait(BEGIN_MS, || made.borrow().is_some());
        match made.take() {
            Some(Ok(())) => !self.sim.has_failed(),
            Some(Err(refusal)) => {
                self.sim.violate(format!("the world cannot be made: {refusal}"));
                false
            }
            None => {
                self.sim.violate("the world is not made in time".to_owned());
                false
            }
        }
    }

    /// Lets time pass until something is so, or for some milliseconds. Returns whether it is.
    fn wait(&self, ms: u64, is_so: impl Fn() -> bool) -> bool {
        let until_ms = self.now_ms.get() + ms;
        while !is_so() && !self.sim.has_failed() && self.now_ms.get() < until_ms {
            self.pass(1);
        }
        is_so()
    }

    /// Lets some milliseconds pass.
    fn pass(&self, ms: u64) {
        let until_ms = self.now_ms.get() + ms;
        while self.now_ms.get() < until_ms {
            let turn_ms = if self.sim.is_calm() { CALM_TURN_MS } else { 1 + self.schedule.below(TURN_MS) };
            self.turn(turn_ms.min(until_ms - self.now_ms.get()));
        }
        ending::look_for_faults(&self.sim);
    }

    /// Lets all nodes and the clients run for the same time, one after the other.
    fn turn(&self, ms: u64) {
        self.nodes.begin_turn(self.now_ms.get());
        let count = self.nodes.count();
        let first = usize::try_from(self.schedule.below(count as u64 + 1)).unwrap_or_default();
        for next in 0..=count {
            match (first + next) % (count + 1) {
                node if node < count => self.nodes.run(node, ms),
                _ => self.tasks.block_on(&self.runtime, async { sleep(Duration::from_millis(ms)).await }),
            }
        }
        self.now_ms.set(self.now_ms.get() + ms);
        self.sim.environment.pass_ms(ms);
    }

    /// Lets everything come to rest, and looks whether it is as it has to be.
    fn rest(&self) {
        ending::calm_down(&self.sim, &self.clients);
        let at_rest = || self.nodes.are_idle() && self.clients.iter().all(|client| client.is_at_rest());
        let (mut waited_ms, mut rested_ms) = (0, 0);
        while rested_ms < SETTLE_MS {
            self.pass(500);
            waited_ms += 500;
            rested_ms = if at_rest() { rested_ms + 500 } else { 0 };
            if self.sim.has_failed() {
                return;
            }
            if waited_ms > REST_MS + SETTLE_MS {
                return ending::no_rest(&self.sim, &self.clients);
            }
        }
        ending::look_at_lines(&self.sim, &self.clients);
        if let Some(server) = self.nodes.servers().first() {
            let (ended, purge) = (Rc::new(RefCell::new(None)), server.purge());
            let result = Rc::clone(&ended);
            self.tasks.spawn_local(async move { *result.borrow_mut() = Some(purge.await) });
            self.wait(PURGE_MS.cast_unsigned(), || ended.borrow().is_some());
            ending::look_at_purges(&self.sim, ended.take().unwrap_or_else(|| Err(Refusal::internal())));
            self.tasks.block_on(&self.runtime, ending::read_back(&self.sim, server.store()));
        }
    }

    /// Ends all processes, and then the clients.
    fn end(self) {
        self.nodes.end_all();
        {
            let _context = self.runtime.enter();
            drop(self.tasks);
        }
        let _ = faults::take();
    }
}
