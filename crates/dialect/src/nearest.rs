//! Finds the event that a client may have meant by a name that does not exist.
//!
//! What must stay true: the cost is bounded by the length of the name, which callers limit.

use crate::catalogue::events;
use crate::dialect::Dialect;

/// The similarity from which a name counts as another spelling of an event's name; 1 means equal.
const SIMILAR: f64 = 0.6;

/// Returns the event of clients whose name is nearest to `name`, with its dialect: of `dialect` if it is given, unless
/// another dialect has exactly this name; else of any. None if no name is near.
#[must_use]
pub fn nearest(dialect: Option<Dialect>, name: &str) -> Option<(Dialect, &'static str)> {
    let names = |of: Dialect| events(of).iter().filter(|spec| spec.direction.is_to_server()).map(|spec| spec.name);
    let mut all = Dialect::ALL.into_iter().flat_map(|of| names(of).map(move |known| (of, known)));
    if let Some(exact) = all.find(|(_, known)| *known == name) {
        return Some(exact);
    }
    let wanted = letters(name);
    let spoken = Dialect::ALL.into_iter().filter(|of| dialect.is_none_or(|dialect| dialect == *of));
    let similar = spoken.flat_map(|of| names(of).map(move |known| (of, known))).map(|(of, known)| {
        let similarity = strsim::normalized_damerau_levenshtein(&wanted, &letters(known));
        (similarity, of, known)
    });
    let nearest = similar.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    nearest.filter(|(similarity, ..)| *similarity >= SIMILAR).map(|(_, of, known)| (of, known))
}

/// Returns a name without what differs between styles of naming: case, underscores, hyphens and colons.
fn letters(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ':' | '.' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_may_have_meant() {
        for (dialect, name, meant) in [
            (Some(Dialect::Rooms), "joinRoom", Some((Dialect::Rooms, "join_room"))),
            (Some(Dialect::Rooms), "sendMessage", Some((Dialect::Meetup, "sendMessage"))),
            (Some(Dialect::Conversations), "send-message", Some((Dialect::Conversations, "send_message"))),
            (Some(Dialect::Chat), "message:sent", Some((Dialect::Chat, "message:send"))),
            (None, "private_message", Some((Dialect::Messenger, "privateMessage"))),
            (None, "stats", None),
            (Some(Dialect::Chat), "", None),
        ] {
            assert_eq!(nearest(dialect, name), meant, "{dialect:?} {name}");
        }
    }
}
