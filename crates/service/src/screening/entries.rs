//! The entries of lists, as the operator writes them.

use quintet_domain::ListAction;

/// An entry of a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedWord {
    /// The word or the words; `*` before or behind it stands for the rest of a word.
    pub pattern: String,
    /// What is done about a text that has it.
    pub action: ListAction,
}

/// The list of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedLinks {
    /// The hosts that texts must not lead to, with all of their subdomains.
    pub deny: Vec<String>,
    /// The only hosts that texts may lead to, with all of their subdomains; empty for all.
    pub allow: Vec<String>,
    /// What is done about a text that has another link.
    pub action: ListAction,
}
