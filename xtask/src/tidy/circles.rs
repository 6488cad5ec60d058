//! Circles between the files of one crate: a file that uses another, which uses it in turn, over however many steps.
//!
//! What lives here: a reader of the paths in a source file, and the graph of files that follows from them.
//! What must stay true: tests, declarations of modules, visibilities and re-exports do not count as uses. A name that a file
//! re-exports belongs to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module from the root of its crate.
type Module = Vec<String>;

/// One source file of a crate.
struct Source {
    /// The path from the root of the project.
    path: String,
    /// The text without comments, tests and re-exports.
    text: String,
    /// Names that the file re-exports, with their paths.
    exports: Vec<(String, Vec<String>)>,
}

/// One entry for each use that is part of a circle. The files are those of one crate, as paths and texts.
pub(crate) fn find(files: &[(String, String)]) -> Vec<String> {
    let mut sources: BTreeMap<Module, Source> = BTreeMap::new();
    for (path, text) in files {
        let Some(module) = module_of(path) else { continue };
        let (text, exported) = without_exports(&without_tests(text));
        let exports = exported.iter().flat_map(|path| path.last().map(|name| (name.clone(), path.clone()))).collect();
        sources.insert(module, Source { path: path.clone(), text, exports });
    }
    let mut edges: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for (module, source) in &sources {
        for path in paths(&source.text) {
            if let Some(target) = resolve(&sources, module, &path, 0)
                && target != module
            {
                edges.entry(module).or_default().insert(target);
            }
        }
    }
    let mut entries = Vec::new();
    for (from, targets) in &edges {
        for to in targets.iter().filter(|to| reaches(&edges, to, from)) {
            if let (Some(from), Some(to)) = (sources.get(*from), sources.get(*to)) {
                entries.push(format!("circle: {} -> {}", from.path, to.path));
            }
        }
    }
    entries
}

fn reaches<'m>(edges: &BTreeMap<&'m Module, BTreeSet<&'m Module>>, from: &'m Module, to: &Module) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(edges.get(next).into_iter().flatten().copied());
        }
    }
    false
}

/// The module of a file; `None` for files that contain only tests.
fn module_of(path: &str) -> Option<Module> {
    let (_, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    let mut module: Module = inside.split('/').map(str::to_owned).collect();
    if module.iter().any(|part| part == "tests" || part.ends_with("_tests")) {
        return None;
    }
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    Some(module)
}

/// A text without its line comments, and without everything after the head of its tests.
fn without_tests(text: &str) -> String {
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    text.lines()
        .map(|line| without_visibility(line.split("//").next().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A line without the path of its visibility, which uses nothing of the module that it names.
fn without_visibility(line: &str) -> String {
    match line.split_once("pub(in ") {
        Some((before, visible)) => {
            let item = visible.split_once(')').map_or("", |(_, item)| item);
            format!("{before}pub{}", without_visibility(item))
        }
        None => line.to_owned(),
    }
}

/// A text without its re-exports, and the paths that they name.
fn without_exports(text: &str) -> (String, Vec<Vec<String>>) {
    let (mut rest, mut exported, mut statement) = (String::new(), Vec::new(), None::<String>);
    for line in text.lines() {
        let is_start = line.trim_start().starts_with("pub") && line.contains(" use ");
        if is_start {
            statement = Some(String::new());
        }
        match &mut statement {
            Some(open) => {
                open.push_str(line);
                open.push(' ');
            }
            None => {
                rest.push_str(line);
                rest.push('\n');
            }
        }
        if line.contains(';')
            && let Some(whole) = statement.take()
            && let Some((_, tree)) = whole.split_once(" use ")
        {
            read_tree(tree, &mut Vec::new(), &mut exported);
        }
    }
    (rest, exported)
}

/// Every path in a text that may lead to another file: those from `crate`, `super` and `self`, and all others with a
/// separator, of which those count that start with a module of the file.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = text[from..].find("::") {
        let separator = from + offset;
        let start = text[..separator].rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
        let rest = read_tree(&text[start..], &mut Vec::new(), &mut found);
        from = (text.len() - rest.len()).max(separator + 2);
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads a path, or a tree of paths in braces. Returns the text after it. A glob is a path with `*` at its end.
fn read_tree<'t>(text: &'t str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = read_tree(rest, prefix, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    let (mut name, mut rest) = text.split_at(end);
    if name.is_empty() {
        match text.strip_prefix('*') {
            Some(more) => (name, rest) = ("*", more),
            // The arguments of a generic function follow its path.
            None if text.starts_with('<') && !prefix.is_empty() => {
                found.push(prefix.clone());
                return text;
            }
            None => return text,
        }
    }
    prefix.push(name.to_owned());
    match rest.strip_prefix("::") {
        Some(more) => rest = read_tree(more, prefix, found),
        None => {
            let is_self = name == "self" && prefix.len() > 1;
            found.push(prefix[..prefix.len() - usize::from(is_self)].to_vec());
            if let Some((_, renamed)) = rest.split_once(" as ").filter(|(before, _)| before.is_empty()) {
                rest = renamed.trim_start_matches(is_name);
            }
        }
    }
    prefix.pop();
    rest
}

/// The module whose file defines what a path in `from` names; `None` if it is outside the crate.
fn resolve<'s>(
    sources: &'s BTreeMap<Module, Source>,
    from: &Module,
    path: &[String],
    depth: usize,
) -> Option<&'s Module> {
    // Chains of re-exports between files end somewhere.
    const DEPTH_MAX: usize = 8;
    let mut module = from.clone();
    let mut rest = path;
    match rest.first().map(String::as_str)? {
        "crate" => {
            module.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                module.pop()?;
                rest = &rest[1..];
            }
        }
        child => {
            let mut inner = module.clone();
            inner.push(child.to_owned());
            sources.get(&inner)?;
        }
    }
    while let Some(part) = rest.first() {
        let mut inner = module.clone();
        inner.push(part.clone());
        if !sources.contains_key(&inner) {
            break;
        }
        (module, rest) = (inner, &rest[1..]);
    }
    let (known, source) = sources.get_key_value(&module)?;
    let Some(name) = rest.first() else { return Some(known) };
    let exported = source.exports.iter().find(|(exported, _)| exported == name).map(|(_, path)| path);
    let by_glob = || {
        let globs = source.exports.iter().filter(|(exported, _)| exported == "*").map(|(_, path)| path);
        let all = globs.filter_map(|path| resolve(sources, &module, &path[..path.len() - 1], depth + 1));
        let inside = ["self".to_owned(), name.clone()];
        let mut defining = all.filter_map(|target| resolve(sources, target, &inside, depth + 1));
        defining.find(|target| {
            let text = sources.get(*target).map_or("", |source| &source.text);
            KEYWORDS.iter().any(|keyword| has_item(text, keyword, name))
        })
    };
    let followed = match exported {
        Some(path) if depth < DEPTH_MAX => resolve(sources, &module, path, depth + 1),
        Some(_) => None,
        None if depth < DEPTH_MAX => by_glob(),
        None => None,
    };
    Some(followed.unwrap_or(known))
}

/// The keywords before the name of an item.
const KEYWORDS: [&str; 8] = ["fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "macro_rules! "];

/// Whether a text defines an item with a keyword and name.
fn has_item(text: &str, keyword: &str, name: &str) -> bool {
    text.match_indices(keyword)
        .any(|(at, _)| text[at + keyword.len()..].strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_name)))
}

