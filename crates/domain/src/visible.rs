//! Which characters a reader can see, and how a display name is normalised and checked.
//!
//! The tables are those of Unicode, from `icu_properties`. [`BLANK_SYMBOLS`] lists the characters that these tables
//! count as visible although nothing is drawn for them.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, Ideographic,
    JoiningType, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::Refusal;
use crate::limits::NAME_CHARS_MAX;

/// Symbols that are drawn blank, although Unicode classifies them as visible: BRAILLE PATTERN BLANK and MUSICAL SYMBOL
/// NULL NOTEHEAD.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1D159}'];

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const TEXT_STYLE: char = '\u{FE0E}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';

/// Maximum characters of the extension of a file's name that is kept when the name is cut.
const EXTENSION_CHARS_MAX: usize = 16;

/// Maximum characters of the tag sequence of a flag: six that name a region, and one that ends it.
const TAGS_MAX: usize = 7;

/// Maximum characters of a text that NFC can compose to a name of [`NAME_CHARS_MAX`]: letters with three marks each.
pub(crate) const DECOMPOSED_CHARS_MAX: usize = 4 * NAME_CHARS_MAX;

/// Returns whether a text has more than `chars` characters, without counting all of them.
pub(crate) fn is_longer(text: &str, chars: usize) -> bool {
    text.chars().nth(chars).is_some()
}

/// Returns the general category of a character.
pub(crate) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Returns whether a character is a combining mark.
pub(crate) fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(category(c), EnclosingMark | NonspacingMark | SpacingMark)
}

/// Returns whether a reader can see a character. Control and format characters, white space, default ignorable
/// characters (among them fillers and variation selectors) and blank symbols are invisible.
///
/// Characters that Unicode has not assigned yet count as visible, so that the emoji of a later version can be sent.
#[must_use]
pub fn is_visible(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, SpaceSeparator, Surrogate};
    // Most text is ASCII, and every id is checked here.
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    !BLANK_SYMBOLS.contains(&c)
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        && !CodePointSetData::new::<WhiteSpace>().contains(c)
        && !matches!(category(c), Control | Format | LineSeparator | ParagraphSeparator | SpaceSeparator | Surrogate)
}

/// Returns whether a text has no visible character.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

/// Refuses a text with the character U+0000: no reader sees it, and many programs take it for the end of the text.
///
/// # Errors
/// A refusal that names `field`.
pub fn refuse_nul(field: &str, text: &str) -> Result<(), Refusal> {
    if text.contains('\0') {
        return Err(Refusal::invalid(field, "must not contain the character U+0000"));
    }
    Ok(())
}

