//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use quintet_dialect::Dialect;
use quintet_dialect::types::Form;
use quintet_domain::Scope;

use crate::admin::RoleName;

/// A self-hosted chat server that speaks five dialects over Socket.IO.
#[derive(Debug, Parser)]
#[command(name = "quintet", version)]
pub(crate) struct Cli {
    #[command(flatten, next_help_heading = "Settings")]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The options of all commands. The same settings exist in `quintet.toml` and in the environment.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// Where to listen: [ADDR:]PORT[=DIALECT[,trust]]; may be repeated. ADDR defaults to 127.0.0.1.
    #[arg(long, global = true, value_name = "[ADDR:]PORT[=DIALECT[,trust]]")]
    pub(crate) listen: Vec<String>,
    /// The data folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file; defaults to quintet.toml, if it exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The secret with which other back ends sign their tokens, at least 32 bytes. Prefer QUINTET_JWT_SECRET, which
    /// does not appear in the list of processes.
    #[arg(long, global = true, value_name = "SECRET")]
    pub(crate) jwt_secret: Option<String>,
    /// Admit no guests.
    #[arg(long, global = true)]
    pub(crate) no_guests: bool,
    /// The TLS certificate chain, in PEM.
    #[arg(long, global = true, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The TLS private key, in PEM.
    #[arg(long, global = true, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The PostgreSQL database, as postgres://USER@HOST/DATABASE. Prefer PGPASSWORD for its password, which does not appear
    /// in the list of processes. By default the data is in a file of the data folder.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Keep everything in memory and lose it at the end, for trials and measurements.
    #[arg(long, global = true)]
    pub(crate) ephemeral: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Server(ServerCommand),
    #[command(flatten)]
    Manual(ManualCommand),
}

/// The commands that work by the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Run the server. This is the default command.
    Serve,
    /// Read and check the configuration, print the resulting settings, and exit.
    CheckConfig,
    /// Ask the server on this machine whether it is ready, for health checks of containers; with status 1 if it is not.
    Health,
    /// Look at what the server needs: its folder and disk, open files, ports, proxies, databases and keys; and say what to
    /// change. Nothing is changed.
    Doctor,
    /// Manage user accounts. A running server is asked to do it, over the socket in its data folder.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Manage the keys of other backends, which use the HTTP API as services. A running server is asked to do it.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Manage invitations, by which people may register. A running server is asked to do it.
    Invite {
        #[command(subcommand)]
        command: InviteCommand,
    },
    /// Manage webhooks, which tell servers of others what happens. A running server is asked to do it.
    Webhook {
        #[command(subcommand)]
        command: WebhookCommand,
    },
    /// Fill a server that has no people with a small team, to look around in. Without a running server, the team has talked
    /// over the last days.
    Demo {
        /// The password of each person. By default one is made up and printed.
        #[arg(long)]
        password: Option<String>,
    },
    /// Fill a server that has no people with those of another back end, their conversations and messages, while it does not
    /// run. docs/moving.md says what the files have to contain.
    Import {
        /// The files, in their order. Each line is a JSON object: a user, a conversation or a message.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The folder of the other back end's uploads, in which the paths that lines name are looked up.
        #[arg(long = "files", value_name = "DIR")]
        uploads: Option<PathBuf>,
        /// Examine the files, and write nothing.
        #[arg(long)]
        check: bool,
    },
    /// Copy the database to a file, with or without a running server. A running server writes the copy itself.
    Backup {
        /// The path of the copy, which must not exist, and where the user of a running server may write.
        file: PathBuf,
    },
    /// Bring the database up to date, say what was done, and exit. A server does so at its start as well.
    Migrate,
    /// Copy an installation from SQLite to PostgreSQL or back, with its keys and files, while no server uses either.
    Copy {
        /// What is copied: sqlite:DIR, where DIR is a data folder, or postgres://USER@HOST/DATABASE.
        #[arg(long, value_name = "PLACE")]
        from: String,
        /// Where it is copied to, which must be empty.
        #[arg(long, value_name = "PLACE")]
        to: String,
    },
}

