//! A server as the system sees it: started on a core of its own, measured from /proc, ended by its id.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the server, and that of the load.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// Time that a server has to listen.
const START: Duration = Duration::from_secs(20);
/// Ticks of the system's clock in a second, as /proc counts them.
const TICKS: f64 = 100.0;

pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// A port that nobody has.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

impl Running {
    /// Starts a program on the server's core and waits until it listens.
    pub(crate) fn start(program: &str, args: &[String], environment: &[(&str, String)], port: u16) -> io::Result<Self> {
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE, program])
            .args(args)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut running = Self { child, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > START || running.child.try_wait()?.is_some() {
                return Err(io::Error::other(format!("{program} does not listen on {address}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(running)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1_024
    }

    /// CPU time so far, in seconds: the program's, and the kernel's for it.
    pub(crate) fn cpu(&self) -> (f64, f64) {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / TICKS;
        (ticks(11), ticks(12))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
