//! The words by which messages are found, and the texts that people search for.
//!
//! What lives here: the one function that takes a text apart, which every index is filled and asked by, and the
//! comparison of a search with a text.
//!
//! What must stay true: whatever a search fits has all terms of the search among its own, so that an index that knows
//! only terms misses nothing. A change of the terms needs a new [`SEARCH_TERMS_VERSION`], by which indexes are made anew.

use std::collections::BTreeSet;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};

use crate::Refusal;
use crate::limits::{
    SEARCH_CHARS_MAX, SEARCH_LAST_WORD_CHARS_MIN, SEARCH_PREFIX_CHARS_MIN, SEARCH_TERMS_MAX, SEARCH_WORD_CHARS_MAX,
};
use crate::search::folded;

/// The version of the terms, and of what is indexed by them: an index of another version is made anew.
pub const SEARCH_TERMS_VERSION: i64 = 2;

/// Words that other search engines read as operators. A text of nothing else asks for nothing.
const OPERATORS: [&str; 4] = ["AND", "OR", "NOT", "NEAR"];

/// How a character belongs to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A letter, mark or digit of a word.
    Word,
    /// A character of a script that is written without spaces between words.
    Run,
    /// Anything else, which separates words.
    Gap,
}

fn part_of(c: char) -> Part {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Part::Word } else { Part::Gap };
    }
    let unspaced = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Bopomofo,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
    ];
    let is_mark = || GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c));
    if !c.is_alphanumeric() && !is_mark() {
        return Part::Gap;
    }
    // The mark that makes a Japanese vowel long belongs to no script.
    if c == 'ー' || unspaced.contains(&CodePointMapData::<Script>::new().get(c)) { Part::Run } else { Part::Word }
}

/// Returns whether a character is part of a word, so that the character beside it is of the same word if it is as well. Those of
/// scripts that are written without spaces are not.
#[must_use]
pub fn joins_words(c: char) -> bool {
    part_of(c) == Part::Word
}

/// The words and runs of a folded text, each with whether a `*` follows it.
fn parts(text: &str) -> impl Iterator<Item = (Part, &str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let first = part_of(rest.chars().next()?);
            let end = rest.find(|c| part_of(c) != first).unwrap_or(rest.len());
            let (found, after) = rest.split_at(end);
            rest = after;
            if first != Part::Gap {
                return Some((first, found, after.starts_with('*')));
            }
        }
    })
}

/// The first characters of a word, by which it is compared.
fn cut(word: &str) -> &str {
    word.char_indices().nth(SEARCH_WORD_CHARS_MAX).map_or(word, |(end, _)| &word[..end])
}

/// The pairs of neighbouring characters of a run.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run.char_indices().map(|(at, c)| at + c.len_utf8()).skip(1);
    run.char_indices().zip(ends).map(|((start, _), end)| &run[start..end])
}

fn last_char(run: &str) -> &str {
    run.char_indices().next_back().map_or("", |(at, _)| &run[at..])
}

/// Returns the terms of a text, each once: its words, and of runs of Chinese, Japanese and Korean characters each pair of
/// neighbours and the last character. Terms consist of ASCII letters and digits and of characters beyond ASCII.
#[must_use]
pub fn search_terms(text: &str) -> BTreeSet<String> {
    terms_of(&folded(text)).map(str::to_owned).collect()
}

fn terms_of(folded: &str) -> impl Iterator<Item = &str> {
    parts(folded).flat_map(|(part, found, _)| {
        let (word, run) = if part == Part::Word { (Some(cut(found)), "") } else { (None, found) };
        // A search for one character finds those that begin a pair by their beginning, and the last one by itself.
        let last = Some(last_char(run)).filter(|last| !last.is_empty());
        word.into_iter().chain(pairs(run)).chain(last)
    })
}

/// A term that an index is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchTerm<'s> {
    /// The term itself.
    Whole(&'s str),
    /// All terms that begin so.
    Prefix(&'s str),
}

/// A condition of a search.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Condition {
    /// A whole word.
    Word(String),
    /// The beginning of a word.
    Prefix(String),
    /// Neighbouring characters of a script without spaces.
    Run(String),
}

