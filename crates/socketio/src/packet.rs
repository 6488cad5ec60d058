//! Socket.IO packets, revisions 4 and 5 of the protocol. The two differ only in CONNECT and its answers. Pure
//! functions: text in, values out.

use std::borrow::Cow;
use std::fmt;

use quintet_input::json;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Frame;

/// Event names that official servers refuse from a client.
pub const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// The longest name of a namespace, in characters. A longer one is refused without an answer, because the answer would
/// have to repeat it.
pub const NAMESPACE_CHARS_MAX: usize = 128;

/// The largest number of arguments of an event. Each argument costs memory beside its text, so that many tiny ones
/// would cost a multiple of the packet's size.
pub const ARGUMENTS_MAX: usize = 256;

/// A packet sent by a client. Payloads are kept as JSON text.
#[derive(Debug)]
pub enum Packet<'a> {
    /// `0`: asks to enter a namespace, with credentials.
    Connect {
        /// The namespace, `/` for the default one.
        namespace: &'a str,
        /// The query string behind the `?` in the name, which carries the credentials of revision 4.
        query: Option<&'a str>,
        /// The credentials of revision 5: a JSON object.
        auth: Option<&'a RawValue>,
    },
    /// `1`: leaves a namespace.
    Disconnect {
        /// The namespace, `/` for the default one.
        namespace: &'a str,
    },
    /// `2` or `5`: an event. `5` has binary attachments.
    Event {
        /// The namespace, `/` for the default one.
        namespace: &'a str,
        /// The id that an acknowledgement has to carry, if one is asked for.
        ack: Option<u64>,
        /// The JSON array of the event: its name, then its arguments.
        data: &'a str,
        /// Number of binary messages that follow and belong to the packet.
        attachments: usize,
    },
    /// `3` or `6`: an acknowledgement. `6` has binary attachments.
    Ack {
        /// The namespace, `/` for the default one.
        namespace: &'a str,
        /// The id that was sent with the event.
        id: u64,
        /// The JSON array of the acknowledgement's arguments.
        data: &'a str,
        /// Number of binary messages that follow and belong to the packet.
        attachments: usize,
    },
}

/// The reason why a text is not a packet. The connection is closed, as with the official parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidPacket {
    /// The first character is not a packet type that a client may send.
    Type,
    /// The number of attachments is missing, malformed or too large.
    Attachments,
    /// The acknowledgement id is malformed or missing.
    AckId,
    /// The payload is not valid for the packet's type.
    Payload,
    /// The event's name is one of [`RESERVED_EVENTS`].
    ReservedName,
    /// The namespace's name is longer than [`NAMESPACE_CHARS_MAX`].
    Namespace,
    /// The event has more arguments than [`ARGUMENTS_MAX`].
    Arguments,
}

impl fmt::Display for InvalidPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "unknown packet type",
            Self::Attachments => "bad number of attachments",
            Self::AckId => "bad acknowledgement id",
            Self::Payload => "bad payload",
            Self::ReservedName => "reserved event name",
            Self::Namespace => "the name of the namespace is too long",
            Self::Arguments => "too many arguments",
        })
    }
}

impl std::error::Error for InvalidPacket {}

/// The name and arguments of an event packet.
#[derive(Debug)]
pub struct EventData<'a> {
    /// The event's name, which is a part of the packet unless it has escapes.
    pub name: Cow<'a, str>,
    /// The event's arguments, each as JSON text.
    pub args: Vec<&'a RawValue>,
}

/// The head of a packet: everything except its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) kind: Kind,
    /// Number of binary messages that follow and belong to the packet.
    pub(crate) attachments: usize,
    pub(crate) namespace: &'a str,
    query: Option<&'a str>,
    pub(crate) ack: Option<u64>,
    /// The payload, or as much of it as the text holds.
    pub(crate) data: &'a str,
}

/// The type of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
}

