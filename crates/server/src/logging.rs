//! The log that the process writes to standard error.
//!
//! What must stay true: a line says for which request or connection it was written, if it was for one. The lines of
//! failed log-ins as text end as they always have, because filters of other programs match them to their end.

use std::fmt;
use std::io::IsTerminal;

use quintet_telemetry::Scope;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{DefaultFields, Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
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
    // Colours only for terminals: tools that read a file of lines search for text.
    let colours = log.format == LogFormat::Text && std::io::stderr().is_terminal();
    let lines = lines.with_ansi(colours);
    let lines = match log.format {
        LogFormat::Text => {
            let format = Format::default().with_ansi(colours);
            let format = Scoped { format, ends_with: "", field: text_field, except: Some(LOGINS) };
            lines.fmt_fields(DefaultFields::new()).event_format(format).boxed()
        }
        LogFormat::Json => {
            let format = Format::default().json().flatten_event(true);
            let format = Scoped { format, ends_with: "}", field: json_field, except: None };
            lines.fmt_fields(JsonFields::new()).event_format(format).boxed()
        }
    };
    tracing_subscriber::registry().with(lines).with(targets).init();
    Ok(())
}

/// What failed log-ins are logged under.
const LOGINS: &str = "quintet::login";

/// Writes one more field of a line.
type WriteField = fn(&mut Writer<'_>, &str, fmt::Arguments<'_>) -> fmt::Result;

/// A format of lines, with what the line was written for as its last fields.
struct Scoped<F> {
    format: F,
    /// What stands behind the last field.
    ends_with: &'static str,
    field: WriteField,
    /// The target whose lines have no further fields.
    except: Option<&'static str>,
}

fn text_field(writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
    write!(writer, " {name}={value}")
}

/// The values are ids, which need no escapes.
fn json_field(writer: &mut Writer<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
    write!(writer, ",\"{name}\":\"{value}\"")
}

impl<S, N, F> FormatEvent<S, N> for Scoped<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let scope = quintet_telemetry::current(Scope::clone);
        if scope == Scope::default() || self.except == Some(event.metadata().target()) {
            return self.format.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.strip_suffix('\n').unwrap_or(&line);
        writer.write_str(line.strip_suffix(self.ends_with).unwrap_or(line))?;
        if let Some(request) = &scope.request {
            (self.field)(&mut writer, "request.id", format_args!("{request}"))?;
        }
        if let Some(connection) = &scope.connection {
            (self.field)(&mut writer, "connection.id", format_args!("{connection}"))?;
        }
        writeln!(writer, "{}", self.ends_with)
    }
}