/// A text that messages are searched for: they must have all of its words, in any order.
///
/// A word with `*` behind it stands for all words that begin so, and so does the last word, which people may still be
/// typing, unless white space follows it. Case, accents and widths make no difference. Chinese, Japanese and Korean
/// characters are found as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(Vec<Condition>);

impl SearchText {
    /// Parses a text that somebody searches for.
    ///
    /// # Errors
    /// A refusal that names `field`, if the text is too long, has too many words or none, or has a beginning of a word
    /// that is too short.
    pub fn parse(field: &str, text: &str) -> Result<Self, Refusal> {
        let chars = text.chars().count();
        if chars > SEARCH_CHARS_MAX {
            let message = format!("has {chars} characters; at most {SEARCH_CHARS_MAX} are allowed");
            return Err(Refusal::too_large(field, message));
        }
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let only_operators = words.clone().all(|word| OPERATORS.contains(&word));
        let is_complete = text.ends_with(char::is_whitespace);
        let text = folded(text);
        let mut conditions = Vec::new();
        let mut parts = parts(&text).peekable();
        while let Some((part, found, starred)) = parts.next() {
            let is_last = parts.peek().is_none() && !is_complete && text.ends_with(found);
            conditions.push(match part {
                Part::Word => {
                    let (word, chars) = (cut(found), found.chars().count());
                    if starred && chars < SEARCH_PREFIX_CHARS_MIN {
                        let message = format!("needs at least {SEARCH_PREFIX_CHARS_MIN} characters before a `*`");
                        return Err(Refusal::invalid(field, message));
                    }
                    let typed = is_last && chars >= SEARCH_LAST_WORD_CHARS_MIN;
                    let cut_off = word.len() < found.len();
                    if (starred || typed) && !cut_off {
                        Condition::Prefix(word.to_owned())
                    } else {
                        Condition::Word(word.to_owned())
                    }
                }
                Part::Run | Part::Gap => Condition::Run(found.to_owned()),
            });
        }
        conditions.sort_unstable();
        conditions.dedup();
        if only_operators || conditions.is_empty() {
            return Err(Refusal::invalid(field, "must have a word to search for"));
        }
        let search = Self(conditions);
        if search.terms().count() > SEARCH_TERMS_MAX {
            return Err(Refusal::too_large(
                field,
                format!("has too many words; at most {SEARCH_TERMS_MAX} are allowed"),
            ));
        }
        Ok(search)
    }

    /// The terms that every text has that the search fits.
    pub fn terms(&self) -> impl Iterator<Item = SearchTerm<'_>> {
        self.0.iter().flat_map(|condition| {
            let (single, run) = match condition {
                Condition::Word(word) => (Some(SearchTerm::Whole(word)), ""),
                Condition::Prefix(word) => (Some(SearchTerm::Prefix(word)), ""),
                Condition::Run(run) if run.chars().nth(1).is_none() => (Some(SearchTerm::Prefix(run)), ""),
                Condition::Run(run) => (None, run.as_str()),
            };
            single.into_iter().chain(pairs(run).map(SearchTerm::Whole))
        })
    }

    /// Returns whether one of some texts of a message, or all of them together, have everything that is searched for.
    #[must_use]
    pub fn fits<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let texts: Vec<String> = texts.into_iter().map(folded).collect();
        self.0.iter().all(|condition| texts.iter().any(|text| condition.is_in(text)))
    }
}

