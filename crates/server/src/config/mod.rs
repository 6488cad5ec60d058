//! The configuration: `quintet.toml`, then the environment, then the command line. Later sources take precedence.
//!
//! The tables of the file are in `sections.rs`, the environment variables in `environment.rs`.

mod environment;
mod sections;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use quintet_domain::limits::SECRET_BYTES_MIN;
use quintet_service::RequiredClaim;
use serde::{Deserialize, Serialize};
use toml::Table;

use self::environment::{Variables, add_environment};
pub(crate) use self::sections::{AudienceName, EchoName, Files, Limits, MetricsListen, RegistrationName, SignWithName};
use self::sections::{Auth, Conversations, Http, Log, Metrics, People, Presence, Server, Tls};
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
    pub(crate) auth: Auth,
    pub(crate) tls: Tls,
    pub(crate) http: Http,
    pub(crate) limits: Limits,
    pub(crate) presence: Presence,
    pub(crate) conversations: Conversations,
    pub(crate) people: People,
    pub(crate) files: Files,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
}

/// An error in the settings of one table.
#[derive(Debug, Eq, PartialEq)]
struct Fault {
    table: &'static str,
    keys: &'static [&'static str],
    /// What is wrong, as the rest of a sentence that starts with the table.
    what: String,
}

impl Fault {
    fn of(table: &'static str, keys: &'static [&'static str], what: impl Into<String>) -> Self {
        Self { table, keys, what: what.into() }
    }

    /// Returns the error as a sentence, which names the environment variables that the settings came from, if any.
    fn describe(&self, variables: &Variables) -> Failure {
        let named: Vec<&str> =
            self.keys.iter().filter_map(|key| variables.get(&(self.table, *key)).map(String::as_str)).collect();
        let start = match named[..] {
            [] => String::new(),
            [one] => format!("the environment variable {one}: "),
            _ => format!("the environment variables {}: ", named.join(", ")),
        };
        format!("{start}[{}] {}", self.table, self.what)
    }
}

/// Returns the environment variables that have a value. An empty variable counts as unset.
fn variables_of(environment: impl Iterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    let text = environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    text.filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns an error's message on one line.
fn one_line(error: &toml::de::Error) -> String {
    error.to_string().trim().replace('\n', " ")
}

impl Config {
    /// Reads and checks the configuration from the file, the environment and the options.
    pub(crate) fn load(options: &Options) -> Result<Self, Failure> {
        let environment = variables_of(std::env::vars_os());
        let variable = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let file = options.config.clone().or_else(|| variable("QUINTET_CONFIG").map(PathBuf::from));
        let (table, name) = match &file {
            Some(file) => (read_file(file)?, file.display().to_string()),
            None if Path::new(DEFAULT_FILE).exists() => (read_file(Path::new(DEFAULT_FILE))?, DEFAULT_FILE.to_owned()),
            None => (Table::new(), DEFAULT_FILE.to_owned()),
        };
        let (mut config, mut variables) = Self::overlaid(table, &name, &environment)?;
        config.add_secret(options.jwt_secret.clone(), variable, &mut variables);
        config.files.key = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        if !options.listen.is_empty() {
            let listen = options.listen.iter().map(|text| text.parse()).collect::<Result<_, String>>();
            config.server.listen = listen.map_err(|error| format!("--listen: {error}"))?;
        }
        if let Some(data) = &options.data {
            config.server.data.clone_from(data);
        }
        if options.tls_cert.is_some() {
            config.tls = Tls { cert: options.tls_cert.clone(), key: options.tls_key.clone() };
        }
        config.server.ephemeral |= options.ephemeral;
        config.auth.guests &= !options.no_guests;
        config.check().map_err(|fault| fault.describe(&variables))?;
        Ok(config)
    }

    /// Parses the tables of a file, and those of the file with the environment written over them. Both must be valid.
    fn overlaid(mut table: Table, file: &str, environment: &[(String, String)]) -> Result<(Self, Variables), Failure> {
        let good = |table: Table| table.try_into().map_err(|error| format!("{file}: {}", one_line(&error)));
        let _: Self = good(table.clone())?;
        let variables = add_environment(&mut table, environment)?;
        Ok((good(table)?, variables))
    }

    /// Sets the secret that is shared with other back ends, from the first source that has it: the option,
    /// `QUINTET_JWT_SECRET`, `QUINTET_AUTH_JWT_SECRET`, the file, `JWT_SECRET`. Other programs use the last name as
    /// well, so it comes last.
    fn add_secret(
        &mut self,
        option: Option<String>,
        variable: impl Fn(&str) -> Option<String>,
        variables: &mut Variables,
    ) {
        const SETTING: (&str, &str) = ("auth", "jwt_secret");
        if option.is_some() {
            self.auth.jwt_secret = option;
            variables.remove(&SETTING);
            return;
        }
        let default = if self.auth.jwt_secret.is_none() { "JWT_SECRET" } else { "" };
        for name in ["QUINTET_JWT_SECRET", default] {
            if let Some(secret) = variable(name) {
                self.auth.jwt_secret = Some(secret);
                variables.insert(SETTING, name.to_owned());
                return;
            }
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let fault = |table, keys, what: &str| Err(Fault::of(table, keys, what));
        if self.server.listen.is_empty() {
            return fault("server", &["listen"], "listen names nothing to listen on");
        }
        if let Some(url) = &self.server.public_url {
            check_public_url(url).map_err(|what| Fault::of("server", &["public_url"], what))?;
        }
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
        self.log.targets().map_err(|what| Fault::of("log", &["filter"], what))?;
        if self.log.keep_days > 36_500 {
            return fault("log", &["keep_days"], "keep_days must be at most 36500; 0 is for ever");
        }
        for origin in self.http.origins.iter().flatten() {
            check_origin(origin).map_err(|why| Fault::of("http", &["origins"], format!("origins: {why}")))?;
        }
        self.limits.check()?;
        if self.metrics.secret.as_ref().is_some_and(|secret| secret.len() < METRICS_SECRET_BYTES_MIN) {
            let what = format!("secret must have at least {METRICS_SECRET_BYTES_MIN} bytes");
            return fault("metrics", &["secret"], &what);
        }
        Ok(())
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

/// Checks that an origin is written as browsers send it (RFC 6454, section 7), because no other would ever match.
fn check_origin(origin: &str) -> Result<(), String> {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
    };
    // Apps use schemes of their own.
    let fits = origin.split_once("://").is_some_and(|(scheme, host)| plain(scheme, "+-.") && plain(host, "-.:[]_"));
    if fits {
        return Ok(());
    }
    Err(format!(
        "`{origin}` is not an origin; write it like `https://chat.example.org`, in lower case and without a path \
         (leave `origins` out for any)"
    ))
}

fn read_file(file: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    text.parse::<Table>().map_err(|error| format!("{}: {}", file.display(), one_line(&error)))
}

#[cfg(test)]
mod tests {
    use super::environment::{Kind, SETTINGS};
    use super::sections::AWS;
    use super::*;

    fn laid(file: &str, environment: &[(&str, &str)]) -> Result<(Config, Variables), String> {
        let environment = variables_of(environment.iter().map(|(name, value)| (name.into(), value.into())));
        Config::overlaid(file.parse().expect("TOML"), "quintet.toml", &environment)
    }

    fn checked(file: &str, environment: &[(&str, &str)]) -> Result<(), String> {
        let (config, variables) = laid(file, environment)?;
        config.check().map_err(|fault| fault.describe(&variables))
    }

    fn parsed(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        Ok(laid(file, environment)?.0)
    }

    #[test]
    fn a_page_shows_pictures_from_where_files_are_kept() {
        let source = |file: &str| parsed(file, &[]).expect("good").files.source();
        assert_eq!(source(""), None);
        assert_eq!(source("[files]\nbucket = 'chat'").as_deref(), Some(AWS));
        let own = "[files]\nbucket = 'chat'\nendpoint = 'https://s3.example.org:9000/path'";
        assert_eq!(source(own).as_deref(), Some("https://s3.example.org:9000"));
        assert_eq!(source("[files]\nbucket = 'chat'\nendpoint = 'https://a; script-src *'"), None);
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = parsed("[limits]\nrates = true", &[("QUINTET_LIMITS_RATES", "false"), ("OTHER", "x")]);
        assert!(!config.expect("good").limits.rates);
        let config = parsed("", &[("QUINTET_SERVER_LISTEN", "3000 0.0.0.0:5000=meetup,trust")]).expect("good");
        assert_eq!(config.server.listen.len(), 2);
        assert!(config.server.listen[1].trust);
    }

    #[test]
    fn origins() {
        for good in ["https://chat.example.org", "http://localhost:5173", "http://[::1]:3000", "capacitor://localhost"]
        {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in ["*", "chat.example.org", "https://chat.example.org/", "https://Chat.example.org", "https://"] {
            assert!(check_origin(bad).is_err_and(|why| why.contains(&format!("`{bad}`"))), "{bad}");
        }
    }

    #[test]
    fn secrets_and_what_goes_with_them() {
        let checked = |file: &str| checked(file, &[]);
        let refused = |file: &str| checked(file).expect_err(file);
        assert!(refused("[auth]\njwt_secret = ''").contains("is empty"));
        let short = format!("[auth]\njwt_secret = '{}'", "s".repeat(31));
        assert!(refused(&short).contains("has 31 bytes"), "{}", refused(&short));
        assert_eq!(checked(&format!("{short}\nallow_short_secret = true")), Ok(()));
        let long = format!("[auth]\njwt_secret = '{}'", "s".repeat(32));
        assert_eq!(checked(&format!("{long}\nissuer = 'a'\naudience = 'b'\nrequired_claims = ['c', 'd=e']")), Ok(()));
        assert!(refused(&format!("{long}\nrequired_claims = ['=x']")).contains("`=x`"));
        assert_eq!(checked(&format!("{long}\nsign_with = 'shared'")), Ok(()));
        assert!(refused("[auth]\nsign_with = 'shared'").contains("needs a jwt_secret"));
        assert!(refused("[auth]\nissuer = 'a'").contains("no jwt_secret"));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let message = |result: Result<Config, String>| result.expect_err("refused");
        assert!(message(parsed("[limits]\nspeed = 1", &[])).contains("speed"));
        assert!(message(parsed("[limit]\nrates = true", &[])).contains("limit"));
        assert!(message(parsed("", &[("QUINTET_LIMITS_SPEED", "1")])).contains("QUINTET_LIMITS_SPEED"));
        assert!(message(parsed("", &[("QUINTET_LIMITS_RATES", "maybe")])).contains("true or false"));
    }

    #[test]
    fn an_error_names_where_the_value_came_from() {
        let file = "[people]\nadded_per_day = 5\n[limits]\nrates = true";
        for (name, value, part) in [
            ("QUINTET_PEOPLE_ADDED_PER_DAY", "-1", "-1"),
            ("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1 10.0.0.0/33", "`10.0.0.0/33` is neither"),
            ("QUINTET_SERVER_LISTEN", "0=irc", "the dialect must be"),
            ("QUINTET_AUTH_REGISTRATION", "maybe", "maybe"),
            ("QUINTET_METRICS_LISTEN", "nowhere", "nowhere"),
            ("QUINTET_LIMITS_QUEUE_BYTES", "1", "[limits] queue_bytes must be"),
            ("QUINTET_TLS_KEY", "key.pem", "[tls] cert and key"),
            ("QUINTET_AUTH_JWT_SECRET", "short", "[auth] jwt_secret has 5 bytes"),
            ("QUINTET_HTTP_ORIGINS", "*", "[http] origins: `*`"),
            ("QUINTET_LOG_FILTER", "a=b=c", "[log] filter `a=b=c`"),
            ("QUINTET_LOG_FILTER", "quintet[span]=debug", "`quintet[span]=debug` is neither a level"),
            ("QUINTET_LOG_FILTER", "warn quintet::login=info", "is neither a level"),
        ] {
            let why = checked(file, &[(name, value)]).expect_err(name);
            assert!(why.starts_with(&format!("the environment variable {name}: ")) && why.contains(part), "{why}");
        }
        let of_file = |file: &str| checked(file, &[("QUINTET_LIMITS_RATES", "false")]).expect_err(file);
        assert!(of_file("[people]\nadded_per_day = -1").starts_with("quintet.toml: "));
        let proxies = of_file("[limits]\ntrusted_proxies = ['10.0.0.0/33']");
        assert!(proxies.contains("trusted_proxies") && proxies.contains("`10.0.0.0/33`"), "{proxies}");
        assert!(of_file("[limits]\nqueue_bytes = 1").starts_with("[limits] queue_bytes"));
        let bucket = checked("", &[("QUINTET_FILES_BUCKET", "chat")]);
        assert_eq!(bucket.is_ok(), cfg!(feature = "s3"), "{bucket:?}");
        if let Err(why) = bucket {
            assert!(why.contains("QUINTET_FILES_BUCKET: [files]") && why.contains("--features s3"), "{why}");
        }
        let both = [("QUINTET_FILES_ENDPOINT", "https://s3.example.org"), ("QUINTET_FILES_REGION", "x")];
        let why = checked("", &both).expect_err("no bucket");
        assert!(why.contains("QUINTET_FILES_ENDPOINT, QUINTET_FILES_REGION: [files]"), "{why}");
    }

    #[test]
    fn empty_variables_are_not_set() {
        for (table, key, _) in SETTINGS {
            let name = format!("QUINTET_{}_{}", table.to_uppercase(), key.to_uppercase());
            let (config, variables) = laid("", &[(&name, "")]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((config.shown(), variables.len()), (Config::default().shown(), 0), "{name}");
        }
        assert!(!parsed("[limits]\nrates = false", &[("QUINTET_LIMITS_RATES", "")]).expect("good").limits.rates);
    }

    #[test]
    fn the_shared_secret_has_an_order() {
        let found = |option: Option<&str>, file: &str, environment: &[(&str, &str)]| {
            let (mut config, mut variables) = laid(file, environment).expect("good");
            let environment = variables_of(environment.iter().map(|(name, value)| (name.into(), value.into())));
            let variable = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            config.add_secret(option.map(str::to_owned), variable, &mut variables);
            (config.auth.jwt_secret.unwrap_or_default(), variables.into_values().next().unwrap_or_default())
        };
        let (file, own, long, shared) = (
            "[auth]\njwt_secret = 'file'",
            ("QUINTET_JWT_SECRET", "own"),
            ("QUINTET_AUTH_JWT_SECRET", "long"),
            ("JWT_SECRET", "shared"),
        );
        let gives = |secret: &str, from: &str| (secret.to_owned(), from.to_owned());
        assert_eq!(found(Some("option"), file, &[own, long, shared]), gives("option", ""));
        assert_eq!(found(None, file, &[own, long, shared]), gives("own", own.0));
        assert_eq!(found(None, file, &[long, shared]), gives("long", long.0));
        assert_eq!(found(None, file, &[shared, (own.0, "")]), gives("file", ""));
        assert_eq!(found(None, "", &[shared]), gives("shared", shared.0));
        assert_eq!(found(None, "", &[("JWT_SECRET", "")]), gives("", ""));
    }

    #[test]
    fn bounds_that_come_to_less_are_said() {
        let said = |file: &str| parsed(file, &[]).expect("good").limits.shortfall(1_024);
        assert_eq!((said(""), said("[limits]\nconnections = 100")), (None, None), "that is what was asked for");
        let why = said("[limits]\nconnections = 999999999\nconnections_per_address = 4000").expect("said");
        assert!(why.contains("connections = 999999999 comes to 784, by the limit of open files (1024)"), "{why}");
        assert!(why.contains("connections_per_address = 4000 comes to 196, half"), "{why}");
    }

    #[test]
    fn every_setting_of_the_environment_is_one_of_the_file() {
        for (table, key, kind) in SETTINGS {
            let value = match (*table, *key, kind) {
                ("server", "listen", _) => "3000",
                (_, "trusted_proxies", _) => "127.0.0.1",
                ("presence", "audience", _) => "contacts",
                ("auth", "sign_with", _) => "shared",
                ("conversations", "echo", _) => "unless_acked",
                ("auth", "registration", _) => "closed",
                ("metrics", "listen", _) => "off",
                (_, _, Kind::Flag) => "true",
                (_, _, Kind::Number) => "70000",
                (_, _, Kind::Text | Kind::List) => "text",
            };
            let name = format!("QUINTET_{}_{}", table.to_uppercase(), key.to_uppercase());
            parsed("", &[(&name, value)]).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
