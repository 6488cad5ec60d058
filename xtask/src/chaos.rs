//! `cargo xtask chaos`: plays faults against two nodes, and the tests with official clients on two nodes.
//!
//! What must stay true: only full runs in which nothing was violated renew docs/reliability.md: one, or several that have
//! played all scenarios between them.

use crate::{nodes, sh, test};

/// The page that a full run renews.
const PAGE: &str = "docs/reliability.md";

/// Where the numbers of tests that passed on two nodes are written to.
const TALLY: &str = "target/chaos/tests.jsonl";

/// The program, and its Debian package, whose library gives a node another time.
const CLOCK: &str = "faketime";

/// What is played; all of it is the full run.
pub(crate) struct Choice {
    /// Whether to play fewer faults, as CI does, and no tests.
    pub(crate) short: bool,
    /// The names of the scenarios to play, separated by commas; all if there are none.
    pub(crate) only: Option<String>,
    /// The files of results of earlier full runs, whose scenarios count as played.
    pub(crate) earlier: Vec<String>,
    /// How often each fault is played, instead of what the scenario says. The tests are played as in a full run.
    pub(crate) count: Option<u32>,
    /// The seed of all random choices.
    pub(crate) seed: u32,
}

impl Choice {
    /// Whether everything is played, by this run or by earlier ones.
    fn is_full(&self) -> bool {
        let Self { short, only, earlier, count, seed: _ } = self;
        !short && count.is_none() && (only.is_none() || !earlier.is_empty())
    }

    /// Whether the tests with official clients are played on two nodes.
    fn has_tests(&self) -> bool {
        !self.short && self.only.is_none()
    }

    /// The arguments of the program that plays the faults.
    fn args(&self) -> Vec<String> {
        let mut args = vec!["chaos/main.mjs".to_owned(), "--seed".to_owned(), self.seed.to_string()];
        args.extend(self.short.then(|| "--short".to_owned()));
        args.extend(self.only.iter().flat_map(|only| ["--only".to_owned(), only.clone()]));
        args.extend(self.count.iter().flat_map(|count| ["--count".to_owned(), count.to_string()]));
        args.extend(self.earlier.iter().flat_map(|file| ["--earlier".to_owned(), file.clone()]));
        if self.has_tests() || !self.earlier.is_empty() {
            args.extend(["--tests".to_owned(), sh::root().join(TALLY).to_string_lossy().into_owned()]);
        }
        if self.is_full() {
            args.extend(["--page".to_owned(), sh::root().join(PAGE).to_string_lossy().into_owned()]);
        }
        args
    }
}

/// Builds and installs what is needed, and plays.
pub(crate) fn run(choice: &Choice) -> Result<(), String> {
    test::install()?;
    test::build_e2e()?;
    test::prepare_e2e()?;
    play(choice)
}

/// Plays, with the binary and the clients that are there.
pub(crate) fn play(choice: &Choice) -> Result<(), String> {
    if !sh::has(CLOCK) {
        test::install_packages(&[CLOCK])?;
    }
    if choice.has_tests() {
        let tally = sh::root().join(TALLY);
        let folder = tally.parent().unwrap_or(&tally);
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        nodes::play(&nodes::IN_CHAOS, Some(&tally))?;
    }
    let args = choice.args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sh::run_in(&sh::root().join("e2e"), "node", &args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_run_renews_the_page() {
        let full = || Choice { short: false, only: None, earlier: Vec::new(), count: None, seed: 1 };
        assert_eq!(full().args()[..4], ["chaos/main.mjs", "--seed", "1", "--tests"]);
        assert_eq!(full().args()[5], "--page");
        for part in [
            Choice { short: true, ..full() },
            Choice { only: Some("kills".to_owned()), ..full() },
            Choice { count: Some(3), ..full() },
        ] {
            assert!(!part.args().contains(&"--page".to_owned()));
        }
        let rest = || Choice { only: Some("kills".to_owned()), earlier: vec!["/before.json".to_owned()], ..full() };
        assert!(rest().args().contains(&"--page".to_owned()) && !rest().has_tests());
        assert!(!Choice { short: true, ..rest() }.args().contains(&"--page".to_owned()));
        assert!(Choice { count: Some(3), ..full() }.has_tests());
        assert_eq!(Choice { only: Some("kills".to_owned()), ..full() }.args()[3..], ["--only", "kills"]);
    }
}
