//! The tables of `quintet.toml`, with their defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use quintet_gateway::UnidentifiedMax;
use quintet_outbound::Networks;
use quintet_socketio::Origins;
use quintet_store::NodeFiles;
use serde::{Deserialize, Serialize};

use crate::edge::room::Room;
use crate::forwarded::{ForwardedHeader, Proxy};
use crate::listen::Listen;
use crate::socket_paths::SocketPaths;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: Vec<Listen>,
    pub(crate) data: PathBuf,
    pub(crate) ephemeral: bool,
    pub(crate) recovery: bool,
    pub(crate) socket_path: SocketPaths,
    /// The address under which clients reach this server; `None` to learn it from their requests.
    pub(crate) public_url: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: vec![Listen::default()],
            data: "quintet-data".into(),
            ephemeral: false,
            recovery: false,
            socket_path: SocketPaths::default(),
            public_url: None,
        }
    }
}

/// Where the data is, if not in a file of the data folder.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// The URL of a PostgreSQL database, which may have a password.
    #[serde(skip_serializing)]
    pub(crate) url: Option<String>,
    /// The password of the URL's user, if the URL has none: that of the usual environment variable.
    #[serde(skip)]
    pub(crate) password: Option<String>,
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
    /// The `iss` claim that tokens of other back ends must have.
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) required_claims: Vec<String>,
    pub(crate) registration: RegistrationName,
    /// The name of the cookie in which a token may come; `None` for no cookie.
    pub(crate) cookie: Option<String>,
    /// The minimum number of characters of a new password.
    pub(crate) password_length_min: usize,
}

/// The key that tokens are signed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SignWithName {
    #[default]
    Own,
    Shared,
}

/// The policy for registrations.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegistrationName {
    /// Anyone who can reach the server can register.
    #[default]
    Open,
    /// Those who have an invitation to the server can register.
    Invite,
    /// Only the operator and services with a key create accounts.
    Closed,
}

impl From<RegistrationName> for quintet_service::Registration {
    fn from(name: RegistrationName) -> Self {
        match name {
            RegistrationName::Open => Self::Open,
            RegistrationName::Invite => Self::Invite,
            RegistrationName::Closed => Self::Closed,
        }
    }
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
            cookie: None,
            password_length_min: quintet_domain::limits::PASSWORD_CHARS_MIN_DEFAULT,
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
    /// Whether the OpenAPI document and the page that renders it are served.
    pub(crate) docs: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self { origins: None, compression: true, docs: true }
    }
}

