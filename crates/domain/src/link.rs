//! Links that messages and profiles carry.

use crate::limits::URL_BYTES_MAX;
use crate::{Refusal, is_visible, refuse_nul};

/// The prefix of the links to this server's files.
pub const FILES_PATH: &str = "/files/";

/// The prefix of the links to the pictures that this server makes for users without one.
pub const AVATARS_PATH: &str = "/avatars/";

/// Returns whether a link leads to a file of some server like this one, by its full address. Only the service knows
/// whether the address is this server's own.
pub(crate) fn may_be_own_file(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let path = rest.and_then(|rest| rest.rfind(FILES_PATH).map(|at| rest.split_at(at)));
    path.is_some_and(|(host, path)| !host.is_empty() && host.chars().all(is_visible) && file_of_link(path).is_some())
}

/// Returns the id and the secret in a link, if the link is exactly the path of a file of this server, with nothing
/// before or after it.
#[must_use]
pub fn file_of_link(url: &str) -> Option<(&str, &str)> {
    let (id, secret) = url.strip_prefix(FILES_PATH)?.split_once('/')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain(id) && plain(secret)).then_some((id, secret))
}

/// Checks that a link is an https URL or exactly the path of a file of this server.
///
/// # Errors
/// A refusal that names `field`.
pub fn validate_link(field: &str, url: &str) -> Result<(), Refusal> {
    if url.len() > URL_BYTES_MAX {
        return Err(Refusal::too_large(field, format!("has at most {URL_BYTES_MAX} bytes")));
    }
    refuse_nul(field, url)?;
    let host = url.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let elsewhere = host.is_some_and(|host| !host.is_empty());
    if !(elsewhere || file_of_link(url).is_some()) || !url.chars().all(is_visible) {
        return Err(Refusal::invalid(field, "must be an https link, or one of this server's files"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_elsewhere_by_https_or_to_exactly_one_file() {
        for url in ["https://example.org", "https://example.org/files/f-1/s-1", "/files/f-1/0a1b"] {
            assert_eq!(validate_link("avatar", url), Ok(()), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///files/f-1/s-1",
            "http://example.org/a.png",
            "javascript:alert(1)",
            "data:,x",
            "//example.org/x",
            "/files/f-1",
            "/files/f-1/",
            "/files//s-1",
            "/files/f-1/s-1/x",
            "/files/f-1/s-1?x",
            "/files/f-1/s-1#x",
            "/files/../files/f-1/s-1",
            "x/files/f-1/s-1",
            " /files/f-1/s-1",
            "/files/f-1/..",
            "https://example.org/a b",
            "https://example.org/\u{202E}gnp.exe",
        ] {
            assert!(validate_link("avatar", url).is_err(), "{url}");
        }
        assert_eq!(file_of_link("/files/f-1/s-1"), Some(("f-1", "s-1")));
        assert_eq!(file_of_link("https://evil.example/files/f-1/s-1"), None);
    }
}
