//! The table `[cluster]`: how the nodes of one database hear of each other.
//!
//! What must stay true: the password of a bus is never shown.

use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// The table `[cluster]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    /// What carries the messages between nodes.
    pub(crate) bus: BusName,
}

/// What carries the messages between nodes.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum BusName {
    /// The PostgreSQL database of the data.
    #[default]
    Postgres,
    /// A Redis or Valkey server, by its URL, which may have a password.
    Redis(String),
}

impl TryFrom<String> for BusName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "postgres" {
            return Ok(Self::Postgres);
        }
        let is_redis = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
        // The text may have a password, so it is not repeated.
        let bad = || "[cluster] bus is neither `postgres` nor a URL that begins with redis:// or rediss://".to_owned();
        if is_redis { Ok(Self::Redis(text)) } else { Err(bad()) }
    }
}

impl From<BusName> for String {
    fn from(bus: BusName) -> Self {
        match bus {
            BusName::Postgres => "postgres".to_owned(),
            BusName::Redis(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or_default();
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                // What stands behind `?` may be a password as well.
                format!("{scheme}://{}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl std::fmt::Debug for BusName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(self.clone()))
    }
}

impl Cluster {
    /// `has_database` says whether the data is in a database that other nodes can use.
    pub(super) fn check(&self, has_database: bool) -> Result<(), Fault> {
        match self.bus {
            BusName::Redis(_) if !has_database => {
                let what = "bus is for the nodes of one PostgreSQL database, and [database] url names none";
                Err(Fault::of("cluster", &["bus"], what))
            }
            BusName::Redis(_) | BusName::Postgres => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_shown_without_its_password() {
        let shown = |text: &str| BusName::try_from(text.to_owned()).map(String::from);
        assert_eq!(shown("postgres").as_deref(), Ok("postgres"));
        assert_eq!(shown("redis://ada:secret@cache:6379/1").as_deref(), Ok("redis://cache:6379/1"));
        assert_eq!(shown("rediss://:se@cret@cache?password=x").as_deref(), Ok("rediss://cache"));
        let debugged = format!("{:?}", BusName::try_from("redis://ada:secret@cache".to_owned()));
        assert!(!debugged.contains("secret"), "{debugged}");
        for bad in ["", "kafka", "http://secret@cache", "REDIS://cache"] {
            assert!(shown(bad).is_err_and(|why| !why.contains("secret")), "{bad}");
        }
        let redis = Cluster { bus: BusName::Redis("redis://cache".to_owned()) };
        assert!(redis.check(true).is_ok() && redis.check(false).is_err() && Cluster::default().check(false).is_ok());
    }
}
