//! The configuration: `quintet.toml`, then the environment, then the command line. Later sources take precedence.
//!
//! The tables of the file are in `sections.rs`, the environment variables in `environment.rs`, and what is said about
//! wrong values in `fault.rs`.

mod bus;
mod cluster;
mod environment;
mod fault;
mod hooks;
mod log;
mod moderation;
mod retention;
mod sections;
mod telemetry;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use quintet_domain::limits::{PASSWORD_CHARS_MIN_LEAST, PASSWORD_CHARS_MIN_MOST, SECRET_BYTES_MIN};
use quintet_service::RequiredClaim;
use quintet_socketio::Origin;
use serde::{Deserialize, Serialize};
use toml::Table;

pub(crate) use self::bus::BusName;
pub(crate) use self::cluster::{Cluster, Endpoint};
use self::environment::add_environment;
use self::fault::{Fault, Sources};
use self::hooks::Hooks;
pub(crate) use self::log::{Log, LogFormat};
pub(crate) use self::moderation::Moderation;
use self::retention::Retention;
pub(crate) use self::sections::{
    AudienceName, ContactName, Database, EchoName, Files, Limits, MetricsListen, RegistrationName, SignWithName,
};
use self::sections::{Auth, Conversations, Http, Metrics, Outbound, People, Presence, Push, Server, Tls};
pub(crate) use self::telemetry::Telemetry;
use crate::cli::Options;
use crate::edge::address::check_public_url;
use crate::failure::Failure;

/// The configuration file that is read by default, if it exists.
const DEFAULT_FILE: &str = "quintet.toml";

/// Minimum value of the limits on connections: a browser opens six at once.
const CONNECTIONS_MIN: usize = 16;
/// Minimum length of the metrics secret, in bytes.
const METRICS_SECRET_BYTES_MIN: usize = 16;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) cluster: Cluster,
    pub(crate) auth: Auth,
    pub(crate) tls: Tls,
    pub(crate) http: Http,
    pub(crate) limits: Limits,
    pub(crate) presence: Presence,
    pub(crate) conversations: Conversations,
    pub(crate) people: People,
    pub(crate) moderation: Moderation,
    pub(crate) retention: Retention,
    pub(crate) files: Files,
    pub(crate) outbound: Outbound,
    pub(crate) push: Push,
    pub(crate) hooks: Hooks,
    pub(crate) metrics: Metrics,
    pub(crate) telemetry: Telemetry,
    pub(crate) log: Log,
}

/// Returns the environment variables that have a value. An empty or blank variable counts as unset.
///
/// # Errors
/// A sentence that names a variable of this program whose value is not text.
fn variables_of(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, Failure> {
    let mut variables = Vec::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) if value.trim().is_empty() => {}
            Ok(value) => variables.push((name, value)),
            Err(value) if name.starts_with(environment::PREFIX) => {
                return Err(format!("the environment variable {name} must be text in UTF-8, not {value:?}"));
            }
            Err(_) => {}
        }
    }
    Ok(variables)
}

/// Returns an error's message on one line.
fn one_line(error: &toml::de::Error) -> String {
    error.to_string().trim().replace('\n', " ")
}

impl Config {
    /// Reads and checks the configuration from the file, the environment and the options.
    pub(crate) fn load(options: &Options) -> Result<Self, Failure> {
        let environment = variables_of(std::env::vars_os())?;
        let variable = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let file = options.config.clone().or_else(|| variable("QUINTET_CONFIG").map(PathBuf::from));
        let (table, name) = match &file {
            Some(file) => (read_file(file)?, file.display().to_string()),
            None if Path::new(DEFAULT_FILE).exists() => (read_file(Path::new(DEFAULT_FILE))?, DEFAULT_FILE.to_owned()),
            None => (Table::new(), DEFAULT_FILE.to_owned()),
        };
        let (mut config, mut sources) = Self::overlaid(table, &name, &environment)?;
        config.add_secret(options.jwt_secret.clone(), variable, &mut sources);
        config.files.key = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        if !options.listen.is_empty() {
            let listen = options.listen.iter().map(|text| text.parse()).collect::<Result<_, String>>();
            config.server.listen = listen.map_err(|error| format!("--listen: {error}"))?;
            sources.replace("server", "listen");
        }
        if let Some(data) = &options.data {
            config.server.data.clone_from(data);
        }
        if options.tls_cert.is_some() {
            config.tls = Tls { cert: options.tls_cert.clone(), key: options.tls_key.clone() };
            sources.replace("tls", "cert");
            sources.replace("tls", "key");
        }
        config.server.ephemeral |= options.ephemeral;
        if options.database.is_some() {
            config.database.url.clone_from(&options.database);
            sources.variables.remove(&("database", "url"));
        }
        config.database.password = variable("PGPASSWORD");
        config.auth.guests &= !options.no_guests;
        config.check().map_err(|fault| fault.describe(&config.table(), &sources))?;
        Ok(config)
    }

