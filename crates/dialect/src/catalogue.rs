//! The one table of all events of all dialects: direction, origin, payload, and the decoder of each event of a client.
//! Each dialect's file holds its own rows.
//!
//! What must stay true: validation, the tables in `docs/protocol.md` and the playground's catalogue are made from these
//! rows, so that an event without a row does not exist.

use crate::dialect::Dialect;
pub use crate::event_spec::{Decode, Direction, EventSpec, Origin};
pub use crate::fields::Fields;
pub use crate::payload::{Absent, Field, Payload, Type};
use crate::{chat, conversations, meetup, messenger, rooms};

/// Returns every event of a dialect.
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

/// Returns the event that clients send under this name, if there is one.
#[must_use]
pub fn client_event(dialect: Dialect, name: &str) -> Option<&'static EventSpec> {
    events(dialect).iter().find(|spec| spec.direction.is_to_server() && spec.name == name)
}

/// Returns the event that clients send under this name, with its decoder.
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
    fn no_event_is_listed_twice_in_one_direction() {
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
    fn names_of_server_events_differ_between_dialects() {
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
    fn names_of_client_events_decide_the_dialect_except_three() {
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
