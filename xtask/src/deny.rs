//! `cargo xtask deny`: checks the dependencies of Quintet against `deny.toml` with cargo-deny: licences, sources,
//! banned crates, and known vulnerabilities.

use crate::{sh, test};

/// The folder in which the program is installed, below the root.
const ENVIRONMENT: &str = "target/deny";

/// Maximum number of seconds for fetching the vulnerability database.
const FETCH_SECONDS: &str = "60";

pub(crate) fn run() -> Result<(), String> {
    let root = sh::root();
    test::python(ENVIRONMENT, &root.join("xtask/deny/requirements.txt"))?;
    let program = root.join(ENVIRONMENT).join("bin/cargo-deny").to_string_lossy().into_owned();
    sh::run(&program, &["--log-level", "error", "check", "licenses", "bans", "sources"])?;
    // The database is a Git repository, which not every network can reach.
    if let Err(why) = sh::run("timeout", &[FETCH_SECONDS, &program, "fetch", "db"]) {
        println!("deny: known vulnerabilities were not looked for, for their database cannot be fetched ({why})");
        return Ok(());
    }
    // It was fetched just before, so it is not fetched again.
    sh::run(&program, &["--log-level", "error", "--offline", "check", "advisories"])
}
