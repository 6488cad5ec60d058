//! What the operating system lets the process do: how many files it may open, and with which modes it makes them.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};

/// Lets nobody else read what the process makes: folders have mode 0700, files 0600.
pub(crate) fn keep_files_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Raises the number of descriptors that the process may have to the most that the system allows it, and gives that
/// number.
pub(crate) fn raise_descriptors() -> u64 {
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known; 1024 are assumed");
            return 1_024;
        }
    };
    if soft >= hard {
        return soft;
    }
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays at {soft}");
            soft
        }
    }
}
