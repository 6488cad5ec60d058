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
mod demo;
mod doctor;
mod edge;
mod environment;
mod failure;
mod forwarded;
mod health;
mod housekeeping;
mod import;
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
mod process_metrics;
mod push;
mod secret;
mod serve;
mod shared_keys;
mod socket_paths;
mod telemetry;
mod tls;
mod webhooks;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Options, ServerCommand};
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The time that blocking work, such as reads, has to end at the end of the process.
const RUNTIME_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

fn main() -> ExitCode {
    process::started();
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("quintet: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Some(Command::Manual(command)) => manual::run(command),
        Some(Command::Server(command)) => run_by_settings(command, &cli.options),
        None => run_by_settings(ServerCommand::Serve, &cli.options),
    }
}

fn run_by_settings(command: ServerCommand, options: &Options) -> Result<(), Failure> {
    process::keep_files_private();
    let config = config::Config::load(options)?;
    logging::start(&config.log)?;
    // One TLS implementation for incoming and outgoing connections. That one is installed already is not an error.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let ended = runtime.block_on(async move {
        match command {
            ServerCommand::Serve => serve::serve(config).await,
            ServerCommand::CheckConfig => {
                println!("The configuration is good:\n{}", config.shown());
                println!("{}", serve::room_comment(&config));
                Ok(())
            }
            ServerCommand::Health => health::run(&config).await,
            ServerCommand::Doctor => doctor::run(&config).await,
            ServerCommand::User { command } => operator::run(&config, operator::user(command)?).await,
            ServerCommand::Key { command } => operator::run(&config, operator::key(command)).await,
            ServerCommand::Invite { command } => operator::run(&config, operator::invite(command)).await,
            ServerCommand::Webhook { command } => operator::run(&config, operator::webhook(command)).await,
            ServerCommand::Demo { password } => operator::run(&config, operator::demo(password)).await,
            ServerCommand::Import { files, uploads, check } => import::run(&config, files, uploads, check).await,
            ServerCommand::Migrate => migration::run(config).await,
            ServerCommand::Copy { from, to } => copy::run(config, &from, &to).await,
            ServerCommand::Backup { file } => operator::run(&config, operator::backup(&file)?).await,
        }
    });
    // A read that is stuck must not keep the process running.
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    ended
}
