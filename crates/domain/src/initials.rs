//! The initials that stand for a user without a picture.
//!
//! What must stay true: initials are at most two characters as readers count them (grapheme clusters), each of a bounded
//! size, and none of them changes how the text around it is drawn.

use unicode_segmentation::UnicodeSegmentation;

use crate::is_visible;
use crate::visible::{category, is_mark};

/// Maximum number of initials of one name.
const INITIALS_MAX: usize = 2;

/// Maximum size of one initial in bytes. A longer cluster, such as a letter below a tower of marks, is reduced to its
/// first character; the longest emoji that keyboards offer fits.
const INITIAL_BYTES_MAX: usize = 40;

/// Returns whether a cluster can stand for a word: it begins with a letter, a digit or a symbol such as an emoji.
fn stands_for_a_word(cluster: &str) -> bool {
    use icu_properties::props::GeneralCategory::{OtherSymbol, PrivateUse, Unassigned};
    let Some(first) = cluster.chars().next() else { return false };
    is_visible(first)
        && !is_mark(first)
        && (first.is_alphanumeric() || matches!(category(first), OtherSymbol))
        && !matches!(category(first), PrivateUse | Unassigned)
}

/// Returns a cluster as an initial: in upper case, and without characters that nobody sees unless they join an emoji.
fn initial(cluster: &str) -> String {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else { return String::new() };
    if cluster.len() > INITIAL_BYTES_MAX || chars.next().is_none() {
        let mut upper = first.to_uppercase();
        // A letter whose upper case is several letters, such as `ß`, stays as it is.
        return match (upper.next(), upper.next()) {
            (Some(one), None) => one.to_string(),
            _ => first.to_string(),
        };
    }
    cluster.to_uppercase()
}

/// Returns the first clusters of a text that can be initials, at most two.
#[must_use]
pub fn initials_in(text: &str) -> String {
    text.graphemes(true).filter(|cluster| stands_for_a_word(cluster)).take(INITIALS_MAX).map(initial).collect()
}

/// Returns the initials of a name: of its first and its last word. Empty if no word begins with a letter, a digit or an
/// emoji.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words =
        name.split_whitespace().filter_map(|word| word.graphemes(true).find(|cluster| stands_for_a_word(cluster)));
    let first = words.next().map(initial).unwrap_or_default();
    let last = words.next_back().map(initial).unwrap_or_default();
    first + &last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, expected) in [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("  Ludwig  van Beethoven ", "LB"),
            ("(Bob) \"Builder\"", "BB"),
            ("王小明", "王"),
            ("Émile Zola", "ÉZ"),
            ("e\u{301}mile", "E\u{301}"),
            ("ßen", "ß"),
            ("guest-7f3a", "G"),
            ("👩‍💻 Dev", "👩‍💻D"),
            (
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} Scot",
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}S",
            ),
            ("\u{202E}gnp.exe", "G"),
            ("\u{2066}a\u{2069} b", "AB"),
            ("<script>", "S"),
            ("&& --", ""),
            ("", ""),
            ("\u{301}\u{302}", ""),
        ] {
            assert_eq!(initials(name), expected, "{name:?}");
        }
        let tower = format!("a{} b", "\u{301}".repeat(100));
        assert_eq!(initials(&tower), "AB");
    }

    #[test]
    fn a_text_has_at_most_two_initials() {
        for (text, expected) in
            [("AL", "AL"), ("abc", "AB"), ("<a>", "A"), ("\u{202E}x", "X"), ("👩‍💻👩‍💻👩‍💻", "👩‍💻👩‍💻"), ("", ""), ("  ", "")]
        {
            assert_eq!(initials_in(text), expected, "{text:?}");
        }
    }
}
