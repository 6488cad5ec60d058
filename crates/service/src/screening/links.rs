//! A list of hosts, and where a text leads to one that it does not let through.
//!
//! What must stay true: a text is looked through once, and no part of it is parsed twice. Hosts are compared as browsers
//! compare them: without case, in ASCII, and with what percent signs stand for.

use std::collections::HashSet;
use std::ops::Range;

use quintet_domain::ListAction;
use quintet_domain::limits::LISTED_HOSTS_MAX;
use url::Host;

use super::entries::ListedLinks;

/// The schemes of links that lead to a host.
const SCHEMES: [&str; 5] = ["https", "http", "wss", "ws", "ftp"];
/// The most bytes of an address in front of its path that are read, from the end: names of hosts have at most 253.
const HOST_BYTES_MAX: usize = 300;
/// The full stops that separate the labels of a host beside `.`.
const STOPS: [char; 3] = ['\u{3002}', '\u{FF0E}', '\u{FF61}'];

/// A list of hosts.
#[derive(Debug)]
pub(super) struct Links {
    hosts: HashSet<String>,
    /// Whether the hosts are the only ones that are let through; otherwise they are those that are not.
    only: bool,
    action: ListAction,
}

/// A part of a text that leads to a host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Near {
    pub(super) place: Range<usize>,
    pub(super) host: String,
}

impl Links {
    /// Prepares a list; none if it has no entries.
    ///
    /// # Errors
    /// A sentence that names the entry.
    pub(super) fn new(listed: &ListedLinks) -> Result<Option<Self>, String> {
        let ListedLinks { deny, allow, action } = listed;
        let (only, hosts) = match (deny.is_empty(), allow.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => return Err("links: `deny` and `allow` exclude each other; name hosts in one".to_owned()),
            (false, true) => (false, deny),
            (true, false) => (true, allow),
        };
        if hosts.len() > LISTED_HOSTS_MAX {
            return Err(format!("links: there are {} hosts; at most {LISTED_HOSTS_MAX} are allowed", hosts.len()));
        }
        let hosts = hosts.iter().map(|host| host_named(host)).collect::<Result<_, _>>()?;
        Ok(Some(Self { hosts, only, action: *action }))
    }

    pub(super) fn action(&self) -> ListAction {
        self.action
    }

    /// Whether the list lets a host through.
    fn lets_through(&self, host: &str) -> bool {
        let above = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        std::iter::once(host).chain(above).any(|name| self.hosts.contains(name)) == self.only
    }

    /// The host of a link that is not let through.
    pub(super) fn refused_host(&self, link: &str) -> Option<String> {
        self.addresses(link).next().map(|near| near.host)
    }

    /// The parts of a text that lead to hosts that are not let through.
    pub(super) fn found_in<'l>(&'l self, text: &'l str) -> impl Iterator<Item = Near> + 'l {
        self.addresses(text).chain(self.bare_hosts(text))
    }

    /// The addresses with a scheme among those.
    fn addresses<'l>(&'l self, text: &'l str) -> impl Iterator<Item = Near> + 'l {
        // Where the host that was read last ends, so that none is read twice.
        let mut read_to = 0;
        text.match_indices(':').filter_map(move |(at, _)| {
            let scheme = scheme_before(&text[..at])?;
            let start = at + 1 + text[at + 1..].find(|c: char| c != '/' && c != '\\').unwrap_or(text.len() - at - 1);
            if start < read_to {
                return None;
            }
            let end = start + text[start..].find(ends_host).unwrap_or(text.len() - start);
            read_to = end;
            let host = host_of(&text[start..end])?;
            if self.lets_through(&host) {
                return None;
            }
            let end = end + text[end..].find(ends_address).unwrap_or(text.len() - end);
            Some(Near { place: at - scheme.len()..end, host })
        })
    }

    /// The names of hosts without a scheme among those. Where only some hosts are let through, a name is a link if it begins
    /// with `www.`, because a file or a sentence without a space looks like a host.
    fn bare_hosts<'l>(&'l self, text: &'l str) -> impl Iterator<Item = Near> + 'l {
        let mut rest = text;
        std::iter::from_fn(move || {
            loop {
                let from = rest.find(in_host)?;
                let (start, behind) = (text.len() - rest.len() + from, &rest[from..]);
                let length = behind.find(|c: char| !in_host(c)).unwrap_or(behind.len());
                rest = &behind[length..];
                let name = &behind[..length];
                let trimmed = name.trim_matches(|c: char| !c.is_alphanumeric());
                if !trimmed.contains(is_stop) || self.only && !begins_as_host(trimmed) {
                    continue;
                }
                let Some(host) = host_of(trimmed).filter(|host| !self.lets_through(host)) else { continue };
                let start = start + (name.len() - name.trim_start_matches(|c: char| !c.is_alphanumeric()).len());
                return Some(Near { place: start..start + trimmed.len(), host });
            }
        })
    }
}

fn begins_as_host(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}

fn is_stop(c: char) -> bool {
    c == '.' || STOPS.contains(&c)
}

/// Whether a character can be part of the name of a host.
fn in_host(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || is_stop(c)
}

/// Whether a character ends the part of an address that names its host.
fn ends_host(c: char) -> bool {
    matches!(c, '/' | '\\' | '?' | '#') || ends_address(c)
}

/// Whether a character ends an address.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"') || c.is_control()
}

