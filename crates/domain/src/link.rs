//! Links that messages and profiles carry, and the characters that no shown name may hold.

use crate::Refusal;
use crate::limits::URL_BYTES_MAX;

/// What the links of this server's files start with.
pub const FILES_PATH: &str = "/files/";

/// The id and the secret of the file that a link leads to, if the link is exactly the path of a file of this server:
/// nothing stands before it and nothing after it.
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
    let host = url.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let elsewhere = host.is_some_and(|host| !host.is_empty());
    if !(elsewhere || file_of_link(url).is_some()) || url.chars().any(|c| c.is_whitespace() || is_disguise(c)) {
        return Err(Refusal::invalid(field, "must be an https link, or one of this server's files"));
    }
    Ok(())
}

/// Whether a character changes how a text reads without being seen itself: control characters (Cc), format characters
/// (Cf), among them those that turn the direction of text, and the separators of lines and paragraphs.
#[must_use]
pub fn is_disguise(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
            | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}')
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

    #[test]
    fn names_hold_nothing_that_disguises_them() {
        for name in ["invoice.pdf", "R\u{e9}sum\u{e9} (1).pdf", "\u{645}\u{644}\u{641}.pdf", "\u{1F600}.png"] {
            assert!(!name.chars().any(is_disguise), "{name}");
        }
        for name in ["\u{202E}fdp.exe", "a\u{200B}.pdf", "a\n.pdf", "\u{2066}x\u{2069}", "a\u{FEFF}", "\u{E0041}"] {
            assert!(name.chars().any(is_disguise), "{}", name.escape_unicode());
        }
    }
}
