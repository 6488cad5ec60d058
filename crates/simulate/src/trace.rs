//! What happened in a simulation, as text: the last lines for a reader, and a hash of all of them, by which two runs of
//! one seed are compared.
//!
//! What must stay true: nothing that differs between two runs of one seed comes into a line: no addresses, no secrets of
//! the engine, no times of the machine.

use std::collections::VecDeque;

/// Lines that are kept for the report of a failure.
const KEPT: usize = 400;

/// The trace of one seed.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    lines: VecDeque<String>,
    print: bool,
}

impl Trace {
    /// An empty trace; it prints each line where `print` says so.
    pub(crate) fn new(print: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: VecDeque::new(), print }
    }

    /// Adds a line.
    pub(crate) fn note(&mut self, line: String) {
        for byte in line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        if self.print {
            println!("{line}");
        }
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The hash of all lines.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines, oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        self.lines.iter().skip(self.lines.len().saturating_sub(count)).cloned().collect()
    }
}
