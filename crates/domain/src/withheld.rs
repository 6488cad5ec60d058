//! Who does not receive an entry that was read late, with the rows of now.

use std::collections::HashMap;
use std::sync::Arc;

use crate::UserId;

/// The joins and departures of the members of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves(HashMap<UserId, Vec<Move>>);

/// The beginning or the end of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    position: u64,
    joins: bool,
}

impl Moves {
    /// Adds a join, or a departure, at a position behind those that were added before.
    pub fn add(&mut self, user: UserId, position: u64, joins: bool) {
        self.0.entry(user).or_default().push(Move { position, joins });
    }
}

/// Withholds an entry from everybody who left its conversation after it, and was not back before another position: what
/// the entry shows was written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    moves: Arc<Moves>,
    before: u64,
}

impl Withheld {
    /// Withholds what was written before a position from those who had left by then.
    #[must_use]
    pub fn new(moves: Arc<Moves>, before: u64) -> Self {
        Self { moves, before }
    }

    /// Returns whether an entry at a position is withheld from a user.
    #[must_use]
    pub fn is_from(&self, user: &UserId, position: u64) -> bool {
        let moves = self.moves.0.get(user).map_or(&[][..], Vec::as_slice);
        let last = moves.iter().rfind(|one| one.position < self.before);
        last.is_some_and(|last| !last.joins && last.position > position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_withheld_from_those_who_left_after_it_and_before_what_it_shows() {
        let (gone, back) = (UserId::trusted("gone"), UserId::trusted("back"));
        let mut moves = Moves::default();
        moves.add(gone.clone(), 5, false);
        moves.add(back.clone(), 5, false);
        moves.add(back.clone(), 7, true);
        let moves = Arc::new(moves);
        let is_from = |user, position, before| Withheld::new(Arc::clone(&moves), before).is_from(user, position);
        assert!(is_from(&gone, 4, 6) && is_from(&gone, 4, 9) && is_from(&back, 4, 6));
        assert!(!is_from(&gone, 5, 9) && !is_from(&gone, 4, 5) && !is_from(&back, 4, 9));
        assert!(!is_from(&UserId::trusted("stays"), 4, 9));
    }
}
