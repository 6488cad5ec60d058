//! `cargo xtask bench`: builds Quintet and its peers, measures them, and renews docs/benchmarks.md after a full run.

use std::path::Path;

use crate::{sh, test};

/// The folder of the peers.
const PEERS: &str = "bench/peers";

pub(crate) fn run(scenarios: &[String], peers: Option<&str>, quick: bool) -> Result<(), String> {
    test::install()?;
    let there = |package: &str| {
        let status = sh::output("dpkg-query", &["--show", "--showformat=${db:Status-Status}", package]);
        status.as_deref() == Some("installed")
    };
    let missing: Vec<&str> = ["prosody", "ejabberd"].into_iter().filter(|package| !there(package)).collect();
    if let Err(why) = test::install_packages(&missing) {
        eprintln!("xtask: {why}; the others are measured without them");
    }
    sh::run("cargo", &["build", "--release", "--package", "quintet", "--package", "quintet-bench"])?;
    let manifest = format!("{PEERS}/socketioxide/Cargo.toml");
    let target = ["--manifest-path", &manifest, "--target-dir", "target/peers"];
    sh::run("cargo", &[&["build", "--release", "--locked"][..], &target].concat())?;
    let node = sh::root().join(PEERS).join("node");
    if !up_to_date(&node) {
        sh::npm_ci(&node, &[])?;
    }
    test::python("target/bench-python", &sh::root().join(PEERS).join("python/requirements.txt"))?;

    let full = scenarios.is_empty() && peers.is_none() && !quick;
    let mut args = vec!["run"];
    args.extend(scenarios.iter().map(String::as_str));
    if quick {
        args.push("--quick");
    }
    if let Some(peers) = peers {
        args.extend(["--peers", peers]);
    }
    args.extend(["--json", "target/bench.json"]);
    if full {
        args.extend(["--docs", "docs"]);
    }
    sh::run("target/release/quintet-bench", &args)
}

/// Whether the packages of the lock file were installed after it was last changed.
fn up_to_date(folder: &Path) -> bool {
    let changed = |file: &str| folder.join(file).metadata().and_then(|metadata| metadata.modified()).ok();
    changed("node_modules/.package-lock.json").is_some_and(|installed| Some(installed) >= changed("package-lock.json"))
}
