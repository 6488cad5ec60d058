//! The data folder: whether it can be used, how much fits into it, and how fast its disk keeps what it confirms.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::statfs::{self, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access, geteuid};

use super::finding::Finding;
use crate::config::Config;

/// The free space in bytes below which the operator is told.
const FREE_BYTES_LOW: u64 = 1_000_000_000;
/// The number of writes that are timed.
const WRITES: usize = 21;
/// The bytes of a timed write: about those of a commit of one message.
const WRITE_BYTES: usize = 4_096;
/// The time of a durable write from which on the operator is told. Hard disks take longer, and other disks do not.
const WRITE_SLOW: Duration = Duration::from_millis(20);

/// Looks at the data folder.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    if config.server.ephemeral {
        return vec![Finding::Advice("All data is kept in memory, and lost when the server ends.".to_owned())];
    }
    let folder = &config.server.data;
    // The nearest folder above one that the server will make is on the same disk.
    let Some(present) = folder.ancestors().map(or_here).find(|place| place.exists()) else { return Vec::new() };
    let mut findings = vec![usable(folder, present)];
    if matches!(findings[0], Finding::Fault(_)) {
        return findings;
    }
    findings.extend(space(folder, present));
    if config.database.url.is_none() {
        findings.extend(over_network(folder, present));
        findings.push(pace(present));
    }
    findings
}

/// The path by which the current folder is found, for the empty end of a relative path.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn usable(folder: &Path, present: &Path) -> Finding {
    let shown = folder.display();
    let found = match std::fs::metadata(present) {
        Ok(found) => found,
        Err(error) => return Finding::Fault(format!("The data folder {shown} cannot be read: {error}.")),
    };
    if !found.is_dir() {
        return Finding::Fault(format!("{} is no folder. Choose another one in [server] data.", present.display()));
    }
    if access(present, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        let user = geteuid();
        return Finding::Fault(format!(
            "The user with the id {user} cannot write to {}. Run the server as its owner, or give the folder to the \
             server's user with chown.",
            present.display()
        ));
    }
    if present != folder {
        return Finding::Good(format!(
            "The data folder {shown} does not exist yet; the server makes it when it starts."
        ));
    }
    if found.mode() & 0o077 != 0 {
        let mode = found.mode() & 0o7777;
        return Finding::Advice(format!(
            "The data folder {shown} is open to other users of this machine (mode {mode:o}); the server closes it to \
             them when it starts."
        ));
    }
    Finding::Good(format!("The data folder {shown} can be written, and is closed to other users."))
}

fn space(folder: &Path, present: &Path) -> Option<Finding> {
    let found = statvfs(present).ok()?;
    let free = found.blocks_available().saturating_mul(found.fragment_size());
    let (megabytes, folder) = (free / 1_000_000, folder.display());
    let shown = match megabytes {
        0..10_000 => format!("{megabytes} MB are free for {folder}"),
        _ => format!("{} GB are free for {folder}", megabytes / 1_000),
    };
    Some(if free < FREE_BYTES_LOW {
        Finding::Advice(format!("Only {shown}. A million messages take about 200 MB, and files what they have."))
    } else {
        Finding::Good(format!("{shown}."))
    })
}

fn over_network(folder: &Path, present: &Path) -> Option<Finding> {
    let kind = statfs::statfs(present).ok()?.filesystem_type();
    (kind == NFS_SUPER_MAGIC || kind == SMB_SUPER_MAGIC).then(|| {
        Finding::Fault(format!(
            "{} is on another machine's disk, where the database's locks and syncs cannot be relied on. Use a disk of \
             this machine, or PostgreSQL ([database] url).",
            folder.display()
        ))
    })
}

/// Times writes that are synced, as each group of messages is before it is acknowledged.
fn pace(present: &Path) -> Finding {
    match median_write(present) {
        Err(error) => Finding::Fault(format!("A file in {} cannot be written: {error}.", present.display())),
        Ok(time) if time >= WRITE_SLOW => Finding::Advice(format!(
            "The disk takes {:.1} ms to keep a write for good (fsync). Messages are acknowledged after one such write, \
             many at once; a solid-state disk takes 1 ms or less.",
            time.as_secs_f64() * 1e3
        )),
        Ok(time) => Finding::Good(format!(
            "The disk keeps a write for good (fsync) in {:.2} ms; messages are acknowledged after that.",
            time.as_secs_f64() * 1e3
        )),
    }
}

fn median_write(folder: &Path) -> std::io::Result<Duration> {
    let path = folder.join(format!(".quintet-doctor-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    let timed = (|| {
        let mut times = Vec::with_capacity(WRITES);
        for _ in 0..WRITES {
            let begun = Instant::now();
            file.write_all(&[0; WRITE_BYTES])?;
            file.sync_data()?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        Ok(times[WRITES / 2])
    })();
    std::fs::remove_file(&path)?;
    timed
}
