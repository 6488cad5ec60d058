//! The metrics of the process that Prometheus knows of every program (`process_*`), and which build it is.
//!
//! What must stay true: what the system does not tell is left out, and never guessed.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeVal;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::metrics::{gauge, gauges};

/// The names of the optional features of this build, as in Cargo.toml.
const FEATURES: &str = match (cfg!(feature = "otlp"), cfg!(feature = "s3")) {
    (true, true) => "otlp,s3",
    (true, false) => "otlp",
    (false, true) => "s3",
    (false, false) => "",
};

/// The process, as a collector of metrics whose names have no prefix.
#[derive(Debug)]
pub(crate) struct Process {
    /// When the process started.
    pub(crate) started: SystemTime,
}

/// The build of the process, as a collector of one metric.
#[derive(Debug)]
pub(crate) struct Build;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let encoder = &mut encoder;
        if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
            let used = ConstCounter::new(seconds(usage.user_time()) + seconds(usage.system_time()));
            let help = "Seconds of processor time that the process has used";
            used.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, used.metric_type())?)?;
        }
        if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
            for (name, help, key, unit_bytes) in [
                ("process_resident_memory_bytes", "Bytes of memory that the process has", "VmRSS:", 1_024),
                ("process_virtual_memory_bytes", "Bytes of addresses that the process has reserved", "VmSize:", 1_024),
                ("process_threads", "Threads of the process", "Threads:", 1),
            ] {
                if let Some(value) = value_of(&status, key) {
                    gauge(encoder, (name, help), value.saturating_mul(unit_bytes))?;
                }
            }
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            // One of them is open for this look.
            let count = open.count().saturating_sub(1) as u64;
            gauge(encoder, ("process_open_fds", "Files, sockets and pipes that the process has open"), count)?;
        }
        if let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            gauge(encoder, ("process_max_fds", "Files, sockets and pipes that the process may have open"), soft)?;
        }
        let since = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = ConstGauge::new(since.as_secs_f64());
        let help = "When the process started, in seconds since 1970";
        started.encode(encoder.encode_descriptor("process_start_time_seconds", help, None, started.metric_type())?)
    }
}

impl Collector for Build {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let labels = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("features", FEATURES),
            ("os", std::env::consts::OS),
            ("arch", std::env::consts::ARCH),
        ];
        gauges(&mut encoder, ("build_info", "The build of the server; the value is always 1"), [(labels, 1)])
    }
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// Returns the number behind a key of `/proc/self/status`.
fn value_of(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_of_the_status() {
        let status = "Name:\tquintet\nVmSize:\t  904 kB\nVmRSS:\t   12 kB\nThreads:\t7\n";
        for (key, value) in [("VmRSS:", Some(12)), ("Threads:", Some(7)), ("VmSwap:", None), ("Name:", None)] {
            assert_eq!(super::value_of(status, key), value, "{key}");
        }
    }
}
