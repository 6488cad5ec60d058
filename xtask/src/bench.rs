//! `cargo xtask bench`: builds Quintet and its peers, measures them, and renews docs/benchmarks.md after a full run.

use std::path::Path;

use crate::{sh, test};

/// The folder of the peers.
const PEERS: &str = "bench/peers";

/// What is measured; all of it is the full run, which renews the page.
pub(crate) struct Choice {
    /// The scenarios to run; all if there are none.
    pub(crate) scenarios: Vec<String>,
    /// The servers to measure, separated by commas.
    pub(crate) peers: Option<String>,
    /// Whether to run fewer and smaller cases.
    pub(crate) quick: bool,
    /// The text that the names of the cases contain.
    pub(crate) only: Option<String>,
    /// The path of another binary of Quintet.
    pub(crate) before: Option<String>,
}

impl Choice {
    /// Whether everything is measured.
    fn is_full(&self) -> bool {
        let Self { scenarios, peers, quick, only, before } = self;
        scenarios.is_empty() && peers.is_none() && !quick && only.is_none() && before.is_none()
    }

    /// Whether a server is among those to measure.
    fn has(&self, peer: &str) -> bool {
        self.peers.as_deref().is_none_or(|peers| peers.split(',').any(|one| one.trim() == peer))
    }

    /// The arguments of `quintet-bench`.
    fn args(&self) -> Vec<&str> {
        let mut args = vec!["run"];
        args.extend(self.scenarios.iter().map(String::as_str));
        args.extend(self.quick.then_some("--quick"));
        let options = [("--peers", &self.peers), ("--only", &self.only), ("--before", &self.before)];
        args.extend(options.iter().filter_map(|(name, value)| Some([*name, value.as_deref()?])).flatten());
        args.extend(["--json", "target/bench.json"]);
        if self.is_full() {
            args.extend(["--docs", "docs"]);
        }
        args
    }
}

/// Builds and installs what is measured, and measures it.
pub(crate) fn run(choice: &Choice) -> Result<(), String> {
    if choice.has("node") || choice.has("python") {
        test::install()?;
    }
    let there = |package: &str| {
        let status = sh::output("dpkg-query", &["--show", "--showformat=${db:Status-Status}", package]);
        status.as_deref() == Some("installed")
    };
    let missing: Vec<&str> =
        ["prosody", "ejabberd"].into_iter().filter(|package| choice.has(package) && !there(package)).collect();
    if let Err(why) = test::install_packages(&missing) {
        eprintln!("xtask: {why}; the others are measured without them");
    }
    sh::run("cargo", &["build", "--release", "--package", "quintet", "--package", "quintet-bench"])?;
    if choice.has("socketioxide") {
        let manifest = format!("{PEERS}/socketioxide/Cargo.toml");
        let target = ["--manifest-path", &manifest, "--target-dir", "target/peers"];
        sh::run("cargo", &[&["build", "--release", "--locked"][..], &target].concat())?;
    }
    let node = sh::root().join(PEERS).join("node");
    if choice.has("node") && !up_to_date(&node) {
        sh::npm_ci(&node, &[])?;
    }
    if choice.has("python") {
        test::python("target/bench-python", &sh::root().join(PEERS).join("python/requirements.txt"))?;
    }
    sh::run("target/release/quintet-bench", &choice.args())
}

/// Whether the packages of the lock file were installed after it was last changed.
fn up_to_date(folder: &Path) -> bool {
    let changed = |file: &str| folder.join(file).metadata().and_then(|metadata| metadata.modified()).ok();
    changed("node_modules/.package-lock.json").is_some_and(|installed| Some(installed) >= changed("package-lock.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_run_renews_the_page() {
        let full = || Choice { scenarios: Vec::new(), peers: None, quick: false, only: None, before: None };
        assert_eq!(full().args(), ["run", "--json", "target/bench.json", "--docs", "docs"]);
        let part = Choice { scenarios: vec!["send".to_owned()], only: Some("64 senders".to_owned()), ..full() };
        assert_eq!(part.args(), ["run", "send", "--only", "64 senders", "--json", "target/bench.json"]);
        assert!(full().has("node") && !part.args().contains(&"--docs"));
        let two = Choice { peers: Some("quintet,node".to_owned()), ..full() };
        assert!(two.has("node") && !two.has("prosody"));
        assert!(!Choice { before: Some("quintet".to_owned()), ..full() }.args().contains(&"--docs"));
    }
}
