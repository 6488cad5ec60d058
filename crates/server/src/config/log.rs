//! The table `[log]`: what is logged, in which form, and how long the log of changes is kept.

use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::Targets;

/// The table `[log]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// The levels from which on events are logged, as [`Log::targets`] reads them.
    pub(crate) filter: String,
    /// The form of the lines.
    pub(crate) format: LogFormat,
    /// The number of days for which the log of changes is kept, from which clients recover; 0 for ever.
    pub(crate) keep_days: u32,
}

/// The form of the lines that are logged.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Words for people, in colour on a terminal.
    Text,
    /// A JSON object in each line, for programs.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        let keep_days = quintet_domain::limits::CHANGES_KEPT_DAYS_DEFAULT;
        // Failed log-ins are logged by default for tools that ban addresses, such as fail2ban.
        Self {
            filter: "warn,quintet::login=info,quintet::unknown_events=info".to_owned(),
            format: LogFormat::Text,
            keep_days,
        }
    }
}

impl Log {
    /// The levels from which on events are logged, by the modules that they come from.
    ///
    /// # Errors
    /// A sentence that starts with `filter`, the key of the setting.
    pub(crate) fn targets(&self) -> Result<Targets, String> {
        let not_understood = |why: &str| format!("filter `{}` is not understood: {why}", self.filter);
        let directives: Vec<&str> = self.filter.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
        // These would be taken as the names of modules, and match nothing.
        if let Some(one) = directives.iter().find(|one| one.contains(|c: char| c == '[' || c.is_whitespace())) {
            return Err(not_understood(&format!("`{one}` is neither a level nor `MODULE=LEVEL`")));
        }
        directives.join(",").parse().map_err(|error| not_understood(&format!("{error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_empty_parts_of_a_filter_change_nothing() {
        let targets = |filter: &str| Log { filter: filter.to_owned(), ..Log::default() }.targets();
        assert_eq!(targets("warn, quintet::login=info,"), targets("warn,quintet::login=info"));
        assert_eq!(targets("info,,"), targets("info"));
    }
}
