//! The system calls of a server that runs under strace: which, to what, with how many bytes.
//!
//! What must stay true: a test that needs strace fails where it cannot trace, unless the environment says that this is
//! accepted; it never passes silently.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use super::{Server, Start};

/// The environment variable that accepts, with the value `1`, that a machine does not permit tracing. Servers, which the tests
/// start with their environment, refuse unknown names that begin with `QUINTET_`.
pub const UNTRACED: &str = "TEST_UNTRACED";

/// The most bytes of a call's text that are in a trace.
const TEXT_BYTES: usize = 1_000;

/// A folder for the trace of one server.
pub struct Trace {
    folder: tempfile::TempDir,
}

/// A call that was traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name of the system call.
    pub name: String,
    /// The file or the kind of object that its first argument names, as strace shows it; empty if that is none.
    pub on: String,
    /// The arguments, as strace shows them.
    pub arguments: String,
    /// The returned number; `None` for an error, and for a call that did not return.
    pub returned: Option<u64>,
}

impl Trace {
    /// Whether this machine permits tracing. `None` where it does not and that is accepted.
    ///
    /// # Panics
    /// Where it does not, and that is not accepted.
    pub fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let tried = Command::new("strace").arg("-o").arg(folder.path().join("tried")).arg("true").output();
        let why = match tried {
            Ok(output) if output.status.success() => return Some(Self { folder }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => format!("{error}: `cargo xtask test` installs strace"),
        };
        assert!(
            std::env::var(UNTRACED).is_ok_and(|value| value == "1"),
            "the system calls of a process cannot be traced here, so this test shows nothing; {UNTRACED}=1 accepts that: \
             {why}"
        );
        eprintln!("NOT TESTED, because the system calls of a process cannot be traced here: {why}");
        None
    }

    /// The file of the trace.
    fn file(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// Lets a server run under strace, which traces some calls of all of its threads.
    pub fn of(&self, start: Start, calls: &[&str]) -> Start {
        let calls = format!("trace={}", calls.join(","));
        let (file, text) = (self.file(), TEXT_BYTES.to_string());
        // With the filter in the kernel, calls that are not traced cost nothing.
        let words = ["strace", "-f", "--seccomp-bpf", "-y", "-s", &text, "-e", &calls, "-e", "signal=none", "-o"];
        start.under(&[&words[..], &[&file.to_string_lossy()]].concat())
    }

    /// Ends the server, which is the only child of strace. Returns the trace, as strace wrote it.
    pub fn end(&self, server: &mut Server) -> String {
        let children = format!("/proc/{0}/task/{0}/children", server.pid());
        let child = std::fs::read_to_string(children).expect("strace has a child");
        let ended = Command::new("kill").arg(child.trim()).status().expect("kill runs");
        assert!(ended.success());
        server.wait();
        std::fs::read_to_string(self.file()).expect("a trace")
    }
}

/// The calls of a trace, in the order in which they began.
pub fn parse(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    // The call of each thread that has not returned yet.
    let mut open: HashMap<&str, usize> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some((_, end)) = rest.split_once(" resumed>") {
            if let Some(index) = open.remove(thread) {
                calls[index].returned = returned(end);
            }
            continue;
        }
        let Some((name, rest)) = rest.split_once('(') else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let unfinished = rest.ends_with("<unfinished ...>");
        if unfinished {
            open.insert(thread, calls.len());
        }
        calls.push(Call {
            name: name.to_owned(),
            on: on(rest).unwrap_or_default().to_owned(),
            arguments: rest.to_owned(),
            returned: if unfinished { None } else { returned(rest) },
        });
    }
    calls
}

/// What the first argument is a descriptor of: `9</folder/file>`.
fn on(arguments: &str) -> Option<&str> {
    let rest = arguments.trim_start_matches(|digit: char| digit.is_ascii_digit());
    rest.strip_prefix('<')?.split_once('>').map(|(on, _)| on)
}

/// The number that a call returned, from the end of its line.
fn returned(end: &str) -> Option<u64> {
    let (_, value) = end.rsplit_once(" = ")?;
    value.split_whitespace().next()?.parse().ok()
}
