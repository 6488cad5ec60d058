//! `cargo xtask bench`: builds Quintet and its peers, measures them, and renews docs/benchmarks.md after a full run;
//! `cargo xtask bench nodes` does the same for nodes over PostgreSQL, and renews docs/benchmarks-nodes.md.

use std::path::Path;

use crate::{sh, test};

/// The folder of the peers.
const PEERS: &str = "bench/peers";

/// The word for nodes among the scenarios. They are measured alone.
const NODES: &str = "nodes";

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

    /// Whether nodes are measured.
    fn nodes(&self) -> Result<bool, String> {
        let named = self.scenarios.iter().any(|name| name == NODES);
        let Self { scenarios, peers, quick: _, only: _, before } = self;
        if named && (scenarios.len() > 1 || peers.is_some() || before.is_some()) {
            return Err(format!("`{NODES}` is measured alone, with --short and --only"));
        }
        Ok(named)
    }

    /// The arguments of `quintet-bench` where nodes are measured.
    fn nodes_args(&self) -> Vec<&str> {
        let mut args = vec![NODES];
        args.extend(self.quick.then_some("--short"));
        args.extend(self.only.iter().flat_map(|only| ["--only", only]));
        args.extend(["--json", "target/bench-nodes.json"]);
        if !self.quick && self.only.is_none() {
            args.extend(["--docs", "docs"]);
        }
        args
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
    if choice.nodes()? {
        return run_nodes(choice);
    }
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
    build()?;
    if choice.has("socketioxide") {
        let manifest = format!("{PEERS}/socketioxide/Cargo.toml");
        let target = ["--manifest-path", &manifest, "--target-dir", "target/peers"];
        sh::run("cargo", &[&["build", "--release", "--locked"][..], &target].concat())?;
    }
    if choice.has("node") {
        prepare_node()?;
    }
    if choice.has("python") {
        test::python("target/bench-python", &sh::root().join(PEERS).join("python/requirements.txt"))?;
    }
    sh::run("target/release/quintet-bench", &choice.args())
}

/// Measures one node and two over PostgreSQL, which `quintet-bench` starts itself.
fn run_nodes(choice: &Choice) -> Result<(), String> {
    test::install()?;
    build()?;
    prepare_node()?;
    sh::run("target/release/quintet-bench", &choice.nodes_args())
}

fn build() -> Result<(), String> {
    sh::run("cargo", &["build", "--release", "--package", "quintet", "--package", "quintet-bench"])
}

/// Installs the packages of the official server, unless they are there.
fn prepare_node() -> Result<(), String> {
    let node = sh::root().join(PEERS).join("node");
    if up_to_date(&node) { Ok(()) } else { sh::npm_ci(&node, &[]) }
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
    fn nodes_are_measured_alone() {
        let nodes = Choice { scenarios: vec![NODES.to_owned()], peers: None, quick: false, only: None, before: None };
        assert_eq!(nodes.nodes(), Ok(true));
        assert_eq!(nodes.nodes_args(), ["nodes", "--json", "target/bench-nodes.json", "--docs", "docs"]);
        let part = Choice { quick: true, only: Some("send".to_owned()), ..nodes };
        assert_eq!(part.nodes_args(), ["nodes", "--short", "--only", "send", "--json", "target/bench-nodes.json"]);
        assert!(Choice { peers: Some("node".to_owned()), ..part }.nodes().is_err());
    }

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
