//! The operator's command line: a command runs in this process if no server uses the data, and in the server otherwise.
//!
//! What must stay true: the same code runs the command either way.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet_store::{BackupError, Location, OpenError, SqliteStore};
use tokio_util::sync::CancellationToken;

use crate::admin::{Admin, Command, Printed, Which, copied};
use crate::cli::{InviteCommand, KeyCommand, UserCommand, WebhookCommand, WhichUser};
use crate::compose::{self, UseAs};
use crate::config::Config;
use crate::control::client;
use crate::environment::SystemEnvironment;
use crate::failure::Failure;

/// The time to wait for a server that starts or stops, or for another command.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Returns the command for words of the command line. Reads a password that they lack.
pub(crate) fn user(command: UserCommand) -> Result<Command, Failure> {
    Ok(match command {
        UserCommand::Add { username, email, name, password: given } => {
            Command::AddUser { username, email, name, password: password(given)? }
        }
        UserCommand::List => Command::ListUsers,
        UserCommand::Disable(user) => Command::SetDisabled { which: which(user)?, disabled: true },
        UserCommand::Enable(user) => Command::SetDisabled { which: which(user)?, disabled: false },
        UserCommand::Role { which: user, role } => Command::SetRole { which: which(user)?, role },
        UserCommand::Passwd { which: user, password: given } => {
            Command::SetPassword { which: which(user)?, password: password(given)? }
        }
    })
}

/// Returns the command for words of the command line about keys.
pub(crate) fn key(command: KeyCommand) -> Command {
    match command {
        KeyCommand::Add { name, scopes } => {
            Command::AddKey { name, scopes: scopes.iter().map(ToString::to_string).collect() }
        }
        KeyCommand::List => Command::ListKeys,
        KeyCommand::Remove { name } => Command::RemoveKey { name },
    }
}

/// Returns the command for words of the command line about invitations.
pub(crate) fn invite(command: InviteCommand) -> Command {
    match command {
        InviteCommand::Add { rooms, uses, until } => Command::AddInvitation { rooms, uses, until },
        InviteCommand::List => Command::ListInvitations,
        InviteCommand::Revoke { id } => Command::RevokeInvitation { id },
    }
}

/// Returns the command for words of the command line about webhooks.
pub(crate) fn webhook(command: WebhookCommand) -> Command {
    match command {
        WebhookCommand::Add { url, events, conversations, description, personal } => {
            Command::AddWebhook { url, description, events, conversations, personal }
        }
        WebhookCommand::List => Command::ListWebhooks,
        WebhookCommand::Test { id } => Command::TestWebhook { id },
        WebhookCommand::Replay { id, from } => Command::ReplayWebhook { id, from },
    }
}

/// Returns the command that fills a server with a small team.
pub(crate) fn demo(password: Option<String>) -> Command {
    Command::FillDemo { password }
}

/// Returns the command that copies the database to a file.
pub(crate) fn backup(file: &Path) -> Result<Command, Failure> {
    // The server has a working directory of its own.
    let file = std::path::absolute(file).map_err(|error| format!("cannot use the path {}: {error}", file.display()))?;
    Ok(Command::Backup { file })
}

fn which(user: WhichUser) -> Result<Which, Failure> {
    let WhichUser { user, id, email, username } = user;
    let named = user.map(Which::Any).or(id.map(Which::Id)).or(email.map(Which::Email));
    named.or(username.map(Which::Username)).ok_or_else(|| "name a user".to_owned())
}

fn password(given: Option<String>) -> Result<String, Failure> {
    if let Some(password) = given {
        return Ok(password);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("cannot read the password: {error}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Runs a command, and prints its output.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let folder = &config.server.data;
    let until = Instant::now() + PATIENCE;
    let printed = loop {
        if let Some(printed) = run_here(config, command.clone()).await? {
            break printed;
        }
        if let Some(printed) = client::ask(folder, command.clone()).await? {
            break printed;
        }
        if Instant::now() > until {
            return Err(format!(
                "another quintet uses the data folder {} and takes no commands: it is starting or stopping, or it is \
                 of an earlier version, which must be stopped first",
                folder.display()
            ));
        }
        tokio::time::sleep(PAUSE).await;
    };
    let failed = |error: std::io::Error| format!("cannot write the output: {error}");
    std::io::stdout().write_all(printed.output.as_bytes()).map_err(failed)?;
    std::io::stderr().write_all(printed.notes.as_bytes()).map_err(failed)
}

/// Runs a command in this process. Returns `None` if another process uses the data folder.
async fn run_here(config: &Config, command: Command) -> Result<Option<Printed>, Failure> {
    let folder = config.server.data.clone();
    let location = match command {
        // A backup is made of the database as it is, without opening it, which would bring it up to date.
        Command::Backup { .. } if config.database.url.is_some() => return Err(crate::postgres::no_backup()),
        Command::Backup { file } => return backup_here(folder, file).await,
        // These may run before the first start of a server.
        Command::AddUser { .. }
        | Command::AddKey { .. }
        | Command::AddInvitation { .. }
        | Command::AddWebhook { .. }
        | Command::FillDemo { .. } => Location::Folder(folder),
        Command::ListUsers
        | Command::SetDisabled { .. }
        | Command::SetRole { .. }
        | Command::SetPassword { .. }
        | Command::ListKeys
        | Command::RemoveKey { .. }
        | Command::ListInvitations
        | Command::RevokeInvitation { .. }
        | Command::ListWebhooks
        | Command::TestWebhook { .. }
        | Command::ReplayWebhook { .. } => Location::Existing(folder),
    };
    let clock = Arc::new(SystemEnvironment::default());
    let opened = match compose::open_at(config, &location, UseAs::Command, clock.clone()) {
        Ok(opened) => opened,
        Err(OpenError::Locked(_)) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let (database, clock) = (opened.database.clone(), Some(clock));
    let (service, _) = compose::service(config, &location, opened)?;
    let admin = Admin { service, database, outbound: compose::outbound(config)?, clock };
    let result = admin.run(command, &CancellationToken::new()).await;
    admin.service.close().await;
    result.map(Some)
}

async fn backup_here(folder: PathBuf, file: PathBuf) -> Result<Option<Printed>, Failure> {
    let copy = move || (SqliteStore::backup_of_folder(&folder, &file), file);
    match tokio::task::spawn_blocking(copy).await.map_err(|error| format!("the backup failed: {error}"))? {
        (Ok(()), file) => Ok(Some(copied(&file))),
        (Err(BackupError::Open(OpenError::Locked(_))), _) => Ok(None),
        (Err(error), _) => Err(error.to_string()),
    }
}
