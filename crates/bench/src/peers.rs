//! The servers that are measured, each started in the same way.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::load::Greeting;
use crate::process::{Running, free_port};
use crate::quintet;

/// A server to be measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Quintet, everything on disk and synced before it is acknowledged.
    Quintet,
    /// Quintet, everything in memory.
    Ephemeral,
    /// Quintet's engine alone, with rooms and nothing else.
    Engine,
    /// A bare epoll loop that writes the same frames.
    Floor,
    /// The official server on Node, everything in memory.
    Node,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quintet => "quintet",
            Self::Ephemeral => "quintet --ephemeral",
            Self::Engine => "engine alone",
            Self::Floor => "epoll floor",
            Self::Node => "node, socket.io",
        }
    }

    pub(crate) fn is_quintet(self) -> bool {
        matches!(self, Self::Quintet | Self::Ephemeral)
    }

    /// How connection `index`, which is in one room, introduces itself.
    pub(crate) fn greeting(self, index: usize, room: usize) -> Greeting {
        if self.is_quintet() {
            return quintet::greeting(index);
        }
        Greeting { query: format!("&room={room}"), enter: "40".to_owned() }
    }

    /// Starts the server; `data` keeps what Quintet stores.
    pub(crate) fn start(self, data: &Path) -> io::Result<Running> {
        let port = free_port()?;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let own = std::env::current_exe()?;
        let mut environment = Vec::new();
        let (program, args) = match self {
            Self::Quintet | Self::Ephemeral => {
                environment.push(("QUINTET_LIMITS_RATES", "false".to_owned()));
                environment.push(("QUINTET_JWT_SECRET", quintet::SECRET.to_owned()));
                let data = data.to_string_lossy();
                let mut args = words(&["--listen", &port.to_string(), "--data", &data]);
                if self == Self::Ephemeral {
                    args.push("--ephemeral".to_owned());
                }
                (beside("quintet")?, args)
            }
            Self::Engine => (own, words(&["serve", "engine", &port.to_string()])),
            Self::Floor => (own, words(&["serve", "floor", &port.to_string()])),
            Self::Node => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/peers/node");
                if !folder.join("node_modules").exists() {
                    Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).status()?;
                }
                let script = folder.join("server.mjs");
                (PathBuf::from("node"), words(&[&script.to_string_lossy(), &port.to_string()]))
            }
        };
        Running::start(&program.to_string_lossy(), &args, &environment, port)
    }
}

/// A binary of the same build.
fn beside(name: &str) -> io::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        return Ok(path);
    }
    Err(io::Error::other(format!("{} is not built: run cargo build --release first", path.display())))
}
