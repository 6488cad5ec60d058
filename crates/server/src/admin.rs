//! The operator's commands, run by the process that owns the database: a running server, or the command line itself.
//!
//! What must stay true: a command prints nothing; its output is text that can be sent to where it is printed.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use quintet_domain::limits::PAGE_ITEMS_MAX;
use quintet_domain::{
    ConversationId, Invitation, InvitationBounds, Refusal, Scope, Scopes, ServerRole, Timestamp, collisions,
};
use quintet_outbound::Outbound;
use quintet_service::{Account, Login, NewAccount, NewInvitation, Party, Reserved, Service};
use quintet_store::SqliteStore;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::environment::SystemEnvironment;
use crate::failure::Failure;
use crate::{demo, webhooks};

/// A command of the operator, with everything that it needs. It can contain a password and is not to be logged.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    /// Create a user account.
    AddUser {
        /// The user's username, which may be a reserved one.
        username: String,
        /// The user's email address.
        email: String,
        /// The user's full name; the username if absent.
        name: Option<String>,
        /// The user's password.
        password: String,
    },
    /// List all user accounts.
    ListUsers,
    /// Disable a user and end its sessions, or enable it again.
    SetDisabled {
        /// The user that is meant.
        which: Which,
        /// Whether the user is disabled from now on.
        disabled: bool,
    },
    /// Change what a person may do on the whole server.
    SetRole {
        /// The user that is meant.
        which: Which,
        /// The role from now on.
        role: RoleName,
    },
    /// Set a user's password and end its sessions.
    SetPassword {
        /// The user that is meant.
        which: Which,
        /// The user's new password.
        password: String,
    },
    /// Create a key for another backend.
    AddKey {
        /// The name of the backend.
        name: String,
        /// The names of what the key is good for; everything if there are none.
        #[serde(default)]
        scopes: Vec<String>,
    },
    /// List the keys of other backends.
    ListKeys,
    /// Remove the key of a backend.
    RemoveKey {
        /// The name of the backend.
        name: String,
    },
    /// Make an invitation to the server.
    AddInvitation {
        /// The ids of the groups and rooms that it leads into.
        rooms: Vec<String>,
        /// How often it may be used; 0 for any number of times.
        uses: u32,
        /// The moment until which it is good; for good if absent.
        until: Option<String>,
    },
    /// List the newest invitations, good or not.
    ListInvitations,
    /// Revoke an invitation.
    RevokeInvitation {
        /// The id of the invitation.
        id: String,
    },
    /// Create a webhook.
    AddWebhook {
        /// The address of the receiver.
        url: String,
        /// What it is for.
        description: String,
        /// The events that it is told of; empty for all.
        events: Vec<String>,
        /// The conversations that it is told of; empty for all.
        conversations: Vec<String>,
        /// Whether it is told of direct conversations and notifications.
        personal: bool,
    },
    /// List all webhooks.
    ListWebhooks,
    /// Send a test to a webhook.
    TestWebhook {
        /// The id of the webhook.
        id: String,
    },
    /// Deliver everything from a position on to a webhook.
    ReplayWebhook {
        /// The id of the webhook.
        id: String,
        /// The first position.
        from: u64,
    },
    /// Fill a server that has no people with a small team.
    FillDemo {
        /// The password of each person; one that nobody can guess if absent.
        password: Option<String>,
    },
    /// Copy the database to a file.
    Backup {
        /// The absolute path of the copy, which must not exist.
        file: PathBuf,
    },
}

/// A role on the whole server, as it is written on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    /// What every person may.
    User,
    /// Looks after what people report.
    Moderator,
    /// Reads the audit log.
    Admin,
}

impl From<RoleName> for ServerRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// The property by which a user is named.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    /// The id, email address or username, if only one user fits.
    Any(String),
    /// The id of the user.
    Id(String),
    /// The email address of the user.
    Email(String),
    /// The username of the user.
    Username(String),
}

/// The output of a command that succeeded.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Printed {
    /// The text for standard output.
    pub(crate) output: String,
    /// The text for standard error, so that standard output can be stored by a script.
    pub(crate) notes: String,
}

impl Printed {
    /// One line for standard output.
    pub(crate) fn line(line: impl std::fmt::Display) -> Self {
        Self { output: format!("{line}\n"), notes: String::new() }
    }
}

/// The data that the commands work on.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) service: Service,
    /// The store of the service, if it is a database in a folder.
    pub(crate) database: Option<Arc<SqliteStore>>,
    /// The client of requests to the receivers of webhooks.
    pub(crate) outbound: Outbound,
    /// The clock of the data, if this process runs the command alone.
    pub(crate) clock: Option<Arc<SystemEnvironment>>,
}

