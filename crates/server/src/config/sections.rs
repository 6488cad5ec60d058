//! The tables of `quintet.toml`, with their defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use quintet_gateway::UnidentifiedMax;
use serde::{Deserialize, Serialize};

use crate::listen::Listen;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: Vec<Listen>,
    pub(crate) data: PathBuf,
    pub(crate) ephemeral: bool,
    pub(crate) recovery: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: vec![Listen::default()], data: "quintet-data".into(), ephemeral: false, recovery: false }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Auth {
    #[serde(skip_serializing)]
    pub(crate) jwt_secret: Option<String>,
    pub(crate) algorithm: String,
    pub(crate) token_days: u64,
    pub(crate) guests: bool,
    pub(crate) sign_with: SignWithName,
    pub(crate) allow_short_secret: bool,
    /// What tokens of other back ends have to say.
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) required_claims: Vec<String>,
    pub(crate) registration: RegistrationName,
}

/// Which key tokens are signed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SignWithName {
    #[default]
    Own,
    Shared,
}

/// Who can make an account.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegistrationName {
    /// Whoever reaches the server.
    #[default]
    Open,
    /// The operator, and services that have a key.
    Closed,
}

impl Default for Auth {
    fn default() -> Self {
        let token_days = quintet_domain::limits::TOKEN_DAYS_DEFAULT;
        Self {
            jwt_secret: None,
            algorithm: "HS256".to_owned(),
            token_days,
            guests: true,
            sign_with: SignWithName::Own,
            allow_short_secret: false,
            issuer: None,
            audience: None,
            required_claims: Vec::new(),
            registration: RegistrationName::Open,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) compression: bool,
    /// Whether the API's document is served, and the page that renders it.
    pub(crate) docs: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self { origins: None, compression: true, docs: true }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) rates: bool,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) queue_bytes: usize,
    pub(crate) unidentified: usize,
    pub(crate) unidentified_per_address: usize,
    pub(crate) unfinished_bytes: usize,
    /// Connections at once; as many as the process may have descriptors for where it is not set.
    pub(crate) connections: Option<usize>,
    /// Connections of one address over which HTTP is spoken.
    pub(crate) connections_per_address: usize,
    /// Connections of one registered user, but for those of listeners that trust; 0 for any number.
    pub(crate) connections_per_user: usize,
    /// The fewest bytes a second that the body of a request has to come with, on average.
    pub(crate) body_bytes_per_second: u64,
    /// Bytes of the disk that stay free; 0 for none.
    pub(crate) free_bytes_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let UnidentifiedMax { of_address, in_total } = UnidentifiedMax::default();
        Self {
            rates: true,
            free_bytes_min: quintet_domain::limits::FREE_BYTES_MIN_DEFAULT,
            trusted_proxies: Vec::new(),
            queue_bytes: 1_000_000,
            body_bytes_per_second: 1_000,
            connections: None,
            connections_per_address: 512,
            connections_per_user: 100,
            unfinished_bytes: 64_000_000,
            unidentified: in_total,
            unidentified_per_address: of_address,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AudienceName {
    #[default]
    Everyone,
    Contacts,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Presence {
    pub(crate) audience: AudienceName,
    pub(crate) everyone_limit: usize,
}

impl Default for Presence {
    fn default() -> Self {
        Self { audience: AudienceName::Everyone, everyone_limit: 1_000 }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EchoName {
    #[default]
    Always,
    UnlessAcked,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Conversations {
    pub(crate) echo: EchoName,
}

/// How many people a user may reach in a day (UTC); 0 for any number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct People {
    pub(crate) added_per_day: u32,
    pub(crate) direct_per_day: u32,
}

impl Default for People {
    fn default() -> Self {
        let added_per_day = quintet_domain::limits::ADDED_PER_DAY_DEFAULT;
        Self { added_per_day, direct_per_day: quintet_domain::limits::DIRECT_PER_DAY_DEFAULT }
    }
}

/// A bucket of an S3 service for files; the folder of the data where none is named.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) bucket: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    /// Bytes of files that a user may have; 0 for any number.
    pub(crate) user_bytes: u64,
    /// Bytes of files that all users may have together; 0 for any number.
    pub(crate) total_bytes: u64,
    /// The key's id and secret, from where S3's own tools read them.
    #[serde(skip)]
    pub(crate) key: Option<(String, String)>,
}

impl Default for Files {
    fn default() -> Self {
        let user_bytes = quintet_domain::limits::FILE_BYTES_OF_USER_DEFAULT;
        Self { bucket: None, endpoint: None, region: None, user_bytes, total_bytes: 0, key: None }
    }
}

/// Where AWS keeps buckets.
pub(super) const AWS: &str = "https://*.amazonaws.com https://*.amazonaws.com.cn";

impl Files {
    /// Where links to files lead beside this server, as a Content-Security-Policy names it; none without a bucket.
    pub(crate) fn source(&self) -> Option<String> {
        self.bucket.as_ref()?;
        let Some(endpoint) = &self.endpoint else { return Some(AWS.to_owned()) };
        let (scheme, rest) = endpoint.split_once("://")?;
        let host = rest.split('/').next().unwrap_or_default();
        // What would end the directive names no host.
        let named = !host.is_empty() && !host.contains([';', ',', ' ', '\'']);
        named.then(|| format!("{scheme}://{host}"))
    }
}

/// Where `/metrics` is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) listen: MetricsListen,
    /// What opens `/metrics` on the ordinary listeners; it is not there without.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
}

/// The listener of the metrics.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum MetricsListen {
    /// None.
    Off,
    /// At [`Self::DEFAULT`], if that can be had.
    #[default]
    Default,
    /// At this address.
    At(SocketAddr),
}

impl MetricsListen {
    /// Where Prometheus's own list of ports has exporters like this one.
    pub(crate) const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
}

impl TryFrom<String> for MetricsListen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let bad = || format!("[metrics] listen `{text}` is neither ADDR:PORT nor `off`");
        text.parse().map(Self::At).map_err(|_| bad())
    }
}

impl From<MetricsListen> for String {
    fn from(listen: MetricsListen) -> Self {
        match listen {
            MetricsListen::Off => "off".to_owned(),
            MetricsListen::Default => MetricsListen::DEFAULT.to_string(),
            MetricsListen::At(address) => address.to_string(),
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) filter: String,
    /// Days for which the log of changes is kept, from which clients go on after a loss; 0 for ever.
    pub(crate) keep_days: u32,
}

impl Default for Log {
    fn default() -> Self {
        let keep_days = quintet_domain::limits::CHANGES_KEPT_DAYS_DEFAULT;
        // Log-ins that failed are for tools that bar addresses, and come before anything is wrong with the server.
        Self { filter: "warn,quintet::login=info".to_owned(), keep_days }
    }
}
