//! Configuration: `quintet.toml`, then the environment, then the command line; the later one wins.
//!
//! The tables of the file are in `sections.rs`, the variables of the environment in `environment.rs`.

mod environment;
mod sections;

use std::path::{Path, PathBuf};

use quintet_domain::limits::SECRET_BYTES_MIN;
use quintet_service::RequiredClaim;
use serde::{Deserialize, Serialize};
use toml::Table;

use self::environment::add_environment;
pub(crate) use self::sections::{AudienceName, EchoName, Files, Limits, MetricsListen, RegistrationName, SignWithName};
use self::sections::{Auth, Conversations, Http, Log, Metrics, People, Presence, Server, Tls};
use crate::Failure;
use crate::cli::Options;

/// The file that is read where none is named, if it is there.
const DEFAULT_FILE: &str = "quintet.toml";

/// The fewest connections that a bound may leave: a browser opens six at once.
const CONNECTIONS_MIN: usize = 16;
/// The fewest bytes of a secret that is sent over the network to be compared.
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

impl Config {
    /// Reads the file, the environment and the options.
    pub(crate) fn load(options: &Options) -> Result<Self, Failure> {
        let environment: Vec<(String, String)> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let variable = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let file = options.config.clone().or_else(|| variable("QUINTET_CONFIG").map(PathBuf::from));
        let (mut table, name) = match &file {
            Some(file) => (read_file(file)?, file.display().to_string()),
            None if Path::new(DEFAULT_FILE).exists() => (read_file(Path::new(DEFAULT_FILE))?, DEFAULT_FILE.to_owned()),
            None => (Table::new(), "the environment".to_owned()),
        };
        add_environment(&mut table, &environment)?;
        let mut config: Self =
            table.try_into().map_err(|error| format!("{name}: {}", error.to_string().trim().replace('\n', " ")))?;
        config.auth.jwt_secret = options
            .jwt_secret
            .clone()
            .or_else(|| variable("QUINTET_JWT_SECRET"))
            .or(config.auth.jwt_secret)
            .or_else(|| variable("JWT_SECRET"));
        config.files.key = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
        if !options.listen.is_empty() {
            config.server.listen = options.listen.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        }
        if let Some(data) = &options.data {
            config.server.data.clone_from(data);
        }
        if options.tls_cert.is_some() {
            config.tls = Tls { cert: options.tls_cert.clone(), key: options.tls_key.clone() };
        }
        config.server.ephemeral |= options.ephemeral;
        config.auth.guests &= !options.no_guests;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Failure> {
        if self.server.listen.is_empty() {
            return Err("[server] listen names nothing to listen on".to_owned());
        }
        self.auth.check()?;
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return Err("[tls] cert and key belong together".to_owned());
        }
        if self.files.bucket.is_none() && (self.files.endpoint.is_some() || self.files.region.is_some()) {
            return Err("[files] endpoint and region are for a bucket, and none is named".to_owned());
        }
        if self.files.user_bytes != 0 && self.files.user_bytes < quintet_domain::limits::FILE_BYTES_MAX {
            let least = quintet_domain::limits::FILE_BYTES_MAX;
            return Err(format!("[files] user_bytes must be at least {least}, which is one file, or 0 for any number"));
        }
        if self.log.keep_days > 36_500 {
            return Err("[log] keep_days must be at most 36500; 0 is for ever".to_owned());
        }
        for origin in self.http.origins.iter().flatten() {
            check_origin(origin)?;
        }
        if self.limits.queue_bytes < 64 * 1024 {
            return Err("[limits] queue_bytes must be at least 65536".to_owned());
        }
        if self.limits.unidentified == 0 || self.limits.unidentified_per_address == 0 {
            return Err("[limits] unidentified and unidentified_per_address must be at least 1".to_owned());
        }
        if self.limits.unfinished_bytes < 2_000_000 {
            return Err("[limits] unfinished_bytes must be at least 2000000".to_owned());
        }
        if self.limits.connections.is_some_and(|connections| connections < CONNECTIONS_MIN) {
            return Err(format!("[limits] connections must be at least {CONNECTIONS_MIN}"));
        }
        if self.limits.connections_per_address < CONNECTIONS_MIN {
            return Err(format!("[limits] connections_per_address must be at least {CONNECTIONS_MIN}"));
        }
        if self.limits.body_bytes_per_second == 0 {
            return Err("[limits] body_bytes_per_second must be at least 1".to_owned());
        }
        if self.metrics.secret.as_ref().is_some_and(|secret| secret.len() < METRICS_SECRET_BYTES_MIN) {
            return Err(format!("[metrics] secret must have at least {METRICS_SECRET_BYTES_MIN} bytes"));
        }
        Ok(())
    }

    /// The settings as a file would have them, the secret left out.
    pub(crate) fn shown(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| error.to_string())
    }
}

impl Auth {
    fn check(&self) -> Result<(), Failure> {
        if let Some(secret) = &self.jwt_secret {
            if secret.is_empty() {
                return Err("[auth] jwt_secret, the secret for tokens, is empty".to_owned());
            }
            if secret.len() < SECRET_BYTES_MIN && !self.allow_short_secret {
                return Err(format!(
                    "[auth] jwt_secret has {} bytes and can be guessed from any token: share one of at least {SECRET_BYTES_MIN} \
                     with your other back ends (`openssl rand -hex 32` makes one), or set [auth] allow_short_secret = true \
                     until you have",
                    secret.len()
                ));
            }
        }
        if quintet_service::Algorithm::parse(&self.algorithm).is_none() {
            return Err(format!("[auth] algorithm `{}` is none of HS256, HS384, HS512", self.algorithm));
        }
        if self.token_days == 0 || self.token_days > 36_500 {
            return Err("[auth] token_days must be from 1 to 36500".to_owned());
        }
        let has_rules = self.issuer.is_some() || self.audience.is_some() || !self.required_claims.is_empty();
        if self.jwt_secret.is_none() && has_rules {
            return Err(
                "[auth] issuer, audience and required_claims are for tokens of other back ends, and no jwt_secret \
                        is shared with any"
                    .to_owned(),
            );
        }
        if self.jwt_secret.is_none() && self.sign_with == SignWithName::Shared {
            return Err("[auth] sign_with = \"shared\" needs a jwt_secret".to_owned());
        }
        for text in &self.required_claims {
            if RequiredClaim::parse(text).is_none() {
                return Err(format!("[auth] required_claims: `{text}` is none; write `name` or `name=value`"));
            }
        }
        Ok(())
    }
}

/// An origin as browsers send it (RFC 6454, section 7): anything else would match none.
fn check_origin(origin: &str) -> Result<(), Failure> {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
    };
    // Apps have schemes of their own.
    let fits = origin.split_once("://").is_some_and(|(scheme, host)| plain(scheme, "+-.") && plain(host, "-.:[]_"));
    if fits {
        return Ok(());
    }
    Err(format!(
        "[http] origins: `{origin}` is no origin; one is like `https://chat.example.org`, in lower case and without a path \
         (leave `origins` out for any)"
    ))
}

fn read_file(file: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    text.parse::<Table>()
        .map_err(|error| format!("{}: {}", file.display(), error.to_string().trim().replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::environment::{Kind, SETTINGS};
    use super::sections::AWS;
    use super::*;

    fn parsed(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let mut table: Table = file.parse().expect("TOML");
        let environment: Vec<_> =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        add_environment(&mut table, &environment)?;
        table.try_into().map_err(|error: toml::de::Error| error.to_string())
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
        let checked = |file: &str| parsed(file, &[]).and_then(|config| config.check());
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
