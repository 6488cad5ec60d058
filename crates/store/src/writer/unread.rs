//! What other writers of the database have committed and this one has not handed on yet.
//!
//! What must stay true: every position up to the newest one is delivered, handed on, or part of a gap here; a gap holds
//! nothing that this writer has committed.

use std::collections::VecDeque;

use super::database::Database;
use crate::{Delivered, Missed};

/// The positions that this writer has to read before what it hands on is whole.
#[derive(Debug)]
pub(super) struct Unread {
    /// The position up to which everything was handed on, but for the gaps.
    handed_on: u64,
    /// The positions after which gaps begin, and those up to which they reach, in order.
    gaps: VecDeque<(u64, u64)>,
    /// What this process was told of otherwise.
    delivered: Delivered,
}

impl Unread {
    /// Nothing is unread up to a position.
    pub(super) fn new(position: u64, delivered: Delivered) -> Self {
        Self { handed_on: position, gaps: VecDeque::new(), delivered }
    }

    /// Notes that a group which began at a position was committed and reaches another one. Returns what others have
    /// committed before it, as far as it can be read now.
    pub(super) fn read(&mut self, database: &mut impl Database, begun_at: u64, position: u64) -> Vec<Missed> {
        if begun_at > self.handed_on {
            self.gaps.push_back((self.handed_on, begun_at));
        }
        self.handed_on = position;
        let mut read = Vec::new();
        while let Some((begins_at, last)) = self.gaps.front_mut() {
            let after = self.delivered.position().max(*begins_at);
            if after >= *last {
                self.gaps.pop_front();
                continue;
            }
            match database.missed(after, *last) {
                Ok(missed) => {
                    let whole = missed.last >= *last;
                    *begins_at = missed.last;
                    read.push(missed);
                    // The rest is read with the next group, so that this one is handed on.
                    if !whole {
                        break;
                    }
                    self.gaps.pop_front();
                }
                Err(error) => {
                    tracing::debug!(%error, "what other nodes have committed cannot be read; it is tried again");
                    break;
                }
            }
        }
        read
    }
}
