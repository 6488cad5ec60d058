//! The one source of randomness of a simulation.
//!
//! What must stay true: a seed gives the same numbers on every machine. Each part of a simulation draws from a stream of
//! its own, so that a change of one part leaves the choices of the others as they were.

use std::sync::atomic::{AtomicU64, Ordering};

/// The increment of SplitMix64 (Steele, Lea and Flood, 2014).
const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers: SplitMix64.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    /// A stream for one part of the simulation of a seed.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        // FNV-1a: streams whose parts have other names begin elsewhere.
        let part = part
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        let stream = Self(AtomicU64::new(seed ^ part));
        // Seeds that follow each other differ in few bits.
        let start = stream.next() ^ stream.next().rotate_left(32);
        stream.0.store(start, Ordering::Relaxed);
        stream
    }

    /// The next 64 bits.
    pub(crate) fn next(&self) -> u64 {
        let state = self.0.fetch_add(INCREMENT, Ordering::Relaxed).wrapping_add(INCREMENT);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether something happens that does in so many of a thousand cases.
    pub(crate) fn per_mille(&self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// One of some items; none where there are none.
    pub(crate) fn pick<'i, T>(&self, items: &'i [T]) -> Option<&'i T> {
        let last = items.len() as u64;
        items.get(usize::try_from(self.below(last)).ok()?)
    }

    /// Milliseconds of a delay: mostly short, sometimes long.
    pub(crate) fn delay_ms(&self, usual_max: u64, rare_max: u64) -> u64 {
        let bound = if self.per_mille(40) { rare_max } else { usual_max };
        self.below(bound + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_parts_differ() {
        let numbers = |seed, part: &str| {
            let random = Random::new(seed, part);
            (0..4).map(|_| random.next()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1, "network"), numbers(1, "network"));
        assert_ne!(numbers(1, "network"), numbers(2, "network"));
        assert_ne!(numbers(1, "network"), numbers(1, "store"));
    }
}
