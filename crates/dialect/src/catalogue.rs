//! The one table of every event of every dialect: its direction, its origin and its payload; for an event of a client
//! also the function that decodes it. Each dialect's file holds its own rows.
//!
//! What must stay true: validation, the tables in `docs/protocol.md` and the playground's catalogue are made from these
//! rows, so an event that is not here does not exist.

use crate::dialect::Dialect;
pub use crate::event_spec::{Decode, Direction, EventSpec, Origin};
pub use crate::fields::Fields;
pub use crate::payload::{Field, Payload, Type};
use crate::{chat, conversations, meetup, messenger, rooms};

/// Every event of a dialect.
#[must_use]
pub fn events(dialect: Dialect) -> &'static [EventSpec] {
    match dialect {
        Dialect::Meetup => meetup::EVENTS,
        Dialect::Messenger => messenger::EVENTS,
        Dialect::Rooms => rooms::EVENTS,
        Dialect::Conversations => conversations::EVENTS,
        Dialect::Chat => chat::EVENTS,
    }
}

/// The event of that name that a client sends.
#[must_use]
pub fn client_event(dialect: Dialect, name: &str) -> Option<&'static EventSpec> {
    events(dialect).iter().find(|spec| spec.direction.is_to_server() && spec.name == name)
}

/// The event of that name that a client sends, with the function that decodes it.
pub(crate) fn decoder(dialect: Dialect, name: &str) -> Option<(&'static EventSpec, Decode)> {
    events(dialect).iter().find_map(|spec| match spec.direction {
        Direction::ToServer(decode) if spec.name == name => Some((spec, decode)),
        Direction::ToServer(_) | Direction::ToClient => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_event_stands_twice_in_one_direction() {
        for dialect in Dialect::ALL {
            let mut seen = HashMap::new();
            for spec in events(dialect) {
                assert!(
                    seen.insert((spec.name, spec.direction.is_to_server()), spec).is_none(),
                    "{dialect:?} {}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn names_of_the_server_do_not_clash_between_dialects() {
        let mut seen: HashMap<&str, Dialect> = HashMap::new();
        for dialect in Dialect::ALL {
            for spec in events(dialect).iter().filter(|spec| !spec.direction.is_to_server() && spec.name != "error") {
                if let Some(other) = seen.insert(spec.name, dialect) {
                    panic!("{} is sent in {other:?} and {dialect:?}", spec.name);
                }
            }
        }
    }

    #[test]
    fn names_of_the_client_decide_but_for_three() {
        let mut owners: HashMap<&str, Vec<Dialect>> = HashMap::new();
        for dialect in Dialect::ALL {
            for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
                owners.entry(spec.name).or_default().push(dialect);
            }
        }
        let mut shared: Vec<_> = owners.iter().filter(|(_, owners)| owners.len() > 1).map(|(name, _)| *name).collect();
        shared.sort_unstable();
        assert_eq!(shared, ["authenticate", "send_message", "typing"]);
    }
}
