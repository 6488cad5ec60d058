//! A short or long history: pages of it while it is written to, and what its length does to a send.

use std::cell::OnceCell;
use std::io;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tempfile::TempDir;

use super::case::{Case, Run, in_memory, ms};
use crate::fill;
use crate::load::{Load, Regime, Turn};
use crate::peers::{Mode, Peer};
use crate::quintet::{self, Api};
use crate::report::{Part, Server, Value};

pub(super) const ABOUT: &str = "200 messages a second are sent to a conversation of a durable store. A tenth of the \
    messages in the store belong to it. *Pages while it is written to*: meanwhile, pages of 50 messages before \
    arbitrary positions of the conversation are read over HTTP, one after the other. *Written to alone*: nothing is \
    read. Only Quintet is measured, with two stores; the smaller one takes the column of a peer, to show what becomes \
    slower as the store grows. The stores were filled by Quintet's own writer and are on the disk before the \
    measurement begins.";

/// The number of messages of a page.
const PAGE: u32 = 50;
/// The number of messages that are written per second.
const WRITTEN: f64 = 200.0;
/// The number of conversations among which the messages are distributed.
const CONVERSATIONS: usize = 10;
/// The number of messages of the smaller store.
const FEW: u64 = 10_000;

/// The data of a server, filled when it is first needed. Each run has a copy, so that all begin alike.
struct Filled {
    messages: u64,
    made: OnceCell<(TempDir, Vec<String>)>,
}

impl Filled {
    fn of(messages: u64) -> Rc<Self> {
        Rc::new(Self { messages, made: OnceCell::new() })
    }

    /// The number of messages of each conversation.
    fn each(&self) -> u64 {
        self.messages / CONVERSATIONS as u64
    }

    /// Copies the data into a folder. Returns the ids of the conversations.
    fn copy_to(&self, folder: &Path) -> io::Result<Vec<String>> {
        let (filled, conversations) = match self.made.get() {
            Some(made) => made,
            None => {
                let made = make(self.each())?;
                self.made.get_or_init(|| made)
            }
        };
        run_program(Command::new("cp").arg("-a").arg(filled.path().join(".")).arg(folder))?;
        // What the disk still has to write of the copy is none of the server's work.
        run_program(&mut Command::new("sync"))?;
        Ok(conversations.clone())
    }
}

fn run_program(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {status}"))) }
}

/// Makes the data of a server: a user, its conversations, and the messages of each.
fn make(each: u64) -> io::Result<(TempDir, Vec<String>)> {
    let folder = tempfile::tempdir()?;
    let server = Peer::Quintet.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    load.connect(server.address, &[Peer::Quintet.greeting(0, 0)])?;
    let mut api = Api::of(server.address, 0)?;
    let mut conversations = Vec::new();
    for _ in 0..CONVERSATIONS {
        conversations.push(api.group(&[0])?);
    }
    drop((api, load));
    drop(server);
    fill::send(folder.path(), &quintet::user(0), &conversations, each)?;
    Ok((folder, conversations))
}

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    if !peers.contains(&Peer::Quintet) {
        return Vec::new();
    }
    let (large, seconds, repeat) = if quick { (300_000, 3, 1) } else { (10_000_000, 20, 3) };
    let stores = [(Filled::of(large), Part::Own), (Filled::of(FEW), Part::Peer)];
    let case = |name: &str, reads: bool| {
        let servers = stores.iter().map(|(filled, part)| {
            let name = format!("Quintet, {} messages", crate::report::rounded(filled.messages as f64));
            let filled = Rc::clone(filled);
            (Server { name, part: *part }, Box::new(move || run(&filled, seconds, reads)) as Run)
        });
        Case { name: name.to_owned(), servers: servers.collect(), repeat }
    };
    vec![case("pages while it is written to", true), case("written to alone", false)]
}

fn run(filled: &Filled, seconds: u64, reads: bool) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let conversations = filled.copy_to(folder.path())?;
    let server = Peer::Quintet.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let (address, each, place) = (server.address, filled.each(), conversations[0].clone());
    let mut load = Load::new()?;
    load.connect(address, &[Peer::Quintet.greeting(0, 0)])?;
    let senders = [Turn::message(0, &place)];
    load.send(&senders, Regime::Paced(WRITTEN), Duration::from_secs(1))?;
    load.settle()?;
    let reader = reads.then(|| {
        let until = Instant::now() + Duration::from_secs(seconds);
        std::thread::spawn(move || read_pages(&mut Api::of(address, 0)?, &place, each, until))
    });
    let before = server.cpu();
    load.send(&senders, Regime::Paced(WRITTEN), Duration::from_secs(seconds))?;
    let times = reader.map(|reader| reader.join().map_err(|_| io::Error::other("the reader failed")));
    let times = times.transpose()?.transpose()?;
    // The slowest acknowledgements count as well.
    load.settle()?;
    let cpu = server.cpu().since(before);
    let measured = load.measured();
    if measured.acked != measured.sent {
        let (sent, acked) = (measured.sent, measured.acked);
        return Err(io::Error::other(format!("{acked} of {sent} acknowledgements came")));
    }
    let mut values = Vec::new();
    if let Some(times) = &times {
        values.push(Value::less("page p50", "ms", ms(times, 0.5)));
        values.push(Value::less("page p99", "ms", ms(times, 0.99)));
        values.push(Value::more("pages a second", "", times.len() as f64 / seconds as f64));
    }
    values.push(Value::less("acknowledgement p50", "ms", ms(&measured.ack, 0.5)));
    values.push(Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)));
    values.push(Value::less("slowest acknowledgement", "ms", ms(&measured.ack, 1.0)));
    values.push(Value::less("CPU", "%", cpu.all / seconds as f64 * 100.0));
    Ok(values)
}

/// Reads pages before arbitrary positions of a conversation. Returns how long each took.
fn read_pages(api: &mut Api, conversation: &str, each: u64, until: Instant) -> io::Result<Histogram<u64>> {
    let mut times = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)?;
    let mut number = each / 2;
    while Instant::now() < until {
        // Each position is far from the previous one.
        number = (number * 7_919 + 104_729) % each + 1;
        let began = Instant::now();
        let page = api.get(&format!("/conversations/{conversation}/messages?before={number}&limit={PAGE}"))?;
        times.saturating_record(began.elapsed().as_nanos() as u64);
        if number > 1 && !page.contains("\"sequence\"") {
            return Err(io::Error::other("a page came back empty"));
        }
    }
    Ok(times)
}
