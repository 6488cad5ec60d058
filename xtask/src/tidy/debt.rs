//! Faults that are older than their check: `xtask/src/tidy_debt.txt` lists them, one a line.
//!
//! What must stay true: the list can only shrink. A fault that is not listed fails the check, and so does an entry
//! whose fault is gone.

use std::collections::BTreeMap;

/// The path of the list, from the root of the project.
pub(crate) const PATH: &str = "xtask/src/tidy_debt.txt";

/// Compares the faults that were found with the list. An entry may be listed as many times as its fault exists.
pub(crate) fn compare(listed: &str, found: &[String], faults: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in found {
        *counts.entry(entry).or_default() += 1;
    }
    for entry in listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        *counts.entry(entry).or_default() -= 1;
    }
    for (entry, count) in counts {
        for _ in 0..count {
            faults.push(format!("new fault: {entry}"));
        }
        for _ in count..0 {
            faults.push(format!("mended, so remove it from {PATH}: {entry}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn the_list_only_shrinks() {
        let faults = |listed: &str, found: &[&str]| {
            let mut faults = Vec::new();
            let found: Vec<String> = found.iter().map(|&entry| entry.to_owned()).collect();
            compare(listed, &found, &mut faults);
            faults
        };
        assert_eq!(faults("# why\n\na\na\n", &["a", "a"]), Vec::<String>::new());
        assert_eq!(faults("a\n", &["a", "a", "b"]), ["new fault: a", "new fault: b"]);
        assert_eq!(faults("a\na\n", &["a"]), [format!("mended, so remove it from {}: a", super::PATH)]);
    }
}