#[cfg(test)]
mod tests {
    use super::find;

    fn entries(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> =
            files.iter().map(|(name, text)| (format!("crates/x/src/{name}"), (*text).to_owned())).collect();
        find(&files)
    }

    fn circle(from: &str, to: &str) -> String {
        format!("circle: crates/x/src/{from} -> crates/x/src/{to}")
    }

    #[test]
    fn files_that_use_each_other_are_found() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::Thing;\n"),
            ("a.rs", "use std::fmt;\nuse crate::{b::Other, c};\npub struct Thing;\n"),
            ("b.rs", "use super::a::{self, Thing as That};\n"),
            ("c/mod.rs", "fn f() { let x = 1; }\n"),
        ];
        assert_eq!(entries(&files), [circle("a.rs", "b.rs"), circle("b.rs", "a.rs")]);
    }

    #[test]
    fn a_longer_circle_is_found_through_calls_and_exports() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub(crate) use b::{Other,\n    More};\nfn run() { a::go() }\n"),
            ("a.rs", "fn go() -> crate::Other { crate::run() }\n"),
            ("b.rs", "pub struct Other;\npub struct More;\n"),
        ];
        assert_eq!(entries(&files), [circle("lib.rs", "a.rs"), circle("a.rs", "lib.rs")]);
    }

    #[test]
    fn tests_comments_declarations_and_exports_are_no_uses() {
        let files = [
            ("lib.rs", "//! See crate::a.\nmod a;\nmod b;\npub use a::*;\n"),
            ("a.rs", "use crate::b::go;\npub struct Thing;\n"),
            ("b.rs", "pub(in crate::a) fn go() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    use crate::Thing;\n}\n"),
            ("b/tests.rs", "use crate::a::Thing;\n"),
        ];
        assert_eq!(entries(&files), Vec::<String>::new());
        let files = [files[0], files[1], ("b.rs", "fn go(_: crate::Thing) {}\n")];
        assert_eq!(entries(&files), [circle("a.rs", "b.rs"), circle("b.rs", "a.rs")], "a glob leads to the definition");
    }

    #[test]
    fn a_module_and_its_parent_are_files_like_others() {
        let files = [
            ("main.rs", "mod a;\n"),
            ("a.rs", "mod inner;\nuse inner::Thing;\npub const MAX: u8 = 1;\n"),
            ("a/inner.rs", "use super::MAX;\npub struct Thing;\n"),
        ];
        assert_eq!(entries(&files), [circle("a.rs", "a/inner.rs"), circle("a/inner.rs", "a.rs")]);
    }
}
