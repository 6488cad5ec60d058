//! A server process: started on a core of its own, measured through /proc, ended by its id.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The CPU cores of the server and of the load.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// Maximum time until a started server listens.
const START: Duration = Duration::from_secs(20);
/// Clock ticks per second, as /proc counts them.
const TICKS: f64 = 100.0;

pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The address of Quintet's metrics, if it serves them.
    metrics: Option<SocketAddr>,
}

/// The environment variable with the address of Quintet's metrics.
pub(crate) const METRICS: &str = "QUINTET_METRICS_LISTEN";

/// CPU time in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    /// User and kernel time together.
    pub(crate) all: f64,
    /// The kernel's part of it.
    pub(crate) kernel: f64,
}

impl Cpu {
    /// The CPU time of a process: the sum from its clock, which has a resolution of nanoseconds; the kernel's part from
    /// `stat` of /proc, which counts in ticks.
    pub(crate) fn of(process: u32, stat: &str) -> Self {
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / TICKS;
        let process = Pid::from_raw(process.cast_signed());
        let clock = clock_getcpuclockid(process).and_then(clock_gettime).map(|time| Duration::from(time).as_secs_f64());
        Self { all: clock.unwrap_or_else(|_| ticks(11) + ticks(12)), kernel: ticks(12) }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { all: self.all - before.all, kernel: self.kernel - before.kernel }
    }
}

/// A free port of the loopback address.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

impl Running {
    /// Starts a program on the server's core, and waits until it listens.
    pub(crate) fn start(program: &str, args: &[String], environment: &[(&str, String)], port: u16) -> io::Result<Self> {
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE, program])
            .args(args)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let metrics = environment.iter().find(|(name, _)| *name == METRICS).and_then(|(_, value)| value.parse().ok());
        let mut running = Self { child, address, metrics };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > START || running.child.try_wait()?.is_some() {
                return Err(io::Error::other(format!("{program} does not listen on {address}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(running)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }

    /// A number in one of the files of /proc, by its name there.
    fn number(&self, file: &str, name: &str) -> u64 {
        let text = self.proc(file);
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.number("status", "VmRSS:") * 1_024
    }

    /// Peak resident memory in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.number("status", "VmHWM:") * 1_024
    }

    /// The number of bytes written to disks so far.
    pub(crate) fn written(&self) -> u64 {
        self.number("io", "write_bytes:")
    }

    /// CPU time used so far.
    pub(crate) fn cpu(&self) -> Cpu {
        Cpu::of(self.child.id(), &self.proc("stat"))
    }

    /// A counter of the server's own metrics, in the format of Prometheus.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(self.metrics?).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.trim().parse().ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