/// Names a character by its code point in an error, for a reader who cannot see it.
pub(crate) fn named(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// Normalises and checks a name that is shown to others: NFC, without white space at its ends, and with one space for
/// each run of white space inside. Invisible characters are refused except where they change what is drawn: inside
/// emoji sequences, and as joiners in scripts that need them (RFC 5892, appendix A).
///
/// # Errors
/// A refusal that names `field`: the name is blank, has more than [`NAME_CHARS_MAX`] characters, or holds an invisible
/// character.
pub fn display_name(field: &str, text: &str) -> Result<String, Refusal> {
    let too_large = || Err(Refusal::too_large(field, format!("has at most {NAME_CHARS_MAX} characters")));
    // A long text is refused before it is normalised.
    if is_longer(text, DECOMPOSED_CHARS_MAX) {
        return too_large();
    }
    refuse_nul(field, text)?;
    let chars = normalised(text);
    if let Some(at) = (0..chars.len()).find(|at| !is_allowed_at(&chars, *at)) {
        let what = format!("must not contain {}, which cannot be seen", named(chars[at]));
        return Err(if chars.iter().copied().any(is_visible) {
            Refusal::invalid(field, what)
        } else {
            Refusal::invalid(field, "must not be blank")
        });
    }
    if !has_visible_base(&chars) {
        return Err(Refusal::invalid(field, "must not be blank"));
    }
    if chars.len() > NAME_CHARS_MAX {
        return too_large();
    }
    Ok(chars.into_iter().collect())
}

/// Makes the closest display name of a text that nobody can be asked to correct, such as a claim of a token: whatever
/// [`display_name`] refuses is left out, and a long name is cut. Returns `None` if nothing visible is left.
#[must_use]
pub fn display_name_from(text: &str) -> Option<String> {
    let text: String = text.chars().take(DECOMPOSED_CHARS_MAX).collect();
    let mut chars = normalised(&text);
    chars.truncate(NAME_CHARS_MAX);
    let kept: String = (0..chars.len()).filter(|at| is_allowed_at(&chars, *at)).map(|at| chars[at]).collect();
    // Leaving a character out can bring white space to an end, or next to other white space.
    let chars = normalised(&kept);
    has_visible_base(&chars).then(|| chars.into_iter().collect())
}

/// Makes the closest display name of a file's name, as [`display_name_from`] does. A long name is cut before its
/// extension, by which people and programs tell what the file is.
#[must_use]
pub fn file_name_from(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    let extension = text.rsplit_once('.').filter(|(stem, extension)| {
        !is_blank(stem) && (1..=EXTENSION_CHARS_MAX).contains(&extension.len()) && extension.chars().all(plain)
    });
    let Some((stem, extension)) = extension else { return display_name_from(text) };
    let stem = display_name_from(stem)?;
    let kept = stem.chars().take(NAME_CHARS_MAX - extension.len() - 1).collect::<String>();
    // The cut can leave a part of an emoji at the end.
    display_name_from(&format!("{kept}.{extension}"))
}

/// Normalises a text by NFC, with one space for each run of white space, and none at its ends.
fn normalised(text: &str) -> Vec<char> {
    let white = CodePointSetData::new::<WhiteSpace>();
    let mut chars: Vec<char> = Vec::new();
    for c in ComposingNormalizerBorrowed::new_nfc().normalize_iter(text.chars()) {
        match white.contains(c) {
            true if chars.is_empty() || chars.last() == Some(&' ') => {}
            true => chars.push(' '),
            false => chars.push(c),
        }
    }
    if chars.last() == Some(&' ') {
        chars.pop();
    }
    chars
}

/// Returns whether a name has a visible character that is not a combining mark. A mark at the start of a name would be
/// drawn on the text before it.
fn has_visible_base(chars: &[char]) -> bool {
    chars.iter().any(|c| is_visible(*c) && !is_mark(*c))
}

/// Returns whether the character at this index is allowed there in a name.
fn is_allowed_at(chars: &[char], at: usize) -> bool {
    let c = chars[at];
    if c == ' ' || is_visible(c) {
        return true;
    }
    let (before, after) = (&chars[..at], &chars[at + 1..]);
    let pictographic = |c: &char| CodePointSetData::new::<ExtendedPictographic>().contains(*c);
    match c {
        ZERO_WIDTH_JOINER => {
            let styled = |c: &&char| **c == EMOJI_STYLE || ('\u{1F3FB}'..='\u{1F3FF}').contains(*c);
            let base = before.iter().rev().find(|c| !styled(c));
            follows_virama(before) || (base.is_some_and(pictographic) && after.first().is_some_and(pictographic))
        }
        ZERO_WIDTH_NON_JOINER => follows_virama(before) || is_between_joining(before, after),
        TEXT_STYLE | EMOJI_STYLE => match before.last() {
            Some('0'..='9' | '#' | '*') => after.first() == Some(&KEYCAP),
            base => base.is_some_and(pictographic),
        },
        // A variation of a Chinese or Japanese character, which some names need.
        '\u{E0100}'..='\u{E01EF}' => {
            before.last().is_some_and(|base| CodePointSetData::new::<Ideographic>().contains(*base))
        }
        '\u{E0020}'..=CANCEL_TAG => is_in_flag(chars, at),
        _ => false,
    }
}

/// Returns whether the last character before is a virama, after which a joiner changes the shape (RFC 5892, appendix
/// A).
fn follows_virama(before: &[char]) -> bool {
    let class = |c: &char| CodePointMapData::<CanonicalCombiningClass>::new().get(*c);
    before.last().map(class) == Some(CanonicalCombiningClass::Virama)
}

/// Returns whether a ZERO WIDTH NON-JOINER is between joining letters, as in Persian (RFC 5892, appendix A.1).
fn is_between_joining(before: &[char], after: &[char]) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let shaped = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(shaped);
    let right = after.iter().map(joining).find(shaped);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Returns whether a tag character is part of a complete flag sequence, such as the flag of Scotland.
fn is_in_flag(chars: &[char], at: usize) -> bool {
    let is_tag = |c: &char| ('\u{E0020}'..=CANCEL_TAG).contains(c);
    let start = chars[..at].iter().rposition(|c| !is_tag(c));
    let end = chars[at..].iter().position(|c| !is_tag(c)).map_or(chars.len(), |length| at + length);
    start.is_some_and(|start| chars[start] == BLACK_FLAG && end - start - 1 <= TAGS_MAX && chars[end - 1] == CANCEL_TAG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_name_keeps_its_extension() {
        let long = "x".repeat(600);
        for (name, expected) in [
            (format!("{long}.png"), format!("{}.png", "x".repeat(124))),
            (format!("{long}.tar.gz"), format!("{}.gz", "x".repeat(125))),
            ("a.png".to_owned(), "a.png".to_owned()),
            ("a \u{202E}.png".to_owned(), "a.png".to_owned()),
            ("e\u{301}.PNG".to_owned(), "\u{e9}.PNG".to_owned()),
            (".bashrc".to_owned(), ".bashrc".to_owned()),
            (format!("{long}."), "x".repeat(128)),
            (format!("{long}.{long}"), "x".repeat(128)),
            (format!("{}\u{1F469}\u{200D}\u{1F4BB}.png", "x".repeat(122)), format!("{}\u{1F469}.png", "x".repeat(122))),
        ] {
            assert_eq!(file_name_from(&name).as_deref(), Some(&*expected), "{name}");
        }
        assert_eq!(file_name_from("\u{3164}"), None);
    }

    #[test]
    fn what_cannot_be_seen() {
        let invisible = [
            ' ',
            '\t',
            '\n',
            '\0',
            '\u{7F}',
            '\u{A0}',
            '\u{AD}',
            '\u{34F}',
            '\u{61C}',
            '\u{115F}',
            '\u{1160}',
            '\u{180E}',
            '\u{2003}',
            '\u{200B}',
            '\u{200D}',
            '\u{200E}',
            '\u{2028}',
            '\u{202E}',
            '\u{2060}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{1D159}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
            '\u{E0FFF}',
        ];
        for c in invisible {
            assert!(!is_visible(c), "{}", named(c));
        }
        for c in "aZ09-_.äßжش山ก👍🏽©\u{2801}\u{10FFFD}".chars() {
            assert!(is_visible(c), "{}", named(c));
        }
        assert!(is_blank("\u{200B} \u{3164}\u{2800}\u{200D}\u{FE0F}"));
        assert!(!is_blank("👩‍👩‍👧"));
    }

    #[test]
    fn names_that_people_have() {
        for name in [
            "Ada Lovelace",
            "Łukasz Żółć",
            "Müller 👩🏽\u{200D}💻",
            "🏳\u{FE0F}\u{200D}🌈 Kim",
            "👩\u{200D}❤\u{FE0F}\u{200D}👨",
            "1\u{FE0F}\u{20E3} first",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} Isla",
            "علی\u{200C}رضا",
            "क्\u{200D}ष",
            "葛\u{E0100}城",
            "שרה כהן",
        ] {
            assert_eq!(display_name("name", name).as_deref(), Ok(name));
            assert_eq!(display_name_from(name).as_deref(), Some(name));
        }
        assert_eq!(display_name("name", " Ada \u{3000}\tKing\n").as_deref(), Ok("Ada King"));
        assert_eq!(display_name("name", "Zoe\u{308}").as_deref(), Ok("Zoë"));
    }

    #[test]
    fn names_that_hide_something() {
        let refused = |text: &str| display_name("name", text).expect_err(text).message;
        for (text, what) in [
            ("", "`name` must not be blank."),
            ("\u{200B}", "`name` must not be blank."),
            (" \u{3164} \u{2800}", "`name` must not be blank."),
            ("\u{301}", "`name` must not be blank."),
            ("Ada\u{200B}", "`name` must not contain U+200B, which cannot be seen."),
            ("Ada\u{202E}gnp", "`name` must not contain U+202E, which cannot be seen."),
            ("A\u{200D}B", "`name` must not contain U+200D, which cannot be seen."),
            ("A\u{200C}B", "`name` must not contain U+200C, which cannot be seen."),
            ("A\u{FE0F}", "`name` must not contain U+FE0F, which cannot be seen."),
            ("1\u{FE0F}2", "`name` must not contain U+FE0F, which cannot be seen."),
            ("👍\u{200D}", "`name` must not contain U+200D, which cannot be seen."),
            ("🏴\u{E0067}", "`name` must not contain U+E0067, which cannot be seen."),
            ("Ada\u{3164}", "`name` must not contain U+3164, which cannot be seen."),
        ] {
            assert_eq!(refused(text), what);
        }
        assert_eq!(refused("Ada\0"), "`name` must not contain the character U+0000.");
        assert_eq!(refused(&"a".repeat(129)), "`name` has at most 128 characters.");
        assert_eq!(display_name_from("A\u{200B}da \u{202E} King\u{2800}").as_deref(), Some("Ada King"));
        assert_eq!(display_name_from("\u{200B}\u{301}"), None);
        assert_eq!(display_name_from(&"ab".repeat(100)).map(|name| name.len()), Some(128));
    }
}
