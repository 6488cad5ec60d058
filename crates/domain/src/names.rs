//! Usernames: which texts are valid, which of them count as equal, and which are reserved.
//!
//! Two usernames are equal if their keys are, so that nobody can take a name that readers mistake for another user's.
//! The keys follow Unicode: NFKC, full case folding, and the skeleton of UTS #39 (Unicode Security Mechanisms).

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::GeneralCategory;
use unicode_security::confusable_detection::skeleton;

use crate::limits::NAME_CHARS_MAX;
use crate::visible::{DECOMPOSED_CHARS_MAX, category, is_longer, is_mark, is_visible, named, refuse_nul};
use crate::{Refusal, normal_username};

/// The version of the keys of stored usernames and email addresses: the version of the algorithm in this file and of
/// [`email_key`](crate::email_key), and that of the table of confusable characters. The keys in a database with another
/// version must be computed again.
pub static NAME_KEY_VERSION: LazyLock<String> = LazyLock::new(|| {
    let (major, minor, _) = unicode_security::UNICODE_VERSION;
    format!("2 {major}.{minor}")
});

/// Maximum rounds of folding until a key no longer changes: the prototype of a confusable character can have a case or
/// a compatibility form of its own, but seldom twice in a row.
const ROUNDS_MAX: usize = 8;

/// Reserved usernames: names of roles and of groups of users, which readers would trust. They are compared by their
/// keys.
const RESERVED: [&str; 20] = [
    "admin",
    "administrator",
    "all",
    "anonymous",
    "channel",
    "deleted",
    "everyone",
    "help",
    "here",
    "moderator",
    "nobody",
    "official",
    "operator",
    "quintet",
    "root",
    "security",
    "staff",
    "support",
    "system",
    "undefined",
];

/// The prefixes of the names that the server gives to guests and to erased users. `user-`, for users whose token has no
/// name, is not reserved: it gives no false impression, and other back ends have such users.
const RESERVED_PREFIXES: [&str; 2] = ["guest-", "deleted-"];

/// The characters that NFKC maps to `@`: itself, the small form and the full-width form.
const AT_SIGNS: [char; 3] = ['@', '\u{FE6B}', '\u{FF20}'];

/// The message that refuses a valid username which is reserved.
const RESERVED_BECAUSE: &str = "is reserved; choose another one";

/// The keys by which a username is compared with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameKeys {
    /// Equal for names that differ only in case, in compatibility forms, or in characters that look alike in lower
    /// case.
    pub key: String,
    /// Equal to the `key` or `look` of another name that looks the same as written. For example `AIice`, with a capital
    /// i, has the look of `alice` but a different key.
    pub look: String,
}

impl NameKeys {
    /// Computes the keys of a username, or of any text that an earlier version accepted as one.
    #[must_use]
    pub fn of(username: &str) -> Self {
        let plain = ComposingNormalizerBorrowed::new_nfkc().normalize(username).into_owned();
        Self { key: settled(plain.clone()), look: settled(skeleton(&plain).collect()) }
    }

    /// Returns whether readers may mistake one of two names for the other.
    #[must_use]
    pub fn collide(&self, other: &Self) -> bool {
        [&self.key, &self.look].iter().any(|own| **own == other.key || **own == other.look)
    }

    /// Returns whether the name is reserved. A reserved name followed by a number is not.
    #[must_use]
    pub fn is_reserved_word(&self) -> bool {
        // The words in capitals are compared as well: only then does `ADMlN`, with a small L, look like one.
        static KEYS: LazyLock<Vec<NameKeys>> = LazyLock::new(|| {
            RESERVED.iter().flat_map(|word| [NameKeys::of(word), NameKeys::of(&word.to_uppercase())]).collect()
        });
        KEYS.iter().any(|reserved| reserved.collide(self))
    }

    /// Returns whether the name starts with a reserved prefix, whatever follows it.
    #[must_use]
    pub fn has_reserved_prefix(&self) -> bool {
        static KEYS: LazyLock<Vec<String>> =
            LazyLock::new(|| RESERVED_PREFIXES.iter().map(|prefix| NameKeys::of(prefix).key).collect());
        let starts = |prefix: &String| self.key.starts_with(prefix) || self.look.starts_with(prefix);
        KEYS.iter().any(starts)
    }
}

/// Returns the pairs of usernames that readers may mistake for each other, each as two indexes into the given order:
/// the first such name, and the later one.
pub fn collisions<'a>(usernames: impl IntoIterator<Item = &'a str>) -> Vec<(usize, usize)> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for (index, username) in usernames.into_iter().enumerate() {
        let NameKeys { key, look } = NameKeys::of(username);
        let earlier = first.get(&key).or_else(|| first.get(&look)).copied();
        pairs.extend(earlier.map(|earlier| (earlier, index)));
        first.entry(key).or_insert(index);
        first.entry(look).or_insert(index);
    }
    pairs
}

