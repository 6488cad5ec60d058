//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A self-hosted chat server that speaks five Socket.IO vocabularies.
#[derive(Debug, Parser)]
#[command(name = "quintet", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What may be set for every command. The same settings stand in `quintet.toml` and in the environment.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// Where to listen: [ADDR:]PORT[=DIALECT[,trust]]; may be given again. ADDR is 127.0.0.1 where none is given.
    #[arg(long, global = true, value_name = "[ADDR:]PORT[=DIALECT[,trust]]")]
    pub(crate) listen: Vec<String>,
    /// The folder of the data.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The file of configuration; quintet.toml, if it is there, where none is given.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The secret that other back ends sign their tokens with, at least 32 bytes. Better given by QUINTET_JWT_SECRET, which no list of processes shows.
    #[arg(long, global = true, value_name = "SECRET")]
    pub(crate) jwt_secret: Option<String>,
    /// Let no guests in.
    #[arg(long, global = true)]
    pub(crate) no_guests: bool,
    /// The certificate chain of TLS, in PEM.
    #[arg(long, global = true, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of TLS, in PEM.
    #[arg(long, global = true, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Keep everything in memory, gone with the process: for trials and measurement.
    #[arg(long, global = true)]
    pub(crate) ephemeral: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: what happens where no command is given.
    Serve,
    /// Read the configuration, say what it comes to, and end.
    CheckConfig,
    /// Users, from the operator's side.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Keys of other backends, which then tell, make and change things over the HTTP API.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Copy the database to a file, while the server runs or not.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key for a backend of this name. It is shown once.
    Add {
        /// What the backend is called: what it does is told in this name.
        name: String,
    },
    /// List who has a key, and since when.
    List,
    /// Take a backend's key away. What it did stays.
    Remove {
        /// The name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user. The password is read from standard input where it is not given.
    Add {
        /// The username.
        username: String,
        /// The email address of the user.
        #[arg(long)]
        email: String,
        /// The full name.
        #[arg(long)]
        name: Option<String>,
        /// The password.
        #[arg(long)]
        password: Option<String>,
    },
    /// List all users.
    List,
    /// Bar a user and end its connections.
    Disable(WhichUser),
    /// Let a barred user in again.
    Enable(WhichUser),
    /// Set a user's password, which is read from standard input where it is not given.
    Passwd {
        #[command(flatten)]
        which: WhichUser,
        /// The password.
        #[arg(long)]
        password: Option<String>,
    },
}

/// A user, named in one way.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct WhichUser {
    /// The username, the email address or the id, where no two users fit.
    pub(crate) user: Option<String>,
    /// The id of the user.
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The email address.
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The username.
    #[arg(long)]
    pub(crate) username: Option<String>,
}
