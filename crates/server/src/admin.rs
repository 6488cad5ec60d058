//! The operator's commands, beside a running server or without one.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use quintet_service::{NewAccount, Service};
use quintet_store::{Location, SqliteStore, Store};

use crate::cli::{KeyCommand, UserCommand};
use crate::config::Config;
use crate::environment::SystemEnvironment;
use crate::{Failure, compose};

fn location(config: &Config) -> Location {
    Location::Shared(config.server.data.clone())
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
    let service = compose::service(config, &location(config))?;
    let result = run(&service, command).await;
    service.close().await;
    result
}

async fn run(service: &Service, command: UserCommand) -> Result<(), Failure> {
    let told = |refusal: quintet_domain::Refusal| refusal.message;
    match command {
        UserCommand::Add { username, email, name, password: given } => {
            let password = password(given)?;
            let (email, password) = (Some(email), Some(password));
            let new = NewAccount { username, email, password, name, ..NewAccount::default() };
            let account = service.make_user(new).await.map_err(told)?;
            println!("{} {}", account.user.id, account.user.username);
        }
        UserCommand::List => {
            for account in service.accounts().await.map_err(told)? {
                let (user, barred) = (&account.user, if account.disabled { " (disabled)" } else { "" });
                println!("{} {} {}{barred}", user.id, user.username, account.email.as_deref().unwrap_or("-"));
            }
        }
        UserCommand::Disable { user } => set_disabled(service, &user, true).await?,
        UserCommand::Enable { user } => set_disabled(service, &user, false).await?,
        UserCommand::Passwd { user, password: given } => {
            let account = service.account_by_login(&user).await.map_err(told)?;
            let id = account.user.id.clone();
            service.set_password(id, "password", password(given)?).await.map_err(told)?;
            println!("The password of {} is set; its sessions have ended.", account.user.username);
        }
    }
    Ok(())
}

pub(crate) async fn key(config: &Config, command: KeyCommand) -> Result<(), Failure> {
    let service = compose::service(config, &location(config))?;
    let result = run_key(&service, command).await.map_err(|refusal| refusal.message);
    service.close().await;
    result
}

async fn run_key(service: &Service, command: KeyCommand) -> Result<(), quintet_domain::Refusal> {
    match command {
        KeyCommand::Add { name } => {
            // The key alone on standard output, so that a script can keep it.
            println!("{}", service.add_key(name.clone()).await?);
            eprintln!("This is the key of {name}. It is shown this once: keep it where only {name} reads it.");
        }
        KeyCommand::List => {
            for key in service.keys().await? {
                println!("{} {}", key.created_at, key.name);
            }
        }
        KeyCommand::Remove { name } => {
            service.remove_key(name.clone()).await?;
            println!("The key of {name} is worth nothing any more.");
        }
    }
    Ok(())
}

async fn set_disabled(service: &Service, user: &str, disabled: bool) -> Result<(), Failure> {
    let account = service.account_by_login(user).await.map_err(|refusal| refusal.message)?;
    service.set_disabled(account.user.id.clone(), disabled).await.map_err(|refusal| refusal.message)?;
    let word = if disabled { "barred; its sessions have ended" } else { "let in again" };
    println!("{} is {word}.", account.user.username);
    Ok(())
}

pub(crate) async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Err(format!("{} exists already; a backup never overwrites", file.display()));
    }
    let environment = Arc::new(SystemEnvironment::default());
    let store = SqliteStore::open(&location(config), environment, Box::new(|_| {})).map_err(|e| e.to_string())?;
    let result = store.backup(file).await;
    store.close().await;
    result.map_err(|error| format!("cannot write the backup {}: {error}", file.display()))?;
    println!("The database is copied to {}.", file.display());
    Ok(())
}
