//! `cargo xtask test`: installs what the tests need, and runs all of them, some of them on two nodes as well, and checks the
//! types of the web client.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::{nodes, sh, test_binaries, vendor};

/// The programs that the tests need beside Rust: each with arguments with which it succeeds, and its Debian package.
const NEEDED: [(&str, &[&str], &str); 14] = [
    ("node", &["--version"], "nodejs"),
    ("npm", &["--version"], "npm"),
    ("strace", &["--version"], "strace"),
    // Debian packages the part of Python that creates environments separately.
    ("python3", &["-c", "import ensurepip, venv"], "python3-venv"),
    ("chromium", &["--version"], "chromium"),
    ("chromium-headless-shell", &["--version"], "chromium-headless-shell"),
    ("openssl", &["version"], "openssl"),
    ("nginx", &["-v"], "nginx"),
    ("haproxy", &["-v"], "haproxy"),
    ("caddy", &["version"], "caddy"),
    ("redis-server", &["--version"], "redis-server"),
    ("systemd-analyze", &["--version"], "systemd"),
    // Its tool, which tests rules.
    ("promtool", &["--version"], "prometheus"),
    ("dpkg-deb", &["--version"], "dpkg"),
];

/// The folder of Debian's servers, which is not in the path of every user.
const SERVERS: &str = "/usr/sbin";

/// The packages that would serve from the next start of the machine on, if they were left as Debian installs them.
const SERVICES: [&str; 8] =
    ["nginx", "haproxy", "caddy", "prosody", "ejabberd", "redis-server", "prometheus", POSTGRES];

/// The package of the PostgreSQL server; its service is named without the version.
const POSTGRES: &str = "postgresql-15";

/// The first version of Node.js whose test runner has all that the tests use.
const NODE: (u32, u32) = (20, 14);

pub(crate) fn run(rust: bool, e2e: bool) -> Result<(), String> {
    install()?;
    if rust {
        let (postgres, redis) = (Server::start("PostgreSQL", "postgres.sh")?, Server::start("Redis", "redis.sh")?);
        test_binaries::run(&[("TEST_POSTGRES_URL", &postgres.url), ("TEST_REDIS_URL", &redis.url)])?;
    }
    if e2e {
        let folder = sh::root().join("e2e");
        // The Rust tests have built the binary: as it is for them, with what they alone need of the libraries. To build it
        // again without that takes minutes.
        if !rust {
            build_e2e()?;
        }
        prepare_e2e()?;
        vendor::run(true)?;
        sh::run("e2e/node_modules/.bin/tsc", &["--project", "web"])?;
        sh::run_in(&folder, "npm", &["test", "--silent"])?;
        nodes::play(&nodes::IN_CI, None)?;
    }
    Ok(())
}

/// Builds the binary that the tests with official clients use.
pub(crate) fn build_e2e() -> Result<(), String> {
    sh::run("cargo", &["build", "--package", "quintet", "--all-features"])
}

/// Installs the clients of the tests with official clients.
pub(crate) fn prepare_e2e() -> Result<(), String> {
    let folder = sh::root().join("e2e");
    // None of the packages needs its scripts, some of which report the installation to others.
    for folder in [&folder, &folder.join("generators")] {
        sh::npm_ci(folder, &["--ignore-scripts"])?;
    }
    python("target/python", &folder.join("python/requirements.txt"))
}

/// A PostgreSQL or Redis server of its own in a temporary folder, for all tests.
struct Server {
    /// The URL that its script prints: with PostgreSQL, of its first database.
    url: String,
    process: Child,
    /// The input of the process, which ends the server when it is closed: when this is dropped, and with xtask itself,
    /// however that one ends.
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts the server `name` by a script in the folder `xtask`.
    fn start(name: &str, script: &str) -> Result<Self, String> {
        let failed = |why: String| format!("{name} cannot be started: {why}");
        let script = sh::root().join("xtask").join(script);
        let mut process = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let mut url = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut url).map_err(|error| failed(error.to_string()))?;
        }
        let url = url.trim().to_owned();
        if url.is_empty() {
            return Err(failed("see above".to_owned()));
        }
        Ok(Self { url, process, input })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// Whether the programs of a PostgreSQL server are installed. Debian keeps them apart from other programs.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    sh::has("initdb") || versions.map(|version| version.path()).any(|version| version.join("bin/initdb").exists())
}

/// Makes the screenshots of the documentation, with the current binary.
pub(crate) fn screenshots() -> Result<(), String> {
    install()?;
    build_e2e()?;
    let folder = sh::root().join("e2e");
    sh::npm_ci(&folder, &[])?;
    sh::run_in(&folder, "node", &["screenshots.mjs"])
}

/// A Python environment with exactly the packages of a lock file.
pub(crate) fn python(environment: &str, lock: &Path) -> Result<(), String> {
    let environment = sh::root().join(environment);
    let python = environment.join("bin/python");
    let (environment, python, lock) = (environment.to_string_lossy(), python.to_string_lossy(), lock.to_string_lossy());
    sh::run("python3", &["-m", "venv", &environment])?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    sh::run(&python, &[&install[..], &["-r", &lock, "--require-hashes"]].concat())
}

/// Installs the programs that the tests need and that are missing.
pub(crate) fn install() -> Result<(), String> {
    let there =
        |program: &str, args| sh::succeeds(program, args) || sh::succeeds(&format!("{SERVERS}/{program}"), args);
    let mut missing: Vec<&str> =
        NEEDED.iter().filter(|(program, args, _)| !there(program, args)).map(|(_, _, package)| *package).collect();
    if !has_postgres() {
        missing.push(POSTGRES);
    }
    install_packages(&missing)?;
    // Debian's own version may be older than the tests require.
    let version = sh::output("node", &["--version"]).unwrap_or_default();
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    if (parts.next(), parts.next()) < (Some(NODE.0), Some(NODE.1)) {
        return Err(format!("the tests need Node.js {}.{} or newer; this is {version}", NODE.0, NODE.1));
    }
    Ok(())
}

/// Installs Debian packages if that is permitted, else returns an error that names them. No service is started, now or
/// with the machine, and none that runs is restarted.
pub(crate) fn install_packages(missing: &[&str]) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    let root = sh::output("id", &["-u"]).is_some_and(|id| id == "0");
    if !root || !sh::has("apt-get") {
        return Err(format!("these packages are needed; please install them: {}", missing.join(" ")));
    }
    // `RUNLEVEL` counts for System V scripts, `SYSTEMD_OFFLINE` for units, and the last one for services whose libraries
    // are replaced.
    let quiet = ["RUNLEVEL=1", "SYSTEMD_OFFLINE=1", "NEEDRESTART_SUSPEND=1", "DEBIAN_FRONTEND=noninteractive"];
    sh::run("apt-get", &["update", "-q"])?;
    let args = ["apt-get", "install", "-q", "-y", "--no-install-recommends"];
    sh::run("env", &[&quiet[..], &args, missing].concat())?;
    let services = missing.iter().filter(|package| SERVICES.contains(package));
    let services: Vec<&str> = services.map(|package| package.trim_end_matches("-15")).collect();
    if !services.is_empty() && sh::has("systemctl") {
        sh::run("env", &[&quiet[..], &["systemctl", "disable"], &services].concat())?;
    }
    Ok(())
}
