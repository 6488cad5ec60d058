//! How names are compared with a text that somebody searches for.
//!
//! What lives here: the one fold of names and of searched texts, which every store uses.
//!
//! What must stay true: nothing that is folded here is stored, so that a change of the fold needs no migration.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{CanonicalCombiningClass, DefaultIgnorableCodePoint};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::limits::NAME_CHARS_MAX;

/// Letters that are written with a stroke or as a ligature, and the letters that people without them on their keyboard
/// type. Unicode does not decompose them.
const TYPED_AS: [(char, &str); 10] = [
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('ı', "i"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('þ', "th"),
];

/// A text that is searched for, folded once for many names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched(String);

impl Searched {
    /// Folds a text that somebody searches for. White space around it does not count, and neither do characters beyond
    /// those that a name can have.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text: String = text.trim().chars().take(NAME_CHARS_MAX).collect();
        let folded = folded(&text).trim().to_owned();
        // A text of accents alone is in no name, but the empty text is in every one.
        Self(if folded.is_empty() { text } else { folded })
    }

    /// Returns the folded text.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.0
    }

    /// Returns whether a name contains the text, compared without regard to case, accents, widths and the form in which
    /// characters are composed.
    #[must_use]
    pub fn is_in(&self, name: &str) -> bool {
        Self::folded_is_in(&self.0, name)
    }

    /// Returns what [`Self::is_in`] does for a text that [`Self::folded`] gave, for stores that pass it through a
    /// statement.
    #[must_use]
    pub fn folded_is_in(text: &str, name: &str) -> bool {
        text.is_empty() || folded(name).contains(text)
    }
}

/// Folds a text: compatibility forms, accents, case and invisible characters make no difference, and `ß` is `ss`.
pub(crate) fn folded(text: &str) -> String {
    // Most names are ASCII, and one read folds many of them.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    let hidden = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let kept = |c: &char| c.is_ascii() || !(is_accent(*c) || hidden.contains(*c));
    // Accents are removed first: the case folding of some is a letter.
    let plain: String = nfkd.normalize_iter(text.chars()).filter(kept).collect();
    let lower = CaseMapper::new().fold_string(&plain);
    let mut typed = String::with_capacity(lower.len());
    for c in nfkd.normalize_iter(lower.chars()).filter(kept) {
        match TYPED_AS.iter().find(|(letter, _)| !c.is_ascii() && *letter == c) {
            Some((_, letters)) => typed.push_str(letters),
            None => typed.push(c),
        }
    }
    // Composed again, so that a Japanese letter without its voicing mark, or the beginning of a Korean syllable, does
    // not count as a part of the whole one.
    ComposingNormalizerBorrowed::new_nfc().normalize(&typed).into_owned()
}

/// Returns whether a character is an accent or a point that readers may leave out. Marks that make another letter, such
/// as vowel signs, viramas and the voicing marks of Japanese, are not.
fn is_accent(c: char) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    ![
        CanonicalCombiningClass::NotReordered,
        CanonicalCombiningClass::Nukta,
        CanonicalCombiningClass::KanaVoicing,
        CanonicalCombiningClass::Virama,
    ]
    .contains(&class)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(text: &str, name: &str) -> bool {
        Searched::new(text).is_in(name)
    }

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        for (text, name) in [
            ("STRASSE", "Große Straße"),
            ("straße", "STRASSE"),
            ("ẞ", "Weiss"),
            ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"),
            ("οδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
            ("σ", "ς"),
            ("ᾳ", "α"),
            ("Zoe", "Zoë"),
            ("zoë", "ZOE\u{308}"),
            ("zoe\u{308}", "Zoë"),
            ("lukasz zolc", "Łukasz Żółć"),
            ("istanbul", "İSTANBUL"),
            ("ISTANBUL", "ıstanbul"),
            ("søren", "SOREN"),
            ("aeon", "Æon"),
            ("ada", "ＡＤＡ"),
            ("ﾊﾞｰ", "バー"),
            ("fi", "ﬁnal"),
            ("елка", "Ёлка"),
            ("nguyen", "Nguyễn"),
            ("ada", "a\u{200B}d\u{AD}a"),
            (" är ", "ÄRGER"),
            ("", "anything"),
            ("  ", "anything"),
            ("ada king", "Ada\u{A0}King"),
        ] {
            assert!(finds(text, name), "{text:?} in {name:?}");
        }
    }

    #[test]
    fn other_letters_do_make_one() {
        for (text, name) in [("b", "Ada"), ("か", "が"), ("하", "한"), ("\u{301}", "Ada"), ("´", "Zoë"), ("s", "z")]
        {
            assert!(!finds(text, name), "{text:?} in {name:?}");
        }
    }

    #[test]
    fn a_folded_text_passes_through_a_statement() {
        let searched = Searched::new("STRASSE");
        assert!(Searched::folded_is_in(searched.folded(), "Straße"));
        assert!(!Searched::folded_is_in(searched.folded(), "Gasse"));
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in any::<String>()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn every_name_is_found_by_itself(name in "\\PC{0,20}") {
            prop_assert!(folded(&name).trim().is_empty() || finds(&name, &name));
        }

        #[test]
        fn every_name_is_found_in_any_case(name in "[a-zà-žα-ώа-ё一-三]{1,20}") {
            prop_assert!(finds(&name.to_lowercase(), &name));
            prop_assert!(finds(&name.to_uppercase(), &name));
        }
    }
}