/// The scheme that a text ends with, if it is one of those that lead to a host.
fn scheme_before(text: &str) -> Option<&'static str> {
    SCHEMES.into_iter().find(|scheme| {
        let start = text.len().checked_sub(scheme.len());
        let ends_so = start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(scheme));
        // The scheme of another kind of address may end so.
        ends_so && !text[..text.len() - scheme.len()].ends_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// The host of what stands between the scheme of an address and its path.
fn host_of(authority: &str) -> Option<String> {
    let mut from = authority.len().saturating_sub(HOST_BYTES_MAX);
    while !authority.is_char_boundary(from) {
        from += 1;
    }
    let end = &authority[from..];
    let with_port = end.rsplit_once('@').map_or(end, |(_, host)| host);
    let host = match with_port.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => with_port,
    };
    let host = host.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ']');
    normal(host)
}

/// A host as it is compared.
fn normal(host: &str) -> Option<String> {
    if host.is_empty() {
        return None;
    }
    match Host::parse(host) {
        Ok(Host::Domain(name)) => Some(name.trim_end_matches('.').to_owned()),
        Ok(address) => Some(address.to_string()),
        Err(_) => None,
    }
}

/// Checks a host that the operator names.
///
/// # Errors
/// A sentence that names it.
pub(super) fn check(host: &str) -> Result<(), String> {
    host_named(host).map(|_| ())
}

/// A host that the operator names.
fn host_named(text: &str) -> Result<String, String> {
    let name = text.trim();
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let is_name = plain.contains(['.', ':']) || plain.eq_ignore_ascii_case("localhost");
    normal(plain)
        .filter(|_| is_name && !plain.contains(['/', '@', '*', ' ']))
        .ok_or_else(|| format!("links: `{text}` is not the name of a host, such as `example.org`"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn links(deny: &[&str], allow: &[&str]) -> Result<Option<Links>, String> {
        let owned = |hosts: &[&str]| hosts.iter().map(|&host| host.to_owned()).collect();
        Links::new(&ListedLinks { deny: owned(deny), allow: owned(allow), action: ListAction::Refuse })
    }

    fn found(links: &Links, text: &str) -> Vec<String> {
        links.found_in(text).map(|near| text[near.place].to_owned()).collect()
    }

    #[test]
    fn denied_hosts_are_found_with_their_subdomains_however_they_are_written() {
        let links = links(&["spam.example", "*.b\u{fc}cher.example", "192.0.2.7"], &[]).expect("good").expect("hosts");
        for text in [
            "https://spam.example",
            "HTTP://SPAM.Example/path?q#x",
            "see (http://www.spam.example).",
            "http:\\\\spam.example\\x",
            "http:spam.example",
            "https://good.example@spam.example/",
            "https://user:pass@spam.example:8080/",
            "http://sp%61m.example/",
            "https://spam\u{3002}example/",
            "https://ＳＰＡＭ.example/",
            "spam.example",
            "write to me@spam.example!",
            "x.spam.example.",
            "https://bücher.example",
            "https://xn--bcher-kva.example",
            "http://192.0.2.7/x",
            "http://3221225991/x",
            "https://good.example,https://spam.example",
            &format!("https://{}@spam.example", "a".repeat(1_000)),
        ] {
            assert!(!found(&links, text).is_empty(), "{text}");
        }
        for text in [
            "",
            "spam example",
            "https://nospam.example",
            "https://spam.example.org",
            "notspam.example",
            "https://good.example/spam",
            "spam",
            "12:30, a.b.c, file.txt",
            "http://",
            "https:// spam",
        ] {
            assert_eq!(found(&links, text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(found(&links, "go to https://spam.example/a?b#c now")[0], "https://spam.example/a?b#c");
    }

    #[test]
    fn where_only_some_hosts_are_allowed_other_links_are_found() {
        let links = links(&[], &["good.example"]).expect("good").expect("hosts");
        for text in [
            "https://good.example/x",
            "http://www.good.example",
            "www.good.example",
            "file.txt and e.g.this",
            "me@x.example",
        ] {
            assert_eq!(found(&links, text), Vec::<String>::new(), "{text}");
        }
        for text in
            ["https://other.example", "www.other.example", "http://good.example@other.example", "ftp://x.example"]
        {
            assert!(!found(&links, text).is_empty(), "{text}");
        }
        assert_eq!(links.refused_host("https://good.example/a.png"), None);
        assert_eq!(links.refused_host("https://cdn.example/a.png").as_deref(), Some("cdn.example"));
        assert_eq!(links.refused_host("/files/a/b"), None);
    }

    #[test]
    fn an_entry_that_is_no_host_is_named() {
        for bad in ["", "spam", "https://spam.example", "spam.example/path", "a b.example", "*", "a*.example"] {
            let said = links(&[bad], &[]).expect_err(bad);
            assert!(said.contains(&format!("`{bad}` is not the name of a host")), "{said}");
        }
        assert!(links(&["a.example"], &["b.example"]).is_err_and(|why| why.contains("exclude each other")));
        assert!(links(&[], &[]).expect("good").is_none());
    }

    #[test]
    fn the_worst_text_takes_time_in_proportion() {
        let links = links(&["spam.example"], &[]).expect("good").expect("hosts");
        for part in ["http:", "http://", "http://a@", "a.", "https://a.b:1", "ü.", "https:/\\"] {
            let text = part.repeat(16_000 / part.len());
            let began = Instant::now();
            let _ = links.found_in(&text).count();
            assert!(began.elapsed() < Duration::from_secs(5), "{part:?} took {:?}", began.elapsed());
        }
    }
}
