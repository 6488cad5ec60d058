//! `cargo xtask deny`: the libraries that Quintet is built from, held against `deny.toml` by cargo-deny: their licences,
//! where they come from, those that must not be there, and known vulnerabilities.

use crate::{sh, test};

/// Where the program is installed, under the root.
const ENVIRONMENT: &str = "target/deny";

/// Seconds to fetch the database of vulnerabilities.
const FETCH_SECONDS: &str = "60";

pub(crate) fn run() -> Result<(), String> {
    let root = sh::root();
    test::python(ENVIRONMENT, &root.join("xtask/deny/requirements.txt"))?;
    let program = root.join(ENVIRONMENT).join("bin/cargo-deny").to_string_lossy().into_owned();
    sh::run(&program, &["--log-level", "error", "check", "licenses", "bans", "sources"])?;
    // The database is a repository of git, which not every network reaches.
    if let Err(why) = sh::run("timeout", &[FETCH_SECONDS, &program, "fetch", "db"]) {
        println!("deny: known vulnerabilities were not looked for, for their database cannot be fetched ({why})");
        return Ok(());
    }
    // What was fetched a moment ago is not fetched again.
    sh::run(&program, &["--log-level", "error", "--offline", "check", "advisories"])
}
