//! `cargo xtask book`: the documentation as a book for a browser, searchable, with every link of it followed.
//!
//! What must stay true: the documents are written for who reads them in a checkout; only their links are changed for the book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::sh;

/// The version of mdBook, which is installed below `target`.
const MDBOOK: &str = "0.5.4";

/// What belongs to the book beside `docs`: documents, and files that they link to.
const OTHERS: [&str; 5] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Containerfile", "packaging"];

/// Pages that mdBook adds, which repeat others.
const REPEATED: [&str; 2] = ["print.html", "404.html"];

pub(crate) fn run() -> Result<(), String> {
    let root = sh::root();
    let book = root.join("target/book");
    let program = root.join("target/mdbook/bin/mdbook");
    if sh::output(&program.to_string_lossy(), &["--version"]) != Some(format!("mdbook v{MDBOOK}")) {
        let version = ["--version", MDBOOK, "--no-default-features", "--features", "search"];
        sh::run(
            "cargo",
            &[&["install", "--locked", "--quiet", "--root", "target/mdbook", "mdbook"], &version[..]].concat(),
        )?;
    }
    if book.exists() {
        std::fs::remove_dir_all(&book).map_err(|error| failed(&book, &error))?;
    }
    let files = sh::captured_in(&root, "git", &[&["ls-files", "--", "docs"][..], &OTHERS].concat())?;
    for file in files.lines().map(Path::new) {
        put(&root, &book, file)?;
    }
    sh::run(&program.to_string_lossy(), &["build", &book.to_string_lossy()])?;
    let html = book.join("html");
    let (pages, links) = follow(&html)?;
    println!("{}: {pages} pages, {links} links", html.join("index.html").display());
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Puts a file where the book has it: documents with links to where the others are.
fn put(root: &Path, book: &Path, file: &Path) -> Result<(), String> {
    let to = match file == Path::new("docs/book.toml") {
        true => book.join("book.toml"),
        false => book.join("src").join(place(file)),
    };
    let folder = to.parent().unwrap_or(book);
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let from = root.join(file);
    if file.extension().is_some_and(|extension| extension == "md") {
        let text = std::fs::read_to_string(&from).map_err(|error| failed(&from, &error))?;
        std::fs::write(&to, moved(file, &text)).map_err(|error| failed(&to, &error))
    } else {
        std::fs::copy(&from, &to).map(|_| ()).map_err(|error| failed(&from, &error))
    }
}

/// Returns where the book has a file of the checkout: those of `docs` above it. The first document of a folder is its page.
fn place(file: &Path) -> PathBuf {
    let place = file.strip_prefix("docs").unwrap_or(file);
    match place.ends_with("README.md") {
        true => place.with_file_name("index.md"),
        false => place.to_path_buf(),
    }
}

/// Returns the text of a document with links as they are in the book.
fn moved(document: &Path, text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        written.push_str(before);
        written.push_str("](");
        let (link, behind) = after.split_at(after.find(')').unwrap_or(0));
        let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
        if path.is_empty() || path.contains(':') || path.contains(char::is_whitespace) {
            written.push_str(link);
        } else {
            let folder = document.parent().unwrap_or(Path::new(""));
            written.push_str(&way(&place(document), &place(&normal(&folder.join(path)))));
            written.push_str(anchor);
        }
        rest = behind;
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

/// Returns the way from one document to another file.
fn way(from: &Path, to: &Path) -> String {
    let up = "../".repeat(from.components().count().saturating_sub(1));
    format!("{up}{}", to.display())
}

/// Follows every link of the pages within the book. Returns the numbers of pages and of links.
fn follow(html: &Path) -> Result<(usize, usize), String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![html.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
            let path = entry.map_err(|error| failed(&folder, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
                pages.insert(path, text);
            }
        }
    }
    let ids: BTreeMap<&Path, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path.as_path(), attributes(text, "id").collect())).collect();
    let (mut faults, mut count) = (Vec::new(), 0);
    for (path, text) in pages.iter().filter(|(path, _)| !REPEATED.iter().any(|name| path.ends_with(name))) {
        for link in attributes(text, "href").chain(attributes(text, "src")) {
            if link.contains(':') || link.starts_with("//") {
                continue;
            }
            count += 1;
            let (to, anchor) = link.split_once('#').unwrap_or((link, ""));
            let to = match to {
                "" => path.clone(),
                to => normal(&path.parent().unwrap_or(html).join(to)),
            };
            let is_there = match ids.get(to.as_path()) {
                Some(ids) => anchor.is_empty() || ids.contains(anchor),
                None => to.exists(),
            };
            if !is_there {
                faults.push(format!("{} leads to {link}, which is not there", path.display()));
            }
        }
    }
    match faults.is_empty() {
        true => Ok((pages.len(), count)),
        false => Err(format!("{} links lead nowhere:\n  {}", faults.len(), faults.join("\n  "))),
    }
}

/// Returns the values of an attribute in the tags of a text of HTML, and not in the code that it shows.
fn attributes<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let begin = format!(" {name}=\"");
    text.split('<').filter_map(move |part| {
        let (_, value) = part.split_once('>').map_or(part, |(tag, _)| tag).split_once(&begin)?;
        value.split('"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_where_the_book_has_it() {
        let text = "[a](../README.md#top), [b](push.md) and [c](https://x/), [d](#e)";
        assert_eq!(moved(Path::new("docs/a.md"), text), "[a](index.md#top), [b](push.md) and [c](https://x/), [d](#e)");
        assert_eq!(
            moved(Path::new("docs/adr/1.md"), "[a](../../README.md), [b](../c.md)"),
            "[a](../index.md), [b](../c.md)"
        );
        assert_eq!(
            moved(Path::new("README.md"), "![a](docs/a.svg)[b](CHANGELOG.md) f](x"),
            "![a](a.svg)[b](CHANGELOG.md) f](x"
        );
    }

    #[test]
    fn attributes_are_those_of_tags() {
        let text = "<a class=\"x\" href=\"b.html\">see</a><code>&lt;a href=\"c.html\"></code>";
        assert_eq!(attributes(text, "href").collect::<Vec<_>>(), ["b.html"]);
    }
}
