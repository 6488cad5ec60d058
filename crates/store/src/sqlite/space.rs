//! The free space of the disk. The operating system is asked at most once a second.
//!
//! What must stay true: an unknown amount of free space changes nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time for which an answer of the operating system is used.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Marks that the operating system gave no answer.
const UNKNOWN: u64 = u64::MAX;

/// Returns the number of bytes that may still be written to a folder's disk; `None` if the system does not know.
type Free = fn(&Path) -> Option<u64>;

/// Watches the free space of the disk of a folder.
#[derive(Debug)]
pub(super) struct Space {
    folder: Option<PathBuf>,
    free_bytes_min: u64,
    free: Free,
    start: Instant,
    /// The time in milliseconds since the start after which the system is asked again.
    ask_at_ms: AtomicU64,
    free_bytes: AtomicU64,
    full: AtomicBool,
    full_for_files: AtomicBool,
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

impl Space {
    /// Watches the disk of a folder, on which `free_bytes_min` bytes must stay free. Without a folder there is always
    /// room.
    pub(super) fn of(folder: Option<PathBuf>, free_bytes_min: u64) -> Self {
        Self::asking(folder, free_bytes_min, free_bytes)
    }

    fn asking(folder: Option<PathBuf>, free_bytes_min: u64, free: Free) -> Self {
        let (start, unknown) = (Instant::now(), AtomicU64::new(UNKNOWN));
        let (ask_at_ms, full, full_for_files) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
        Self { folder, free_bytes_min, free, start, ask_at_ms, free_bytes: unknown, full, full_for_files }
    }

    /// Whether less space is free than the minimum.
    pub(super) fn is_full(&self) -> bool {
        self.look();
        self.full.load(Ordering::Relaxed)
    }

    /// Whether less than twice the minimum is free. Files are large, and the rest of the space is for messages.
    pub(super) fn is_full_for_files(&self) -> bool {
        self.look();
        self.full_for_files.load(Ordering::Relaxed)
    }

    /// The number of free bytes; `None` if it is not known.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        self.look();
        Some(self.free_bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes != UNKNOWN)
    }

    fn look(&self) {
        let Some(folder) = &self.folder else { return };
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.ask_at_ms.load(Ordering::Relaxed);
        let next = now + GOOD_FOR.as_millis() as u64;
        let ordering = Ordering::Relaxed;
        // One thread asks; the others use the previous answer.
        if now < due || self.ask_at_ms.compare_exchange(due, next, ordering, ordering).is_err() {
            return;
        }
        self.note((self.free)(folder));
    }

    fn note(&self, free: Option<u64>) {
        self.free_bytes.store(free.unwrap_or(UNKNOWN), Ordering::Relaxed);
        let Some(free) = free else { return };
        // A little more than the limit must be free again, so that the state does not flip with each file.
        let limit = self.free_bytes_min;
        let note = |full: &AtomicBool, limit: u64| {
            let more = if full.load(Ordering::Relaxed) { self.free_bytes_min / 16 } else { 0 };
            let now = free < limit.saturating_add(more);
            (full.swap(now, Ordering::Relaxed), now)
        };
        let for_files = limit.saturating_mul(2);
        match note(&self.full_for_files, for_files) {
            (false, true) => {
                tracing::warn!(
                    free,
                    "less than twice [limits] free_bytes_min ({for_files} bytes) is free: no uploads are accepted"
                );
            }
            (true, false) => {
                tracing::warn!(free, "more than twice [limits] free_bytes_min ({for_files} bytes) is free again");
            }
            _ => {}
        }
        match note(&self.full, limit) {
            (false, true) => tracing::error!(
                free,
                "less than [limits] free_bytes_min ({limit} bytes) is free: only deletions are accepted"
            ),
            (true, false) => tracing::warn!(free, "more than [limits] free_bytes_min ({limit} bytes) is free again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_below_the_limit_and_until_a_little_above() {
        let space = Space::asking(None, 1_600, |_| None);
        for (free, full) in [(1_600, false), (1_599, true), (1_650, true), (1_700, false), (1_650, false), (0, true)] {
            space.note(Some(free));
            assert_eq!((space.is_full(), space.free_bytes()), (full, Some(free)), "{free}");
        }
        space.note(None);
        assert_eq!((space.is_full(), space.free_bytes()), (true, None), "an unknown amount changes nothing");
    }

    #[test]
    fn files_leave_room_for_messages() {
        let space = Space::asking(None, 1_600, |_| None);
        for (free, full) in [(3_200, false), (3_199, true), (3_299, true), (3_300, false), (1_600, true), (1_599, true)]
        {
            space.note(Some(free));
            assert_eq!((space.is_full_for_files(), space.is_full()), (full, free < 1_600), "{free}");
        }
        let unbounded = Space::asking(None, 0, |_| None);
        unbounded.note(Some(0));
        assert!(!unbounded.is_full_for_files());
    }

    #[test]
    fn the_system_is_asked_at_first() {
        let space = Space::asking(Some(PathBuf::from("/")), 10, |_| Some(9));
        assert!(space.is_full());
        assert!(!Space::asking(None, u64::MAX, |_| Some(9)).is_full(), "in memory there is always room");
        assert!(Space::of(Some(std::env::temp_dir()), 0).free_bytes().is_some_and(|bytes| bytes > 0));
    }
}
