//! Runs other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The files of the checkout that git knows or does not ignore, those that are not committed included, by their paths in it.
pub(crate) fn sources() -> Result<Vec<PathBuf>, String> {
    let listed = captured_in(&root(), "git", &["ls-files", "--cached", "--others", "--exclude-standard"])?;
    let files: Vec<PathBuf> = listed.lines().map(PathBuf::from).filter(|file| root().join(file).exists()).collect();
    if files.is_empty() { Err("git names no files".to_owned()) } else { Ok(files) }
}

/// Runs a program in the root of the checkout.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<(), String> {
    run_in(&root(), program, args)
}

/// Runs a program in a folder.
pub(crate) fn run_in(folder: &Path, program: &str, args: &[&str]) -> Result<(), String> {
    eprintln!("$ {program} {}", args.join(" "));
    let status = Command::new(program)
        .args(args)
        .current_dir(folder)
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{program} {}` failed: {status}", args.join(" "))) }
}

/// Installs exactly the packages of a folder's lock file.
pub(crate) fn npm_ci(folder: &Path, more: &[&str]) -> Result<(), String> {
    run_in(folder, "npm", &[&["ci", "--no-audit", "--no-fund", "--loglevel=error"], more].concat())
}

/// Whether a program is installed.
pub(crate) fn has(program: &str) -> bool {
    succeeds(program, &["--version"])
}

/// Whether a program is installed, and succeeds. What it prints is not shown.
pub(crate) fn succeeds(program: &str, args: &[&str]) -> bool {
    let found = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// The first line that a program prints, if it succeeds.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(str::to_owned)
}

/// Returns what a program prints that runs in a folder and succeeds.
pub(crate) fn captured_in<S: AsRef<str>>(folder: &Path, program: &str, args: &[S]) -> Result<String, String> {
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    let output = Command::new(program)
        .args(&args)
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{program} {}` failed: {}", args.join(" "), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("what {program} prints is no text: {error}"))
}
