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
/// Both of them, for what serves the server.
pub(crate) const ALL_CORES: &str = "0,1";

/// Maximum time until a started server listens.
const START: Duration = Duration::from_secs(20);
/// The clock tick of /proc in seconds.
const TICK_S: f64 = 0.01;
/// The size of a page of memory, which is the least that resident memory changes by.
const PAGE_BYTES: u64 = 4_096;

pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The address of Quintet's metrics, if it serves them.
    metrics: Option<SocketAddr>,
}

/// The environment variable with the address of Quintet's metrics.
pub(crate) const METRICS: &str = "QUINTET_METRICS_LISTEN";

/// CPU time in seconds, of all threads that a process has and had.
///
/// The time that the kernel spends on behalf of the process counts as the process's. That of the kernel's own threads,
/// which write pages to the disk, does not.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    /// User and kernel time together.
    pub(crate) all: f64,
    /// The kernel's part of it.
    pub(crate) kernel: f64,
}

impl Cpu {
    /// The CPU time of a process: the sum from its clock, which has a resolution of nanoseconds; the kernel's part from
    /// `stat` of /proc, which counts in ticks. Not a number if it cannot be read.
    pub(crate) fn of(process: u32, stat: &str) -> Self {
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let kernel = fields.get(12).and_then(|text| text.parse::<f64>().ok()).map(|ticks| ticks * TICK_S);
        let process = Pid::from_raw(process.cast_signed());
        let clock = clock_getcpuclockid(process).and_then(clock_gettime).map(|time| Duration::from(time).as_secs_f64());
        Self { all: clock.unwrap_or(f64::NAN), kernel: kernel.unwrap_or(f64::NAN) }
    }

    /// The uncertainty of the kernel's part in seconds: kernels work it out from samples, one a tick, so that it varies
    /// by the square root of their number.
    pub(crate) fn kernel_noise(self) -> f64 {
        TICK_S * (self.kernel / TICK_S).max(1.0).sqrt()
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { all: self.all - before.all, kernel: self.kernel - before.kernel }
    }
}

/// The CPU time in seconds of a process, of all that it has started, and of those of them that have ended. The time of
/// what has ended is counted in ticks of the kernel's clock.
pub(crate) fn cpu_of_tree(root: u32) -> f64 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes: Vec<(u32, u32, f64)> = entries
        .filter_map(|entry| {
            let process: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
            let parent = fields.get(1)?.parse().ok()?;
            let ended: f64 = fields.get(13..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
            Some((process, parent, ended * TICK_S))
        })
        .collect();
    let (mut tree, mut seconds) = (vec![root], 0.0);
    while let Some(next) = tree.pop() {
        tree.extend(processes.iter().filter(|(_, parent, _)| *parent == next).map(|(process, ..)| *process));
        let ended = processes.iter().find(|(process, ..)| *process == next).map_or(0.0, |(.., ended)| *ended);
        let own = Cpu::of(next, "").all;
        // A process that has just ended has no clock, and counts among what has ended of its parent.
        seconds += ended + if own.is_finite() { own } else { 0.0 };
    }
    seconds
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

    /// Resident memory in bytes, exactly: `VmRSS` of `status` may be off by dozens of pages for each CPU.
    pub(crate) fn resident(&self) -> u64 {
        self.number("smaps_rollup", "Rss:") * 1_024
    }

    /// What two readings of the resident memory of a process at rest differ by, in bytes; at least a page.
    pub(crate) fn resident_noise(earlier: u64, later: u64) -> u64 {
        earlier.abs_diff(later).max(PAGE_BYTES)
    }

    /// Lets the peak of the resident memory begin anew.
    pub(crate) fn forget_peak(&self) -> io::Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
    }

    /// Peak resident memory in bytes, since the start or [`Running::forget_peak`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_time_of_all_threads_counts() {
        let cpu = || Cpu::of(std::process::id(), &std::fs::read_to_string("/proc/self/stat").expect("stat"));
        let thread_time = || {
            let time = clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock");
            Duration::from(time).as_secs_f64()
        };
        const BURNT_S: f64 = 0.05;
        let before = cpu();
        let burn = move || while thread_time() < BURNT_S {};
        // One thread has ended when the time is read, and one still runs.
        std::thread::spawn(burn).join().expect("burnt");
        let (burnt, is_burnt) = std::sync::mpsc::channel();
        let (read, is_read) = std::sync::mpsc::channel::<()>();
        let running = std::thread::spawn(move || {
            burn();
            burnt.send(()).expect("sent");
            // Ends when the other side is dropped.
            let _ = is_read.recv();
        });
        is_burnt.recv().expect("burnt");
        let spent = cpu().since(before);
        drop(read);
        running.join().expect("ended");
        assert!(spent.all >= 2.0 * BURNT_S, "{} s", spent.all);
    }

    #[test]
    fn the_cpu_time_of_started_processes_counts() {
        let before = cpu_of_tree(std::process::id());
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done";
        let status = Command::new("sh").args(["-c", &format!("sh -c '{burn}'")]).status().expect("burnt");
        let spent = cpu_of_tree(std::process::id()) - before;
        assert!(status.success() && spent > 2.0 * TICK_S, "{spent} s of a process that has ended");
    }

    #[test]
    fn the_noise_of_few_ticks_is_at_least_one() {
        let noise = |kernel: f64| Cpu { all: 1.0, kernel }.kernel_noise();
        assert!((noise(0.0) - 0.01).abs() < 1e-9);
        assert!((noise(0.16) - 0.04).abs() < 1e-9, "the root of 16 ticks");
    }
}
