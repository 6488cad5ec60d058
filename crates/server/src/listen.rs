//! Listeners, written as `[ADDR:]PORT[=DIALECT[,trust]]`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use quintet_dialect::Dialect;
use serde::{Deserialize, Serialize};

/// The settings of one listener.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Listen {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) trust: bool,
}

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Default for Listen {
    fn default() -> Self {
        Self { address: SocketAddr::new(LOCALHOST, 3000), dialect: None, trust: false }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("`{text}` is no [ADDR:]PORT[=DIALECT[,trust]]: {why}");
        let (place, rest) = text.split_once('=').map_or((text, None), |(place, rest)| (place, Some(rest)));
        let address = match place.parse::<u16>() {
            Ok(port) => SocketAddr::new(LOCALHOST, port),
            Err(_) => place.parse().map_err(|_| bad("the address or the port is not understood"))?,
        };
        let (mut dialect, mut trust) = (None, false);
        if let Some(rest) = rest {
            let (name, option) = rest.split_once(',').map_or((rest, None), |(name, option)| (name, Some(option)));
            dialect =
                match name {
                    "auto" => None,
                    name => Some(Dialect::parse(name).ok_or_else(|| {
                        bad("the dialect must be meetup, messenger, rooms, conversations, chat or auto")
                    })?),
                };
            trust = match option {
                None => false,
                Some("trust") => true,
                Some(_) => return Err(bad("after the dialect, only `,trust` may come")),
            };
        }
        Ok(Self { address, dialect, trust })
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dialect = self.dialect.map_or("auto", Dialect::as_str);
        write!(f, "{}={dialect}{}", self.address, if self.trust { ",trust" } else { "" })
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

/// Returns whether other machines can reach one of these addresses.
pub(crate) fn is_reachable(addresses: impl IntoIterator<Item = IpAddr>) -> bool {
    addresses.into_iter().any(|address| !address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood() {
        let shown = |text: &str| text.parse::<Listen>().map(|listen| listen.to_string());
        assert_eq!(shown("3000").as_deref(), Ok("127.0.0.1:3000=auto"));
        assert_eq!(shown("0.0.0.0:80=chat").as_deref(), Ok("0.0.0.0:80=chat"));
        assert_eq!(shown("[::1]:5000=meetup,trust").as_deref(), Ok("[::1]:5000=meetup,trust"));
        assert!(shown("65536").is_err());
        assert!(shown("3000=irc").is_err());
        assert!(shown("3000=chat,truth").is_err());
        assert!(shown("localhost:3000").is_err());
    }
}
