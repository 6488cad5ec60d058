//! The binary: configuration, composition, and the start and end of the process.
//!
//! What lives here: everything that reads the command line, the environment or a configuration file.
//! What does not live here: anything about messages.

mod accept;
mod admin;
mod cli;
mod cluster;
mod compose;
mod config;
mod control;
mod copy;
mod doctor;
mod edge;
mod environment;
mod failure;
mod forwarded;
mod housekeeping;
mod key_files;
mod listen;
mod logging;
mod manual;
mod metrics;
mod migration;
mod node;
mod operator;
mod postgres;
mod private;
mod process;
mod push;
mod secret;
mod serve;
mod shared_keys;
mod socket_paths;
mod tls;
mod webhooks;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The time that blocking work, such as reads, has to end at the end of the process.
const RUNTIME_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("quintet: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: cli::Cli) -> Result<(), Failure> {
    // These need neither settings nor data.
    match &cli.command {
        Some(cli::Command::Completions { shell }) => return manual::print_completions(*shell),
        Some(cli::Command::Man { folder }) => return manual::write_pages(folder),
        _ => {}
    }
    process::keep_files_private();
    let config = config::Config::load(&cli.options)?;
    logging::start(&config.log)?;
    // One TLS implementation for incoming and outgoing connections. That one is installed already is not an error.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let ended = runtime.block_on(async move {
        match cli.command.unwrap_or(cli::Command::Serve) {
            cli::Command::Serve => serve::serve(config).await,
            cli::Command::CheckConfig => {
                println!("The configuration is good:\n{}", config.shown());
                println!("{}", serve::room_comment(&config));
                Ok(())
            }
            cli::Command::Doctor => doctor::run(&config).await,
            cli::Command::User { command } => operator::run(&config, operator::user(command)?).await,
            cli::Command::Key { command } => operator::run(&config, operator::key(command)).await,
            cli::Command::Invite { command } => operator::run(&config, operator::invite(command)).await,
            cli::Command::Webhook { command } => operator::run(&config, operator::webhook(command)).await,
            cli::Command::Migrate => migration::run(config).await,
            cli::Command::Copy { from, to } => copy::run(config, &from, &to).await,
            cli::Command::Completions { shell } => manual::print_completions(shell),
            cli::Command::Man { folder } => manual::write_pages(&folder),
            cli::Command::Backup { file } => operator::run(&config, operator::backup(&file)?).await,
        }
    });
    // A read that is stuck must not keep the process running.
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    ended
}
