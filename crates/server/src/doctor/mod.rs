//! `quintet doctor`: looks at what a server needs from its machine, and says in sentences what to change.
//!
//! What must stay true: nothing is changed by looking; no finding contains a secret.

mod disk;
mod finding;
mod keys;
mod network;
mod services;
mod telemetry;

use self::finding::Finding;
use crate::config::Config;
use crate::control;
use crate::failure::Failure;
use crate::health;

/// Looks at everything, and prints what is found, a line each.
///
/// # Errors
/// A sentence with the number of faults, if there is one.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let is_running = !config.server.ephemeral && control::client::is_running(&config.server.data).await;
    // Over PostgreSQL, where commands write to the database by themselves, no server has the folder to itself.
    let answering = if config.database.url.is_some() { health::answers(config).await } else { None };
    let mut findings = vec![Finding::Good("The settings are valid.".to_owned())];
    if is_running {
        let folder = config.server.data.display();
        findings.push(Finding::Good(format!("A server runs on {folder}, and answers the operator's commands.")));
    }
    if let Some(address) = answering {
        findings.push(Finding::Good(format!("A server answers at {address}.")));
    }
    findings.extend(disk::look(config));
    findings.extend(network::look(config, is_running || answering.is_some()));
    findings.extend(services::look(config).await);
    findings.extend(telemetry::look(config).await);
    findings.extend(keys::look(config));
    let count = |is: fn(&Finding) -> bool| findings.iter().filter(|finding| is(finding)).count();
    for finding in &findings {
        println!("{finding}");
    }
    match count(|finding| matches!(finding, Finding::Fault(_))) {
        0 if count(|finding| matches!(finding, Finding::Advice(_))) == 0 => println!("Nothing needs to be changed."),
        0 => println!("Nothing must be changed; the advice is worth a thought."),
        1 => return Err("1 fault must be mended before the server can do its work".to_owned()),
        faults => return Err(format!("{faults} faults must be mended before the server can do its work")),
    }
    Ok(())
}