impl Admin {
    /// Runs a command. A backup is given up when `stop` is cancelled, or when this future is dropped.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) async fn run(&self, command: Command, stop: &CancellationToken) -> Result<Printed, Failure> {
        let service = &self.service;
        let done = match command {
            Command::AddUser { username, email, name, password } => {
                let (email, password) = (Some(email), Some(password));
                // The operator may use names that are reserved.
                let reserved = Reserved::Allowed;
                let new = NewAccount { username, email, password, name, reserved, ..NewAccount::default() };
                let made = service.make_user(new).await;
                made.map(|account| Printed::line(format_args!("{} {}", account.user.id, account.user.username)))
            }
            Command::ListUsers => service.accounts().await.map(|accounts| listed(&accounts)),
            Command::SetDisabled { which, disabled } => {
                let account = found(service, which).await?;
                let state = if disabled { "disabled; its sessions have ended" } else { "enabled again" };
                let done = service.set_disabled(account.user.id.clone(), disabled).await;
                done.map(|_| Printed::line(format_args!("{} is {state}.", account.user.username)))
            }
            Command::SetRole { which, role } => {
                let (account, role) = (found(service, which).await?, ServerRole::from(role));
                let done = service.set_server_role(account.user.id.clone(), role).await;
                let article = if role == ServerRole::Admin { "an" } else { "a" };
                let say = format_args!("{} is {article} {} of this server.", account.user.username, role.as_str());
                done.map(|()| Printed::line(say))
            }
            Command::SetPassword { which, password } => {
                let account = found(service, which).await?;
                let done = service.set_password(account.user.id.clone(), "password", password).await;
                let username = &account.user.username;
                done.map(|_| Printed::line(format_args!("The password of {username} is set; its sessions have ended.")))
            }
            Command::AddKey { name, scopes } => {
                let scopes = parsed(&scopes)?;
                service.add_key(name.clone(), scopes).await.map(|key| Printed {
                    output: format!("{key}\n"),
                    notes: format!(
                        "This is the key of {name}. It is shown only once: store it where only {name} can read it.\n"
                    ),
                })
            }
            Command::ListKeys => service.keys().await.map(|keys| {
                let lines = keys.iter().map(|key| format!("{} {} {}\n", key.created_at, key.scopes.names(), key.name));
                Printed { output: lines.collect(), notes: String::new() }
            }),
            Command::RemoveKey { name } => {
                let done = service.remove_key(name.clone()).await;
                done.map(|_| Printed::line(format_args!("The key of {name} is removed.")))
            }
            Command::AddInvitation { rooms, uses, until } => {
                let new = new_invitation(&rooms, uses, until.as_deref())?;
                service.invite(None, new).await.map(|(code, made)| Printed {
                    output: format!("{code}\n"),
                    notes: format!(
                        "This is the code of invitation {}. It is shown only once: whoever has it may register here.\n",
                        made.id
                    ),
                })
            }
            Command::ListInvitations => {
                let found = service.invitations(Party::Server, None, None, PAGE_ITEMS_MAX).await;
                found.map(|page| Printed { output: page.items.iter().map(invitation).collect(), notes: String::new() })
            }
            Command::RevokeInvitation { id } => {
                let done = service.revoke_invitation(None, id.clone()).await;
                done.map(|()| Printed::line(format_args!("Invitation {id} is revoked.")))
            }
            Command::AddWebhook { url, description, events, conversations, personal } => {
                let added = webhooks::add(service, (url, description), (&events, &conversations), personal).await;
                added.map(|output| Printed { output, notes: webhooks::ADDED.to_owned() })
            }
            Command::ListWebhooks => {
                service.webhooks().await.map(|found| Printed { output: webhooks::listed(&found), notes: String::new() })
            }
            Command::TestWebhook { id } => match quintet_webhooks::probe(service, &self.outbound, &id).await {
                Ok(answer) => return answer.map(Printed::line),
                Err(refusal) => Err(refusal),
            },
            Command::ReplayWebhook { id, from } => {
                let replayed = service.replay_webhook(id.clone(), from).await;
                replayed.map(|_| Printed::line(format_args!("The webhook {id} is told everything from {from} on.")))
            }
            Command::FillDemo { password } => {
                let output = demo::fill(service, self.clock.as_ref(), password).await?;
                return Ok(Printed { output, notes: demo::NEXT.to_owned() });
            }
            Command::Backup { file } => return self.backup(file, stop).await,
        };
        done.map_err(|refusal| refusal.message)
    }

    /// Copies the database on a thread of its own.
    async fn backup(&self, file: PathBuf, stop: &CancellationToken) -> Result<Printed, Failure> {
        let stop = stop.child_token();
        // Nobody wants the copy any more if this future is dropped.
        let _given_up = stop.clone().drop_guard();
        let database = self.database.clone().ok_or_else(crate::postgres::no_backup)?;
        let copy = move || database.backup(&file, || stop.is_cancelled()).map(|()| copied(&file));
        let copied = tokio::task::spawn_blocking(copy).await;
        copied.map_err(|error| format!("the backup failed: {error}"))?.map_err(|error| error.to_string())
    }
}

