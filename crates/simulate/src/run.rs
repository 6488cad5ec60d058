//! The simulation of one server under one seed, from the first life of the server to the last look at what every client heard.
//!
//! What must stay true: each life of the server has a runtime of its own, so that a crash leaves no task behind; at the
//! end nothing fails any more, and everything that has to be heard has been heard.

use std::rc::Rc;
use std::time::Duration;

use quintet_store::MemoryDisk;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::client::{Client, connection};
use crate::ending::{self, Outcome, REST_MS, SETTLE_MS, STEP_MS};
use crate::network::{Door, Wire};
use crate::server::Server;
use crate::sim::Sim;
use crate::{actions, faults, world};

/// Steps of a thousand at which the server crashes.
const CRASHES: u64 = 4;

/// Runs a seed for so many steps. `print` prints its trace.
#[must_use]
pub fn run(seed: u64, steps: u64, print: bool) -> Outcome {
    let sim = Rc::new(Sim::new(seed, false, print));
    let clients = world::clients();
    let (mut disk, mut left) = (None, steps);
    let _ = faults::take();
    loop {
        let Ok(runtime) = Builder::new_current_thread().enable_time().start_paused(true).build() else {
            sim.violate("the runtime cannot be built".to_owned());
            break;
        };
        let tasks = LocalSet::new();
        let end = tasks.block_on(&runtime, async {
            sim.environment.begin();
            let end = life(&sim, &clients, disk.take(), &mut left).await;
            // The clock of the runtime is not there any more when what lived in it is dropped.
            sim.environment.end();
            end
        });
        end_life(&sim, &clients, runtime, tasks);
        match end {
            Some(after) => disk = Some(after),
            None => break,
        }
    }
    // What happens while a runtime ends is no violation: nobody hears of it.
    Outcome::of(&sim)
}

/// Drops everything that lived in a runtime, in its context: connections that end may still start tasks.
fn end_life(sim: &Sim, clients: &[Rc<Client>], runtime: Runtime, tasks: LocalSet) {
    {
        let _context = runtime.enter();
        drop(tasks);
    }
    drop(runtime);
    for client in clients {
        client.lose(sim);
    }
    let _ = faults::take();
}

/// One life of the server. Gives what was on its disk when it crashed; none where the simulation is over.
async fn life(sim: &Rc<Sim>, clients: &[Rc<Client>], disk: Option<MemoryDisk>, left: &mut u64) -> Option<MemoryDisk> {
    sim.next_life();
    sim.note(format!("life {} of the server begins", sim.life()));
    let first = disk.is_none();
    let server = match Server::start(sim, disk).await {
        Ok(server) => server,
        Err(refusal) => {
            sim.violate(format!("the server cannot start: {refusal}"));
            return None;
        }
    };
    if first && let Err(refusal) = world::begin(sim, &server).await {
        sim.violate(format!("the world cannot be made: {refusal}"));
        return None;
    }
    for client in clients {
        let (sim, door) = (Rc::clone(sim), Door::Only(server.engine.clone()));
        let wire = Wire { sim, door, client: client.index, is_abandoned: false };
        tokio::task::spawn_local(connection::run(Rc::clone(client), wire));
    }
    while *left > 0 {
        *left -= 1;
        tokio::time::sleep(Duration::from_millis(sim.choice.below(STEP_MS + 1))).await;
        ending::look_for_faults(sim);
        if sim.has_failed() {
            return None;
        }
        if sim.choice.per_mille(CRASHES)
            && let Some(disk) = server.crash(sim)
        {
            sim.note("the server crashes");
            return Some(disk);
        }
        actions::step(sim, &server, clients);
    }
    rest(sim, &server, clients).await;
    None
}

/// Lets everything come to rest, and looks whether it is as it has to be.
async fn rest(sim: &Rc<Sim>, server: &Server, clients: &[Rc<Client>]) {
    ending::calm_down(sim, clients);
    let at_rest = || server.is_idle() && clients.iter().all(|client| client.is_at_rest());
    let (mut waited_ms, mut rested_ms) = (0, 0);
    while rested_ms < SETTLE_MS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ending::look_for_faults(sim);
        waited_ms += 500;
        rested_ms = if at_rest() { rested_ms + 500 } else { 0 };
        if sim.has_failed() {
            return;
        }
        if waited_ms > REST_MS + SETTLE_MS {
            return ending::no_rest(sim, clients);
        }
    }
    ending::look_at_lines(sim, clients);
    ending::look_at_purges(sim, server.purge().await);
    ending::read_back(sim, server.store()).await;
}
