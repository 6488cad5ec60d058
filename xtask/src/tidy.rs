//! `cargo xtask tidy`: checks the structure of the project.
//!
//! What lives here: the arrows between crates, the sizes of files, where some texts may occur, and the paths that
//! documents name. Circles between files, short docs, links, tests that never run, and the list of earlier faults have
//! files of their own.

mod circles;
mod debt;
mod docs;
mod links;
mod listed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::sh;

/// Maximum number of lines of a source file, which holds one concept.
const LINES_MAX: usize = 500;

/// The crates of the project that each of them may use. `server` may use all.
const ARROWS: [(&str, &[&str]); 20] = [
    ("quintet-input", &[]),
    ("quintet-socketio", &["quintet-input"]),
    ("quintet-domain", &[]),
    ("quintet-dialect", &["quintet-domain"]),
    ("quintet-rules", &["quintet-domain"]),
    ("quintet-store", &["quintet-domain", "quintet-rules", "quintet-telemetry"]),
    ("quintet-bus", &["quintet-domain"]),
    ("quintet-cluster", &["quintet-domain", "quintet-bus", "quintet-store"]),
    ("quintet-files", &[]),
    ("quintet-outbound", &[]),
    ("quintet-push", &[]),
    ("quintet-telemetry", &["quintet-domain"]),
    (
        "quintet-service",
        &[
            "quintet-domain",
            "quintet-store",
            "quintet-bus",
            "quintet-files",
            "quintet-outbound",
            "quintet-push",
            "quintet-input",
            "quintet-telemetry",
        ],
    ),
    (
        "quintet-gateway",
        &[
            "quintet-domain",
            "quintet-dialect",
            "quintet-service",
            "quintet-socketio",
            "quintet-bus",
            "quintet-input",
            "quintet-telemetry",
        ],
    ),
    ("quintet-rest", &["quintet-domain", "quintet-dialect", "quintet-service", "quintet-input", "quintet-telemetry"]),
    ("quintet-web", &["quintet-input"]),
    ("quintet-webhooks", &["quintet-domain", "quintet-dialect", "quintet-service", "quintet-outbound"]),
    (
        "quintet-simulate",
        &[
            "quintet-socketio",
            "quintet-domain",
            "quintet-dialect",
            "quintet-rules",
            "quintet-store",
            "quintet-bus",
            "quintet-cluster",
            "quintet-files",
            "quintet-service",
            "quintet-gateway",
        ],
    ),
    ("quintet-bench", &["quintet-socketio", "quintet-domain", "quintet-store"]),
    ("xtask", &[]),
];

/// Libraries that a crate must not use: `domain` has no IO, no async code and no serialisation, `rules` no IO and no
/// async code; SQL belongs to the store alone.
const FOREIGN: [(&str, &[&str]); 7] = [
    ("quintet-domain", &["tokio", "serde", "serde_json", "rusqlite", "hyper"]),
    ("quintet-dialect", &["tokio", "rusqlite", "hyper"]),
    ("quintet-rules", &["tokio", "rusqlite", "hyper"]),
    ("quintet-socketio", &["rusqlite", "axum"]),
    ("quintet-gateway", &["rusqlite", "axum"]),
    ("quintet-rest", &["rusqlite", "hyper"]),
    ("quintet-service", &["rusqlite", "hyper", "axum"]),
];

/// Texts that may occur only in certain folders: the text, and the folders.
const WORDS: [(&str, &[&str]); 5] = [
    ("SELECT ", &["crates/store/", "xtask/", "crates/bench/", "bench/", "e2e/lib/postgres.mjs", "e2e/lib/crowd.mjs"]),
    ("env::var", &["crates/server/", "xtask/", "crates/web/build.rs"]),
    (
        "receive_message",
        &["crates/dialect/", "e2e/", "xtask/", "crates/rest/src/compat/", "crates/bench/", "bench/", "web/"],
    ),
    ("message:new", &["crates/dialect/", "e2e/", "xtask/", "crates/rest/src/compat/", "web/"]),
    // Routes that bypass the OpenAPI router are missing from the document.
    (".route(", &["crates/rest/src/compat/mod.rs", "xtask/", "e2e/"]),
];

