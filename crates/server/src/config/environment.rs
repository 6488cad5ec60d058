//! Settings from environment variables. Each variable stands for one setting of the file.

use toml::{Table, Value};

use super::fault::Variables;
use super::{Config, one_line};
use crate::failure::Failure;

/// The prefix of all variables.
pub(super) const PREFIX: &str = "QUINTET_";
/// Variables with the prefix that are not of the form `QUINTET_TABLE_KEY`.
const SPECIAL: [&str; 2] = ["QUINTET_JWT_SECRET", "QUINTET_CONFIG"];

/// Prefixes of variables that orchestrators set for a service called `quintet`. They are ignored.
const FOREIGN: [&str; 2] = ["QUINTET_SERVICE_", "QUINTET_PORT"];

/// The format of a setting in the environment.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Flag,
    Number,
    Decimal,
    Text,
    List,
}

/// All settings: the table, the key, and the format in the environment.
pub(super) const SETTINGS: &[(&str, &str, Kind)] = &[
    ("server", "listen", Kind::List),
    ("server", "data", Kind::Text),
    ("server", "ephemeral", Kind::Flag),
    ("server", "recovery", Kind::Flag),
    ("server", "socket_path", Kind::List),
    ("server", "public_url", Kind::Text),
    ("database", "url", Kind::Text),
    ("cluster", "advertise", Kind::Text),
    ("cluster", "listen", Kind::Text),
    ("cluster", "secret", Kind::Text),
    ("cluster", "sticky", Kind::Flag),
    ("cluster", "bus", Kind::Text),
    ("auth", "jwt_secret", Kind::Text),
    ("auth", "algorithm", Kind::Text),
    ("auth", "token_days", Kind::Number),
    ("auth", "guests", Kind::Flag),
    ("auth", "sign_with", Kind::Text),
    ("auth", "allow_short_secret", Kind::Flag),
    ("auth", "issuer", Kind::Text),
    ("auth", "audience", Kind::Text),
    ("auth", "required_claims", Kind::List),
    ("auth", "registration", Kind::Text),
    ("auth", "cookie", Kind::Text),
    ("auth", "password_length_min", Kind::Number),
    ("tls", "cert", Kind::Text),
    ("tls", "key", Kind::Text),
    ("http", "origins", Kind::List),
    ("http", "compression", Kind::Flag),
    ("http", "docs", Kind::Flag),
    ("limits", "rates", Kind::Flag),
    ("limits", "trusted_proxies", Kind::List),
    ("limits", "forwarded_header", Kind::Text),
    ("limits", "queue_bytes", Kind::Number),
    ("limits", "unidentified", Kind::Number),
    ("limits", "unidentified_per_address", Kind::Number),
    ("limits", "unfinished_bytes", Kind::Number),
    ("limits", "connections", Kind::Number),
    ("limits", "connections_per_address", Kind::Number),
    ("limits", "connections_per_user", Kind::Number),
    ("limits", "body_bytes_per_second", Kind::Number),
    ("limits", "free_bytes_min", Kind::Number),
    ("presence", "audience", Kind::Text),
    ("presence", "everyone_limit", Kind::Number),
    ("presence", "delivered", Kind::Flag),
    ("conversations", "echo", Kind::Text),
    ("people", "contact", Kind::Text),
    ("people", "added_per_day", Kind::Number),
    ("people", "direct_per_day", Kind::Number),
    ("people", "avatars", Kind::Flag),
    ("moderation", "file", Kind::Text),
    ("files", "bucket", Kind::Text),
    ("files", "endpoint", Kind::Text),
    ("files", "region", Kind::Text),
    ("files", "shared", Kind::Flag),
    ("outbound", "allow", Kind::List),
    ("push", "contact", Kind::Text),
    ("hooks", "before_send", Kind::Text),
    ("hooks", "secret", Kind::Text),
    ("hooks", "timeout_ms", Kind::Number),
    ("hooks", "on_failure", Kind::Text),
    ("metrics", "listen", Kind::Text),
    ("metrics", "secret", Kind::Text),
    ("files", "user_bytes", Kind::Number),
    ("files", "total_bytes", Kind::Number),
    ("moderation", "audit_keep_days", Kind::Number),
    ("retention", "direct_days", Kind::Number),
    ("retention", "group_days", Kind::Number),
    ("retention", "room_days", Kind::Number),
    ("retention", "meetup_days", Kind::Number),
    ("telemetry", "otlp_endpoint", Kind::Text),
    ("telemetry", "headers", Kind::Text),
    ("telemetry", "sample_ratio", Kind::Decimal),
    ("telemetry", "service_name", Kind::Text),
    ("telemetry", "metrics_seconds", Kind::Number),
    ("log", "filter", Kind::Text),
    ("log", "format", Kind::Text),
    ("log", "keep_days", Kind::Number),
];

/// Writes the settings from `QUINTET_TABLE_KEY` variables over those in the tables. Returns the variables that were
/// used.
///
/// # Errors
/// A sentence that names the variable, if it names no setting or its value is not valid for the setting.
pub(super) fn add_environment(table: &mut Table, environment: &[(String, String)]) -> Result<Variables, Failure> {
    let mut variables = Variables::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if SPECIAL.contains(&name.as_str()) || FOREIGN.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let rest = rest.to_ascii_lowercase();
        let known = SETTINGS.iter().find(|(table, key, _)| rest == format!("{table}_{key}"));
        let Some((section, key, kind)) = known else {
            return Err(format!("the environment variable {name} names no setting"));
        };
        let bad = |what: &str| format!("the environment variable {name} must be {what}, not `{value}`");
        let value = match kind {
            Kind::Text => Value::String(value.clone()),
            Kind::List => {
                let items = value.split_whitespace().map(|item| Value::String(item.to_owned()));
                Value::Array(items.collect())
            }
            Kind::Flag => Value::Boolean(value.trim().parse().map_err(|_| bad("true or false"))?),
            Kind::Decimal => Value::Float(value.trim().parse().map_err(|_| bad("a number"))?),
            Kind::Number => Value::Integer(value.trim().parse().map_err(|_| bad("a whole number"))?),
        };
        // Parsed alone first: an error of the complete table could not tell whether the file or a variable caused it.
        let alone = Table::from_iter([((*key).to_owned(), value.clone())]);
        let alone = Table::from_iter([((*section).to_owned(), Value::Table(alone))]);
        alone.try_into::<Config>().map_err(|error| format!("the environment variable {name}: {}", one_line(&error)))?;
        variables.insert((section, key), name.clone());
        let section = table.entry((*section).to_owned()).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert((*key).to_owned(), value);
        }
    }
    Ok(variables)
}
