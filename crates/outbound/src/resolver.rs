//! Look-ups of names, after which each address is checked.
//!
//! What must stay true: an address that is refused is not returned, so that no connection to it can begin.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::refused;
use crate::{Networks, OutboundError};

/// Returns an error if an address may not be asked.
pub(crate) fn check(host: &str, address: IpAddr, allowed: &Networks) -> Result<(), OutboundError> {
    match refused(address).filter(|_| !allowed.contain(address)) {
        None => Ok(()),
        Some(class) => Err(OutboundError::Refused { host: host.to_owned(), address, class }),
    }
}

/// Keeps the addresses of a host that may be asked.
fn checked(host: &str, found: Vec<SocketAddr>, allowed: &Networks) -> Result<Vec<SocketAddr>, OutboundError> {
    let mut first = Err(OutboundError::Unknown { host: host.to_owned(), why: "it has no address".to_owned() });
    let mut kept = Vec::new();
    for address in found {
        match check(host, address.ip(), allowed) {
            Ok(()) => kept.push(address),
            Err(refused) if kept.is_empty() => first = Err(refused),
            Err(_) => {}
        }
    }
    if kept.is_empty() { first } else { Ok(kept) }
}

/// A resolver that returns only addresses that may be asked.
pub(crate) struct Resolver {
    /// The networks that are allowed; `None` if all addresses are.
    pub(crate) allowed: Option<Arc<Networks>>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0))
                .await
                .map_err(|error| OutboundError::Unknown { host: host.to_owned(), why: error.to_string() })?
                .collect();
            let found = match allowed {
                Some(allowed) => checked(host, found, &allowed)?,
                None => found,
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(addresses: &[&str]) -> Vec<SocketAddr> {
        addresses.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect()
    }

    #[test]
    fn addresses_that_are_refused_are_left_out() {
        let none = Networks::default();
        let kept = |addresses: &[&str], allowed: &Networks| {
            checked("a.example", found(addresses), allowed).map(|kept| kept.len())
        };
        assert_eq!(kept(&["93.184.216.34", "10.0.0.1", "::1"], &none), Ok(1));
        let why = kept(&["10.0.0.1", "127.0.0.1"], &none).expect_err("refused").to_string();
        assert_eq!(
            why,
            "a.example is 127.0.0.1, a loopback address, which is not on the public internet; the operator can allow it \
             with [outbound] allow."
        );
        for (literal, address) in [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")] {
            let why = check(literal, address.parse().expect("an address"), &none).expect_err("refused").to_string();
            let expected = format!("{literal} is a loopback address, which is not on the public internet;");
            assert!(why.starts_with(&expected), "{why}");
        }
        assert_eq!(kept(&["10.0.0.1", "127.0.0.1"], &Networks::parse(["10.0.0.0/8"]).expect("a network")), Ok(1));
        assert_eq!(kept(&[], &none).expect_err("unknown").to_string(), "a.example is not found: it has no address.");
    }
}
