//! The one table of all events of all dialects: direction, origin, payload, and the decoder of each event of a client.
//! Each dialect's file holds its own rows.
//!
//! What must stay true: validation, the tables in `docs/protocol.md`, the playground's catalogue and the types for programs
//! of others are made from these rows, so that an event without a row does not exist.

use std::collections::HashSet;

pub use crate::acknowledgements::{acknowledgement, refused};
use crate::dialect::Dialect;
pub use crate::event_spec::{Decode, Direction, EventSpec, Origin};
pub use crate::fields::Fields;
pub use crate::payload::{Absent, Field, Payload, Shape, Type};
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

/// Returns all shapes of a dialect, each before those that contain it.
#[must_use]
pub fn shapes(dialect: Dialect) -> Vec<&'static Shape> {
    let mut found = Found::default();
    for spec in events(dialect) {
        match spec.payload {
            Payload::None => {}
            Payload::Object(fields) | Payload::IdOrObject(fields) => found.add_all(fields),
            Payload::Value(ty) => found.add(ty),
        }
        found.add_all(&acknowledgement(dialect, spec));
    }
    found.add(Type::Object(refused(dialect)));
    found.shapes
}

/// The shapes that were found.
#[derive(Default)]
struct Found {
    names: HashSet<&'static str>,
    shapes: Vec<&'static Shape>,
}

impl Found {
    fn add_all<'f>(&mut self, fields: impl IntoIterator<Item = &'f Field>) {
        for field in fields {
            self.add(field.ty);
        }
    }

    fn add(&mut self, ty: Type) {
        if let Type::Object(shape) | Type::Objects(shape) = ty
            && self.names.insert(shape.name)
        {
            self.add_all(shape.fields());
            self.shapes.push(shape);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::decide::{Decision, decide};

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

    /// The dialects that have an event of this name in a direction.
    fn owners(to_server: bool) -> HashMap<&'static str, Vec<(Dialect, &'static EventSpec)>> {
        let mut owners: HashMap<&str, Vec<_>> = HashMap::new();
        for dialect in Dialect::ALL {
            for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server() == to_server) {
                owners.entry(spec.name).or_default().push((dialect, spec));
            }
        }
        owners
    }

    /// What a client of one document listens for, and what it sends, means nothing that the document does not know. A
    /// connection that has not decided hears all dialects, so that this is asked of the documents of all of them.
    #[test]
    fn nothing_new_is_told_under_a_name_that_a_document_uses() {
        let (asked, told) = (owners(true), owners(false));
        let mut new = 0;
        for (name, specs) in &told {
            if *name == "error" || specs.iter().all(|(_, spec)| spec.origin == Origin::Document) {
                continue;
            }
            new += 1;
            let others = specs.iter().chain(asked.get(name).into_iter().flatten());
            let documents: Vec<_> = others.filter(|(_, spec)| spec.origin == Origin::Document).collect();
            assert!(documents.is_empty(), "{name} is new, and stands in {documents:?}");
        }
        assert!(new > 50, "only {new} names are new");
    }

    #[test]
    fn no_event_of_the_server_has_a_name_that_clients_keep_for_themselves() {
        let told = owners(false);
        for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
            assert!(!told.contains_key(name), "{name}");
        }
    }

    #[test]
    fn names_of_client_events_decide_the_dialect_except_three() {
        let mut shared: Vec<_> = owners(true).into_iter().filter(|(_, owners)| owners.len() > 1).collect();
        shared.sort_unstable_by_key(|(name, _)| *name);
        let names: Vec<_> = shared.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["authenticate", "send_message", "typing"]);
        for (name, owners) in shared {
            if owners.len() == Dialect::ALL.len() {
                continue;
            }
            // The name of the conversation decides, and all who share the event require it.
            for (dialect, spec) in owners {
                let (Payload::Object(fields) | Payload::IdOrObject(fields)) = spec.payload else {
                    panic!("{name} of {dialect:?} has no fields");
                };
                let deciding = fields.iter().filter(|field| field.absent == Absent::Refused).any(|field| {
                    let payload: Box<serde_json::value::RawValue> =
                        serde_json::from_str(&format!("{{\"{}\":\"x\"}}", field.name)).expect("JSON");
                    decide(name, &[&payload]) == Decision::Dialect(dialect)
                });
                assert!(deciding, "no field decides that {name} is of {dialect:?}");
            }
        }
    }
}
