//! Plays tests with official clients on two nodes over one PostgreSQL database.
//!
//! What must stay true: each test of `e2e/test` that a server of one node passes and that is named here passes on two.

use std::path::Path;

use crate::sh;

/// The tests that CI plays on two nodes.
pub(crate) const IN_CI: [&str; 3] = ["stories", "order", "recovery"];

/// The tests that only `cargo xtask chaos` plays on two nodes, because they take long.
pub(crate) const IN_CHAOS: [&str; 9] =
    ["matrix", "frontends", "habits", "clients", "wild", "browser", "web", "webmessages", "webfinding"];

/// Plays tests, each a file of `e2e/test`. The numbers of tests that passed are written to the file `tally`, if one is
/// named.
pub(crate) fn play(names: &[&str], tally: Option<&Path>) -> Result<(), String> {
    let files = names.iter().map(|name| format!("test/{name}.test.mjs"));
    let runner =
        ["E2E_NODES=2", "node", "--test", "--test-concurrency=2", "--test-timeout=1800000", "--test-force-exit"];
    let mut args: Vec<String> = runner.map(str::to_owned).into();
    if let Some(tally) = tally {
        args.extend(["--test-reporter=spec", "--test-reporter-destination=stdout"].map(str::to_owned));
        args.push("--test-reporter=./lib/tally.mjs".to_owned());
        args.push("--test-reporter-destination=stderr".to_owned());
        args.insert(0, format!("E2E_TALLY={}", tally.to_string_lossy()));
    }
    args.extend(files);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sh::run_in(&sh::root().join("e2e"), "env", &args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_there() {
        for name in IN_CI.iter().chain(&IN_CHAOS) {
            assert!(sh::root().join(format!("e2e/test/{name}.test.mjs")).exists(), "{name}");
        }
    }
}