/// Reads what the operator says of an invitation.
fn new_invitation(rooms: &[String], uses: u32, until: Option<&str>) -> Result<NewInvitation, Failure> {
    let conversation = |id: &String| ConversationId::new(id).map_err(|error| format!("the room `{id}`: {error}"));
    let moment = |text: &str| {
        Timestamp::parse(text).ok_or_else(|| format!("`{text}` is no moment such as 2026-12-31T23:59:59Z"))
    };
    Ok(NewInvitation {
        admits: true,
        conversations: rooms.iter().map(conversation).collect::<Result<_, _>>()?,
        bounds: InvitationBounds {
            uses_max: Some(uses).filter(|uses| *uses > 0),
            expires_at: until.map(moment).transpose()?,
        },
    })
}

/// The line of an invitation in the list.
fn invitation(made: &Invitation) -> String {
    let most = made.bounds.uses_max.map_or_else(|| "any number".to_owned(), |max| max.to_string());
    let mut line = format!("{} used {} of {most}", made.id, made.state.uses);
    if let Some(end) = made.bounds.expires_at {
        let _ = write!(line, ", until {end}");
    }
    if made.state.revoked_at.is_some() {
        line.push_str(", revoked");
    }
    if !made.admits {
        line.push_str(", for people with an account");
    }
    for conversation in &made.conversations {
        let _ = write!(line, ", into {}", conversation.name.as_deref().unwrap_or(conversation.id.as_str()));
    }
    line.push('\n');
    line
}

/// Reads the names of scopes; all scopes if there are none.
fn parsed(names: &[String]) -> Result<Scopes, Failure> {
    if names.is_empty() {
        return Ok(Scopes::all());
    }
    names.iter().map(|name| Scope::parse(name).ok_or_else(|| format!("there is no scope `{name}`"))).collect()
}

/// The output of a backup that succeeded.
pub(crate) fn copied(file: &std::path::Path) -> Printed {
    Printed::line(format_args!("The database is copied to {}.", file.display()))
}

/// Lists all accounts, one per line. Marks usernames that look alike, which an earlier version allowed.
fn listed(accounts: &[Account]) -> Printed {
    // Erased users do not collide: their names say that they are erased.
    let pairs = collisions(accounts.iter().map(|account| account.user.username.as_str()));
    let mut output = String::new();
    for (index, account) in accounts.iter().enumerate() {
        let user = &account.user;
        let email = account.email.as_deref().unwrap_or("-");
        // Writing to text in memory does not fail.
        let _ = write!(output, "{} {} {email}", user.id, user.username);
        if account.disabled {
            output += " (disabled)";
        }
        if account.server_role != ServerRole::User {
            let _ = write!(output, " ({})", account.server_role.as_str());
        }
        for (first, second) in &pairs {
            let other = if index == *first { second } else { first };
            if index == *first || index == *second {
                let _ = write!(output, " (its name looks like that of {})", accounts[*other].user.id);
            }
        }
        output.push('\n');
    }
    Printed { output, notes: String::new() }
}

/// Returns the one user that is meant.
///
/// # Errors
/// A sentence that says that no user fits, or which ones do.
async fn found(service: &Service, which: Which) -> Result<Account, Failure> {
    let (id, email, username) = match &which {
        Which::Any(any) => (Some(any), Some(any), Some(any)),
        Which::Id(id) => (Some(id), None, None),
        Which::Email(email) => (None, Some(email), None),
        Which::Username(username) => (None, None, Some(username)),
    };
    let message = |refusal: Refusal| refusal.message;
    let mut found: Vec<Account> = Vec::new();
    if let Some(id) = id {
        found.extend(service.account_by_id(id).await.map_err(message)?);
    }
    if let Some(email) = email {
        found.extend(service.account_by_login(Login::Email(email.clone())).await.map_err(message)?);
    }
    if let Some(username) = username {
        found.extend(service.account_by_login(Login::Username(username.clone())).await.map_err(message)?);
    }
    let mut one = Vec::new();
    for account in found {
        if !one.contains(&account) {
            one.push(account);
        }
    }
    let (Which::Any(named) | Which::Id(named) | Which::Email(named) | Which::Username(named)) = which;
    match one.len() {
        1 => Ok(one.remove(0)),
        0 => Err(message(Refusal::not_found("user", named))),
        _ => {
            let candidates: Vec<String> = one
                .iter()
                .map(|account| {
                    let email = account.email.as_deref().unwrap_or("none");
                    format!("id {}, username {}, email {email}", account.user.id, account.user.username)
                })
                .collect();
            let candidates = candidates.join("; or ");
            Err(format!("`{named}` fits several users: {candidates}. Name one with --id, --email or --username."))
        }
    }
}
