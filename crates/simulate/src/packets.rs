//! The packets of Engine.IO and Socket.IO as a client reads and writes them over polling, for the default namespace.
//!
//! What must stay true: this is written from the protocols' documents, not by the server's own code, so that a fault of
//! one does not hide behind the same fault of the other.

use serde_json::Value;

/// What separates the packets of a payload.
pub(crate) const SEPARATOR: char = '\u{1e}';

/// A packet for a client.
#[derive(Debug, PartialEq)]
pub(crate) enum Packet {
    /// The server asks whether the client is there.
    Ping,
    /// A packet that says nothing.
    Noop,
    /// The transport is over.
    Close,
    /// The client is in; with the secret to resume by.
    Connected(Option<String>),
    /// The client is not let in, and why.
    Refused(String),
    /// The connection is over, and the client does not come back by itself.
    Disconnected,
    /// An event: its name and its arguments.
    Event(String, Vec<Value>),
    /// The acknowledgement of an event of the client, and its arguments.
    Ack(u64, Vec<Value>),
}

/// Reads one packet; none where it is none of those that a client of these simulations can receive.
pub(crate) fn read(text: &str) -> Option<Packet> {
    let mut chars = text.chars();
    match chars.next()? {
        '1' => return Some(Packet::Close),
        '2' => return Some(Packet::Ping),
        '6' => return Some(Packet::Noop),
        '4' => {}
        _ => return None,
    }
    let kind = chars.next()?;
    let rest = chars.as_str();
    match kind {
        '0' => {
            let open: Value = serde_json::from_str(rest).ok()?;
            Some(Packet::Connected(open.get("pid").and_then(Value::as_str).map(str::to_owned)))
        }
        '1' => Some(Packet::Disconnected),
        '2' => {
            let Value::Array(mut arguments) = serde_json::from_str(rest).ok()? else { return None };
            if arguments.is_empty() {
                return None;
            }
            let name = arguments.remove(0).as_str()?.to_owned();
            Some(Packet::Event(name, arguments))
        }
        '3' => {
            let (id, arguments) = rest.split_at(rest.find('[')?);
            let Value::Array(arguments) = serde_json::from_str(arguments).ok()? else { return None };
            Some(Packet::Ack(id.parse().ok()?, arguments))
        }
        '4' => Some(Packet::Refused(rest.to_owned())),
        _ => None,
    }
}

/// Writes an event, with the id of the acknowledgement that the client asks for, if it does.
pub(crate) fn event(ack: Option<u64>, name: &str, payload: &Value) -> String {
    let id = ack.map_or_else(String::new, |id| id.to_string());
    format!("42{id}[{},{payload}]", Value::from(name))
}

/// A point in what a connection hears, as the last argument of its events names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    /// The position in the commit order.
    pub(crate) position: u64,
    /// The letter of the dialect; a capital where the connection hears all of them.
    pub(crate) letter: char,
}

impl Offset {
    /// Reads the last argument of an event; none where it is no offset.
    pub(crate) fn read(argument: &Value) -> Option<Self> {
        let text = argument.as_str()?;
        let letter = text.chars().next_back().filter(char::is_ascii_alphabetic)?;
        let digits = &text[..text.len() - 1];
        // Behind a point stands up to where all reactions were told, while some wait.
        let (position, told) = digits.split_once('.').map_or((digits, None), |(position, told)| (position, Some(told)));
        if let Some(told) = told {
            told.parse::<u64>().ok()?;
        }
        Some(Self { position: position.parse().ok()?, letter })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packets_are_read() {
        assert_eq!(read("2"), Some(Packet::Ping));
        assert_eq!(read("40{\"sid\":\"x\",\"pid\":\"p\"}"), Some(Packet::Connected(Some("p".to_owned()))));
        assert_eq!(
            read("42[\"a\",{\"b\":1},\"7c\"]"),
            Some(Packet::Event("a".to_owned(), vec![json!({"b": 1}), json!("7c")]))
        );
        assert_eq!(read("4312[true]"), Some(Packet::Ack(12, vec![json!(true)])));
        assert_eq!(read("9"), None);
        assert_eq!(event(Some(3), "a", &json!({})), "423[\"a\",{}]");
        assert_eq!(Offset::read(&json!("12C")), Some(Offset { position: 12, letter: 'C' }));
        assert_eq!(Offset::read(&json!("12.7c")), Some(Offset { position: 12, letter: 'c' }));
        assert_eq!(Offset::read(&json!("hello")), None);
    }
}