/// Reads the head of a packet from its beginning, without looking at its payload.
pub(crate) fn head(text: &str, attachments_max: usize) -> Result<Head<'_>, InvalidPacket> {
    let (kind, has_attachments) = match text.as_bytes().first() {
        Some(b'0') => (Kind::Connect, false),
        Some(b'1') => (Kind::Disconnect, false),
        Some(b'2') => (Kind::Event, false),
        Some(b'3') => (Kind::Ack, false),
        Some(b'5') => (Kind::Event, true),
        Some(b'6') => (Kind::Ack, true),
        _ => return Err(InvalidPacket::Type),
    };
    let mut rest = &text[1..];

    let mut attachments = 0;
    if has_attachments {
        let (count, after) = rest.split_once('-').ok_or(InvalidPacket::Attachments)?;
        attachments = parse_digits(count).ok_or(InvalidPacket::Attachments)? as usize;
        if attachments > attachments_max {
            return Err(InvalidPacket::Attachments);
        }
        rest = after;
    }

    let (mut namespace, mut query) = ("/", None);
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        // Clients of revision 4 send credentials as a query string behind the namespace. It is not part of the name.
        if let Some((name, behind)) = namespace.split_once('?') {
            (namespace, query) = (name, Some(behind));
        }
        if namespace.len() > NAMESPACE_CHARS_MAX && namespace.chars().count() > NAMESPACE_CHARS_MAX {
            return Err(InvalidPacket::Namespace);
        }
    }

    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ack = match digits {
        0 => None,
        _ => Some(parse_digits(&rest[..digits]).ok_or(InvalidPacket::AckId)?),
    };
    Ok(Head { kind, attachments, namespace, query, ack, data: &rest[digits..] })
}

/// Decodes one packet. `attachments_max` bounds the number of attachments that it may announce.
///
/// # Errors
/// [`InvalidPacket`], which names the part that is wrong.
pub fn decode(text: &str, attachments_max: usize) -> Result<Packet<'_>, InvalidPacket> {
    let Head { kind, attachments, namespace, query, ack, data } = head(text, attachments_max)?;
    match kind {
        Kind::Connect => {
            let auth = match data {
                "" => None,
                _ if data.starts_with('{') => {
                    Some(serde_json::from_str::<&RawValue>(data).map_err(|_| InvalidPacket::Payload)?)
                }
                _ => return Err(InvalidPacket::Payload),
            };
            Ok(Packet::Connect { namespace, query, auth })
        }
        Kind::Disconnect if data.is_empty() => Ok(Packet::Disconnect { namespace }),
        Kind::Event if data.starts_with('[') => Ok(Packet::Event { namespace, ack, data, attachments }),
        Kind::Ack if data.starts_with('[') => {
            Ok(Packet::Ack { namespace, id: ack.ok_or(InvalidPacket::AckId)?, data, attachments })
        }
        Kind::Disconnect | Kind::Event | Kind::Ack => Err(InvalidPacket::Payload),
    }
}

/// Returns an event's name from the beginning of its payload, or `None` if the name is not complete or not valid.
pub(crate) fn event_name(data: &str) -> Option<String> {
    let name = json::well_formed(data.strip_prefix('[')?.trim_start());
    serde_json::Deserializer::from_str(&name).into_iter::<String>().next()?.ok()
}

/// Splits the JSON array of an event into its name and arguments.
///
/// # Errors
/// [`InvalidPacket::Payload`] if `data` is not an array that starts with a name, [`InvalidPacket::ReservedName`] if the
/// name is reserved, and [`InvalidPacket::Arguments`] if there are too many arguments.
pub fn event_data(data: &str) -> Result<EventData<'_>, InvalidPacket> {
    let Items { first, rest: args } = serde_json::from_str(data).map_err(|_| InvalidPacket::Payload)?;
    let first = first.get();
    let args = args.ok_or(InvalidPacket::Arguments)?;
    let name = match serde_json::from_str::<Name<'_>>(first) {
        Ok(Name(name)) => name,
        // The official parser accepts a number as a name, too.
        Err(_) if serde_json::from_str::<f64>(first).is_ok() => Cow::Borrowed(first),
        Err(_) => return Err(InvalidPacket::Payload),
    };
    if RESERVED_EVENTS.contains(&&*name) {
        return Err(InvalidPacket::ReservedName);
    }
    Ok(EventData { name, args })
}

