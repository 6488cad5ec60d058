//! The log that the process writes to standard error.

use std::io::IsTerminal;

use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};
use crate::failure::Failure;

/// Writes what happens from now on to standard error, as `[log]` says.
///
/// # Errors
/// The filter is not understood.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    let targets = log.targets().map_err(|what| format!("[log] {what}"))?;
    // A line that cannot be written, for example to a full disk, is lost. Reporting that on standard error would fail
    // as well, and end the thread that logs.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let lines = match log.format {
        // Colours only for terminals: tools that read a file of lines search for text.
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(targets).init();
    Ok(())
}
