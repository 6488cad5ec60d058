//! `quintet-bench abuse`: attacks on a server, and what a bystander notices of each.
//!
//! What lives here: the list of attacks, and how one is run. This program starts the server on a loopback port of its
//! own and ends it. Attackers connect from 127.0.0.2 and the bystander from 127.0.0.1, so that limits by address tell
//! them apart. Every attack is limited in connections and in time.

mod accounts;
mod attacker;
mod bystander;
mod seed;
mod target;
mod transport;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::bystander::{Bystander, Noticed};
use self::target::Target;
use crate::process::{Running, free_port};
use crate::quintet::{self, Api};
use crate::report::{Part, Server, Table, Value};

/// The limits of open files, soft and hard, of a server whose operator did not raise them: the usual ones.
const OPEN_FILES: &str = "--nofile=1024:20000";

/// The kinds of attack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Attack {
    /// Polling requests whose bodies never arrive
    Bodies,
    /// Responses that are requested and never read
    Unread,
    /// Requests whose heads never end
    Heads,
    /// Sockets without identity, as many as possible
    Anonymous,
    /// Small compressed frames that inflate to large ones
    Bombs,
    /// Binary packets whose attachments never arrive
    Binary,
    /// Events beyond every rate limit
    Flood,
    /// Uploads of one byte at long intervals
    Uploads,
    /// Large groups, created one after the other
    Groups,
    /// Logins with wrong passwords
    Logins,
    /// Lists of an account in 20,000 groups
    Lists,
}

impl Attack {
    pub(crate) const ALL: [Self; 11] = [
        Self::Bodies,
        Self::Unread,
        Self::Heads,
        Self::Anonymous,
        Self::Bombs,
        Self::Binary,
        Self::Flood,
        Self::Uploads,
        Self::Groups,
        Self::Logins,
        Self::Lists,
    ];

    /// The description of the attack, as one line of a table.
    fn about(self) -> &'static str {
        match self {
            Self::Bodies => "1,100 polling POSTs with `Content-Length: 900000` and one byte each, renewed when closed",
            Self::Unread => "1,100 connections that pipeline GETs of the API document and never read an answer",
            Self::Heads => "1,100 connections whose request heads never end",
            Self::Anonymous => "5,000 WebSockets that enter the default namespace without saying who they are",
            Self::Bombs => "4 anonymous sockets that send compressed events of 1 kB, each 1 MB inflated, 48 a second",
            Self::Binary => {
                "500 anonymous sockets, each with a binary packet of 1 MB (1 kB compressed) that never ends"
            }
            Self::Flood => "8 anonymous sockets that send small events as fast as the server reads them",
            Self::Uploads => "30 accounts with 8 uploads each, of a byte every 20 s",
            Self::Groups => "one account that makes groups of 1,000 as fast as it is answered; 50 members are online",
            Self::Logins => "64 connections that log in with wrong passwords without a pause",
            Self::Lists => "one account in 20,000 groups, and 40 parallel `GET /messenger/api/users` of it",
        }
    }

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Creates the users that the attack needs. Not measured.
    fn prepare(self, target: &Target) -> io::Result<()> {
        match self {
            Self::Groups => accounts::adopt(target, accounts::MEMBERS),
            Self::Uploads => accounts::adopt(target, accounts::UPLOADERS),
            Self::Bodies
            | Self::Unread
            | Self::Heads
            | Self::Anonymous
            | Self::Bombs
            | Self::Binary
            | Self::Flood
            | Self::Logins
            | Self::Lists => Ok(()),
        }
    }

    /// Attacks until the target's time is over.
    fn run(self, target: &Target) {
        match self {
            Self::Bodies => transport::bodies(target),
            Self::Unread => transport::unread(target),
            Self::Heads => transport::heads(target),
            Self::Anonymous => transport::anonymous(target),
            Self::Bombs => transport::bombs(target),
            Self::Binary => transport::binary(target),
            Self::Flood => transport::flood(target),
            Self::Uploads => accounts::uploads(target),
            Self::Groups => accounts::groups(target),
            Self::Logins => accounts::logins(target),
            Self::Lists => accounts::lists(target),
        }
    }
}

/// Runs attacks against each of some binaries in turn. Returns a table for each attack.
pub(crate) fn run(attacks: &[Attack], servers: &[(String, PathBuf)], seconds: u64) -> io::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for attack in attacks {
        let mut runs = Vec::new();
        for (at, (name, binary)) in servers.iter().enumerate() {
            let part = if at + 1 == servers.len() { Part::Own } else { Part::Variant };
            let values = measure(*attack, binary, Duration::from_secs(seconds));
            let values = values.map_err(|error| io::Error::other(format!("{}, {name}: {error}", attack.name())))?;
            runs.push((Server { name: name.clone(), part }, vec![values]));
        }
        let table = Table::new("abuse", &format!("{}: {}", attack.name(), attack.about()), runs);
        println!("\n{}\n\n{}", table.case, table.markdown());
        tables.push(table);
    }
    Ok(tables)
}

fn start(binary: &Path, data: &Path) -> io::Result<Running> {
    let port = free_port()?;
    let binary = binary.to_string_lossy().into_owned();
    let words = [OPEN_FILES, &binary, "--listen", &port.to_string(), "--data", &data.to_string_lossy()];
    let args: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let secret = ("QUINTET_JWT_SECRET", quintet::SECRET.to_owned());
    // An attack makes a server log a lot, and logging is not what is measured here.
    let quiet = ("QUINTET_LOG_FILTER", "off".to_owned());
    Running::start("prlimit", &args, &[secret, quiet], port)
}

fn measure(attack: Attack, binary: &Path, time: Duration) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    if attack == Attack::Lists {
        // The server creates its tables; what would take hours over the API is then written into them.
        let server = start(binary, folder.path())?;
        // Its answer shows that the tables exist; the port is bound before that.
        Api::of(server.address, 0)?.get("/me")?;
        drop(server);
        seed::groups_of_one_account(folder.path())?;
    }
    let server = start(binary, folder.path())?;
    let bystander = Bystander::of(server.address)?;
    let target = Target {
        address: server.address,
        over: AtomicBool::new(false),
        attempts: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    };
    attack.prepare(&target)?;
    let (resident, cpu, began) = (server.resident(), server.cpu(), Instant::now());
    let noticed: Noticed = std::thread::scope(|scope| {
        let watching = scope.spawn(|| bystander.watch(&target));
        scope.spawn(|| attack.run(&target));
        std::thread::sleep(time);
        target.over.store(true, Ordering::Relaxed);
        watching.join().unwrap_or_default()
    });
    let lasted = began.elapsed().as_secs_f64();
    let cpu = server.cpu().since(cpu);
    let mut values = noticed.values();
    values.extend([
        Value::less("memory, at most", "MB", server.peak() as f64 / 1e6),
        Value::less("memory that the attack added", "MB", server.peak().saturating_sub(resident) as f64 / 1e6),
        Value::less("CPU of the server", "% of a core", cpu.all / lasted * 100.0),
        Value::more("attempts of the attack", "", target.attempts.load(Ordering::Relaxed) as f64),
        Value::more("of them refused or closed", "", target.refused.load(Ordering::Relaxed) as f64),
    ]);
    Ok(values)
}