/// Folds a text until folding it again changes nothing.
fn settled(mut text: String) -> String {
    for _ in 0..ROUNDS_MAX {
        let next = folded(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Folds a text once: NFKC, case folding, removal of invisible characters, and the skeleton.
fn folded(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let text = nfkc.normalize(text);
    let text: String = CaseMapper::new().fold_string(&text).chars().filter(|c| is_visible(*c)).collect();
    let text: String = skeleton(&text).collect();
    nfkc.normalize(&text).into_owned()
}

/// Checks a username and returns it in its normal form. It has 1 to [`NAME_CHARS_MAX`] visible, assigned characters, in
/// NFKC as well, and neither spaces nor `@`, so that no username can be somebody's email address.
///
/// # Errors
/// A refusal that names the field and the character.
pub fn parse_username(text: &str) -> Result<String, Refusal> {
    let invalid = |what: String| Err(Refusal::invalid("username", what));
    let too_large = || Err(Refusal::too_large("username", format!("has at most {NAME_CHARS_MAX} characters")));
    // A long text is refused before it is normalised.
    if is_longer(text.trim(), DECOMPOSED_CHARS_MAX) {
        return too_large();
    }
    refuse_nul("username", text)?;
    let text = normal_username(text);
    if text.is_empty() {
        return invalid("must not be empty".to_owned());
    }
    if is_longer(&text, NAME_CHARS_MAX) || plain_chars(&text) > NAME_CHARS_MAX {
        return too_large();
    }
    match text.chars().find(|c| !may_be_in_username(*c)) {
        Some(c) if c.is_whitespace() => return invalid("must not contain spaces".to_owned()),
        Some(c) if AT_SIGNS.contains(&c) => return invalid("must not contain `@`; only email addresses do".to_owned()),
        Some(c) => return invalid(format!("must not contain {}, which is invisible or not assigned", named(c))),
        None => {}
    }
    if text.starts_with(is_mark) {
        return invalid("must not start with a mark that is drawn on another character".to_owned());
    }
    Ok(text)
}

/// Returns the number of characters in NFKC, from which keys are made: one ligature can become eighteen.
fn plain_chars(text: &str) -> usize {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).chars().count()
}

/// Returns whether a username may contain a character.
fn may_be_in_username(c: char) -> bool {
    !AT_SIGNS.contains(&c)
        && is_visible(c)
        && !matches!(category(c), GeneralCategory::PrivateUse | GeneralCategory::Unassigned)
}

/// Refuses a username that is reserved, in any spelling that readers may mistake for a reserved one.
///
/// # Errors
/// A refusal that names the field `username`.
pub fn refuse_reserved(username: &str) -> Result<(), Refusal> {
    let keys = NameKeys::of(username);
    if keys.is_reserved_word() || keys.has_reserved_prefix() {
        return Err(Refusal::invalid("username", RESERVED_BECAUSE));
    }
    Ok(())
}

/// Makes the closest username of a text that nobody can be asked to correct, such as a claim of a token or a full name:
/// the part before an `@`, with a dot for each run of white space, and without the characters that a username may not
/// have. The result may be empty, taken or reserved.
#[must_use]
pub fn username_from(text: &str) -> String {
    let text: String = text.chars().take(DECOMPOSED_CHARS_MAX).collect();
    let text = normal_username(&text);
    let text = text.split('@').map(str::trim).find(|part| !part.is_empty()).unwrap_or_default();
    let parts = text.split_whitespace().map(|part| {
        let kept: String = part.chars().filter(|c| may_be_in_username(*c)).collect();
        kept.trim_start_matches(is_mark).to_owned()
    });
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let mut left = NAME_CHARS_MAX;
    let fits = |c: &char| {
        let chars = plain_chars(c.encode_utf8(&mut [0; 4]));
        left.checked_sub(chars).map(|rest| left = rest).is_some()
    };
    parts.join(".").chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        NameKeys::of(one).collide(&NameKeys::of(other))
    }

    #[test]
    fn what_is_a_username() {
        for good in ["ada", "Ada.King-2", "ädä", "ада", "山田", "o'neil", "x", "64f8b0c3"] {
            assert_eq!(parse_username(good).as_deref(), Ok(good));
        }
        for (given, name) in [("Zoe\u{308}", "Zoë"), (" ada \n", "ada"), ("ada\u{A0}", "ada"), ("ＡＤＡ", "ADA")] {
            assert_eq!(parse_username(given).as_deref(), Ok(name), "{given:?}");
        }
        for bad in [
            "",
            " ",
            "ada king",
            "ada\u{200B}",
            "ada\u{3164}",
            "\u{115F}",
            "\u{2800}",
            "a\u{202E}b",
            "ada@example.org",
            "@ada",
            "\u{301}ada",
            "ada\u{FE0F}",
            "👩\u{200D}💻",
            "\u{E000}",
            "\u{378}",
            "ada\u{E0041}",
        ] {
            assert!(parse_username(bad).is_err(), "{bad:?}");
        }
        assert!(parse_username(&"ä".repeat(128)).is_ok());
        assert!(parse_username(&"\u{FDFA}".repeat(8)).is_err_and(|error| error.code == crate::Code::TooLarge));
        assert_eq!(username_from(&"\u{FDFA}".repeat(8)), "\u{FDFA}".repeat(7));
        assert!(parse_username(&"ä".repeat(129)).is_err_and(|error| error.code == crate::Code::TooLarge));
    }

    #[test]
    fn names_that_readers_take_for_each_other() {
        for (one, other) in [
            ("alice", "ALICE"),
            ("alice", "аlice"),
            ("alice", "AIice"),
            ("AIice", "alice"),
            ("Ian", "lan"),
            ("paypal", "раураl"),
            ("bob", "b0b"),
            ("straße", "STRASSE"),
            ("modern", "rnodern"),
            ("ada", "ａｄａ"),
            ("ada", "𝓪𝓭𝓪"),
            ("Zoë", "Zoe\u{308}"),
            ("οσο", "ΟΣΟ"),
            ("ada", "a\u{200B}da"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("alice", "alicia"), ("ada", "ida"), ("ali", "all"), ("мир", "мор"), ("山田", "山本")]
        {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn pairs_that_collide() {
        let names = ["alice", "bob", "аlice", "Ian", "lan", "b0b", "carol"];
        assert_eq!(collisions(names), [(0, 2), (3, 4), (1, 5)]);
        assert_eq!(collisions(["ada"]), []);
    }

    #[test]
    fn names_that_nobody_may_choose() {
        for name in ["admin", "Admin", "аdmin", "ADMlN", "ROOT", "r00t", "support", "guest-ada", "GUEST\u{2010}ada"] {
            assert!(refuse_reserved(name).is_err(), "{name}");
        }
        for name in ["admin-2", "guest", "guests", "supporter", "user1", "user-1", "rooter", "halle", "ali"] {
            assert!(refuse_reserved(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_closest_username() {
        for (text, name) in [
            ("Ada  King", "Ada.King"),
            ("ada@example.org", "ada"),
            ("@ada", "ada"),
            ("a\u{200B}da\u{3164}", "ada"),
            ("\u{200B} @", ""),
            ("\u{301}ada", "ada"),
        ] {
            assert_eq!(username_from(text), name);
        }
        assert_eq!(username_from(&"ä".repeat(300)).chars().count(), NAME_CHARS_MAX);
    }

    /// Latin letters, each with a letter of another script that looks the same.
    const TWINS: [(char, char); 10] = [
        ('a', 'а'),
        ('c', 'с'),
        ('e', 'е'),
        ('i', 'і'),
        ('j', 'ј'),
        ('o', 'ο'),
        ('p', 'р'),
        ('s', 'ѕ'),
        ('x', 'х'),
        ('y', 'у'),
    ];

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,20}") {
            let NameKeys { key, look } = NameKeys::of(&text);
            prop_assert_eq!(&NameKeys::of(&key).key, &key);
            prop_assert_eq!(&NameKeys::of(&look).key, &look);
        }

        #[test]
        fn keys_are_bounded_and_visible(text in any::<String>()) {
            let key = NameKeys::of(&text).key;
            prop_assert!(key.chars().all(is_visible));
            prop_assert!(key.chars().count() <= 40 * text.chars().count());
            let name = username_from(&text);
            prop_assert!(NameKeys::of(&name).key.chars().count() <= 4 * NAME_CHARS_MAX);
        }

        #[test]
        fn twins_and_invisible_characters_make_no_other_name(
            name in "[a-z0-9]{1,20}", swaps in any::<u32>(), hidden in 0usize..20, upper in any::<bool>()
        ) {
            let twin = |c: char| TWINS.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, twin)| *twin);
            let mut disguised: String =
                name.chars().enumerate().map(|(at, c)| if swaps >> at & 1 == 1 { twin(c) } else { c }).collect();
            let at = disguised.char_indices().nth(hidden % name.len()).map_or(0, |(at, _)| at);
            disguised.insert(at, '\u{2060}');
            let disguised = if upper { disguised.to_uppercase() } else { disguised };
            prop_assert!(same(&name, &disguised), "{} {}", name, disguised);
        }

        #[test]
        fn what_is_made_of_a_text_is_a_username(text in any::<String>()) {
            let name = username_from(&text);
            prop_assert!(name.is_empty() || parse_username(&name).is_ok(), "{:?}", name);
        }
    }
}
