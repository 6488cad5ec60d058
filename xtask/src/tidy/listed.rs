//! Tests that are one program: each file and folder beside the program's `main.rs` is one of its modules. Cargo and the
//! compiler say nothing of a file that nobody names, whose tests would never run.

use std::collections::BTreeMap;

/// Checks the tests of all crates whose folder `tests` has a `main.rs`. `files` are paths and texts, with those of `Cargo.toml`.
pub(super) fn find(files: &BTreeMap<String, String>) -> Vec<String> {
    let programs = files.iter().filter_map(|(path, text)| Some((path.strip_suffix("/tests/main.rs")?, text)));
    let mut faults = Vec::new();
    for (folder, main) in programs {
        let manifest = files.get(&format!("{folder}/Cargo.toml")).map_or("", String::as_str);
        let tests = format!("{folder}/tests/");
        let names = files.keys().filter_map(|path| module(path.strip_prefix(&tests)?));
        for name in names.filter(|name| *name != "main") {
            let is_module = main
                .lines()
                .any(|line| line.strip_suffix(';').is_some_and(|line| line.ends_with(&format!("mod {name}"))));
            let is_program = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
            if !is_module && !is_program {
                faults.push(format!("{tests}main.rs does not name {name}, whose tests never run"));
            }
        }
    }
    faults
}

/// The module that a path below the folder of the tests is: a file, or a folder with a `mod.rs`.
fn module(path: &str) -> Option<&str> {
    let name = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_nobody_names_are_found() {
        let files = [
            ("crates/x/Cargo.toml", "[[test]]\nname = \"alone\"\n"),
            ("crates/x/tests/main.rs", "mod one;\n#[cfg(unix)]\nmod two;\n"),
            ("crates/x/tests/alone.rs", ""),
            ("crates/x/tests/forgotten.rs", ""),
            ("crates/x/tests/one.rs", ""),
            ("crates/x/tests/two/mod.rs", ""),
            ("crates/x/tests/two/part.rs", ""),
            ("crates/x/tests/unnamed/mod.rs", ""),
            ("crates/y/tests/each_its_own.rs", ""),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let faults = find(&files);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("name forgotten,") && faults[1].contains("name unnamed,"), "{faults:?}");
    }
}
