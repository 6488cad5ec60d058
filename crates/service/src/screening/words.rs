//! A list of words, and where a folded text has them.
//!
//! What must stay true: finding them takes time in proportion to the text, because an entry has few characters, so that few
//! entries can end at one place.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use quintet_domain::limits::{LISTED_WORD_CHARS_MAX, LISTED_WORDS_MAX};
use quintet_domain::{FoldedText, joins_words};

use super::entries::ListedWord;

/// What stands for the rest of a word.
const REST: char = '*';

/// A word of the list with where it may stand.
#[derive(Debug)]
struct Entry {
    word: ListedWord,
    /// Whether a word has to begin where it begins.
    begins: bool,
    /// Whether a word has to end where it ends.
    ends: bool,
}

/// A list of words.
#[derive(Debug)]
pub(super) struct Words {
    automaton: AhoCorasick,
    /// The entries, in the order of the automaton's patterns.
    entries: Vec<Entry>,
}

/// A word that a text has.
#[derive(Debug)]
pub(super) struct Found<'w> {
    pub(super) place: Range<usize>,
    pub(super) word: &'w ListedWord,
}

impl Words {
    /// Prepares a list; none if it has no entries.
    ///
    /// # Errors
    /// A sentence that names the entry.
    pub(super) fn new(words: &[ListedWord]) -> Result<Option<Self>, String> {
        if words.is_empty() {
            return Ok(None);
        }
        if words.len() > LISTED_WORDS_MAX {
            return Err(format!("there are {} words; at most {LISTED_WORDS_MAX} are allowed", words.len()));
        }
        let mut needles = Vec::with_capacity(words.len());
        let mut entries = Vec::with_capacity(words.len());
        for word in words {
            let (needle, entry) = entry_of(word)?;
            needles.push(needle);
            entries.push(entry);
        }
        let automaton = AhoCorasick::new(&needles).map_err(|error| format!("the words are too many: {error}"))?;
        Ok(Some(Self { automaton, entries }))
    }

    /// The words that a folded text has.
    pub(super) fn found_in<'w>(&'w self, folded: &'w str) -> impl Iterator<Item = Found<'w>> {
        self.automaton.find_overlapping_iter(folded).filter_map(move |found| {
            let entry = self.entries.get(found.pattern().as_usize())?;
            let (before, behind) = (&folded[..found.start()], &folded[found.end()..]);
            let goes_on = entry.begins && before.chars().next_back().is_some_and(joins_words)
                || entry.ends && behind.chars().next().is_some_and(joins_words);
            (!goes_on).then_some(Found { place: found.range(), word: &entry.word })
        })
    }
}

/// Checks an entry.
///
/// # Errors
/// A sentence that names it.
pub(super) fn check(word: &ListedWord) -> Result<(), String> {
    entry_of(word).map(|_| ())
}

/// The folded text of an entry, and the entry.
fn entry_of(word: &ListedWord) -> Result<(String, Entry), String> {
    let written = word.pattern.trim();
    let without_start = written.strip_prefix(REST).unwrap_or(written);
    let core = without_start.strip_suffix(REST).unwrap_or(without_start);
    let bad = |what: &str| Err(format!("pattern `{}` {what}", word.pattern));
    if core.contains(REST) {
        return bad("has a `*` that is neither before nor behind its words");
    }
    let folded = FoldedText::of(core);
    let needle = folded.as_str().trim().to_owned();
    let (Some(first), Some(last)) = (needle.chars().next(), needle.chars().next_back()) else {
        return bad("has no words");
    };
    if !needle.chars().any(char::is_alphanumeric) && needle.is_ascii() {
        return bad("has no words");
    }
    if needle.chars().count() > LISTED_WORD_CHARS_MAX {
        return bad(&format!("is longer than {LISTED_WORD_CHARS_MAX} characters"));
    }
    let entry = Entry {
        // Where no word can go on, such as at a Chinese character, every place is good.
        begins: without_start.len() == written.len() && joins_words(first),
        ends: core.len() == without_start.len() && joins_words(last),
        word: word.clone(),
    };
    Ok((needle, entry))
}

#[cfg(test)]
mod tests {
    use quintet_domain::ListAction;

    use super::*;

    fn words(patterns: &[&str]) -> Result<Option<Words>, String> {
        let word = |pattern: &&str| ListedWord { pattern: (*pattern).to_owned(), action: ListAction::Refuse };
        Words::new(&patterns.iter().map(word).collect::<Vec<_>>())
    }

    fn has(pattern: &str, text: &str) -> bool {
        let words = words(&[pattern]).expect("good").expect("a word");
        words.found_in(FoldedText::of(text).as_str()).next().is_some()
    }

    #[test]
    fn words_are_whole_unless_a_star_says_otherwise() {
        for (pattern, text) in [
            ("ass", "an ASS."),
            ("ass", "(ass)"),
            ("ass*", "assassin"),
            ("*ass", "bass!"),
            ("*ass*", "classic"),
            ("café", "CAFE"),
            ("cafe", "ein cafe\u{301}"),
            ("ａｓｓ", "a\u{200B}ss"),
            ("buy now", "Buy\n\tNOW!"),
            ("東京", "私は東京都に住む"),
            ("c++", "I like C++."),
            ("😀", "a😀b"),
            ("  spaced  ", "spaced"),
        ] {
            assert!(has(pattern, text), "{pattern:?} in {text:?}");
        }
        for (pattern, text) in [
            ("ass", "classic"),
            ("ass", "assassin"),
            ("ass*", "bass"),
            ("*ass", "assassin"),
            ("ass", "a s s"),
            ("buy now", "buynow"),
            ("か", "が"),
            ("ass", "äss1"),
        ] {
            assert!(!has(pattern, text), "{pattern:?} in {text:?}");
        }
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_named() {
        for (pattern, why) in [
            ("", "pattern `` has no words"),
            (" ", "pattern ` ` has no words"),
            ("*", "pattern `*` has no words"),
            ("**", "pattern `**` has no words"),
            ("...", "pattern `...` has no words"),
            ("\u{200B}", "has no words"),
            ("a*b", "pattern `a*b` has a `*` that is neither"),
            ("***a", "has a `*` that is neither"),
            (&"a".repeat(65), "is longer than 64 characters"),
        ] {
            let said = words(&["good", pattern]).expect_err("refused");
            assert!(said.contains(why), "{said}");
        }
        assert!(words(&[]).expect("good").is_none());
        assert!(words(&["a"; LISTED_WORDS_MAX + 1]).is_err_and(|why| why.contains("at most 20000")));
    }

    #[test]
    fn the_worst_text_takes_time_in_proportion() {
        // Every place of the text ends an entry of every length.
        let nested: Vec<String> =
            (1..=LISTED_WORD_CHARS_MAX).map(|length| format!("*{}*", "a".repeat(length))).collect();
        let nested: Vec<&str> = nested.iter().map(String::as_str).collect();
        let words = words(&nested).expect("good").expect("words");
        let count = |length: usize| words.found_in(&"a".repeat(length)).count();
        assert_eq!(count(2_000) - count(1_000), 1_000 * LISTED_WORD_CHARS_MAX);
    }
}
