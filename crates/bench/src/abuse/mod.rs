//! Attacks on a server, and what somebody who has nothing to do with them notices: one file for each family.
//!
//! What must stay true: only a server is attacked that was started here for it, on loopback; every attack is bounded in
//! how many strike at once and in time; the same attack can be run against any binary, so that before and after are
//! measured by one tool.

mod bystander;
mod ground;
mod reads;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use self::bystander::{Bystander, Noticed};
use self::ground::Ground;

/// How many times each answer came that attackers got: a status, or what else became of a request.
type Tally = BTreeMap<String, u64>;

/// An attack. A new one is a file with its constants, and a row in [`ATTACKS`].
struct Attack {
    /// What it is called in the table and on the command line.
    name: &'static str,
    /// What is done, in a sentence for the reader of the table.
    about: &'static str,
    /// How many strike at once, each on a thread of its own.
    strikers: usize,
    /// What is done over the API before the attack.
    prepare: fn(&Ground) -> io::Result<()>,
    /// What is written into the store before the attack, while no server runs.
    fill: fn(&Connection) -> rusqlite::Result<()>,
    /// What one striker does, again and again until the moment comes.
    strike: fn(&Ground, Instant) -> io::Result<Tally>,
}

/// All attacks, the calm before them first.
const ATTACKS: &[Attack] = &[CALM, reads::LISTS, reads::CONVERSATIONS, reads::SEARCH, reads::RECOVERY];

/// What the others are compared with.
const CALM: Attack = Attack {
    name: "calm",
    about: "nobody attacks",
    strikers: 0,
    prepare: |_| Ok(()),
    fill: |_| Ok(()),
    strike: |_, _| Ok(Tally::new()),
};

/// The names of all attacks.
pub(crate) fn names() -> Vec<&'static str> {
    ATTACKS.iter().map(|attack| attack.name).collect()
}

/// What is attacked, and for how long.
pub(crate) struct Plan {
    /// The binary of the server.
    pub(crate) server: PathBuf,
    /// The names of the attacks; all where none is named.
    pub(crate) attacks: Vec<String>,
    /// How long each goes on.
    pub(crate) each: Duration,
    /// Whether the server limits rates, as it does by default: without them its other bounds are measured alone.
    pub(crate) rates: bool,
}

/// Runs attacks one after the other, each on a server of its own, and prints a table.
pub(crate) fn run(plan: &Plan) -> io::Result<()> {
    let wanted =
        ATTACKS.iter().filter(|attack| plan.attacks.is_empty() || plan.attacks.iter().any(|name| name == attack.name));
    let mut about = String::new();
    println!("{HEAD}");
    for attack in wanted {
        println!("{}", one(plan, attack)?);
        about += &format!("- {}: {}.\n", attack.name, attack.about);
    }
    let rates = if plan.rates { "on" } else { "off" };
    println!("\nTimes in ms as p50 / p99 / most; each attack {} s, rates {rates}.\n\n{about}", plan.each.as_secs());
    Ok(())
}

const HEAD: &str = "| attack | `/healthz` | `/me` | send | not answered | most memory, MB | CPU, s | attackers were answered |\n\
    |---|---|---|---|---|---|---|---|";

/// Runs one attack; gives its row of the table.
fn one(plan: &Plan, attack: &Attack) -> io::Result<String> {
    let folder = tempfile::tempdir()?;
    let ground = Ground::start(&plan.server, folder.path(), plan.rates)?;
    let bystander = Bystander::settle(&ground)?;
    (attack.prepare)(&ground)?;
    drop(ground);
    let store = Connection::open(folder.path().join("quintet.sqlite3")).map_err(io::Error::other)?;
    (attack.fill)(&store).map_err(io::Error::other)?;
    drop(store);

    let ground = Ground::start(&plan.server, folder.path(), plan.rates)?;
    let before = ground.server.cpu();
    let until = Instant::now() + plan.each;
    let (noticed, tally) = std::thread::scope(|scope| {
        let strikers: Vec<_> = (0..attack.strikers).map(|_| scope.spawn(|| (attack.strike)(&ground, until))).collect();
        let noticed = bystander.watch(&ground, plan.each);
        let mut tally = Tally::new();
        for striker in strikers {
            // One that could not go on says so in the table; what the others did counts.
            let struck = striker.join().unwrap_or_else(|_| Err(io::Error::other("panicked")));
            let struck = struck.unwrap_or_else(|error| Tally::from([(error.kind().to_string(), 1)]));
            for (answer, count) in struck {
                *tally.entry(answer).or_default() += count;
            }
        }
        (noticed, tally)
    });
    let Noticed { health, me, send, unanswered } = noticed?;
    let cpu = ground.server.cpu().since(before);
    let answers: Vec<String> = tally.iter().map(|(answer, count)| format!("{count} × {answer}")).collect();
    Ok(format!(
        "| {} | {health} | {me} | {send} | {unanswered} | {:.0} | {:.1} | {} |",
        attack.name,
        ground.server.peak() as f64 / 1e6,
        cpu.all,
        if answers.is_empty() { "–".to_owned() } else { answers.join(", ") }
    ))
}
