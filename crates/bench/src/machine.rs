//! The machine and the versions with which a run was made.

use std::process::Command;

/// The processor, its cores, the memory and the kernel, in one line.
pub(crate) fn describe() -> String {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let processor = value(&file("/proc/cpuinfo"), "model name");
    // All cores of the machine; this process is pinned to one.
    let cores = file("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let kb: f64 = value(&file("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0.0);
    let kernel = file("/proc/sys/kernel/osrelease").trim().to_owned();
    format!("{processor}, {cores} cores, {:.0} GB, Linux {kernel}", kb / 1e6)
}

fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(|line| line.trim().to_owned())
}

/// The versions of the measured servers, as far as they are installed.
pub(crate) fn versions() -> Vec<(String, String)> {
    let mut versions = vec![("Quintet".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    if let Some(node) = said("node", &["--version"]) {
        versions.push(("Node.js".to_owned(), node));
    }
    let package = include_str!("../../../bench/peers/node/package.json");
    for name in ["socket.io", "better-sqlite3", "bufferutil"] {
        let mark = format!("\"{name}\": \"");
        if let Some((_, rest)) = package.split_once(&mark) {
            versions.push((name.to_owned(), rest.split('"').next().unwrap_or_default().to_owned()));
        }
    }
    let lock = include_str!("../../../bench/peers/socketioxide/Cargo.lock");
    if let Some((_, rest)) = lock.split_once("name = \"socketioxide\"\nversion = \"") {
        versions.push(("socketioxide".to_owned(), rest.split('"').next().unwrap_or_default().to_owned()));
    }
    for line in include_str!("../../../bench/peers/python/requirements.txt").lines() {
        for name in ["python-socketio", "uvicorn"] {
            if let Some(version) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix("==")) {
                versions.push((name.to_owned(), version.trim_end_matches([' ', '\\']).to_owned()));
            }
        }
    }
    for package in ["prosody", "ejabberd"] {
        if let Some(version) = said("dpkg-query", &["--show", "--showformat=${Version}\n", package]) {
            versions.push((package.to_owned(), version));
        }
    }
    if let Some(rustc) = said("rustc", &["--version"]) {
        versions.push(("Rust".to_owned(), rustc));
    }
    versions
}
