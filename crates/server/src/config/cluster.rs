//! The table `[cluster]`: how the nodes of one database reach each other.
//!
//! What must stay true: a node is reached by others only if they all share a secret.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use quintet_domain::limits::SECRET_BYTES_MIN;
use serde::{Deserialize, Serialize};

use super::bus::BusName;
use super::fault::Fault;

/// The table `[cluster]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    /// What carries the messages between nodes.
    pub(crate) bus: BusName,
    /// Where other nodes reach this one; `None` if they cannot. Port 0 stands for the port that is listened at.
    pub(crate) advertise: Option<Endpoint>,
    /// Where this node listens for others; `None` for the advertised address.
    pub(crate) listen: Option<Endpoint>,
    /// The secret that all nodes share.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
    /// Whether the load balancer sends all requests of a client to one node, so that none is passed on.
    pub(crate) sticky: bool,
}

/// A host and a port, as `HOST:PORT`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Endpoint {
    /// Returns the IP address of the host; `None` if it is a name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Returns whether nobody on another machine can be at this address. A name may stand for any address.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address().is_some_and(|address| address.to_canonical().is_loopback())
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad =
            || format!("[cluster] `{text}` is not HOST:PORT; HOST is a name, an IPv4 address or `[IPv6 address]`");
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().map_err(|_| bad())?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?.to_string(),
            None => host.to_owned(),
        };
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if host.is_empty() || !(host.bytes().all(is_named) || host.contains(':')) {
            return Err(bad());
        }
        // A name with colons is an IPv6 address without brackets, or nothing.
        if host.contains(':') && !text.starts_with('[') {
            return Err(bad());
        }
        Ok(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl Cluster {
    /// Returns where this node is reached by others, where it listens for them, and the secret; `None` if it is not
    /// reached.
    pub(crate) fn reached(&self) -> Option<(&Endpoint, SocketAddr, &str)> {
        let advertise = self.advertise.as_ref().filter(|_| !self.sticky)?;
        let listen = self.listen.as_ref().unwrap_or(advertise);
        Some((advertise, SocketAddr::new(listen.address()?, listen.port), self.secret.as_deref()?))
    }

    /// `has_database` says whether the data is in a database that other nodes can use.
    pub(super) fn check(&self, has_database: bool) -> Result<(), Fault> {
        let fault = |keys, what: &str| Err(Fault::of("cluster", keys, what));
        match self.bus {
            BusName::Redis(_) if !has_database => {
                return fault(
                    &["bus"],
                    "bus is for the nodes of one PostgreSQL database, and [database] url names none",
                );
            }
            BusName::Redis(_) | BusName::Postgres => {}
        }
        if let Some(secret) = &self.secret
            && secret.len() < SECRET_BYTES_MIN
        {
            let what = format!(
                "secret has {} bytes, and must have at least {SECRET_BYTES_MIN} (`openssl rand -hex 32` makes one)",
                secret.len()
            );
            return fault(&["secret"], &what);
        }
        let Some(advertise) = &self.advertise else {
            if self.listen.is_some() {
                let what = "listen is where other nodes reach this one, and needs advertise, the address that they use";
                return fault(&["listen"], what);
            }
            return Ok(());
        };
        if !has_database {
            let what = "advertise is for the nodes of one PostgreSQL database, and [database] url names none";
            return fault(&["advertise"], what);
        }
        if self.secret.is_none() {
            let what = format!(
                "advertise needs a secret of at least {SECRET_BYTES_MIN} bytes, the same on all nodes \
                 (`openssl rand -hex 32` makes one)"
            );
            return fault(&["advertise"], &what);
        }
        if advertise.address().is_some_and(|address| address.is_unspecified()) {
            return fault(&["advertise"], "advertise must be an address of this node, and that stands for any");
        }
        match &self.listen {
            None if advertise.address().is_none() => {
                let what = "advertise names a host by its name, so that listen must say at which address this node listens, \
                            such as `0.0.0.0:7000`";
                fault(&["advertise"], what)
            }
            Some(listen) if listen.address().is_none() => {
                fault(&["listen"], "listen must be an IP address and a port, such as `0.0.0.0:7000`")
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<Endpoint, String> {
        Endpoint::try_from(text.to_owned())
    }

    #[test]
    fn hosts_and_ports() {
        for (text, host, loopback) in [
            ("127.0.0.1:7000", "127.0.0.1", true),
            ("[::1]:7000", "::1", true),
            ("[::ffff:127.0.0.1]:7000", "::ffff:127.0.0.1", true),
            ("10.0.0.5:0", "10.0.0.5", false),
            ("node-1.internal:7000", "node-1.internal", false),
            ("localhost:7000", "localhost", false),
        ] {
            let read = endpoint(text).expect(text);
            assert_eq!((read.host.as_str(), read.is_loopback(), read.to_string()), (host, loopback, text.to_owned()));
        }
        for bad in
            ["", "7000", "host", "host:", ":7000", "host:70000", "::1:7000", "[::1]", "[x]:1", "a b:1", "http://a:1"]
        {
            assert!(endpoint(bad).is_err_and(|why| why.contains(&format!("`{bad}`"))), "{bad}");
        }
    }

    #[test]
    fn what_belongs_together() {
        let secret = Some("s".repeat(SECRET_BYTES_MIN));
        let cluster = |advertise: &str, listen: &str| Cluster {
            advertise: endpoint(advertise).ok(),
            listen: endpoint(listen).ok(),
            secret: secret.clone(),
            ..Cluster::default()
        };
        let reached = |cluster: &Cluster| {
            assert!(cluster.check(true).is_ok());
            cluster.reached().map(|(_, listen, _)| listen.to_string())
        };
        assert_eq!(reached(&cluster("", "")), None);
        assert_eq!(reached(&cluster("10.0.0.5:7000", "")).as_deref(), Some("10.0.0.5:7000"));
        assert_eq!(reached(&cluster("node:7000", "[::]:7001")).as_deref(), Some("[::]:7001"));
        assert_eq!(reached(&Cluster { sticky: true, ..cluster("10.0.0.5:7000", "") }), None);
        assert_eq!(reached(&Cluster { advertise: None, ..cluster("", "") }), None);

        let refused = |cluster: Cluster, has_database, why: &str| {
            let fault = cluster.check(has_database).expect_err(why);
            assert!(format!("{fault:?}").contains(why), "{fault:?}");
        };
        refused(cluster("10.0.0.5:7000", ""), false, "names none");
        let bus = BusName::Redis("redis://cache".to_owned());
        assert!(Cluster { bus: bus.clone(), ..Cluster::default() }.check(true).is_ok());
        refused(Cluster { bus, ..Cluster::default() }, false, "names none");
        refused(Cluster { secret: None, ..cluster("10.0.0.5:7000", "") }, true, "needs a secret");
        refused(Cluster { secret: Some("short".to_owned()), ..cluster("", "") }, true, "has 5 bytes");
        refused(cluster("", "10.0.0.5:7000"), true, "needs advertise");
        refused(cluster("0.0.0.0:7000", ""), true, "stands for any");
        refused(cluster("node:7000", ""), true, "listen must say");
        refused(cluster("node:7000", "node:7000"), true, "must be an IP address");
    }
}
