//! `cargo xtask simulate`: runs the whole server under seeds, and tries whether planted bugs are found.
//!
//! What must stay true: a planted bug that does not apply any more, or that the seeds do not find, is a failure.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sh;

/// The seeds of one server that CI runs.
const CI_SEEDS: u64 = 300;
/// The seeds of several nodes that CI runs.
const CI_SEEDS_OF_NODES: u64 = 200;
/// The number of nodes that CI runs.
const CI_NODES: u64 = 3;

/// The program that `cargo test` builds.
const BUILT_WITH_TESTS: &str = "target/debug/quintet-simulate";

/// Where the planted bugs are; in the folder `nodes` those that several nodes show.
const PLANTED: &str = "crates/simulate/planted";

/// Where the sources are copied to.
const COPY: &str = "target/planted/tree";

/// What is to be run. What is left out is as `quintet-simulate` has it.
#[derive(Default)]
pub(crate) struct Choice {
    /// The number of seeds.
    pub(crate) seeds: Option<u64>,
    /// The first seed.
    pub(crate) first: Option<u64>,
    /// One seed alone, with its trace.
    pub(crate) seed: Option<u64>,
    /// The number of steps of each seed.
    pub(crate) steps: Option<u64>,
    /// The number of nodes.
    pub(crate) nodes: Option<u64>,
}

impl Choice {
    /// The arguments of `quintet-simulate`.
    fn args(&self) -> Vec<String> {
        let Self { seeds, first, seed, steps, nodes } = *self;
        let named = [("--seeds", seeds), ("--first", first), ("--seed", seed), ("--steps", steps), ("--nodes", nodes)];
        let given = named.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?.to_string()]));
        given.flatten().collect()
    }

    /// Runs a program that simulates.
    fn run(&self, program: &str) -> Result<(), String> {
        let args = self.args();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        sh::run(program, &args)
    }
}

/// Runs seeds, or one seed with its trace.
pub(crate) fn run(choice: &Choice) -> Result<(), String> {
    sh::run("cargo", &["build", "--quiet", "--release", "--package", "quintet-simulate"])?;
    choice.run("target/release/quintet-simulate")
}

/// Runs what CI runs: seeds of one server, and of several nodes, at the same time, because each run uses one core. The
/// program is the one that was built with the tests: to build it with optimisations takes longer than they save here.
pub(crate) fn ci() -> Result<(), String> {
    let runs = [
        Choice { seeds: Some(CI_SEEDS), ..Choice::default() },
        Choice { seeds: Some(CI_SEEDS_OF_NODES), nodes: Some(CI_NODES), ..Choice::default() },
    ];
    let results = std::thread::scope(|scope| {
        let begun = runs.each_ref().map(|choice| scope.spawn(|| choice.run(BUILT_WITH_TESTS)));
        begun.map(|run| run.join().unwrap_or_else(|_| Err("the simulation cannot be run".to_owned())))
    });
    results.into_iter().collect()
}

/// Plants each bug in a copy of the sources, and runs the seeds there: each has to be found. The seeds are those of CI,
/// unless another number is given.
pub(crate) fn planted(seeds: Option<u64>) -> Result<(), String> {
    let mut missed = Vec::new();
    let kinds = [(PLANTED.to_owned(), CI_SEEDS, 1), (format!("{PLANTED}/nodes"), CI_SEEDS_OF_NODES, CI_NODES)];
    for (folder, seeds_of_ci, nodes) in kinds {
        let seeds = seeds.unwrap_or(seeds_of_ci);
        for patch in patches(&folder)? {
            let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match plant(&patch, seeds, nodes)? {
                Some(sentence) => println!("{name}: found. {sentence}"),
                None => missed.push(name),
            }
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("the seeds do not find: {}", missed.join(", "))) }
}

/// The patches of a folder, by their names.
fn patches(folder: &str) -> Result<Vec<PathBuf>, String> {
    let entries = sh::root().join(folder).read_dir().map_err(|error| format!("{folder}: {error}"))?;
    let mut patches: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    patches.retain(|path| path.extension().is_some_and(|kind| kind == "patch"));
    patches.sort();
    Ok(patches)
}

/// Plants one bug. Gives the sentence that was violated; none where the seeds find nothing.
fn plant(patch: &Path, seeds: u64, nodes: u64) -> Result<Option<String>, String> {
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
    let (seeds, nodes) = (seeds.to_string(), nodes.to_string());
    let run = ["run", "--quiet", "--package", "quintet-simulate", "--", "--seeds", &seeds, "--nodes", &nodes];
    let output = cargo(&run).stdout(Stdio::null()).output().map_err(|error| error.to_string())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let sentence = errors.lines().find(|line| line.starts_with("seed ")).map(str::to_owned);
    Ok(sentence.filter(|_| !output.status.success()))
}

/// Copies the sources that git knows, those that are not committed included. What is the same stays as it is, so that
/// only what a patch touches is compiled again.
fn copy_sources(copy: &Path) -> Result<(), String> {
    for file in sh::sources()? {
        let (from, to) = (sh::root().join(&file), copy.join(&file));
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
