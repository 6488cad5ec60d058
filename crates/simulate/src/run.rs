//! The simulation of one seed, from the first life of the server to the last look at what every client heard.
//!
//! What must stay true: each life of the server has a runtime of its own, so that a crash leaves no task behind; at the
//! end nothing fails any more, and everything that has to be heard has been heard.

use std::rc::Rc;
use std::time::Duration;

use quintet_domain::ConversationId;
use quintet_service::{PageOf, Party};
use quintet_store::MemoryDisk;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::client::{Client, connection};
use crate::coverage::Coverage;
use crate::network::Wire;
use crate::server::Server;
use crate::sim::Sim;
use crate::{actions, faults, world};

/// Milliseconds between two steps, at most.
const STEP_MS: u64 = 40;
/// Steps of a thousand at which the server crashes.
const CRASHES: u64 = 4;
/// Milliseconds after which everything is to be at rest, once nothing fails any more.
const REST_MS: u64 = 120_000;
/// Milliseconds after which nothing may come any more: typing has ended, and presence was announced.
const SETTLE_MS: u64 = 45_000;
/// Messages of one page that are read back.
const PAGE_ITEMS: u32 = 200;
/// Lines of the trace that a failure shows.
const LINES_SHOWN: usize = 60;

/// What was violated, and what came before.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong.
    pub sentence: String,
    /// The last lines of the trace, oldest first.
    pub trace: Vec<String>,
}

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The hash of the trace.
    pub hash: u64,
    /// The counts of what happened.
    pub coverage: Coverage,
    /// What was violated, if anything was.
    pub failure: Option<Failure>,
}

/// Runs a seed for so many steps. `print` prints its trace.
#[must_use]
pub fn run(seed: u64, steps: u64, print: bool) -> Outcome {
    let sim = Rc::new(Sim::new(seed, print));
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
    let coverage = sim.coverage.borrow().clone();
    let trace = sim.trace.borrow();
    let failure = sim.violation().map(|sentence| Failure { sentence, trace: trace.last(LINES_SHOWN) });
    Outcome { hash: trace.hash(), coverage, failure }
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
    if first && let Err(refusal) = world::begin(&server).await {
        sim.violate(format!("the world cannot be made: {refusal}"));
        return None;
    }
    for client in clients {
        let (sim, engine) = (Rc::clone(sim), server.engine.clone());
        let wire = Wire { sim, engine, client: client.index, is_abandoned: false };
        tokio::task::spawn_local(connection::run(Rc::clone(client), wire));
    }
    while *left > 0 {
        *left -= 1;
        tokio::time::sleep(Duration::from_millis(sim.choice.below(STEP_MS + 1))).await;
        look_for_faults(sim);
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

fn look_for_faults(sim: &Sim) {
    for fault in faults::take() {
        sim.violate(fault);
    }
}

/// Lets everything come to rest, and looks whether it is as it has to be.
async fn rest(sim: &Rc<Sim>, server: &Server, clients: &[Rc<Client>]) {
    sim.note("nothing fails any more");
    sim.calm_down();
    for client in clients {
        client.state.borrow_mut().wanted = true;
        client.wanted.notify_one();
    }
    let at_rest = || server.is_idle() && clients.iter().all(|client| client.is_at_rest());
    let (mut waited_ms, mut rested_ms) = (0, 0);
    while rested_ms < SETTLE_MS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        look_for_faults(sim);
        waited_ms += 500;
        rested_ms = if at_rest() { rested_ms + 500 } else { 0 };
        if sim.has_failed() {
            return;
        }
        if waited_ms > REST_MS + SETTLE_MS {
            let waiting: Vec<String> =
                clients.iter().filter(|client| !client.is_at_rest()).map(|client| client.name()).collect();
            return sim.violate(format!("no rest comes; these wait: {waiting:?}"));
        }
    }
    look_at_lines(sim, clients);
    read_back(sim, server).await;
}

/// Every client has heard everything that it has to have heard.
fn look_at_lines(sim: &Sim, clients: &[Rc<Client>]) {
    let history = sim.history.borrow();
    for client in clients {
        let mut state = client.state.borrow_mut();
        let Some(line) = &mut state.line else {
            sim.violate(format!("{} was never let in", client.name()));
            continue;
        };
        sim.check(line.complete(&history));
        sim.coverage.borrow_mut().add("messages withheld by a mute", line.withheld);
        sim.check(state.shown.ended());
    }
}

/// Reads every message back: what was committed is stored, as it was last changed, and nothing else is.
async fn read_back(sim: &Rc<Sim>, server: &Server) {
    let conversations: Vec<(ConversationId, quintet_domain::UserId)> = {
        let history = sim.history.borrow();
        let live = history.conversations.iter().filter(|(_, facts)| !facts.deleted);
        live.filter_map(|(id, facts)| Some((id.clone(), facts.members().next()?.clone()))).collect()
    };
    for (conversation, user) in conversations {
        let mut stored = Vec::new();
        let mut after = 0;
        loop {
            let page = PageOf::After(after);
            let read =
                server.store().messages(Party::from(&user), user.clone(), conversation.clone(), page, PAGE_ITEMS).await;
            let page = match read {
                Ok(page) => page,
                Err(error) => return sim.violate(format!("{conversation} cannot be read: {error}")),
            };
            after = page.items.last().map_or(after, |message| message.sequence);
            stored.extend(page.items.iter().map(|message| (message.id.clone(), message.content.clone())));
            if !page.more {
                break;
            }
        }
        let history = sim.history.borrow();
        let Some(facts) = history.conversations.get(&conversation) else { continue };
        let committed: Vec<_> = facts
            .messages
            .iter()
            .filter_map(|(_, id)| Some((id.clone(), history.messages.get(id)?.texts.last()?.1.clone())))
            .collect();
        if stored != committed {
            sim.violate(format!(
                "{conversation} has {} messages, and {} were committed",
                stored.len(),
                committed.len()
            ));
        }
    }
}
