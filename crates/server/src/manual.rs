//! What the program prints of itself for others: scripts that complete its words in a shell, its manual pages, and the types
//! of the dialects that it speaks.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use quintet_dialect::Dialect;
use quintet_dialect::types::Form;

use crate::cli::{Cli, ManualCommand};
use crate::failure::Failure;

/// Runs a command.
///
/// # Errors
/// What it makes cannot be written.
pub(crate) fn run(command: ManualCommand) -> Result<(), Failure> {
    match command {
        ManualCommand::Completions { shell } => print_completions(shell),
        ManualCommand::Man { folder } => write_pages(&folder),
        ManualCommand::Types { dialect, form } => print_types(dialect, form.chosen()),
    }
}

/// Prints a script that completes the words of the command line.
///
/// # Errors
/// Standard output cannot be written.
fn print_completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quintet", &mut script);
    std::io::stdout().write_all(&script).map_err(|error| format!("cannot print the script: {error}"))
}

/// Writes the manual pages of the command and of its subcommands to a folder: `quintet.1`, `quintet-user.1` and so on.
///
/// # Errors
/// The folder does not exist, or a page cannot be written there.
fn write_pages(folder: &Path) -> Result<(), Failure> {
    clap_mangen::generate_to(Cli::command(), folder)
        .map_err(|error| format!("cannot write the manual pages to {}: {error}", folder.display()))
}

/// Prints the types of a dialect's events.
///
/// # Errors
/// Standard output cannot be written.
fn print_types(dialect: Dialect, form: Form) -> Result<(), Failure> {
    let text = form.text(dialect);
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(|error| format!("cannot print the types: {error}"))
}
