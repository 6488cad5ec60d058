//! The names of types that are made from the names of events.
//!
//! What must stay true: two events that go in one direction have different names.

/// Returns the name of an event as that of a type: `message:send` and `message_send` become `MessageSend`.
pub(super) fn type_name(event: &str) -> String {
    let words = event.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::parts::{Sender, specs};
    use super::*;
    use crate::catalogue::shapes;
    use crate::dialect::Dialect;

    #[test]
    fn names_of_types_differ() {
        for dialect in Dialect::ALL {
            let mut names: HashSet<String> = shapes(dialect).iter().map(|shape| shape.name.to_owned()).collect();
            for spec in specs(dialect, Sender::Server) {
                assert!(names.insert(format!("{}Event", type_name(spec.name))), "{dialect:?} {}", spec.name);
            }
            for spec in specs(dialect, Sender::Client) {
                for ending in ["Request", "RequestObject", "Done", "Acknowledgement"] {
                    assert!(names.insert(format!("{}{ending}", type_name(spec.name))), "{dialect:?} {}", spec.name);
                }
            }
        }
        assert_eq!(type_name("message:new"), "MessageNew");
        assert_eq!(type_name("join_room"), "JoinRoom");
        assert_eq!(type_name("receiveMessage"), "ReceiveMessage");
    }
}
