//! A disk with a cache: what was synced stays when the power fails, and of the rest any part.
//!
//! What must stay true: a write that was not synced is kept, lost, or kept in any of its sectors, independently of all
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::power_loss::trace::Event;

/// The size of what a disk writes whole or not at all, in bytes.
const SECTOR_BYTES: usize = 512;

/// Numbers from a seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Files by name. A file that was written to may not stand in its folder yet.
#[derive(Clone, Debug, Default)]
pub struct Files {
    contents: BTreeMap<String, Vec<u8>>,
    listed: BTreeSet<String>,
}

impl Files {
    /// Reads those of the named files that exist.
    pub fn read(folder: &Path, names: &[&str]) -> Self {
        let found = names.iter().filter_map(|name| Some(((*name).to_owned(), std::fs::read(folder.join(name)).ok()?)));
        let contents: BTreeMap<_, _> = found.collect();
        Self { listed: contents.keys().cloned().collect(), contents }
    }

    /// Writes those that stand in their folder.
    pub fn write(&self, folder: &Path) {
        for name in &self.listed {
            std::fs::write(folder.join(name), self.contents.get(name).map_or(&[][..], Vec::as_slice)).unwrap();
        }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Created(file) => {
                self.listed.insert(file.clone());
            }
            Change::Removed(file) => {
                self.listed.remove(file);
            }
            Change::Written(file, offset, data) => {
                let content = self.contents.entry(file.clone()).or_default();
                let end = offset + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(data);
            }
            Change::Truncated(file, length) => self.contents.entry(file.clone()).or_default().resize(*length, 0),
        }
    }
}

/// A change of the files.
#[derive(Clone, Debug)]
enum Change {
    Created(String),
    Removed(String),
    Written(String, usize, Vec<u8>),
    Truncated(String, usize),
}

impl Change {
    /// Whether a sync of the file, or of its folder (`None`), covers this.
    fn is_covered(&self, synced: Option<&str>) -> bool {
        match self {
            Self::Created(_) | Self::Removed(_) => synced.is_none(),
            Self::Written(file, ..) | Self::Truncated(file, _) => synced == Some(file),
        }
    }
}

/// The disk: what it has for certain, and the changes since, each of which may be lost.
pub struct Disk {
    durable: Files,
    /// Each with its number, in order.
    unsynced: Vec<(u64, Change)>,
    changes: u64,
    removed: BTreeSet<String>,
    /// Whether the disk does what a sync asks for.
    honest: bool,
    /// For each sync in progress, by its number, the number of changes that there were when it began.
    syncing: BTreeMap<u64, u64>,
    /// The newest message that was acknowledged.
    pub acknowledged: u32,
}

impl Disk {
    pub fn new(durable: Files, honest: bool) -> Self {
        Self {
            durable,
            unsynced: Vec::new(),
            changes: 0,
            removed: BTreeSet::new(),
            honest,
            syncing: BTreeMap::new(),
            acknowledged: 0,
        }
    }

    pub fn play(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Create { file } => {
                    assert!(!self.removed.contains(file), "the model has no file that is created anew");
                    self.change(Change::Created(file.clone()));
                }
                Event::Remove { file } => {
                    self.removed.insert(file.clone());
                    self.change(Change::Removed(file.clone()));
                }
                Event::Write { file, offset, data } => {
                    self.change(Change::Written(file.clone(), *offset, data.clone()));
                }
                Event::Truncate { file, length } => self.change(Change::Truncated(file.clone(), *length)),
                Event::SyncBegins { sync } => {
                    self.syncing.insert(*sync, self.changes);
                }
                Event::SyncEnds { sync, file } => self.synced(*sync, file.as_deref()),
                Event::Acknowledged(number) => self.acknowledged = *number,
            }
        }
    }

    fn change(&mut self, change: Change) {
        self.unsynced.push((self.changes, change));
        self.changes += 1;
    }

    fn synced(&mut self, sync: u64, file: Option<&str>) {
        let Some(covered) = self.syncing.remove(&sync).filter(|_| self.honest) else { return };
        let durable = &mut self.durable;
        self.unsynced.retain(|(number, change)| {
            let synced = *number < covered && change.is_covered(file);
            if synced {
                durable.apply(change);
            }
            !synced
        });
    }

    /// The files after the power has failed.
    pub fn lose_power(&self, random: &mut Random) -> Files {
        let mut left = self.durable.clone();
        // How much is lost differs: from hardly anything to nearly all.
        let kept_percent = random.below(101);
        for (_, change) in &self.unsynced {
            match change {
                Change::Written(file, offset, data) if random.below(4) == 0 => {
                    for (at, sector) in data.chunks(SECTOR_BYTES).enumerate() {
                        if random.below(100) < kept_percent {
                            left.apply(&Change::Written(file.clone(), offset + at * SECTOR_BYTES, sector.to_vec()));
                        }
                    }
                }
                change if random.below(100) < kept_percent => left.apply(change),
                _ => {}
            }
        }
        left
    }

    /// The files if nothing is lost.
    pub fn keep_everything(&self) -> Files {
        let mut left = self.durable.clone();
        self.unsynced.iter().for_each(|(_, change)| left.apply(change));
        left
    }
}
