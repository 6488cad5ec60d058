//! `cargo xtask simulate`: runs the whole server under seeds, and tries whether planted bugs are found.
//!
//! What must stay true: a planted bug that does not apply any more, or that the seeds do not find, is a failure.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sh;

/// The seeds that CI runs.
pub(crate) const CI_SEEDS: u64 = 300;

/// Where the planted bugs are.
const PLANTED: &str = "crates/simulate/planted";

/// Where the sources are copied to.
const COPY: &str = "target/planted/tree";

/// Runs seeds, or one seed with its trace.
pub(crate) fn run(seeds: Option<u64>, first: Option<u64>, seed: Option<u64>, steps: Option<u64>) -> Result<(), String> {
    sh::run("cargo", &["build", "--quiet", "--release", "--package", "quintet-simulate"])?;
    let mut args = Vec::new();
    for (name, value) in [("--seeds", seeds), ("--first", first), ("--seed", seed), ("--steps", steps)] {
        if let Some(value) = value {
            args.extend([name.to_owned(), value.to_string()]);
        }
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sh::run("target/release/quintet-simulate", &args)
}

/// Plants each bug in a copy of the sources, and runs the seeds there: each has to be found.
pub(crate) fn planted(seeds: u64) -> Result<(), String> {
    let folder = sh::root().join(PLANTED);
    let entries = folder.read_dir().map_err(|error| format!("{PLANTED}: {error}"))?;
    let mut patches: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    patches.retain(|path| path.extension().is_some_and(|kind| kind == "patch"));
    patches.sort();
    let mut missed = Vec::new();
    for patch in &patches {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match plant(patch, seeds)? {
            Some(sentence) => println!("{name}: found. {sentence}"),
            None => missed.push(name),
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("{seeds} seeds do not find: {}", missed.join(", "))) }
}

/// Plants one bug. Gives the sentence that was violated; none where the seeds find nothing.
fn plant(patch: &Path, seeds: u64) -> Result<Option<String>, String> {
    let copy = sh::root().join(COPY);
    copy_sources(&copy)?;
    let patch = patch.to_string_lossy();
    sh::run("git", &["apply", "--directory", COPY, &patch])
        .map_err(|why| format!("{patch} does not apply any more: {why}"))?;
    let cargo = |args: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo.args(args).current_dir(&copy).env("CARGO_TARGET_DIR", sh::root().join("target/planted/build"));
        cargo
    };
    // Without optimisations: most bugs are found by the first seeds, and each is compiled anew.
    let build = ["build", "--quiet", "--package", "quintet-simulate"];
    if !cargo(&build).status().map_err(|error| error.to_string())?.success() {
        return Err(format!("with {patch} nothing compiles"));
    }
    let run = ["run", "--quiet", "--package", "quintet-simulate", "--", "--seeds", &seeds.to_string()];
    let output = cargo(&run).stdout(Stdio::null()).output().map_err(|error| error.to_string())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let sentence = errors.lines().find(|line| line.starts_with("seed ")).map(str::to_owned);
    Ok(sentence.filter(|_| !output.status.success()))
}

/// Copies the sources that git knows, those that are not committed included. What is the same stays as it is, so that
/// only what a patch touches is compiled again.
fn copy_sources(copy: &Path) -> Result<(), String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(sh::root())
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    for file in String::from_utf8_lossy(&listed.stdout).lines() {
        let (from, to) = (sh::root().join(file), copy.join(file));
        let Ok(bytes) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let folder = to.parent().unwrap_or(copy);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&to, bytes));
        written.map_err(|error| format!("{}: {error}", to.display()))?;
    }
    Ok(())
}
