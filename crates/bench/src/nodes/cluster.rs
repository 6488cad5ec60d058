//! The servers that are measured: one or more nodes, with what they need.
//!
//! What must stay true: the CPU time of a cluster is that of all its processes: nodes, PostgreSQL and Redis.

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;
use std::rc::Rc;

use tempfile::TempDir;

use super::services::{Database, Services};
use crate::load::Greeting;
use crate::peers;
use crate::process::{METRICS, Running, free_port};
use crate::quintet;
use crate::report::{Part, Server};

/// A server, and what carries messages between its nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Quintet over PostgreSQL, which is also the wire.
    PostgresWire,
    /// Quintet over PostgreSQL, with Redis as the wire.
    RedisWire,
    /// Quintet on SQLite, which has one node.
    Sqlite,
    /// The official server on Node, with `@socket.io/redis-adapter` and `pg`.
    RedisAdapter,
    /// The same with `@socket.io/redis-streams-adapter`.
    StreamsAdapter,
}

impl Kind {
    /// The server's name in a table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PostgresWire => "Quintet, postgres wire",
            Self::RedisWire => "Quintet, redis wire",
            Self::Sqlite => "Quintet on SQLite",
            Self::RedisAdapter => "Node, socket.io, Redis adapter, pg",
            Self::StreamsAdapter => "Node, socket.io, Redis streams adapter, pg",
        }
    }

    /// The server in a table, with its role there.
    pub(super) fn server(self, part: Part) -> Server {
        Server { name: self.name().to_owned(), part }
    }

    pub(super) fn is_quintet(self) -> bool {
        matches!(self, Self::PostgresWire | Self::RedisWire | Self::Sqlite)
    }

    /// The greeting of a user, who is in one room.
    pub(super) fn greeting(self, user: usize, room: usize) -> Greeting {
        if self.is_quintet() {
            return quintet::greeting(user, "conversations");
        }
        Greeting { query: format!("&room={room}&user={}", quintet::user(user)), enter: "40".to_owned() }
    }
}

/// CPU time in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) nodes: f64,
    pub(super) postgres: f64,
    pub(super) redis: f64,
}

impl Spent {
    pub(super) fn all(self) -> f64 {
        self.nodes + self.postgres + self.redis
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            nodes: self.nodes - before.nodes,
            postgres: self.postgres - before.postgres,
            redis: self.redis - before.redis,
        }
    }
}

/// Nodes that run. Those that are dropped end; so does their database.
pub(super) struct Cluster {
    pub(super) kind: Kind,
    /// Before the database, which they use.
    nodes: Vec<Running>,
    pub(super) database: Option<Database>,
    services: Rc<Services>,
    folder: TempDir,
}

impl Cluster {
    /// Starts nodes over an empty database.
    pub(super) fn start(kind: Kind, nodes: usize, services: &Rc<Services>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = if kind == Kind::Sqlite { None } else { Some(services.database()?) };
        let mut cluster = Self { kind, nodes: Vec::new(), database, services: Rc::clone(services), folder };
        for nth in 0..nodes {
            let node = cluster.start_node(nth)?;
            cluster.nodes.push(node);
        }
        Ok(cluster)
    }

    fn start_node(&self, nth: usize) -> io::Result<Running> {
        let port = free_port()?;
        let url = self.database.as_ref().map_or("", |database| &database.url).to_owned();
        let redis = self.services.redis().to_owned();
        if !self.kind.is_quintet() {
            let script = peers::in_peers("node/nodes.mjs")?.to_string_lossy().into_owned();
            let mut args = vec![script, port.to_string(), url, redis];
            args.extend((self.kind == Kind::StreamsAdapter).then(|| "--streams".to_owned()));
            return Running::start("node", &args, &[], port);
        }
        let data = self.data_folder(nth)?;
        let mut environment = vec![
            ("QUINTET_LIMITS_RATES", "false".to_owned()),
            ("QUINTET_LIMITS_CONNECTIONS_PER_USER", "0".to_owned()),
            // The peers do not note what was delivered.
            ("QUINTET_PRESENCE_DELIVERED", "false".to_owned()),
            ("QUINTET_JWT_SECRET", quintet::SECRET.to_owned()),
            (METRICS, format!("127.0.0.1:{}", free_port()?)),
        ];
        if self.database.is_some() {
            environment.push(("QUINTET_DATABASE_URL", url));
            environment.push(("QUINTET_CLUSTER_ADVERTISE", "127.0.0.1:0".to_owned()));
            environment.push(("QUINTET_CLUSTER_SECRET", quintet::SECRET.to_owned()));
            environment.push(("QUINTET_FILES_SHARED", "true".to_owned()));
        }
        if self.kind == Kind::RedisWire {
            environment.push(("QUINTET_CLUSTER_BUS", redis));
        }
        let args = ["--listen".to_owned(), port.to_string(), "--data".to_owned(), data];
        Running::start(&peers::beside("quintet")?.to_string_lossy(), &args, &environment, port)
    }

    /// Makes the data folder of a node, in which the folder of files is that of all nodes.
    fn data_folder(&self, nth: usize) -> io::Result<String> {
        let files = self.folder.path().join("files");
        let data = self.folder.path().join(nth.to_string());
        for folder in [Path::new(&files), Path::new(&data)] {
            if !folder.exists() {
                DirBuilder::new().mode(0o700).create(folder)?;
            }
        }
        symlink(&files, data.join("files"))?;
        Ok(data.to_string_lossy().into_owned())
    }

    /// The address of a node.
    pub(super) fn address(&self, node: usize) -> io::Result<SocketAddr> {
        let node = self.nodes.get(node).ok_or_else(|| io::Error::other("there is no such node"))?;
        Ok(node.address)
    }

    /// The CPU time used so far.
    pub(super) fn cpu(&self) -> Spent {
        let nodes = self.nodes.iter().map(|node| node.cpu().all).sum();
        let Self { services, .. } = self;
        let served = self.database.is_some();
        let (postgres, redis) = if served { (services.postgres_cpu(), services.redis_cpu()) } else { (0.0, 0.0) };
        Spent { nodes, postgres, redis }
    }

    /// The number of commits so far, and of the commands in them, if the metrics of all nodes have them.
    pub(super) fn groups(&self) -> Option<(f64, f64)> {
        let sum = |name: &str| self.nodes.iter().map(|node| node.metric(name)).sum::<Option<f64>>();
        if !self.kind.is_quintet() {
            return None;
        }
        Some((sum("quintet_commit_commands_count")?, sum("quintet_commit_commands_sum")?))
    }

    /// Lets PostgreSQL write what is only in memory, so that it does not do so while it is measured.
    pub(super) fn checkpoint(&self) -> io::Result<()> {
        self.database.as_ref().map_or(Ok(()), |database| database.session()?.run("CHECKPOINT"))
    }
}
