//! The operator's lists of words and links, and what they say of a text that somebody sends.
//!
//! What must stay true: without lists a text costs nothing; with them it costs time in proportion to its length, whatever it
//! is. Words are compared as searches compare them.

mod entries;
mod links;
mod list_file;
mod words;

use std::ops::Range;

use quintet_domain::{
    Actor, EditMessage, EditedDetails, FileLink, FoldedText, ListAction, MessageId, NewText, Screening, SendMessage,
};

pub use self::entries::{ListedLinks, ListedWord};
use self::links::{Links, Near};
pub use self::list_file::{ListLine, read_list};
use self::words::Words;

/// What replaces each character that is masked.
const MASK: char = '*';

/// Lists of words and links, ready to be compared with texts.
#[derive(Debug)]
pub struct Lists {
    words: Option<Words>,
    links: Option<Links>,
}

impl Lists {
    /// Prepares lists; none if they have no entries.
    ///
    /// # Errors
    /// A sentence that names the entry that cannot be read.
    pub fn new(words: &[ListedWord], links: &ListedLinks) -> Result<Option<Self>, String> {
        let (words, links) = (Words::new(words)?, Links::new(links)?);
        Ok((words.is_some() || links.is_some()).then_some(Self { words, links }))
    }

    /// What the lists say of a message that is sent.
    fn screen_message(&self, text: &NewText) -> Option<Box<Screening>> {
        let more = text.details.as_ref().map_or(&[][..], |details| &details.files);
        self.screen(&text.content, text.file.iter().chain(more))
    }

    /// What the lists say of the name of a file, which is never masked: a part that would be is one for which it is refused.
    pub(crate) fn refused_in_name(&self, name: &str) -> Option<String> {
        let mut screening = Screening::default();
        self.screen_name(name, &mut screening);
        screening.refused
    }

    fn screen_name(&self, name: &str, screening: &mut Screening) {
        if let Some(words) = &self.words {
            let folded = FoldedText::of(name);
            for found in words.found_in(folded.as_str()) {
                match found.word.action {
                    ListAction::Refuse | ListAction::Mask => refuse(screening, &name[folded.place(found.place)]),
                    ListAction::Flag => flag(screening, "The list of words has", &found.word.pattern),
                }
            }
        }
        if let Some(links) = &self.links {
            for Near { place, host } in links.found_in(name) {
                match links.action() {
                    ListAction::Refuse | ListAction::Mask => refuse(screening, &name[place]),
                    ListAction::Flag => flag(screening, "The list of links does not let through", &host),
                }
            }
        }
    }

    /// What the lists say of a text and of the files that it is sent with.
    fn screen<'f>(&self, text: &str, files: impl Iterator<Item = &'f FileLink>) -> Option<Box<Screening>> {
        let mut screening = Screening::default();
        let mut masked: Vec<Range<usize>> = Vec::new();
        if let Some(words) = &self.words {
            let folded = FoldedText::of(text);
            for found in words.found_in(folded.as_str()) {
                let place = folded.place(found.place);
                match found.word.action {
                    ListAction::Refuse => refuse(&mut screening, &text[place]),
                    ListAction::Mask => masked.push(place),
                    ListAction::Flag => flag(&mut screening, "The list of words has", &found.word.pattern),
                }
            }
        }
        if let Some(links) = &self.links {
            for Near { place, host } in links.found_in(text) {
                match links.action() {
                    ListAction::Refuse => refuse(&mut screening, &text[place]),
                    ListAction::Mask => masked.push(place),
                    ListAction::Flag => flag(&mut screening, "The list of links does not let through", &host),
                }
            }
        }
        for file in files {
            self.screen_name(file.name.as_deref().unwrap_or_default(), &mut screening);
            let Some(links) = &self.links else { continue };
            match (links.refused_host(&file.url), links.action()) {
                (None, _) => {}
                // Nothing would be left of the link.
                (Some(_), ListAction::Refuse | ListAction::Mask) => refuse(&mut screening, &file.url),
                (Some(host), ListAction::Flag) => {
                    flag(&mut screening, "The list of links does not let through", &host);
                }
            }
        }
        screening.masked = (!masked.is_empty()).then(|| without(text, masked));
        screening.kept()
    }
}

/// The write that sends a message, with what the lists say of it, if there are any.
pub(crate) fn sending(lists: Option<&Lists>, actor: Actor, text: NewText) -> SendMessage {
    let screening = lists.and_then(|lists| lists.screen_message(&text));
    SendMessage { actor, text, screening }
}

