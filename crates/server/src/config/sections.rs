//! The tables of `quintet.toml`, with their defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use quintet_gateway::UnidentifiedMax;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::Targets;

use crate::edge::room::Room;
use crate::forwarded::Network;
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
    /// The `iss` that tokens of other back ends must have.
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
    /// Everybody who can reach the server.
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
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) queue_bytes: usize,
    pub(crate) unidentified: usize,
    pub(crate) unidentified_per_address: usize,
    pub(crate) unfinished_bytes: usize,
    /// Connections at once; by default as many as the open-file limit allows.
    pub(crate) connections: Option<usize>,
    /// Connections of one address that speak HTTP, not WebSocket.
    pub(crate) connections_per_address: usize,
    /// Connections of one registered user, but for those of listeners that trust; 0 for any number.
    pub(crate) connections_per_user: usize,
    /// The slowest accepted body of a request, in bytes a second on average.
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

impl Limits {
    /// How the descriptors that the process may have are divided.
    pub(crate) fn room(&self, descriptors: u64) -> Room {
        Room::of(descriptors, self.connections, self.connections_per_address)
    }

    /// Says which bounds on connections come to less than was asked for, and why; none where all stand as they are. The
    /// default of `connections_per_address` is nothing that anybody asked for.
    pub(crate) fn shortfall(&self, descriptors: u64) -> Option<String> {
        let room = self.room(descriptors);
        let (of_address, default) = (self.connections_per_address, Self::default().connections_per_address);
        let mut parts = Vec::new();
        if let Some(asked) = self.connections.filter(|asked| *asked > room.connections) {
            let comes_to = room.connections;
            parts.push(format!(
                "[limits] connections = {asked} comes to {comes_to}, by the limit of open files ({descriptors})"
            ));
        }
        if of_address != default && of_address > room.per_address {
            parts.push(format!(
                "[limits] connections_per_address = {of_address} comes to {}, half of the connections over HTTP that there \
                 is room for",
                room.per_address
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
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

/// The hosts of S3 buckets at AWS, as sources of a Content-Security-Policy.
pub(super) const AWS: &str = "https://*.amazonaws.com https://*.amazonaws.com.cn";

impl Files {
    /// The bucket's host as a source of a Content-Security-Policy; none without a bucket.
    pub(crate) fn source(&self) -> Option<String> {
        self.bucket.as_ref()?;
        let Some(endpoint) = &self.endpoint else { return Some(AWS.to_owned()) };
        let (scheme, rest) = endpoint.split_once("://")?;
        let host = rest.split('/').next().unwrap_or_default();
        // These characters would end the directive.
        let named = !host.is_empty() && !host.contains([';', ',', ' ', '\'']);
        named.then(|| format!("{scheme}://{host}"))
    }
}

/// The table `[metrics]`: where `/metrics` is served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) listen: MetricsListen,
    /// The secret of `/metrics` on the ordinary listeners; without one they do not serve it.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
}

/// The listener of the metrics.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum MetricsListen {
    /// There is no such listener.
    Off,
    /// At [`Self::DEFAULT`], unless that address is in use.
    #[default]
    Default,
    /// At this address.
    At(SocketAddr),
}

impl MetricsListen {
    /// The port is in the range that Prometheus lists for exporters.
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
    /// Days for which the log of changes is kept, from which clients recover; 0 for ever.
    pub(crate) keep_days: u32,
}

impl Default for Log {
    fn default() -> Self {
        let keep_days = quintet_domain::limits::CHANGES_KEPT_DAYS_DEFAULT;
        // Failed log-ins are logged by default for tools that ban addresses, such as fail2ban.
        Self { filter: "warn,quintet::login=info".to_owned(), keep_days }
    }
}

impl Log {
    /// The levels from which on events are logged, by the modules that they come from.
    ///
    /// # Errors
    /// A sentence that starts with `filter`, the key of the setting.
    pub(crate) fn targets(&self) -> Result<Targets, String> {
        self.filter.parse().map_err(|error| format!("filter `{}` is not understood: {error}", self.filter))
    }
}