pub(crate) fn run() -> Result<(), String> {
    let files = sh::sources()?;
    let mut faults = Vec::new();
    arrows(&mut faults)?;
    let mut crates: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let (mut old, mut documents, mut tests) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for file in &files {
        let path = file.to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(sh::root().join(file)) else { continue };
        if is_source(file) {
            source(&path, &text, &mut faults);
        }
        if path.ends_with(".rs")
            && let Some((folder, _)) = path.split_once("/src/")
        {
            old.extend(docs::short(&path, &text));
            crates.entry(folder.to_owned()).or_default().push((path.clone(), text.clone()));
        }
        if path.ends_with("/Cargo.toml") || path.contains("/tests/") {
            tests.insert(path.clone(), text.clone());
        }
        if path.ends_with(".md") {
            named_paths(&path, &text, &files, &mut faults);
            documents.insert(path, text);
        }
    }
    old.extend(crates.values().flat_map(|files| circles::find(files)));
    faults.extend(listed::find(&tests));
    faults.extend(links::find(&documents, |path| sh::root().join(path).exists()));
    let listed = std::fs::read_to_string(sh::root().join(debt::PATH)).map_err(|error| error.to_string())?;
    debt::compare(&listed, &old, &mut faults);
    if faults.is_empty() {
        println!("tidy: {} files, no faults", files.len());
        Ok(())
    } else {
        Err(format!("{} faults:\n  {}", faults.len(), faults.join("\n  ")))
    }
}

fn is_source(file: &Path) -> bool {
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    matches!(kind, "rs" | "mjs" | "js" | "sql") && !file.to_string_lossy().contains("/vendor/")
}

fn arrows(faults: &mut Vec<String>) -> Result<(), String> {
    let metadata = MetadataCommand::new().no_deps().exec().map_err(|error| error.to_string())?;
    for package in &metadata.packages {
        let name = package.name.as_str();
        let used: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.as_str())
            .collect();
        if let Some((_, allowed)) = ARROWS.iter().find(|(of, _)| *of == name) {
            for other in used.iter().filter(|other| other.starts_with("quintet") && !allowed.contains(other)) {
                faults.push(format!("{name} must not use {other}"));
            }
        } else if name != "quintet" {
            faults.push(format!("{name} stands in no arrow: add it to xtask/src/tidy.rs"));
        }
        for (_, foreign) in FOREIGN.iter().filter(|(of, _)| *of == name) {
            for library in used.iter().filter(|library| foreign.contains(library)) {
                faults.push(format!("{name} must not use {library}"));
            }
        }
    }
    Ok(())
}

fn source(path: &str, text: &str, faults: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{path} has {lines} lines; one concept fits into {LINES_MAX}"));
    }
    if path.starts_with("crates/") && path.ends_with(".rs") && !text.starts_with("//!") {
        faults.push(format!("{path} does not say what lives there"));
    }
    // Tests view the project from outside, so they may use these texts.
    for (word, folders) in WORDS.iter().filter(|_| !path.contains("/tests/")) {
        if text.contains(word) && !folders.iter().any(|folder| path.starts_with(folder)) {
            faults.push(format!("{path} says `{}`, which belongs to {}", word.trim(), folders.join(", ")));
        }
    }
}

/// Checks that every path in backticks in a document exists.
fn named_paths(document: &str, text: &str, files: &[PathBuf], faults: &mut Vec<String>) {
    const ROOTS: [&str; 7] = ["crates/", "docs/", "e2e/", "xtask/", ".ci/", ".cargo/", "web/"];
    for named in text.split('`').skip(1).step_by(2) {
        let path = named.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        if !ROOTS.iter().any(|root| named.starts_with(root)) || named.contains(['*', '<', '{']) {
            continue;
        }
        let exists = files.iter().any(|file| file == Path::new(path) || file.starts_with(path));
        if !exists {
            faults.push(format!("{document} names {named}, which does not exist"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(path: &str, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        source(path, text, &mut faults);
        faults
    }

    #[test]
    fn faults_are_found() {
        assert_eq!(faults_of("crates/x/src/a.rs", "//! ok\n"), Vec::<String>::new());
        assert!(faults_of("crates/x/src/a.rs", "fn a() {}")[0].contains("does not say"));
        assert!(faults_of("crates/rest/src/a.rs", "//! x\nSELECT 1")[0].contains("SELECT"));
        assert!(faults_of("crates/x/src/a.rs", &"//! x\n".repeat(501))[0].contains("501 lines"));
        let mut faults = Vec::new();
        named_paths("README.md", "see `crates/nothing` and `docs/a.md`", &["docs/a.md".into()], &mut faults);
        assert_eq!(faults, ["README.md names crates/nothing, which does not exist"]);
    }
}
