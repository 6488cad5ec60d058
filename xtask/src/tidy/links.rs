//! Links of documents: the file that each leads to is there, and the heading in it. Every document is in the summary of the book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// The list of the documents, in the order of the book.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Checks the links of all documents, given by path and text. `exists` says whether there is a file.
pub(super) fn find(documents: &BTreeMap<String, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let headings: BTreeMap<&str, BTreeSet<String>> =
        documents.iter().map(|(path, text)| (path.as_str(), anchors(text))).collect();
    let mut faults = Vec::new();
    let mut listed = BTreeSet::new();
    for (document, text) in documents {
        let folder = Path::new(document).parent().unwrap_or(Path::new(""));
        for link in links(text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let to = match path {
                "" => PathBuf::from(document),
                path => normal(&folder.join(path)),
            };
            let name = to.to_string_lossy().into_owned();
            if !exists(&to) {
                faults.push(format!("{document} links to {link}, which does not exist"));
            } else if !anchor.is_empty() && headings.get(name.as_str()).is_some_and(|known| !known.contains(anchor)) {
                faults.push(format!("{document} links to {link}, a heading that {name} does not have"));
            }
            if document == SUMMARY {
                listed.insert(name);
            }
        }
    }
    let documents = documents.keys().filter(|path| path.starts_with("docs/") && path.as_str() != SUMMARY);
    faults
        .extend(documents.filter(|path| !listed.contains(*path)).map(|path| format!("{SUMMARY} does not name {path}")));
    faults
}

/// The links of a document to files and headings, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // Parts between backticks are code.
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in plain.match_indices("](") {
            let link = plain[at + 2..].split(')').next().unwrap_or_default();
            if !link.contains(':') && !link.is_empty() {
                found.push(link.to_owned());
            }
        }
    }
    found
}

/// The lines of a document that are not in a block of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchors of a document's headings, as those who show them make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for line in prose(text).filter(|line| line.starts_with('#')) {
        let title = line.trim_start_matches('#').trim();
        let mut anchor = String::new();
        for character in without_links(title).to_lowercase().chars() {
            match character {
                ' ' => anchor.push('-'),
                '-' | '_' => anchor.push(character),
                character if character.is_alphanumeric() => anchor.push(character),
                _ => {}
            }
        }
        let count = counts.entry(anchor.clone()).or_default();
        anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

/// A heading with the texts of its links alone.
fn without_links(title: &str) -> String {
    let mut written = String::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once("](") {
        written.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    written + rest
}

/// Resolves `..` in a path, without looking at any disk.
fn normal(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let good = "# A title: with `code`\n## Again\n## Again\n[a](#a-title-with-code) [b](#again-1) [c](x.png) `[d](no.md)`\n```\n[e](no.md)\n```\n";
        let bad = "[a](a.md#nowhere) [b](../nothing.md)";
        let documents = [("docs/a.md", good), ("docs/b.md", bad), (SUMMARY, "[a](a.md)")];
        let documents = documents.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let exists =
            |path: &Path| ["docs/a.md", "docs/b.md", "docs/x.png"].iter().any(|there| path == Path::new(there));
        assert_eq!(
            find(&documents, exists),
            [
                "docs/b.md links to a.md#nowhere, a heading that docs/a.md does not have",
                "docs/b.md links to ../nothing.md, which does not exist",
                "docs/SUMMARY.md does not name docs/b.md",
            ]
        );
    }
}