    /// Parses the tables of a file, and those of the file with the environment written over them. Both must be valid.
    fn overlaid(in_file: Table, file: &str, environment: &[(String, String)]) -> Result<(Self, Sources), Failure> {
        let good = |table: Table| table.try_into().map_err(|error| format!("{file}: {}", one_line(&error)));
        let _: Self = good(in_file.clone())?;
        let mut table = in_file.clone();
        let variables = add_environment(&mut table, environment)?;
        Ok((good(table)?, Sources { file: file.to_owned(), in_file, variables }))
    }

    /// Sets the secret that is shared with other back ends, from the first source that has it: the option,
    /// `QUINTET_JWT_SECRET`, `QUINTET_AUTH_JWT_SECRET`, the file, `JWT_SECRET`. Other programs use the last name as
    /// well, so it comes last.
    fn add_secret(&mut self, option: Option<String>, variable: impl Fn(&str) -> Option<String>, sources: &mut Sources) {
        const SETTING: (&str, &str) = ("auth", "jwt_secret");
        if option.is_some() {
            self.auth.jwt_secret = option;
            sources.replace(SETTING.0, SETTING.1);
            return;
        }
        let default = if self.auth.jwt_secret.is_none() { "JWT_SECRET" } else { "" };
        for name in ["QUINTET_JWT_SECRET", default] {
            if let Some(secret) = variable(name) {
                self.auth.jwt_secret = Some(secret);
                sources.variables.insert(SETTING, name.to_owned());
                return;
            }
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let fault = |table, keys, what: &str| Err(Fault::of(table, keys, what));
        if self.server.listen.is_empty() {
            return fault("server", &["listen"], "listen names nothing to listen on");
        }
        if self.server.ephemeral && self.database.url.is_some() {
            return fault("database", &["url"], "url names a database, and --ephemeral keeps everything in memory");
        }
        if let Some(url) = &self.server.public_url {
            check_public_url(url).map_err(|what| Fault::of("server", &["public_url"], what))?;
        }
        self.cluster.check(self.database.url.is_some())?;
        self.auth.check()?;
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return fault("tls", &["cert", "key"], "cert and key belong together");
        }
        if self.files.bucket.is_none() && (self.files.endpoint.is_some() || self.files.region.is_some()) {
            let what = "endpoint and region are for a bucket, and none is named";
            return fault("files", &["endpoint", "region"], what);
        }
        if self.files.bucket.is_some() && !quintet_files::BUCKETS {
            let what = "bucket: this build keeps no files in buckets; build it with `--features s3`";
            return fault("files", &["bucket"], what);
        }
        if self.files.user_bytes != 0 && self.files.user_bytes < quintet_domain::limits::FILE_BYTES_MAX {
            let least = quintet_domain::limits::FILE_BYTES_MAX;
            let what = format!("user_bytes must be at least {least}, which is one file, or 0 for any number");
            return fault("files", &["user_bytes"], &what);
        }
        self.moderation.checked_lists()?;
        let allowed = self.outbound.networks().map_err(|what| Fault::of("outbound", &["allow"], what))?;
        self.hooks.check(&allowed)?;
        self.telemetry.check()?;
        self.push.check().map_err(|what| Fault::of("push", &["contact"], what))?;
        self.log.targets().map_err(|what| Fault::of("log", &["filter"], what))?;
        if self.moderation.audit_keep_days > 36_500 {
            let what = "audit_keep_days must be at most 36500; 0 is for ever";
            return fault("moderation", &["audit_keep_days"], what);
        }
        self.retention.check()?;
        if self.log.keep_days > 36_500 {
            return fault("log", &["keep_days"], "keep_days must be at most 36500; 0 is for ever");
        }
        for origin in self.http.origins.iter().flatten() {
            check_origin(origin).map_err(|why| Fault::of("http", &["origins"], format!("origins: {why}")))?;
        }
        if self.auth.cookie.is_some() && self.http.origins.as_ref().is_none_or(Vec::is_empty) {
            let what = "cookie needs [http] origins: browsers add a cookie to requests of any page, so the origins of the \
                        pages that may use it must be listed, like `https://chat.example.org`";
            return fault("auth", &["cookie"], what);
        }
        self.limits.check()?;
        if self.metrics.secret.as_ref().is_some_and(|secret| secret.len() < METRICS_SECRET_BYTES_MIN) {
            let what = format!("secret must have at least {METRICS_SECRET_BYTES_MIN} bytes");
            return fault("metrics", &["secret"], &what);
        }
        Ok(())
    }

