//! A text as searches fold it, with the place of each part in the text as it was written.
//!
//! What must stay true: the folded text is that of [`crate::search`], but for runs of white space, which are one space.

use std::ops::Range;

use icu_properties::CodePointMapData;
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};

use crate::search::folded;

/// A folded text that knows which part of the written text each of its parts stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedText {
    folded: String,
    /// For each byte of the folded text, where the piece that it was made from begins and ends.
    places: Vec<(u32, u32)>,
}

impl FoldedText {
    /// Folds a text, in time proportional to its length.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut made = Self { folded: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let start = text.len() - rest.len();
            let (piece, behind) = rest.split_at(end_of_piece(rest, first));
            rest = behind;
            made.add(piece, (start, start + piece.len()));
        }
        made
    }

    fn add(&mut self, piece: &str, (start, end): (usize, usize)) {
        // Texts that are this long are refused long before they come here.
        let place = (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX));
        if let [byte] = piece.as_bytes() {
            return self.push(char::from(byte.to_ascii_lowercase()), place);
        }
        for c in folded(piece).chars() {
            self.push(c, place);
        }
    }

    fn push(&mut self, c: char, place: (u32, u32)) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && self.folded.ends_with(' ') {
            // The space stands for all of the run.
            if let Some(last) = self.places.last_mut() {
                last.1 = place.1;
            }
            return;
        }
        self.folded.push(c);
        self.places.resize(self.folded.len(), place);
    }

    /// Returns the folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// Returns the part of the written text that a part of the folded text stands for. A character that stands for several
    /// is part of it if one of them is.
    #[must_use]
    pub fn place(&self, part: Range<usize>) -> Range<usize> {
        let start = self.places.get(part.start).map_or(0, |place| place.0 as usize);
        let last = part.end.checked_sub(1).and_then(|last| self.places.get(last));
        start..last.map_or(start, |place| (place.1 as usize).max(start))
    }
}

/// Where the first piece of a text ends: a character with what is written onto it, which is folded together.
fn end_of_piece(text: &str, first: char) -> usize {
    let behind = first.len_utf8();
    // Nearly all texts are ASCII, where no character changes the one before it.
    if first.is_ascii() && text.as_bytes().get(behind).is_none_or(u8::is_ascii) {
        return behind;
    }
    text[behind..].find(|c: char| !changes_the_one_before(c)).map_or(text.len(), |end| behind + end)
}

/// Whether folding may make one letter of the character and the one before it.
fn changes_the_one_before(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let is_mark = || GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c));
    // Vowels and final consonants of Korean syllables in each of their forms, and the voicing marks of half width.
    let joins = matches!(c, '\u{1160}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{D7B0}'..='\u{D7FB}'
        | '\u{FF9E}'..='\u{FFDC}' | '\u{16D63}'..='\u{16D6A}');
    joins || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || is_mark()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of a text that is written where the folded text has something.
    fn written<'t>(text: &'t str, part: &str) -> &'t str {
        let folded = FoldedText::of(text);
        let at = folded.as_str().find(part).expect("it has the part");
        &text[folded.place(at..at + part.len())]
    }

    #[test]
    fn each_part_has_its_place() {
        for (text, part, place) in [
            ("Hello World", "world", "World"),
            ("ein Café!", "cafe", "Café"),
            ("ein CAFE\u{301}!", "cafe", "CAFE\u{301}"),
            ("große Straße", "strasse", "Straße"),
            ("ＡＤＡ und ｶﾞｰﾄﾞ", "ada", "ＡＤＡ"),
            ("ＡＤＡ und ｶﾞｰﾄﾞ", "ガード", "ｶﾞｰﾄﾞ"),
            ("b\u{200B}a\u{AD}d", "bad", "b\u{200B}a\u{AD}d"),
            ("buy \n\t now", "buy now", "buy \n\t now"),
            ("한국어", "국", "국"),
            ("straße", "s", "s"),
        ] {
            assert_eq!(written(text, part), place, "{part:?} in {text:?}");
        }
        assert_eq!(FoldedText::of("").place(0..0), 0..0);
    }

    /// A folded text with one space for each run of white space.
    fn plain(text: &str) -> String {
        let mut plain = String::new();
        for c in folded(text).chars() {
            match c.is_whitespace() {
                true if plain.ends_with(' ') => {}
                true => plain.push(' '),
                false => plain.push(c),
            }
        }
        plain
    }

    proptest! {
        #[test]
        fn it_is_folded_as_searches_fold(text in any::<String>()) {
            prop_assert_eq!(FoldedText::of(&text).folded, plain(&text));
        }

        #[test]
        fn scripts_are_folded_as_searches_fold(text in "[aé\u{301}ßİｶﾞ가ㅎㅏㄳ\u{1112}\u{1161}\u{11AB}हिन्दी \u{200B}´]{0,12}") {
            prop_assert_eq!(FoldedText::of(&text).folded, plain(&text));
        }

        #[test]
        fn places_are_parts_of_the_text(text in any::<String>()) {
            let folded = FoldedText::of(&text);
            for (at, c) in folded.as_str().char_indices() {
                let place = folded.place(at..at + c.len_utf8());
                prop_assert!(text.get(place.clone()).is_some_and(|part| !part.is_empty()), "{:?}", place);
            }
        }
    }
}
