//! The networks that the operator allows although their addresses are refused.

use std::net::IpAddr;

use ipnet::IpNet;

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks in CIDR notation, such as `10.0.0.0/8`, and single addresses.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, String> {
        let read = |text: &'t str| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| text.to_owned())
        };
        texts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether no network is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of the networks contains an address. An IPv4 address in the form of an IPv6 one is the IPv4
    /// address.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses() {
        let networks = Networks::parse(["10.0.0.0/8", "127.0.0.1", "fd00::/8"]).expect("networks");
        for (address, is_contained) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("11.1.2.3", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(networks.contain(address.parse().expect("an address")), is_contained, "{address}");
        }
        for bad in ["10.0.0.0/33", "example.org", ""] {
            assert_eq!(Networks::parse([bad]), Err(bad.to_owned()));
        }
    }
}