    /// Returns the settings as tables, without secrets.
    fn table(&self) -> Table {
        Table::try_from(self).unwrap_or_default()
    }

    /// Returns the settings in the format of the file, without secrets.
    pub(crate) fn shown(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| error.to_string())
    }
}

impl Limits {
    fn check(&self) -> Result<(), Fault> {
        let fault = |keys, what: &str| Err(Fault::of("limits", keys, what));
        if self.queue_bytes < 64 * 1024 {
            return fault(&["queue_bytes"], "queue_bytes must be at least 65536");
        }
        if self.unidentified == 0 || self.unidentified_per_address == 0 {
            let what = "unidentified and unidentified_per_address must be at least 1";
            return fault(&["unidentified", "unidentified_per_address"], what);
        }
        if self.unfinished_bytes < 2_000_000 {
            return fault(&["unfinished_bytes"], "unfinished_bytes must be at least 2000000");
        }
        if self.connections.is_some_and(|connections| connections < CONNECTIONS_MIN) {
            return fault(&["connections"], &format!("connections must be at least {CONNECTIONS_MIN}"));
        }
        if self.connections_per_address < CONNECTIONS_MIN {
            let what = format!("connections_per_address must be at least {CONNECTIONS_MIN}");
            return fault(&["connections_per_address"], &what);
        }
        if self.body_bytes_per_second == 0 {
            return fault(&["body_bytes_per_second"], "body_bytes_per_second must be at least 1");
        }
        Ok(())
    }
}

impl Auth {
    fn check(&self) -> Result<(), Fault> {
        let fault = |keys, what: &str| Err(Fault::of("auth", keys, what));
        if let Some(secret) = &self.jwt_secret {
            if secret.is_empty() {
                return fault(&["jwt_secret"], "jwt_secret, the secret for tokens, is empty");
            }
            if secret.len() < SECRET_BYTES_MIN && !self.allow_short_secret {
                let what = format!(
                    "jwt_secret has {} bytes and can be guessed from any token: share one of at least {SECRET_BYTES_MIN} \
                     with your other back ends (`openssl rand -hex 32` makes one), or set [auth] allow_short_secret = true \
                     until you have",
                    secret.len()
                );
                return fault(&["jwt_secret"], &what);
            }
        }
        if quintet_service::Algorithm::parse(&self.algorithm).is_none() {
            let what = format!("algorithm `{}` is none of HS256, HS384, HS512", self.algorithm);
            return fault(&["algorithm"], &what);
        }
        if self.token_days == 0 || self.token_days > 36_500 {
            return fault(&["token_days"], "token_days must be from 1 to 36500");
        }
        let (least, most) = (PASSWORD_CHARS_MIN_LEAST, PASSWORD_CHARS_MIN_MOST);
        if !(least..=most).contains(&self.password_length_min) {
            let what = format!(
                "password_length_min must be from {least} to {most} characters: shorter passwords can be guessed"
            );
            return fault(&["password_length_min"], &what);
        }
        if let Some(name) = self.cookie.as_deref().filter(|name| !is_cookie_name(name)) {
            let what = format!(
                "cookie: `{name}` is not the name of a cookie, which has letters, digits and no separators, such as \
                                spaces, `=` and `;`"
            );
            return fault(&["cookie"], &what);
        }
        let has_rules = self.issuer.is_some() || self.audience.is_some() || !self.required_claims.is_empty();
        if self.jwt_secret.is_none() && has_rules {
            let what = "issuer, audience and required_claims are for tokens of other back ends, and no jwt_secret is \
                        shared with any";
            return fault(&["issuer", "audience", "required_claims"], what);
        }
        if self.jwt_secret.is_none() && self.sign_with == SignWithName::Shared {
            return fault(&["sign_with"], "sign_with = \"shared\" needs a jwt_secret");
        }
        for text in &self.required_claims {
            if RequiredClaim::parse(text).is_none() {
                let what = format!("required_claims: `{text}` is not a claim; write `name` or `name=value`");
                return fault(&["required_claims"], &what);
            }
        }
        Ok(())
    }
}

fn check_origin(origin: &str) -> Result<(), String> {
    origin.parse::<Origin>().map(|_| ()).map_err(|_| {
        format!(
            "`{origin}` is not an origin; write it like `https://chat.example.org`, in ASCII and without a path (leave \
             `origins` out for any)"
        )
    })
}

/// Returns whether a text can be the name of a cookie (RFC 6265, section 4.1.1).
fn is_cookie_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(allowed)
}

fn read_file(file: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    text.parse::<Table>().map_err(|error| format!("{}: {}", file.display(), one_line(&error)))
}

#[cfg(test)]
mod tests;
