//! The normal forms of what people log in with: passwords, usernames and email addresses. One keyboard or library sends
//! `é` as one character and another as two, and both mean the same.
//!
//! What must stay true: a normal form of a normal form is the same text, so that what is stored can be normalised again.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{EastAsianWidth, GeneralCategory};

use crate::Refusal;
use crate::limits::{EMAIL_BYTES_MAX, NAME_CHARS_MAX};
use crate::visible::{DECOMPOSED_CHARS_MAX, category, is_longer, is_visible};

/// Returns a password as it is hashed: with U+0020 for every other space, and in NFC, as the profile `OpaqueString` of
/// RFC 8265 (section 4.2) says. Spaces at the ends belong to the password.
///
/// Unlike the profile, it refuses no character: a password that an account has must not become invalid by a version of
/// Unicode.
#[must_use]
pub fn normal_password(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let space = |c: char| if category(c) == GeneralCategory::SpaceSeparator { ' ' } else { c };
    Cow::Owned(nfc().normalize_iter(text.chars().map(space)).collect())
}

/// Returns a username without white space around it, with ordinary forms of full-width and half-width characters, and
/// in NFC, as the usernames of RFC 8265 (section 3) are prepared. Case is kept, for it is only compared without.
#[must_use]
pub fn normal_username(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_owned();
    }
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let widths = CodePointMapData::<EastAsianWidth>::new();
    let ordinary: String = text
        .chars()
        .map(|c| match widths.get(c) {
            EastAsianWidth::Fullwidth | EastAsianWidth::Halfwidth => {
                nfkc.normalize(c.encode_utf8(&mut [0; 4])).into_owned()
            }
            _ => c.to_string(),
        })
        .collect();
    nfc().normalize(ordinary.trim()).into_owned()
}

/// Returns an email address without white space around it, in NFC.
fn normal_email(text: &str) -> Cow<'_, str> {
    nfc().normalize(text.trim())
}

/// Returns the text by which an email address is compared with others: without white space around it, in lower case, in
/// NFC.
#[must_use]
pub fn email_key(text: &str) -> String {
    nfc().normalize(&normal_email(text).to_lowercase()).into_owned()
}

/// Checks that a text can be an email address, and returns it in its normal form: a local part, one `@`, a host, and
/// only visible characters.
///
/// # Errors
/// A refusal that names the field `email`.
pub fn parse_email(text: &str) -> Result<String, Refusal> {
    let invalid = || Refusal::invalid("email", "must be an email address");
    // A long text is refused before it is normalised.
    if is_longer(text.trim(), EMAIL_BYTES_MAX) {
        return Err(invalid());
    }
    let text = normal_email(text).into_owned();
    let parts: Vec<&str> = text.split('@').collect();
    let shaped = matches!(parts[..], [local, host] if !local.is_empty() && host.len() > 1);
    if !shaped || text.len() > EMAIL_BYTES_MAX || !text.chars().all(is_visible) {
        return Err(invalid());
    }
    Ok(text)
}

/// Returns the texts under which the account of a username may be stored, in lower case: as it was given, which an
/// earlier version may have stored, and in its normal form. Empty if no account can have so long a name.
#[must_use]
pub fn username_keys(given: &str) -> Vec<String> {
    let trimmed = given.trim();
    if is_longer(trimmed, DECOMPOSED_CHARS_MAX) {
        return Vec::new();
    }
    keys(given, normal_username(trimmed), NAME_CHARS_MAX)
}

/// Returns the texts under which the account of an email address may be stored: as it was given, in lower case, which an
/// earlier version may have stored, and as [`email_key`] has it. Empty if no account can have so long an address.
#[must_use]
pub fn email_keys(given: &str) -> Vec<String> {
    if is_longer(given.trim(), EMAIL_BYTES_MAX) {
        return Vec::new();
    }
    keys(given, email_key(given), EMAIL_BYTES_MAX)
}

/// Returns the given text and its normal form, both in lower case, without those of more than `chars_max` characters.
fn keys(given: &str, normal: String, chars_max: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for text in [given, &normal] {
        if !is_longer(text, chars_max) {
            keys.push(text.to_lowercase());
        }
    }
    keys.dedup();
    keys
}

fn nfc() -> ComposingNormalizerBorrowed<'static> {
    ComposingNormalizerBorrowed::new_nfc()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_password_is_the_same_on_every_keyboard() {
        for (given, normal) in [
            ("correct horse", "correct horse"),
            ("cafe\u{301} au lait", "caf\u{e9} au lait"),
            ("\u{212B}ngstr\u{f6}m", "\u{c5}ngstr\u{f6}m"),
            ("corre\u{301}ct\u{A0}horse\u{3000}", "corr\u{e9}ct horse "),
            // Neither case nor width nor the ends change: each of them is part of what was chosen.
            ("  Pass  ", "  Pass  "),
            ("ｐａｓｓ", "ｐａｓｓ"),
            ("\u{0}\t\u{378}", "\u{0}\t\u{378}"),
        ] {
            assert_eq!(normal_password(given), normal, "{given:?}");
        }
    }

    #[test]
    fn a_username_is_the_same_on_every_keyboard() {
        for (given, normal) in [
            (" Ada ", "Ada"),
            ("ada\u{3000}", "ada"),
            ("Zoe\u{308}\n", "Zo\u{eb}"),
            ("ＡＤＡ", "ADA"),
            ("ﾊﾞｰﾄ", "バート"),
            ("山田", "山田"),
        ] {
            assert_eq!(normal_username(given), normal, "{given:?}");
        }
        assert_eq!(username_keys(" Zoe\u{308}"), [" zoe\u{308}", "zo\u{eb}"]);
        assert_eq!(username_keys("Ada"), ["ada"]);
        assert_eq!(username_keys(&" ".repeat(100_000)), [""]);
        assert!(username_keys(&"a".repeat(100_000)).is_empty());
        assert_eq!(username_keys(&"a\u{301}".repeat(128)), ["\u{e1}".repeat(128)]);
    }

    #[test]
    fn an_address_is_the_same_on_every_keyboard() {
        assert_eq!(parse_email(" Ada@Example.ORG\n").as_deref(), Ok("Ada@Example.ORG"));
        assert_eq!(parse_email("zoe\u{308}@example.org").as_deref(), Ok("zo\u{eb}@example.org"));
        assert_eq!(email_key("ZOE\u{308}@example.org "), "zo\u{eb}@example.org");
        assert_eq!(email_keys(" Ada@example.org"), [" ada@example.org", "ada@example.org"]);
        for bad in ["", "ada", "@example.org", "ada@", "a@b@c.org", "a da@example.org", "a\u{200B}@example.org"] {
            let refusal = parse_email(bad).expect_err(bad);
            assert_eq!(refusal.message, "`email` must be an email address.");
        }
        assert!(parse_email(&format!("{}@example.org", "a".repeat(250))).is_err());
        assert!(email_keys(&"a".repeat(100_000)).is_empty());
    }

    proptest! {
        #[test]
        fn normal_forms_are_their_own(text in any::<String>()) {
            let password = normal_password(&text).into_owned();
            prop_assert_eq!(normal_password(&password), password.as_str());
            let username = normal_username(&text);
            prop_assert_eq!(normal_username(&username), username);
            let email = email_key(&text);
            prop_assert_eq!(email_key(&email), email);
        }
    }
}
