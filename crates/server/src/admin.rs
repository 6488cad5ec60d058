//! The operator's commands, which work with or without a running server.

use std::io::Read;
use std::path::Path;

use quintet_domain::{Refusal, collisions};
use quintet_service::{Account, Login, NewAccount, Reserved, Service};
use quintet_store::{Location, SqliteStore};

use crate::cli::{KeyCommand, UserCommand, WhichUser};
use crate::compose;
use crate::config::Config;
use crate::failure::Failure;

/// Returns the location of the data, which a running server may be using. `make` is true for commands that may run
/// before the first start.
fn location(config: &Config, make: bool) -> Location {
    Location::Shared { folder: config.server.data.clone(), make }
}

fn password(given: Option<String>) -> Result<String, Failure> {
    if let Some(password) = given {
        return Ok(password);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("cannot read the password: {error}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

pub(crate) async fn user(config: &Config, command: UserCommand) -> Result<(), Failure> {
    let make = matches!(command, UserCommand::Add { .. });
    let service = compose::service(config, &location(config, make))?;
    let result = run(&service, command).await;
    service.close().await;
    result
}

async fn run(service: &Service, command: UserCommand) -> Result<(), Failure> {
    let message = |refusal: Refusal| refusal.message;
    match command {
        UserCommand::Add { username, email, name, password: given } => {
            let password = password(given)?;
            let (email, password) = (Some(email), Some(password));
            // The operator may use names that are reserved.
            let reserved = Reserved::Allowed;
            let new = NewAccount { username, email, password, name, reserved, ..NewAccount::default() };
            let account = service.make_user(new).await.map_err(message)?;
            println!("{} {}", account.user.id, account.user.username);
        }
        UserCommand::List => list(&service.accounts().await.map_err(message)?),
        UserCommand::Disable(which) => set_disabled(service, which, true).await?,
        UserCommand::Enable(which) => set_disabled(service, which, false).await?,
        UserCommand::Passwd { which, password: given } => {
            let account = found(service, which).await?;
            let id = account.user.id.clone();
            service.set_password(id, "password", password(given)?).await.map_err(message)?;
            println!("The password of {} is set; its sessions have ended.", account.user.username);
        }
    }
    Ok(())
}

pub(crate) async fn key(config: &Config, command: KeyCommand) -> Result<(), Failure> {
    let make = matches!(command, KeyCommand::Add { .. });
    let service = compose::service(config, &location(config, make))?;
    let result = run_key(&service, command).await.map_err(|refusal| refusal.message);
    service.close().await;
    result
}

async fn run_key(service: &Service, command: KeyCommand) -> Result<(), Refusal> {
    match command {
        KeyCommand::Add { name } => {
            // Standard output has only the key, so that a script can store it.
            println!("{}", service.add_key(name.clone()).await?);
            eprintln!("This is the key of {name}. It is shown only once: store it where only {name} can read it.");
        }
        KeyCommand::List => {
            for key in service.keys().await? {
                println!("{} {}", key.created_at, key.name);
            }
        }
        KeyCommand::Remove { name } => {
            service.remove_key(name.clone()).await?;
            println!("The key of {name} is removed.");
        }
    }
    Ok(())
}

/// Prints all accounts, one per line. Marks usernames that look alike, which an earlier version allowed.
fn list(accounts: &[Account]) {
    // Erased users do not collide: their names say that they are erased.
    let pairs = collisions(accounts.iter().map(|account| account.user.username.as_str()));
    for (index, account) in accounts.iter().enumerate() {
        let user = &account.user;
        let mut line = format!("{} {} {}", user.id, user.username, account.email.as_deref().unwrap_or("-"));
        if account.disabled {
            line += " (disabled)";
        }
        for (first, second) in &pairs {
            let other = if index == *first { second } else { first };
            if index == *first || index == *second {
                line += &format!(" (its name looks like that of {})", accounts[*other].user.id);
            }
        }
        println!("{line}");
    }
}

/// Returns the one user that the options name.
///
/// # Errors
/// A sentence that says that no user fits, or which ones do.
async fn found(service: &Service, which: WhichUser) -> Result<Account, Failure> {
    let WhichUser { user, id, email, username } = which;
    let any = user.as_deref();
    let mut found: Vec<Account> = Vec::new();
    let message = |refusal: Refusal| refusal.message;
    if let Some(id) = id.as_deref().or(any) {
        found.extend(service.account_by_id(id).await.map_err(message)?);
    }
    if let Some(email) = email.as_deref().or(any) {
        found.extend(service.account_by_login(Login::Email(email.to_owned())).await.map_err(message)?);
    }
    if let Some(username) = username.as_deref().or(any) {
        found.extend(service.account_by_login(Login::Username(username.to_owned())).await.map_err(message)?);
    }
    let mut one = Vec::new();
    for account in found {
        if !one.contains(&account) {
            one.push(account);
        }
    }
    let named = user.or(id).or(email).or(username).unwrap_or_default();
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

async fn set_disabled(service: &Service, which: WhichUser, disabled: bool) -> Result<(), Failure> {
    let account = found(service, which).await?;
    service.set_disabled(account.user.id.clone(), disabled).await.map_err(|refusal| refusal.message)?;
    let state = if disabled { "disabled; its sessions have ended" } else { "enabled again" };
    println!("{} is {state}.", account.user.username);
    Ok(())
}

pub(crate) fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Err(format!("{} exists already; a backup never overwrites", file.display()));
    }
    SqliteStore::backup(&config.server.data, file).map_err(|error| error.to_string())?;
    println!("The database is copied to {}.", file.display());
    Ok(())
}