/// The name of an event.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The items of an event's array.
struct Items<'a> {
    first: &'a RawValue,
    /// The arguments, or `None` if there are more than [`ARGUMENTS_MAX`].
    rest: Option<Vec<&'a RawValue>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array that begins with a name")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Items<'de>, S::Error> {
                let first = items.next_element()?.ok_or_else(|| S::Error::invalid_length(0, &self))?;
                let mut rest = Vec::new();
                while let Some(item) = items.next_element()? {
                    if rest.len() == ARGUMENTS_MAX {
                        while items.next_element::<IgnoredAny>()?.is_some() {}
                        return Ok(Items { first, rest: None });
                    }
                    rest.push(item);
                }
                Ok(Items { first, rest: Some(rest) })
            }
        }

        deserializer.deserialize_seq(Visit)
    }
}

fn parse_digits(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Returns the namespace as it is written in a packet: empty for the default one.
fn prefix(namespace: &str) -> [&str; 2] {
    if namespace == "/" { ["", ""] } else { [namespace, ","] }
}

/// Returns a name as it is written between the quotes of a JSON text.
fn escaped(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        return Cow::Borrowed(name);
    }
    let quoted = serde_json::Value::from(name).to_string();
    Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
}

/// Encodes an event with one argument. `payload` is the argument's JSON text.
#[must_use]
pub fn encode_event(namespace: &str, name: &str, payload: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["42", nsp, comma, "[\"", &escaped(name), "\",", payload, "]"])
}

/// Encodes an event with two arguments. `payload` is the JSON text of the first. `offset` is the second, a string that
/// needs no escapes in JSON, such as an offset of connection state recovery.
#[must_use]
pub fn encode_event_at(namespace: &str, name: &str, payload: &str, offset: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["42", nsp, comma, "[\"", &escaped(name), "\",", payload, ",\"", offset, "\"]"])
}

/// Encodes an event given as a complete JSON array, with attachments. `ack` is the id of the acknowledgement that is
/// asked for, if any.
#[must_use]
pub fn encode_event_data(namespace: &str, ack: Option<u64>, data: &str, attachments: &[bytes::Bytes]) -> Vec<Frame> {
    let id = ack.map(|id| id.to_string()).unwrap_or_default();
    encode_data('2', '5', namespace, &id, data, attachments)
}

/// Encodes an acknowledgement with one argument. `payload` is the argument's JSON text.
#[must_use]
pub fn encode_ack_of(namespace: &str, id: u64, payload: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["43", nsp, comma, &id.to_string(), "[", payload, "]"])
}

/// Encodes an acknowledgement. `args` is the JSON array of its arguments.
#[must_use]
pub fn encode_ack(namespace: &str, id: u64, args: &str, attachments: &[bytes::Bytes]) -> Vec<Frame> {
    encode_data('3', '6', namespace, &id.to_string(), args, attachments)
}

fn encode_data(
    plain: char,
    binary: char,
    namespace: &str,
    id: &str,
    data: &str,
    attachments: &[bytes::Bytes],
) -> Vec<Frame> {
    let [nsp, comma] = prefix(namespace);
    let head = if attachments.is_empty() { format!("4{plain}") } else { format!("4{binary}{}-", attachments.len()) };
    let mut frames = vec![Frame::text_parts(&[&head, nsp, comma, id, data])];
    frames.extend(attachments.iter().map(|bytes| Frame::binary(bytes)));
    frames
}

