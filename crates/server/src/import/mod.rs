//! `quintet import`: fills a server that has no people with those of another back end, their conversations and messages,
//! with their ids and at the moments at which everything has happened.
//!
//! What must stay true: everything that can be said about the files is said before anything is written; what is written goes
//! through the service, by the rules that hold for everybody.

mod attachments;
mod lines;
mod past;
mod plan;
mod reader;
mod writer;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use quintet_domain::Environment;
use quintet_service::Service;
use quintet_store::{Location, OpenError, SqliteStore};

use self::past::Past;
use self::plan::Plan;
use self::reader::{Files, Place};
use self::writer::Writer;
use crate::compose::{self, UseAs};
use crate::config::{Config, ContactName, Moderation};
use crate::copy::progress::{Progress, grouped};
use crate::failure::Failure;

/// How many faults of the files are named at once.
const FAULTS_NAMED: usize = 20;
/// How many characters are shown of a fault.
const FAULT_CHARS_MAX: usize = 400;
/// How many changed usernames are named.
const RENAMED_NAMED: usize = 100;

/// Imports files, whose uploads are in a folder if one is named. With `check` alone, nothing is written.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn run(
    config: &Config,
    paths: Vec<PathBuf>,
    folder: Option<PathBuf>,
    check: bool,
) -> Result<(), Failure> {
    if config.server.ephemeral {
        return Err("with --ephemeral nothing is kept of an import".to_owned());
    }
    if config.database.url.is_some() {
        return Err("import into a data folder, without [database], and then move it by `quintet copy --from \
                    sqlite:DIR --to postgres://…`"
            .to_owned());
    }
    let past = Arc::new(Past::new());
    let mut files = Files::open(paths)?;
    let mut plan = Plan::new(folder.as_deref(), past.now());
    examine(&mut files, &mut plan)?;
    let what = what(&plan);
    if check {
        println!("The files are good: {what}. Nothing was written.");
        return Ok(());
    }
    let config = as_imported(config);
    let location = Location::Folder(config.server.data.clone());
    let opened = match compose::open_at(&config, &location, UseAs::Command, past.clone()) {
        Ok(opened) => opened,
        Err(OpenError::Locked(_)) => {
            return Err(format!("a server uses {}: stop it first", config.server.data.display()));
        }
        Err(error) => return Err(error.to_string()),
    };
    let database = opened.database.clone();
    let (service, _) = compose::service(&config, &location, opened)?;
    let written = write(&config, &service, database.as_deref(), &past, &plan, &mut files).await;
    service.close().await;
    let changed = written?;
    println!("Imported {what}.");
    print!("{}", renamed(&changed));
    Ok(())
}

/// Reads and examines all lines.
fn examine(files: &mut Files, plan: &mut Plan) -> Result<(), Failure> {
    let mut faults: Vec<(Place, String)> = Vec::new();
    files
        .each(|place, line| {
            if let Err(fault) = line.and_then(|line| plan.add(line, place)) {
                faults.push((place, fault));
            }
            match faults.len() {
                FAULTS_NAMED => Err(String::new()),
                _ => Ok(()),
            }
        })
        .or_else(|error| if error.is_empty() { Ok(()) } else { Err(error) })?;
    if faults.is_empty() {
        faults = plan.finish();
    }
    if faults.is_empty() && plan.people.is_empty() {
        return Err("there is nothing to import: no line of the files has a user".to_owned());
    }
    if faults.is_empty() {
        return Ok(());
    }
    let mut text = "nothing was written, because the files have lines that cannot be imported:".to_owned();
    for (place, fault) in &faults {
        // Writing to text in memory does not fail.
        let _ = write!(text, "\n  {}: {}", files.named(*place), printable(fault));
    }
    Err(text)
}

/// A fault as a terminal may show it: what the files say is cut off, and moves no cursor.
fn printable(fault: &str) -> String {
    let mut text = String::new();
    for char in fault.chars().take(FAULT_CHARS_MAX) {
        match char.is_control() {
            true => text.extend(char.escape_default()),
            false => text.push(char),
        }
    }
    if fault.chars().nth(FAULT_CHARS_MAX).is_some() {
        text.push('…');
    }
    text
}

/// The settings during an import: what people may do to each other now says nothing about what they have done.
fn as_imported(config: &Config) -> Config {
    let mut config = config.clone();
    config.limits.rates = false;
    config.people.contact = ContactName::Everyone;
    config.moderation = Moderation::default();
    config.files.user_bytes = 0;
    config.files.total_bytes = 0;
    config
}

async fn write(
    config: &Config,
    service: &Service,
    database: Option<&SqliteStore>,
    past: &Past,
    plan: &Plan,
    files: &mut Files,
) -> Result<Vec<(String, String)>, Failure> {
    let folder = config.server.data.display();
    let accounts = service.accounts().await.map_err(|refusal| refusal.message)?.len();
    if accounts > 0 {
        return Err(format!(
            "the server in {folder} has {accounts} accounts, and `quintet import` only fills one that has none: name another folder by --data"
        ));
    }
    // A server does not start with a part of the people and of their messages.
    if let Some(database) = database {
        database.mark_incomplete("an import").map_err(|error| error.to_string())?;
    }
    let progress = Progress::start();
    let mut writer = Writer { service, past, plan, files, progress: &progress };
    let written = writer.write().await.map_err(|broken| {
        progress.end();
        let place = broken.place.map(|place| format!("{}: ", writer.files.named(place))).unwrap_or_default();
        format!(
            "{place}{}\nThe import stopped there: remove the folder {folder}, mend the file, and begin again.",
            broken.because
        )
    })?;
    if let Some(database) = database {
        database.mark_complete().map_err(|error| error.to_string())?;
    }
    Ok(written)
}

/// Says what there is to import.
fn what(plan: &Plan) -> String {
    let number = |number: usize| grouped(number as u64);
    let mut text = format!(
        "{} people, {} conversations and {} messages",
        number(plan.people.len()),
        number(plan.conversations.len()),
        number(plan.messages)
    );
    if plan.joined > 0 {
        let _ = write!(
            text,
            "; further conversations of the same two people, which became one with the first: {}",
            number(plan.joined)
        );
    }
    text
}

/// Says whose username is another one now.
fn renamed(people: &[(String, String)]) -> String {
    let mut text = String::new();
    if !people.is_empty() {
        text.push_str("These usernames were taken, or are not allowed, and are others now:\n");
    }
    for (before, now) in people.iter().take(RENAMED_NAMED) {
        let _ = writeln!(text, "  {before:?}: {now}");
    }
    if people.len() > RENAMED_NAMED {
        let _ = writeln!(text, "  and {} more: see `quintet user list`", people.len() - RENAMED_NAMED);
    }
    text
}
