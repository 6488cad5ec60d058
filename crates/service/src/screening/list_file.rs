//! A file of words and hosts, one a line.

use quintet_domain::ListAction;

use super::entries::ListedWord;
use super::{links, words};

/// An entry of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListLine {
    /// A word with its action.
    Word(ListedWord),
    /// A host that texts must not lead to.
    Deny(String),
    /// A host that texts may lead to.
    Allow(String),
}

/// Reads a file of words and hosts: each line has `refuse`, `mask` or `flag` and a word, or `deny` or `allow` and a host. Empty
/// lines and those that begin with `#` say nothing.
///
/// # Errors
/// A sentence that begins with the number of the line.
pub fn read_list(text: &str) -> Result<Vec<ListLine>, String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let written = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    written.map(|(number, line)| entry_of(line).map_err(|why| format!("line {number}: {why}"))).collect()
}

fn entry_of(line: &str) -> Result<ListLine, String> {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (action, rest) = (first.to_lowercase(), rest.trim().to_owned());
    let entry = match (action.as_str(), ListAction::parse(&action)) {
        (_, Some(action)) => ListLine::Word(ListedWord { pattern: rest, action }),
        ("deny", None) => ListLine::Deny(rest),
        ("allow", None) => ListLine::Allow(rest),
        _ => {
            let known = "`refuse`, `mask`, `flag`, `deny` or `allow`";
            return Err(format!("`{first}` is no action; write {known} and then what it is for"));
        }
    };
    match &entry {
        ListLine::Word(word) => words::check(word)?,
        ListLine::Deny(host) | ListLine::Allow(host) => links::check(host)?,
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_an_entry() {
        let text =
            "\u{FEFF}# words\r\n\r\nrefuse  buy now \nMask darn*\n\tflag pills\ndeny spam.example\nallow good.example";
        let word = |pattern: &str, action| ListLine::Word(ListedWord { pattern: pattern.to_owned(), action });
        assert_eq!(
            read_list(text),
            Ok(vec![
                word("buy now", ListAction::Refuse),
                word("darn*", ListAction::Mask),
                word("pills", ListAction::Flag),
                ListLine::Deny("spam.example".to_owned()),
                ListLine::Allow("good.example".to_owned()),
            ])
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (text, said) in [
            ("refuse a\nbad", "line 2: `bad` is no action; write `refuse`"),
            ("\n\nmask", "line 3: pattern `` has no words"),
            ("# x\nmask a*b", "line 2: pattern `a*b` has a `*`"),
            ("deny spam", "line 1: links: `spam` is not the name of a host"),
            ("ban word", "line 1: `ban` is no action; write `refuse`"),
        ] {
            let why = read_list(text).expect_err("refused");
            assert!(why.starts_with(said), "{why}");
        }
    }
}
