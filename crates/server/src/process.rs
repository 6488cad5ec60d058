//! The limits and defaults of the process: the number of open files, the modes of new files, and when it started.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};

/// The pause after a failed accept, which usually means that the process has no descriptor left.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Returns when the process started, which is when this was called first.
pub(crate) fn started() -> SystemTime {
    static STARTED: OnceLock<SystemTime> = OnceLock::new();
    *STARTED.get_or_init(SystemTime::now)
}

/// Sets the umask so that new folders have mode 0700 and new files 0600.
pub(crate) fn keep_files_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Raises the limit of open files to the most that the system allows, and returns it.
pub(crate) fn raise_descriptors() -> u64 {
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!(%error, "the open-file limit is not known; 1024 is assumed");
            return 1_024;
        }
    };
    if soft >= hard {
        return soft;
    }
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, "the open-file limit stays at {soft}");
            soft
        }
    }
}
