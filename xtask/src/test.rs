//! `cargo xtask test`: installs what the tests need by itself, and runs all of them.

use crate::sh;

/// What the tests need beside Rust: the program, and Debian's package that has it.
const NEEDED: [(&str, &str); 3] = [("node", "nodejs"), ("npm", "npm"), ("strace", "strace")];

pub(crate) fn run(rust: bool, e2e: bool) -> Result<(), String> {
    install()?;
    if rust {
        sh::run("cargo", &["test", "--workspace"])?;
    }
    if e2e {
        let folder = sh::root().join("e2e");
        sh::run("cargo", &["build", "--package", "quintet"])?;
        sh::run_in(&folder, "npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
        sh::run_in(&folder, "npm", &["test", "--silent"])?;
    }
    Ok(())
}

/// Installs what is missing where that is allowed, else says exactly what to install.
fn install() -> Result<(), String> {
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| !sh::has(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root = sh::output("id", &["-u"]).is_some_and(|id| id == "0");
    if !root || !sh::has("apt-get") {
        return Err(format!("the tests need these packages; please install them: {}", missing.join(" ")));
    }
    sh::run("apt-get", &["update", "-q"])?;
    let mut args = vec!["install", "-q", "-y", "--no-install-recommends"];
    args.extend(missing);
    sh::run("apt-get", &args)
}
