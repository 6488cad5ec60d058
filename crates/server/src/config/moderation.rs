//! The table `[moderation]`: how long the audit log is kept, and what is done about texts that have some words or links.

use std::path::PathBuf;

use quintet_domain::ListAction;
use quintet_service::{ListLine, ListedLinks, ListedWord, Lists, read_list};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Maximum bytes of the file of words and hosts.
const FILE_BYTES_MAX: u64 = 8_000_000;

/// The table `[moderation]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Moderation {
    /// The number of days for which the audit log is kept; 0 for ever.
    pub(crate) audit_keep_days: u32,
    /// A file of more words and hosts, one a line.
    pub(crate) file: Option<PathBuf>,
    pub(crate) words: Vec<Word>,
    pub(crate) links: Links,
}

impl Default for Moderation {
    fn default() -> Self {
        let audit_keep_days = quintet_domain::limits::AUDIT_KEPT_DAYS_DEFAULT;
        Self { audit_keep_days, file: None, words: Vec::new(), links: Links::default() }
    }
}

/// A word of the list.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Word {
    pattern: String,
    #[serde(default)]
    action: ActionName,
}

/// The list of links.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Links {
    action: ActionName,
    deny: Vec<String>,
    allow: Vec<String>,
}

/// What is done about a text.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ActionName {
    #[default]
    Refuse,
    Mask,
    Flag,
}

impl From<ActionName> for ListAction {
    fn from(name: ActionName) -> Self {
        match name {
            ActionName::Refuse => Self::Refuse,
            ActionName::Mask => Self::Mask,
            ActionName::Flag => Self::Flag,
        }
    }
}

impl Moderation {
    /// The lists of words and links; none if there are no entries.
    pub(super) fn checked_lists(&self) -> Result<Option<Lists>, Fault> {
        let word = |word: &Word| ListedWord { pattern: word.pattern.clone(), action: word.action.into() };
        let mut words: Vec<ListedWord> = self.words.iter().map(word).collect();
        let Links { action, deny, allow } = self.links.clone();
        let mut links = ListedLinks { deny, allow, action: action.into() };
        // Those of the table alone first, so that an error says where an entry stands.
        let of_table = Lists::new(&words, &links).map_err(|why| Fault::of("moderation", &["words", "links"], why))?;
        let Some(file) = &self.file else { return Ok(of_table) };
        let of_file = |why: String| Fault::of("moderation", &["file"], format!("file `{}`: {why}", file.display()));
        let bytes = std::fs::metadata(file).map_err(|error| of_file(error.to_string()))?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(of_file(format!("it has {bytes} bytes; at most {FILE_BYTES_MAX} are allowed")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| of_file(error.to_string()))?;
        for line in read_list(&text).map_err(of_file)? {
            match line {
                ListLine::Word(word) => words.push(word),
                ListLine::Deny(host) => links.deny.push(host),
                ListLine::Allow(host) => links.allow.push(host),
            }
        }
        Lists::new(&words, &links).map_err(of_file)
    }

    /// The lists of words and links; none if there are no entries.
    ///
    /// # Errors
    /// A sentence that names the entry, or the file and the line.
    pub(crate) fn lists(&self) -> Result<Option<Lists>, String> {
        self.checked_lists().map_err(Fault::into_sentence)
    }
}