/// The commands that print what the program alone decides, and need neither settings nor data.
#[derive(Debug, Subcommand)]
pub(crate) enum ManualCommand {
    /// Print a script that completes the words of this command in a shell.
    Completions {
        /// The shell that the script is for.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of this command and of its subcommands to a folder, in the format of man.
    Man {
        /// The folder, which must exist.
        folder: PathBuf,
    },
    /// Print the types of a dialect's events, for programs that speak it.
    Types {
        /// The dialect: meetup, messenger, rooms, conversations or chat.
        #[arg(value_parser = dialect)]
        dialect: Dialect,
        #[command(flatten)]
        form: TypesForm,
    },
}

/// The form in which types are printed: TypeScript, if none is named.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct TypesForm {
    /// Print a JSON Schema instead of TypeScript.
    #[arg(long)]
    schema: bool,
    /// Print an AsyncAPI document instead of TypeScript.
    #[arg(long)]
    asyncapi: bool,
    /// Print Python instead of TypeScript.
    #[arg(long)]
    python: bool,
}

impl TypesForm {
    /// Returns the form that was chosen.
    pub(crate) fn chosen(&self) -> Form {
        match self {
            Self { schema: true, .. } => Form::JsonSchema,
            Self { asyncapi: true, .. } => Form::AsyncApi,
            Self { python: true, .. } => Form::Python,
            Self { schema: false, asyncapi: false, python: false } => Form::TypeScript,
        }
    }
}

/// Reads the name of a scope.
fn scope(name: &str) -> Result<Scope, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(name).ok_or_else(|| format!("must be one of {}", known()))
}

/// Reads the name of a dialect.
fn dialect(name: &str) -> Result<Dialect, String> {
    let known = || Dialect::ALL.map(Dialect::as_str).join(", ");
    Dialect::parse(name).ok_or_else(|| format!("must be one of {}", known()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key for a backend of this name. The key is shown only once.
    Add {
        /// The name of the backend, under which it acts.
        name: String,
        /// What the key is good for: read, post, users, moderate or admin; several with several options or commas. By default
        /// everything.
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// List all keys: when each was created, what it is good for, and the name of its backend.
    List,
    /// Remove a backend's key. What the backend has done stays.
    Remove {
        /// The name of the backend.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum InviteCommand {
    /// Make an invitation. Its code is shown only once.
    Add {
        /// The id of a group or room that it leads into; may be repeated.
        #[arg(long = "room", value_name = "ID")]
        rooms: Vec<String>,
        /// How often it may be used; 0 for any number of times.
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        uses: u32,
        /// The moment until which it is good, such as 2026-12-31T23:59:59Z; by default for good.
        #[arg(long, value_name = "MOMENT")]
        until: Option<String>,
    },
    /// List the newest 200 invitations: the id, how often each was used, until when it is good, and where it leads.
    List,
    /// Revoke an invitation.
    Revoke {
        /// The id of the invitation, as the list shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Create a webhook that is told what happens from now on. Its id and its secret are printed, the secret only once.
    Add {
        /// The address of the receiver.
        url: String,
        /// An event that it is told of; may be repeated. Without it, all are told.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// The id of a conversation that it is told of; may be repeated. Without it, all are told.
        #[arg(long = "conversation", value_name = "ID")]
        conversations: Vec<String>,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
        /// Tell it of direct conversations and of notifications too, which services cannot see otherwise.
        #[arg(long)]
        personal: bool,
    },
    /// List all webhooks: ids, addresses, positions, and what is wrong.
    List,
    /// Send a test to a webhook, and print what it answers.
    Test {
        /// The id of the webhook.
        id: String,
    },
    /// Deliver everything from a position on to a webhook.
    Replay {
        /// The id of the webhook.
        id: String,
        /// The first position.
        #[arg(long)]
        from: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user. The password is read from standard input if the option is absent.
    Add {
        /// The user's username.
        username: String,
        /// The user's email address.
        #[arg(long)]
        email: String,
        /// The user's full name.
        #[arg(long)]
        name: Option<String>,
        /// The user's password.
        #[arg(long)]
        password: Option<String>,
    },
    /// List all users.
    List,
    /// Disable a user and end its sessions.
    Disable(WhichUser),
    /// Enable a disabled user again.
    Enable(WhichUser),
    /// Change what a user may do on the whole server: nothing more, look after reports, or read the audit log as well.
    #[command(allow_missing_positional = true)]
    Role {
        #[command(flatten)]
        which: WhichUser,
        /// The user's role from now on.
        role: RoleName,
    },
    /// Set a user's password. It is read from standard input if the option is absent.
    Passwd {
        #[command(flatten)]
        which: WhichUser,
        /// The user's new password.
        #[arg(long)]
        password: Option<String>,
    },
}

/// A user, named in exactly one way.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct WhichUser {
    /// The username, email address or id, if only one user fits.
    pub(crate) user: Option<String>,
    /// The id of the user.
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The user's email address.
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The user's username.
    #[arg(long)]
    pub(crate) username: Option<String>,
}