/// The write that changes the text of a message, with what the lists say of it, if there are any.
pub(crate) fn editing(
    lists: Option<&Lists>,
    actor: Actor,
    message: MessageId,
    content: String,
    details: Option<Box<EditedDetails>>,
) -> EditMessage {
    let screening = lists.and_then(|lists| lists.screen(&content, std::iter::empty()));
    EditMessage { actor, message, content, details, screening }
}

fn refuse(screening: &mut Screening, part: &str) {
    screening.refused.get_or_insert_with(|| part.to_owned());
}

fn flag(screening: &mut Screening, what: &str, entry: &str) {
    screening.flagged.get_or_insert_with(|| format!("{what} `{entry}`.").into());
}

/// A text with `*` for each character of some parts but spaces.
fn without(text: &str, mut parts: Vec<Range<usize>>) -> String {
    parts.sort_unstable_by_key(|part| part.start);
    let mut left = String::with_capacity(text.len());
    let mut done = 0;
    for part in parts {
        let part = part.start.max(done)..part.end;
        if part.is_empty() {
            continue;
        }
        left.push_str(&text[done..part.start]);
        left.extend(text[part.clone()].chars().map(|c| if c.is_whitespace() { c } else { MASK }));
        done = part.end;
    }
    left.push_str(&text[done..]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(pattern: &str, action: ListAction) -> ListedWord {
        ListedWord { pattern: pattern.to_owned(), action }
    }

    fn lists(words: &[ListedWord], deny: &[&str], action: ListAction) -> Lists {
        let links =
            ListedLinks { deny: deny.iter().map(|&host| host.to_owned()).collect(), action, ..Default::default() };
        Lists::new(words, &links).expect("good lists").expect("lists")
    }

    #[test]
    fn no_entries_are_no_lists() {
        assert!(Lists::new(&[], &ListedLinks::default()).expect("good").is_none());
    }

    #[test]
    fn each_action_has_its_result() {
        let words = [
            word("rude", ListAction::Refuse),
            word("darn", ListAction::Mask),
            word("da*", ListAction::Mask),
            word("cheap pills", ListAction::Flag),
        ];
        let lists = lists(&words, &["spam.example"], ListAction::Mask);
        let screened = |text: &str| lists.screen(text, std::iter::empty());
        assert_eq!(screened("Nothing of it."), None);
        let found = screened("So RÜDE, so rude").expect("found");
        assert_eq!((found.refused.as_deref(), found.masked), (Some("RÜDE"), None));
        let found = screened("Darn! A dàrn dance, and Spam.Example/x").expect("found");
        assert_eq!(found.masked.as_deref(), Some("****! A **** **nce, and ************/x"));
        let found = screened("Cheap  PILLS here").expect("found");
        assert_eq!(found.flagged.as_deref(), Some("The list of words has `cheap pills`."));
        assert_eq!(found.masked, None);
    }

    fn file(url: &str, name: Option<&str>) -> FileLink {
        FileLink { url: url.to_owned(), name: name.map(str::to_owned) }
    }

    #[test]
    fn files_of_other_hosts_are_links() {
        let (own, other) = (file("/files/a/b", None), file("https://cdn.spam.example/a.png", None));
        for (action, refused, flagged) in
            [(ListAction::Refuse, true, false), (ListAction::Mask, true, false), (ListAction::Flag, false, true)]
        {
            let lists = lists(&[], &["spam.example"], action);
            let found = lists.screen("look", [&own, &other].into_iter()).expect("found");
            assert_eq!((found.refused.is_some(), found.flagged.is_some()), (refused, flagged), "{action:?}");
            assert_eq!(lists.screen("look", [&own].into_iter()), None);
        }
    }

    #[test]
    fn names_of_files_are_texts_that_are_not_masked() {
        for (action, refused) in [(ListAction::Refuse, true), (ListAction::Mask, true), (ListAction::Flag, false)] {
            let lists = lists(&[word("pills", action)], &["spam.example"], action);
            for (name, part) in [("Cheap PILLS.pdf", "PILLS"), ("get spam.example now.txt", "spam.example")] {
                let found = lists.screen("look", [&file("/files/a/b", Some(name))].into_iter()).expect("found");
                assert_eq!(found.refused.as_deref(), refused.then_some(part), "{name} {action:?}");
                assert_eq!((found.masked, found.flagged.is_some()), (None, !refused), "{name} {action:?}");
                assert_eq!(lists.refused_in_name(name).as_deref(), refused.then_some(part));
            }
            assert_eq!(lists.screen("look", [&file("/files/a/b", Some("spills.pdf"))].into_iter()), None);
        }
    }

    #[test]
    fn parts_that_overlap_are_masked_once() {
        assert_eq!(without("abcdef gh", vec![4..8, 1..3, 2..5, 1..2]), "a***** *h");
        assert_eq!(without("日本語", vec![3..6, 3..6]), "日*語");
    }
}
