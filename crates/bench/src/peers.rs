//! The servers that are measured, all started in the same way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::load::Greeting;
use crate::process::{METRICS, Running, free_port};
use crate::quintet;
use crate::report::{Part, Server};
use crate::xmpp;

/// A server to be measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Quintet, as this project builds it
    Quintet,
    /// Another build of Quintet, to compare with: the binary that `--before` names
    Before,
    /// Quintet's engine alone, with rooms and nothing else
    Engine,
    /// A bare epoll loop that writes the same frames
    Floor,
    /// The official server on Node, with better-sqlite3 if durable
    Node,
    /// socketioxide on axum, with rusqlite if durable
    Socketioxide,
    /// python-socketio on uvicorn, with sqlite3 if durable
    Python,
    /// Prosody, a server of XMPP
    Prosody,
    /// ejabberd, a server of XMPP
    Ejabberd,
}

/// The mode in which a server runs.
#[derive(Clone, Copy)]
pub(crate) struct Mode<'d> {
    /// The folder for the server's data.
    pub(crate) data: &'d Path,
    /// Whether a message is on disk before it is acknowledged.
    pub(crate) durable: bool,
    /// Whether presence changes are sent to all users.
    pub(crate) presence: bool,
    /// Further settings of Quintet, by the names of their environment variables.
    pub(crate) settings: &'d [(&'static str, &'static str)],
}

/// The binary of [`Peer::Before`].
static BEFORE: OnceLock<PathBuf> = OnceLock::new();

/// Sets the binary of [`Peer::Before`].
pub(crate) fn compare_with(binary: PathBuf) {
    // It is set once, before anything is measured.
    let _ = BEFORE.set(binary);
}

impl Peer {
    pub(crate) const ALL: [Self; 8] = [
        Self::Quintet,
        Self::Engine,
        Self::Floor,
        Self::Node,
        Self::Socketioxide,
        Self::Python,
        Self::Prosody,
        Self::Ejabberd,
    ];

    /// The server's name and role in a table.
    pub(crate) fn server(self, durable: bool) -> Server {
        let (name, part) = match (self, durable) {
            (Self::Quintet, _) => ("Quintet", Part::Own),
            (Self::Before, _) => ("Quintet before", Part::Variant),
            (Self::Engine, _) => ("engine alone", Part::Variant),
            (Self::Floor, _) => ("epoll floor", Part::Floor),
            (Self::Node, false) => ("Node, socket.io", Part::Peer),
            (Self::Node, true) => ("Node, socket.io, better-sqlite3", Part::Peer),
            (Self::Socketioxide, false) => ("socketioxide", Part::Peer),
            (Self::Socketioxide, true) => ("socketioxide, rusqlite", Part::Peer),
            (Self::Python, false) => ("python-socketio", Part::Peer),
            (Self::Python, true) => ("python-socketio, sqlite3", Part::Peer),
            (Self::Prosody, _) => ("prosody", Part::Peer),
            (Self::Ejabberd, _) => ("ejabberd", Part::Peer),
        };
        Server { name: name.to_owned(), part }
    }

    pub(crate) fn is_quintet(self) -> bool {
        matches!(self, Self::Quintet | Self::Before)
    }

    /// Whether the server can store messages, as the scenarios need it.
    pub(crate) fn stores(self) -> bool {
        !matches!(self, Self::Engine | Self::Floor) && !self.speaks_xmpp()
    }

    /// Whether the server speaks XMPP instead of Socket.IO.
    pub(crate) fn speaks_xmpp(self) -> bool {
        matches!(self, Self::Prosody | Self::Ejabberd)
    }

    /// The greeting of connection `index`, which is in one room.
    pub(crate) fn greeting(self, index: usize, room: usize) -> Greeting {
        if self.is_quintet() {
            return quintet::greeting(index, "conversations");
        }
        Greeting { query: format!("&room={room}&user={}", quintet::user(index)), enter: "40".to_owned() }
    }

    /// Starts the server.
    pub(crate) fn start(self, mode: Mode<'_>) -> io::Result<Running> {
        let port = free_port()?;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let own = std::env::current_exe()?;
        let mut environment = Vec::new();
        let (program, mut args) = match self {
            Self::Quintet | Self::Before => {
                environment.push(("QUINTET_LIMITS_RATES", "false".to_owned()));
                environment.push(("QUINTET_LIMITS_CONNECTIONS_PER_USER", "0".to_owned()));
                environment.push(("QUINTET_JWT_SECRET", quintet::SECRET.to_owned()));
                environment.push((METRICS, format!("127.0.0.1:{}", free_port()?)));
                environment.extend(mode.settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
                let data = mode.data.to_string_lossy();
                let mut args = words(&["--listen", &port.to_string(), "--data", &data]);
                if !mode.durable {
                    args.push("--ephemeral".to_owned());
                }
                let program = match self {
                    Self::Before => {
                        BEFORE.get().cloned().ok_or_else(|| io::Error::other("`--before` names no binary"))?
                    }
                    _ => beside("quintet")?,
                };
                (program, args)
            }
            Self::Engine => (own, words(&["serve", "engine", &port.to_string()])),
            Self::Floor => (own, words(&["serve", "floor", &port.to_string()])),
            Self::Node => {
                let script = in_peers("node/server.mjs")?;
                (PathBuf::from("node"), words(&[&script.to_string_lossy(), &port.to_string()]))
            }
            Self::Socketioxide => {
                let program = built().join("peers/release/quintet-bench-socketioxide");
                (there(&program)?, words(&[&port.to_string()]))
            }
            Self::Python => {
                let program = there(&built().join("bench-python/bin/python"))?;
                let script = peers().join("python/server.py");
                (program, words(&[&script.to_string_lossy(), &port.to_string()]))
            }
            Self::Prosody | Self::Ejabberd => {
                let launch = if self == Self::Prosody { xmpp::prosody } else { xmpp::ejabberd };
                let xmpp::Launch { program, args, environment: settings } = launch(mode.data, port)?;
                environment.extend(settings);
                (PathBuf::from(program), args)
            }
        };
        if matches!(self, Self::Node | Self::Socketioxide | Self::Python) {
            if mode.durable {
                args.push(mode.data.join("peer.sqlite3").to_string_lossy().into_owned());
            }
            if mode.presence {
                args.push("--presence".to_owned());
            }
        }
        Running::start(&program.to_string_lossy(), &args, &environment, port)
    }
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/peers")
}

/// A file of the peers, whose packages are installed.
pub(crate) fn in_peers(path: &str) -> io::Result<PathBuf> {
    there(&peers().join("node/node_modules"))?;
    there(&peers().join(path))
}

/// The folder of what is built.
pub(crate) fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")
}

fn there(path: &Path) -> io::Result<PathBuf> {
    if path.exists() {
        return Ok(path.to_owned());
    }
    Err(io::Error::other(format!("{} is not there: `cargo xtask bench` makes it", path.display())))
}

/// A binary of the same build.
pub(crate) fn beside(name: &str) -> io::Result<PathBuf> {
    there(&std::env::current_exe()?.with_file_name(name))
}
