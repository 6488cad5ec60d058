//! `quintet-bench`: measures Socket.IO servers on the same work, in the same run, one after the other.
//!
//! What lives here: a load generator on one thread, the servers that are compared, and the tables.
//! What must stay true: a figure is measured in this run or not printed; ratios stand beside it, for machines differ.

mod engine;
mod floor;
mod load;
mod peers;
mod process;
mod quintet;
mod scenarios;
mod wire;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::{Parser, Subcommand, ValueEnum};

use crate::load::Regime;
use crate::peers::Peer;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(about = "Measures Socket.IO servers on the same work, in the same run")]
struct Cli {
    /// This is the process that runs on the core of the load
    #[arg(long, hide = true, global = true)]
    pinned: bool,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Clone, Copy, ValueEnum)]
enum Server {
    Engine,
    Floor,
}

#[derive(Subcommand)]
enum Scenario {
    /// Memory and CPU of idle connections, and how fast they are accepted
    Idle {
        /// How many connections
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
        /// Which servers
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Peer::Engine, Peer::Quintet, Peer::Node])]
        peers: Vec<Peer>,
    },
    /// CPU and latency of messages to rooms
    Fanout {
        /// How many rooms
        #[arg(long, default_value_t = 1)]
        rooms: usize,
        /// How many are in each
        #[arg(long, default_value_t = 1_000)]
        size: usize,
        /// Sends a second, over all rooms, in the paced regime
        #[arg(long, default_value_t = 20.0)]
        rate: f64,
        /// Sends that are not acknowledged yet, in the saturated regime
        #[arg(long, default_value_t = 16)]
        in_flight: usize,
        /// How long each is measured, in seconds
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// How often each is measured; the median counts
        #[arg(long, default_value_t = 3)]
        repeat: usize,
        /// Which servers
        #[arg(long, value_enum, value_delimiter = ',', default_values_t =
            [Peer::Floor, Peer::Engine, Peer::Ephemeral, Peer::Quintet, Peer::Node])]
        peers: Vec<Peer>,
    },
    /// Serves as one of the peers that are part of this program
    #[command(hide = true)]
    Serve { server: Server, port: u16 },
}

fn main() -> io::Result<()> {
    let cli = Cli::parse();
    if !cli.pinned && !matches!(cli.scenario, Scenario::Serve { .. }) {
        return Err(again_pinned());
    }
    match cli.scenario {
        Scenario::Serve { server: Server::Engine, port } => engine::serve(port),
        Scenario::Serve { server: Server::Floor, port } => floor::serve(port),
        Scenario::Idle { connections, peers } => idle(connections, &peers),
        Scenario::Fanout { rooms, size, rate, in_flight, seconds, repeat, peers } => {
            for (name, regime) in [("paced", Regime::Paced(rate)), ("saturated", Regime::Saturated(in_flight))] {
                fanout(name, (rooms, size), regime, seconds, repeat, &peers)?;
            }
            Ok(())
        }
    }
}

/// Becomes the same program on the core of the load; what comes back is why not.
fn again_pinned() -> io::Error {
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return error,
    };
    let mut again = Command::new("taskset");
    again.args(["-c", process::LOAD_CORE]).arg(own).arg("--pinned").args(std::env::args_os().skip(1)).exec()
}

fn idle(connections: usize, peers: &[Peer]) -> io::Result<()> {
    println!("{connections} idle connections, WebSocket; Quintet's are authenticated and in 20 conversations each\n");
    println!("| server | bytes each, second half | resident in all | CPU while idle | accepted in | connections |");
    println!("|---|---|---|---|---|---|");
    for peer in peers {
        let idle = scenarios::idle(*peer, connections)?;
        println!(
            "| {} | {:.0} | {:.1} MB | {:.1} % | {:.2} s | {} |",
            peer.name(),
            idle.bytes_each,
            idle.resident as f64 / 1e6,
            idle.cpu_percent,
            idle.accepted_in.as_secs_f64(),
            idle.connections
        );
    }
    Ok(())
}

fn fanout(
    regime_name: &str,
    (rooms, size): (usize, usize),
    regime: Regime,
    seconds: u64,
    repeat: usize,
    peers: &[Peer],
) -> io::Result<()> {
    println!("\n{regime_name}: {rooms} rooms of {size}, medians of {repeat} runs of {seconds} s\n");
    println!(
        "| server | sends/s | CPU per delivery, µs | of it kernel | × floor | delivery p50 / p99, ms | ack p50 / p99, ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut runs: Vec<Vec<scenarios::Fanout>> = peers.iter().map(|_| Vec::new()).collect();
    // One after the other, again and again, so that what else the machine does meets all alike.
    for _ in 0..repeat {
        for (at, peer) in peers.iter().enumerate() {
            runs[at].push(scenarios::fanout(*peer, rooms, size, regime, seconds)?);
        }
    }
    let mut floor = None;
    for (peer, mut runs) in peers.iter().zip(runs) {
        runs.sort_by(|a, b| a.cpu_us.total_cmp(&b.cpu_us));
        let run = &runs[runs.len() / 2];
        if *peer == Peer::Floor {
            floor = Some(run.cpu_us);
        }
        let ratio = floor.map_or_else(|| "-".to_owned(), |floor| format!("{:.2}", run.cpu_us / floor));
        let ms = |histogram: &hdrhistogram::Histogram<u64>, quantile: f64| {
            histogram.value_at_quantile(quantile) as f64 / 1e6
        };
        println!(
            "| {} | {:.0} | {:.2} | {:.2} | {ratio} | {:.1} / {:.1} | {:.1} / {:.1} |",
            peer.name(),
            run.sends_per_second,
            run.cpu_us,
            run.kernel_us,
            ms(&run.delivery, 0.5),
            ms(&run.delivery, 0.99),
            ms(&run.ack, 0.5),
            ms(&run.ack, 0.99)
        );
    }
    Ok(())
}
