//! JSON text as JavaScript makes it.
//!
//! A string of JavaScript is a list of UTF-16 code units, so that a text which was cut inside a character outside the
//! Basic Multilingual Plane, such as an emoji, ends in one half of a surrogate pair. `JSON.stringify` writes that half
//! as an escape (`"\ud83c"`), which `JSON.parse` accepts. A Rust string cannot hold it, and `serde_json` refuses it.
//!
//! What must stay true: text without such an escape is returned as it is, at the cost of a search for backslashes; the
//! replaced text has the same length, so that a limit on the text holds before and after.

use std::borrow::Cow;

/// The length of a `\u` escape in bytes.
const ESCAPE_BYTES: usize = 6;

/// What an escape of half a surrogate pair is replaced by: the escape of U+FFFD, the replacement character.
const REPLACEMENT: &[u8; ESCAPE_BYTES] = b"\\ufffd";

/// Returns JSON text in which each escape of half a surrogate pair is the escape of U+FFFD. Text that is not valid JSON
/// stays invalid.
#[must_use]
pub fn well_formed(text: &str) -> Cow<'_, str> {
    match well_formed_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Escapes are ASCII, and so is what replaces them: the bytes are UTF-8 as before.
        Cow::Owned(bytes) => String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

/// Does for bytes what [`well_formed`] does for text. The bytes need not be UTF-8.
#[must_use]
pub fn well_formed_bytes(json: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &json[at..]) {
        at += found;
        match half(json, at) {
            // The next escape may be the first half of another pair, so it is not skipped.
            Some(High) if half(json, at + ESCAPE_BYTES) == Some(Low) => at += 2 * ESCAPE_BYTES,
            Some(High | Low) => {
                let bytes = replaced.get_or_insert_with(|| json.to_vec());
                bytes[at..at + ESCAPE_BYTES].copy_from_slice(REPLACEMENT);
                at += ESCAPE_BYTES;
            }
            // Another escape: the character behind the backslash begins no escape of its own.
            None => at = (at + 2).min(json.len()),
        }
    }
    replaced.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// A half of a surrogate pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// The first half, U+D800 to U+DBFF.
    High,
    /// The second half, U+DC00 to U+DFFF.
    Low,
}

use Half::{High, Low};

/// Returns which half the escape at a position stands for, or `None` if it is another escape or none.
fn half(json: &[u8], at: usize) -> Option<Half> {
    let [b'\\', b'u', b'd' | b'D', second, third, fourth] = json.get(at..at + ESCAPE_BYTES)? else { return None };
    if !third.is_ascii_hexdigit() || !fourth.is_ascii_hexdigit() {
        return None;
    }
    match second {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(well_formed(text), expected, "{text}");
        assert_eq!(matches!(well_formed(text), Cow::Borrowed(_)), text == expected, "{text}");
    }

    #[test]
    fn halves_of_a_pair_are_replaced() {
        check(r#""party \ud83c""#, r#""party \ufffd""#);
        check(r#""\uDF89 party""#, r#""\ufffd party""#);
        check(r#"{"\ud83c":["\udf89\ud83c"]}"#, r#"{"\ufffd":["\ufffd\ufffd"]}"#);
        check(r#""\ud83c\ud83c\udf89""#, r#""\ufffd\ud83c\udf89""#);
        check(r#""\ud83c\\udf89""#, r#""\ufffd\\udf89""#);
        check(r#""\ud83cudf89""#, r#""\ufffdudf89""#);
        check(r#""€\ud83c€""#, r#""€\ufffd€""#);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "",
            "\\",
            r#""party \ud83c\udf89""#,
            r#""\uD83C\uDF89\uD83c\uDf89""#,
            r#""\\ud83c""#,
            r#""\\\\ud83c""#,
            r#""\ud7ff\ue000\u0041\n""#,
            // Not valid JSON, and it stays so.
            r#""\ud83"#,
            r#""\ud8zz""#,
            r#""\ud83z""#,
            r#""\u"#,
            "\"€\\",
        ] {
            check(text, text);
        }
        check(r#""\\\ud83c""#, r#""\\\ufffd""#);
    }

    /// Writes code units as a JSON string, some of them as escapes. Halves of pairs are always written as escapes.
    fn written(units: &[(u16, u8)]) -> String {
        let mut text = String::from("\"");
        for (unit, way) in units {
            let plain = char::from_u32(u32::from(*unit)).filter(|c| !matches!(c, '"' | '\\') && !c.is_control());
            match (plain, way) {
                (Some(c), 0) => text.push(c),
                (_, 1) => text += &format!("\\u{unit:04X}"),
                _ if *unit == u16::from(b'\\') => text += "\\\\",
                _ => text += &format!("\\u{unit:04x}"),
            }
        }
        text.push('"');
        text
    }

    proptest! {
        /// Whatever code units JavaScript writes are read as by a lossy conversion from UTF-16.
        #[test]
        fn any_code_units_are_read(
            units in proptest::collection::vec(
                (
                    prop_oneof![
                        Just(u16::from(b'\\')),
                        Just(u16::from(b'u')),
                        0xD7FE_u16..0xE002,
                        0xD83C_u16..0xD83E,
                        0xDF80_u16..0xDF90,
                        any::<u16>(),
                    ],
                    0_u8..3,
                ),
                0..12,
            ),
        ) {
            let text = written(&units);
            let expected = String::from_utf16_lossy(&units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>());
            let read: String = serde_json::from_str(&well_formed(&text)).expect("valid JSON");
            prop_assert_eq!(&read, &expected, "{}", text);
            prop_assert_eq!(well_formed(&text).len(), text.len());
        }

        #[test]
        fn garbage_never_panics_and_keeps_its_length(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), Just(b'c'), any::<u8>()], 0..40
        )) {
            let once = well_formed_bytes(&bytes).into_owned();
            prop_assert_eq!(once.len(), bytes.len());
            prop_assert_eq!(&*well_formed_bytes(&once), &once, "nothing is left to replace");
        }
    }
}
