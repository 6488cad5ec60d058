//! The URL at which the push service of a browser takes messages for it.
//!
//! What must stay true: what is parsed has a host and neither a name nor a password, and its text is what was given.

use std::net::IpAddr;

use http::Uri;

use crate::SubscriptionError;

/// Maximum length of an endpoint, in bytes.
const ENDPOINT_BYTES_MAX: usize = 2_048;

/// The URL at which a push service takes messages for one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    scheme: &'static str,
    host: String,
    port: Option<u16>,
}

fn wrong(reason: &'static str) -> SubscriptionError {
    SubscriptionError { field: "endpoint", reason }
}

impl Endpoint {
    /// Parses the URL of an endpoint: `https`, or `http` if its host is an address, which only an operator's own tests
    /// have.
    ///
    /// # Errors
    /// [`SubscriptionError`] with the field `endpoint`.
    pub fn parse(text: &str) -> Result<Self, SubscriptionError> {
        if text.len() > ENDPOINT_BYTES_MAX {
            return Err(wrong("has at most 2,048 bytes"));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("must be a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("must be an absolute URL"));
        };
        if authority.as_str().contains('@') {
            return Err(wrong("must not have a user name"));
        }
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("must name a host"));
        }
        let port = match authority.as_str().get(authority.host().len()..).and_then(|rest| rest.strip_prefix(':')) {
            None | Some("") => None,
            Some(port) => Some(port.parse().map_err(|_| wrong("must have a port up to 65535"))?),
        };
        let endpoint = Self { text: text.to_owned(), scheme: "https", host, port };
        match scheme {
            "https" => Ok(endpoint),
            "http" if endpoint.address().is_some() => Ok(Self { scheme: "http", ..endpoint }),
            _ => Err(wrong("must be an https URL")),
        }
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, in lower case; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, if it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let bare = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        bare.unwrap_or(&self.host).parse().ok()
    }

    /// Whether the connection to the push service is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }

    /// The origin of the URL (RFC 6454), which is the audience of a VAPID token.
    #[must_use]
    pub fn origin(&self) -> String {
        let default = if self.is_encrypted() { 443 } else { 80 };
        match self.port.filter(|port| *port != default) {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<String, String> {
        Endpoint::parse(text).map(|endpoint| endpoint.origin()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_origin_has_no_path_and_no_default_port() {
        for (text, expected) in [
            ("https://Push.Example.org/send/abc?x=1", "https://push.example.org"),
            ("https://push.example.org:443/", "https://push.example.org"),
            ("https://push.example.org:8443/a", "https://push.example.org:8443"),
            ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443"),
            ("http://127.0.0.1:80/a", "http://127.0.0.1"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "`endpoint` must be a URL"),
            ("/send", "`endpoint` must be an absolute URL"),
            ("ftp://push.example.org/", "`endpoint` must be an https URL"),
            ("http://push.example.org/", "`endpoint` must be an https URL"),
            ("https://user:secret@push.example.org/", "`endpoint` must not have a user name"),
            ("https://push.example.org:99999/", "`endpoint` must have a port up to 65535"),
        ] {
            assert_eq!(origin(text), Err(reason.to_owned()), "{text}");
        }
        let long = |bytes: usize| format!("https://push.example.org/{}", "a".repeat(bytes - 25));
        assert!(origin(&long(ENDPOINT_BYTES_MAX)).is_ok());
        assert_eq!(origin(&long(ENDPOINT_BYTES_MAX + 1)), Err("`endpoint` has at most 2,048 bytes".to_owned()));
    }

    #[test]
    fn a_literal_address_is_known() {
        let address = |text: &str| Endpoint::parse(text).ok().and_then(|endpoint| endpoint.address());
        assert_eq!(address("https://10.0.0.1/"), "10.0.0.1".parse().ok());
        assert_eq!(address("https://[::1]/"), "::1".parse().ok());
        assert_eq!(address("https://push.example.org/"), None);
    }
}