/// Encodes the answer to an accepted CONNECT of revision 5: the socket's public id, and the secret by which the client
/// can recover the connection after a loss. Neither may need escapes in JSON.
#[must_use]
pub fn encode_connected(namespace: &str, sid: &str, pid: Option<&str>) -> Frame {
    let [nsp, comma] = prefix(namespace);
    match pid {
        Some(pid) => Frame::text_parts(&["40", nsp, comma, "{\"sid\":\"", sid, "\",\"pid\":\"", pid, "\"}"]),
        None => Frame::text_parts(&["40", nsp, comma, "{\"sid\":\"", sid, "\"}"]),
    }
}

/// Encodes the answer to an accepted CONNECT of revision 4, which has no payload.
#[must_use]
pub fn encode_connected_v4(namespace: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["40", nsp, comma])
}

/// Encodes the answer to a refused CONNECT. `error` is JSON; in revision 5 it is an object with `message` and perhaps
/// `data`.
#[must_use]
pub fn encode_connect_error(namespace: &str, error: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["44", nsp, comma, error])
}

/// Encodes a DISCONNECT, which tells the client that the server ended the namespace.
#[must_use]
pub fn encode_disconnect(namespace: &str) -> Frame {
    let [nsp, comma] = prefix(namespace);
    Frame::text_parts(&["41", nsp, comma])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match decode(text, 10) {
            Ok(Packet::Connect { namespace, query: None, auth }) => format!("connect {namespace} {auth:?}"),
            Ok(Packet::Connect { namespace, query: Some(query), .. }) => format!("connect {namespace} ?{query}"),
            Ok(Packet::Disconnect { namespace }) => format!("disconnect {namespace}"),
            Ok(Packet::Event { namespace, ack, data, attachments }) => {
                format!("event {namespace} {ack:?} {data} {attachments}")
            }
            Ok(Packet::Ack { namespace, id, data, attachments }) => {
                format!("ack {namespace} {id} {data} {attachments}")
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn packets_of_the_specification() {
        assert_eq!(shown("0"), "connect / None");
        assert_eq!(shown("0/admin,{\"sid\":\"o\"}"), "connect /admin Some(RawValue({\"sid\":\"o\"}))");
        assert_eq!(shown("0/custom"), "connect /custom None");
        assert_eq!(shown("0/a?token=1,"), "connect /a ?token=1");
        assert_eq!(shown("1/admin,"), "disconnect /admin");
        assert_eq!(shown("2[\"foo\"]"), "event / None [\"foo\"] 0");
        assert_eq!(shown("2/admin,[\"bar\"]"), "event /admin None [\"bar\"] 0");
        assert_eq!(shown("212[\"foo\"]"), "event / Some(12) [\"foo\"] 0");
        assert_eq!(shown("3/admin,13[\"bar\"]"), "ack /admin 13 [\"bar\"] 0");
        assert_eq!(
            shown("51-[\"baz\",{\"_placeholder\":true,\"num\":0}]"),
            "event / None [\"baz\",{\"_placeholder\":true,\"num\":0}] 1"
        );
        assert_eq!(shown("61-/admin,15[\"bar\"]"), "ack /admin 15 [\"bar\"] 1");
    }

    #[test]
    fn what_is_no_packet_is_named() {
        for (text, why) in [
            ("", "unknown packet type"),
            ("abc", "unknown packet type"),
            ("4{\"message\":\"x\"}", "unknown packet type"),
            ("7[]", "unknown packet type"),
            ("€", "unknown packet type"),
            ("2{}", "bad payload"),
            ("2abc[\"x\"]", "bad payload"),
            ("2", "bad payload"),
            ("0[]", "bad payload"),
            ("0{", "bad payload"),
            ("1x", "bad payload"),
            ("3[]", "bad acknowledgement id"),
            ("299999999999999999999[\"x\"]", "bad acknowledgement id"),
            ("5[\"x\"]", "bad number of attachments"),
            ("511-[\"x\"]", "bad number of attachments"),
            ("5-[\"x\"]", "bad number of attachments"),
            (&format!("0/{},", "é".repeat(128)), "the name of the namespace is too long"),
        ] {
            assert_eq!(shown(text), format!("error: {why}"), "{text:?}");
        }
    }

    #[test]
    fn event_names() {
        let event = event_data("[\"a\",1,{\"b\":[2]}]").expect("an event");
        assert_eq!((&*event.name, event.args.len()), ("a", 2));
        assert_eq!(event_data("[7]").expect("a number is a name").name, "7");
        assert_eq!(event_data("[\"connect\"]").err(), Some(InvalidPacket::ReservedName));
        assert_eq!(event_data("[{}]").err(), Some(InvalidPacket::Payload));
        assert_eq!(event_data("[]").err(), Some(InvalidPacket::Payload));
        assert_eq!(event_data("[\"a\"").err(), Some(InvalidPacket::Payload));
        let many = |count: usize| format!("[\"a\"{}]", ",1".repeat(count));
        assert_eq!(event_data(&many(ARGUMENTS_MAX)).map(|event| event.args.len()), Ok(ARGUMENTS_MAX));
        assert_eq!(event_data(&many(ARGUMENTS_MAX + 1)).err(), Some(InvalidPacket::Arguments));
    }

    #[test]
    fn the_beginning_of_a_packet_is_enough_for_its_head() {
        let shown = |text: &'static str| {
            let head = head(text, 10).expect("a head");
            (head.kind, head.namespace, head.ack, event_name(head.data))
        };
        assert_eq!(
            shown("2/chat,17[\"message:send\",{\"conte"),
            (Kind::Event, "/chat", Some(17), Some("message:send".into()))
        );
        assert_eq!(shown("2[ \"a\\u0062\",1"), (Kind::Event, "/", None, Some("ab".into())));
        assert_eq!(shown("2[\"not who"), (Kind::Event, "/", None, None));
        assert_eq!(shown("0{\"token\":\"x"), (Kind::Connect, "/", None, None));
    }

    #[test]
    fn encoding() {
        let text = |frame: &Frame| String::from_utf8(frame.body().to_vec()).expect("text");
        assert_eq!(text(&encode_event("/", "a\"b", "{}")), "42[\"a\\\"b\",{}]");
        assert_eq!(text(&encode_event("/x", "a", "1")), "42/x,[\"a\",1]");
        assert_eq!(text(&encode_connected("/", "s", None)), "40{\"sid\":\"s\"}");
        assert_eq!(text(&encode_connected("/x", "s", Some("p"))), "40/x,{\"sid\":\"s\",\"pid\":\"p\"}");
        assert_eq!(text(&encode_connected_v4("/")), "40");
        assert_eq!(text(&encode_event_at("/x", "a", "{}", "12.0")), "42/x,[\"a\",{},\"12.0\"]");
        assert_eq!(text(&encode_connect_error("/x", "{\"message\":\"m\"}")), "44/x,{\"message\":\"m\"}");
        assert_eq!(text(&encode_disconnect("/x")), "41/x,");
        assert_eq!(text(&encode_event("/x", "a\nb\\é", "1")), "42/x,[\"a\\nb\\\\é\",1]");
        assert_eq!(text(&encode_ack("/", 7, "[1]", &[])[0]), "437[1]");
        assert_eq!(text(&encode_ack_of("/x", 7, "{}")), "43/x,7[{}]");
        let binary = encode_event_data("/x", Some(3), "[\"a\"]", &[bytes::Bytes::from_static(&[1])]);
        assert_eq!(text(&binary[0]), "451-/x,3[\"a\"]");
        assert_eq!(binary[1].body(), [1]);
    }
}
