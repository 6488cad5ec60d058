//! Runs the Rust tests, most test binaries two at a time: most tests wait for a server, a database or a disk rather than
//! compute, so that `cargo test`, which runs one binary after the other, leaves half of a small machine idle.
//!
//! What must stay true: each test binary that cargo builds is run, in the folder of its package, as `cargo test` does; what
//! it prints is shown at once, each line behind its name; each failure is a failure of the run, and the others are run
//! nonetheless.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Artifact, Message, MetadataCommand};

use crate::sh;

/// The number of test binaries that run at the same time.
const AT_ONCE: usize = 2;
/// The number of its tests that each runs at the same time: more than there are cores, because most tests wait.
const TESTS_AT_ONCE: &str = "3";
/// The names of the binaries that run with nothing beside them: in `cut_off`, two nodes have to find a database again at about
/// the same time, or the later one sends its clients away.
const ALONE: [&str; 1] = ["cut_off"];
/// The name of the binaries that run longest beside others. They are begun first, so that none of them runs alone at the end.
const LONGEST: &str = "integration";

/// A program with tests.
struct TestBinary {
    /// The name of its target: of the file or folder in `tests`, or of the crate.
    name: String,
    /// The folder of its package.
    folder: Utf8PathBuf,
    /// The path of the program.
    program: Utf8PathBuf,
}

/// Builds all tests of the workspace and runs them with environment variables, each a name and a value; then the examples
/// in the documentation.
pub(crate) fn run(variables: &[(&str, &str)]) -> Result<(), String> {
    let mut binaries = build()?;
    // The sort keeps the order of the others.
    binaries.sort_by_key(|binary| binary.name != LONGEST);
    let count = binaries.len();
    let (alone, beside) = binaries.into_iter().partition(|binary| ALONE.contains(&binary.name.as_str()));
    let failed = [run_all(alone, 1, variables), run_all(beside, AT_ONCE, variables)].concat();
    if !failed.is_empty() {
        return Err(format!("{} of {count} test binaries failed: {}", failed.len(), failed.join("; ")));
    }
    run_examples()
}

/// Runs the examples in the documentation, for the packages that have any: for others, cargo compiles for nothing.
fn run_examples() -> Result<(), String> {
    let failed = |error: cargo_metadata::Error| format!("the packages cannot be listed: {error}");
    let metadata = MetadataCommand::new().current_dir(sh::root()).no_deps().exec().map_err(failed)?;
    let mut with_examples = Vec::new();
    for file in sh::sources()?.iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs")) {
        let path = sh::root().join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if has_examples(&text) {
            with_examples.push(path);
        }
    }
    let mut args = vec!["test", "--all-features", "--doc"];
    for package in &metadata.packages {
        let folder = package.manifest_path.with_file_name("src");
        if with_examples.iter().any(|path| path.starts_with(&folder)) {
            args.extend(["--package", package.name.as_str()]);
        }
    }
    if args.contains(&"--package") { sh::run("cargo", &args) } else { Ok(()) }
}

/// Whether a source text has a block of code in its documentation.
fn has_examples(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| line.starts_with("/// ```") || line.starts_with("//! ```"))
}

/// Runs programs, some at the same time. Returns what is wrong with those that failed.
fn run_all(binaries: Vec<TestBinary>, at_once: usize, variables: &[(&str, &str)]) -> Vec<String> {
    let (waiting, failed) = (Mutex::new(VecDeque::from(binaries)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(binary) = { locked(&waiting).pop_front() } {
                    if let Err(why) = run_one(&binary, variables) {
                        locked(&failed).push(why);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Builds the tests, and returns the programs in the order in which they were built.
fn build() -> Result<Vec<TestBinary>, String> {
    let args = ["test", "--workspace", "--all-features", "--no-run", "--message-format=json-render-diagnostics"];
    eprintln!("$ cargo {}", args.join(" "));
    let failed = |error: std::io::Error| format!("cannot run cargo: {error}");
    let mut cargo =
        Command::new("cargo").args(args).current_dir(sh::root()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut binaries = Vec::new();
    if let Some(output) = cargo.stdout.take() {
        for message in Message::parse_stream(std::io::BufReader::new(output)) {
            if let Message::CompilerArtifact(artifact) = message.map_err(failed)? {
                binaries.extend(test_binary(artifact));
            }
        }
    }
    let status = cargo.wait().map_err(failed)?;
    match (status.success(), binaries.is_empty()) {
        (false, _) => Err(format!("the tests cannot be built: {status}")),
        (true, true) => Err("cargo has built no tests".to_owned()),
        (true, false) => Ok(binaries),
    }
}

/// The test binary that an artifact of cargo is, if it is one.
fn test_binary(artifact: Artifact) -> Option<TestBinary> {
    let program = artifact.executable.filter(|_| artifact.profile.test)?;
    let folder = artifact.manifest_path.parent().map(Utf8Path::to_path_buf)?;
    Some(TestBinary { name: artifact.target.name, folder, program })
}

/// Runs one program, and prints each line that it prints behind its name.
fn run_one(binary: &TestBinary, variables: &[(&str, &str)]) -> Result<(), String> {
    let name = format!("{} of {}", binary.name, binary.folder.file_name().unwrap_or("?"));
    let failed = |error: std::io::Error| format!("{name} cannot be run: {error}");
    let began = Instant::now();
    let mut process = Command::new(&binary.program)
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env("RUST_TEST_THREADS", TESTS_AT_ONCE)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (output, errors) = (process.stdout.take(), process.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| output.map(|stream| show(&name, stream)));
        scope.spawn(|| errors.map(|stream| show(&name, stream)));
    });
    let status = process.wait().map_err(failed)?;
    println!("{name}: {status} after {:.0} s", began.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}")) }
}

/// Prints each line of a stream behind the name of the program that writes it, until the stream ends.
fn show(name: &str, stream: impl Read) {
    let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
    for line in lines {
        println!("{name} | {}", String::from_utf8_lossy(&line));
    }
}

/// Locks a mutex, also after a thread has panicked with it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_found_in_documentation_only() {
        for (text, expected) in
            [("const FENCE: &str = \"```\";", false), ("    /// ```", true), ("//! ```no_run", true)]
        {
            assert_eq!(has_examples(text), expected, "{text}");
        }
    }
}