impl Condition {
    fn is_in(&self, folded: &str) -> bool {
        let mut words = parts(folded).filter(|(part, ..)| *part == Part::Word).map(|(_, word, _)| cut(word));
        match self {
            Self::Word(searched) => words.any(|word| word == searched),
            Self::Prefix(searched) => words.any(|word| word.starts_with(searched.as_str())),
            Self::Run(searched) => folded.contains(searched.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Code;

    fn terms(text: &str) -> Vec<String> {
        search_terms(text).into_iter().collect()
    }

    fn finds(search: &str, text: &str) -> bool {
        SearchText::parse("q", search).is_ok_and(|search| search.fits([text]))
    }

    #[test]
    fn texts_are_taken_apart() {
        assert_eq!(terms("The Café, the cafe\u{301}: 2 STRASSEN"), ["2", "cafe", "strassen", "the"]);
        assert_eq!(terms("see https://example.org/a_b"), ["a", "b", "example", "https", "org", "see"]);
        assert_eq!(terms("東京都 Tokyo"), ["tokyo", "京都", "東京", "都"]);
        assert_eq!(terms("ｶﾞｰﾄﾞ"), ["ガー", "ド", "ード"]);
        assert_eq!(terms("한국어"), ["국어", "어", "한국"]);
        assert_eq!(terms("हिन्दी"), ["हिन्दी"]);
        assert_eq!(terms("*!? — 🎉"), Vec::<String>::new());
        assert_eq!(terms(&"a".repeat(500)), ["a".repeat(SEARCH_WORD_CHARS_MAX)]);
    }

    #[test]
    fn searches_find_texts() {
        for (search, text) in [
            ("hello", "Hello, world"),
            ("world hello", "Hello, world"),
            ("hel", "Hello, world"),
            ("hel* wor*", "Hello, world"),
            ("CAFE", "Café"),
            ("café", "CAFE"),
            ("ａｄａ", "Ada"),
            ("strasse", "Große Straße"),
            ("京都", "東京都"),
            ("東京都", "私は東京都に住む"),
            ("都", "東京都"),
            ("京", "東京都"),
            ("don't", "Don’t"),
            ("AND then", "and then"),
        ] {
            assert!(finds(search, text), "{search:?} in {text:?}");
        }
        for (search, text) in [
            ("hel ", "Hello, world"),
            ("hel world", "Hello, world"),
            ("he", "Hello"),
            ("hello mars", "Hello, world"),
            ("東都", "東京都"),
            ("東京都", "東京 京都"),
            ("か", "が"),
        ] {
            assert!(!finds(search, text), "{search:?} in {text:?}");
        }
    }

    #[test]
    fn a_search_that_asks_for_nothing_is_refused() {
        for (search, sentence) in [
            ("", "`q` must have a word to search for."),
            ("* \"\" -( )", "`q` must have a word to search for."),
            ("AND OR NOT", "`q` must have a word to search for."),
            ("a*", "`q` needs at least 2 characters before a `*`."),
        ] {
            let refusal = SearchText::parse("q", search).expect_err("refused");
            assert_eq!((refusal.code, refusal.message.as_str()), (Code::InvalidPayload, sentence), "{search:?}");
        }
        for (search, sentence) in [
            ("word ".repeat(2_000), "`q` has 10000 characters; at most 256 are allowed."),
            ("字語".repeat(60), "`q` has too many words; at most 32 are allowed."),
        ] {
            // Two characters that alternate are two pairs, so that the second text is made of different ones.
            let search = if search.starts_with('字') { ('一'..).take(60).collect() } else { search };
            let refusal = SearchText::parse("q", &search).expect_err("refused");
            assert_eq!((refusal.code, refusal.message.as_str()), (Code::TooLarge, sentence));
        }
    }

    /// Whether a text's terms fit all terms of a search, which is all that an index knows.
    fn may_fit(search: &SearchText, text: &str) -> bool {
        let known = search_terms(text);
        search.terms().all(|term| match term {
            SearchTerm::Whole(term) => known.contains(term),
            SearchTerm::Prefix(start) => known.iter().any(|term| term.starts_with(start)),
        })
    }

    proptest! {
        #[test]
        fn an_index_misses_nothing(search in "[ab東京é* ]{1,6}", text in "[abAB東京都é ,]{0,12}") {
            if let Ok(search) = SearchText::parse("q", &search) {
                prop_assert!(!search.fits([text.as_str()]) || may_fit(&search, &text));
            }
        }

        #[test]
        fn every_text_is_found_by_its_words(text in "\\PC{0,40}") {
            if let Ok(search) = SearchText::parse("q", &text) {
                prop_assert!(search.fits([text.as_str()]) && may_fit(&search, &text));
            }
        }

        #[test]
        fn terms_separate_no_further(text in "\\PC{0,40}") {
            for term in search_terms(&text) {
                prop_assert!(!term.is_empty() && term.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric()));
                prop_assert_eq!(term.to_ascii_lowercase(), term);
            }
        }
    }
}