impl Http {
    /// Returns the origins of pages that may use the server.
    pub(crate) fn allowed_origins(&self) -> Origins {
        match &self.origins {
            None => Origins::Any,
            Some(listed) => Origins::Listed(listed.iter().filter_map(|origin| origin.parse().ok()).collect()),
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) rates: bool,
    pub(crate) trusted_proxies: Vec<Proxy>,
    /// The header in which those proxies forward the addresses of their clients.
    pub(crate) forwarded_header: ForwardedHeader,
    pub(crate) queue_bytes: usize,
    pub(crate) unidentified: usize,
    pub(crate) unidentified_per_address: usize,
    pub(crate) unfinished_bytes: usize,
    /// The largest number of connections; `None` for as many as the open-file limit allows.
    pub(crate) connections: Option<usize>,
    /// The largest number of HTTP connections of one address. WebSockets are not counted.
    pub(crate) connections_per_address: usize,
    /// The largest number of connections of one registered user, except on trusting listeners; 0 for unlimited.
    pub(crate) connections_per_user: usize,
    /// The lowest accepted rate of a request's body, in bytes per second on average.
    pub(crate) body_bytes_per_second: u64,
    /// The number of bytes that stay free on the disk; 0 for none.
    pub(crate) free_bytes_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let UnidentifiedMax { of_address, in_total } = UnidentifiedMax::default();
        Self {
            rates: true,
            free_bytes_min: quintet_domain::limits::FREE_BYTES_MIN_DEFAULT,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
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
    /// Returns how the process's descriptors are divided.
    pub(crate) fn room(&self, descriptors: u64) -> Room {
        Room::of(descriptors, self.connections, self.connections_per_address)
    }

    /// Returns a sentence about limits on connections that the open-file limit lowers, or `None` if none is lowered.
    /// The default of `connections_per_address` is not mentioned, because nobody asked for it.
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
    /// Whether messages that were written to a connection count as delivered, in direct conversations and small groups.
    pub(crate) delivered: bool,
}

impl Default for Presence {
    fn default() -> Self {
        Self { audience: AudienceName::Everyone, everyone_limit: 1_000, delivered: true }
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

/// Who may begin to write to a person, and add one to a group.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ContactName {
    #[default]
    Everyone,
    Shared,
    Requests,
}

/// Who may contact a person, the largest numbers of people that a user may contact per day (UTC), where 0 is unlimited, and
/// how people are shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct People {
    pub(crate) contact: ContactName,
    pub(crate) added_per_day: u32,
    pub(crate) direct_per_day: u32,
    /// Whether users without a picture are shown with one that is made of their initials.
    pub(crate) avatars: bool,
}

impl Default for People {
    fn default() -> Self {
        Self {
            contact: ContactName::Everyone,
            added_per_day: quintet_domain::limits::ADDED_PER_DAY_DEFAULT,
            direct_per_day: quintet_domain::limits::DIRECT_PER_DAY_DEFAULT,
            avatars: true,
        }
    }
}

/// The S3 bucket for files. Without a bucket, files are kept in the data folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) bucket: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    /// Whether all nodes over one database mount the folder of files.
    pub(crate) shared: bool,
    /// The largest total size of one user's files, in bytes; 0 for unlimited.
    pub(crate) user_bytes: u64,
    /// The largest total size of all files, in bytes; 0 for unlimited.
    pub(crate) total_bytes: u64,
    /// The id and secret of the access key, from the environment variables that AWS tools use.
    #[serde(skip)]
    pub(crate) key: Option<(String, String)>,
}

impl Default for Files {
    fn default() -> Self {
        let user_bytes = quintet_domain::limits::FILE_BYTES_OF_USER_DEFAULT;
        Self { bucket: None, endpoint: None, region: None, shared: false, user_bytes, total_bytes: 0, key: None }
    }
}

/// The hosts of S3 buckets at AWS, as sources of a Content-Security-Policy.
pub(super) const AWS: &str = "https://*.amazonaws.com https://*.amazonaws.com.cn";

impl Files {
    /// Returns who can reach the files, where several nodes use one database.
    pub(crate) fn of_node(&self) -> NodeFiles {
        if self.bucket.is_some() || self.shared { NodeFiles::OfAllNodes } else { NodeFiles::OfThisNode }
    }

    /// Returns the bucket's host as a source of a Content-Security-Policy, or `None` without a bucket.
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

/// The table `[outbound]`: which servers are asked that somebody else names, such as the receivers of webhooks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outbound {
    /// The networks of addresses that are asked although they are not on the public internet.
    pub(crate) allow: Vec<String>,
}

impl Outbound {
    /// Returns the networks.
    ///
    /// # Errors
    /// A sentence that starts with `allow`, the key of the setting.
    pub(crate) fn networks(&self) -> Result<Networks, String> {
        Networks::parse(self.allow.iter().map(String::as_str))
            .map_err(|text| format!("allow: `{text}` is neither an IP address nor a network, such as `10.0.0.0/8`"))
    }
}

/// The table `[push]`: messages that are pushed to browsers whose user is away.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Push {
    /// Where push services may complain about this server: a `mailto:` or `https:` URL; `None` for
    /// `[server] public_url`, if that is https.
    pub(crate) contact: Option<String>,
}

impl Push {
    /// Checks where push services may complain.
    ///
    /// # Errors
    /// A sentence that starts with `contact`, the key of the setting.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_contact = |contact: &str| {
            let rest = contact.strip_prefix("mailto:").or_else(|| contact.strip_prefix("https://"));
            rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
        };
        match self.contact.as_deref().filter(|contact| !is_contact(contact)) {
            None => Ok(()),
            Some(contact) => Err(format!(
                "contact `{contact}` must be a URL like `mailto:admin@example.org` or `https://example.org/contact`"
            )),
        }
    }
}

/// The table `[metrics]`: where `/metrics` is served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) listen: MetricsListen,
    /// The secret that `/metrics` requires on ordinary listeners. Without a secret they do not serve it.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
}

/// The listener of the metrics.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum MetricsListen {
    /// No separate listener serves the metrics.
    Off,
    /// The listener is at [`Self::DEFAULT`], unless that address is in use.
    #[default]
    Default,
    /// The listener is at this address.
    At(SocketAddr),
}

impl MetricsListen {
    /// The default address. Its port is in the range that Prometheus assigns to exporters.
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
