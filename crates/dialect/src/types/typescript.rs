//! A dialect as TypeScript: the two maps of events that `Socket` of socket.io-client takes, and the shapes in them.
//!
//! What must stay true: the text is a module that needs no other, and compiles with and without the types of browsers.

use std::fmt::Write as _;

use super::parts::{CLIENT_EVENTS, SERVER_EVENTS, Sender, may_be_absent, specs, words};
use crate::catalogue::{acknowledgement, refused, shapes};
use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::payload::{Field, Payload, Type};

/// The types that shapes and events refer to by name.
const NAMED: &str = "\
/** An id as clients may send it: 1 to 128 visible characters. A number is read as its text. */
export type Id = string | number;

/** Custom data: an object that is kept and shown as it was sent. */
export type CustomData = Record<string, unknown>;

/** A file as clients name it: by an https link, or the path of a file on the server. */
export interface FileLink {
  url: string;
  name?: string | null;
}

/** Bytes, as a binary attachment. */
export type Binary =
  | ArrayBuffer
  | ArrayBufferView
  | (typeof globalThis extends { Blob: { prototype: infer B } } ? B : never);
";

/// What follows from the maps of events.
const DERIVED: &str = "
/** The payload of an event that the server sends. */
export type Received<E extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[E]>[0];

/** The same events as `ClientToServerEvents` with their acknowledgements required, as `emitWithAck` needs them. */
export type AcknowledgedEvents = {
  [E in keyof ClientToServerEvents]: (...args: Required<Parameters<ClientToServerEvents[E]>>) => void;
};
";

/// Returns the TypeScript declarations of a dialect.
pub(super) fn typescript(dialect: Dialect) -> String {
    let name = dialect.as_str();
    let mut text = format!(
        "// The events of the dialect `{name}` of Quintet, made from the server's own catalogue. For socket.io-client 4:\n\
         //\n\
         //   const socket: Socket<{SERVER_EVENTS}, {CLIENT_EVENTS}> = io(SERVER, {{ auth: {{ token, dialect: \"{name}\" }} }});\n\n\
         {NAMED}"
    );
    for (alias, about, ty) in
        [("MessageKind", "The kind of a message.", Type::Kind), ("ErrorCode", "Why an event was refused.", Type::Code)]
    {
        let words = words(ty).map(union).unwrap_or_default();
        let _ = writeln!(text, "\n/** {about} */\nexport type {alias} = {words};");
    }
    for shape in shapes(dialect) {
        let _ = writeln!(text, "\n/** {} */\nexport interface {} {{", shape.about, shape.name);
        for field in shape.fields() {
            let _ = writeln!(text, "  {}", member(Sender::Server, field));
        }
        text.push_str("}\n");
    }
    let _ = writeln!(text, "\n/** What the server sends. */\nexport interface {SERVER_EVENTS} {{");
    for spec in specs(dialect, Sender::Server) {
        let payload = payload(Sender::Server, spec.payload);
        let _ = writeln!(text, "  \"{}\": (payload: {payload}) => void;", spec.name);
    }
    let _ = writeln!(
        text,
        "}}\n\n/** What clients send. What is optional may be left out by clients that have a token. */\n\
         export interface {CLIENT_EVENTS} {{"
    );
    for spec in specs(dialect, Sender::Client) {
        let _ = writeln!(text, "  \"{}\": {};", spec.name, client_event(dialect, spec));
    }
    text.push_str("}\n");
    text.push_str(DERIVED);
    text
}

/// The function type of an event that clients send.
fn client_event(dialect: Dialect, spec: &EventSpec) -> String {
    let done = object(Sender::Server, &acknowledgement(dialect, spec));
    let acknowledge = format!("acknowledge?: (answer: {done} | {}) => void", refused(dialect).name);
    let payload = match spec.payload {
        Payload::None => return format!("({acknowledge}) => void"),
        Payload::Object(_) | Payload::IdOrObject(_) | Payload::Value(_) => payload(Sender::Client, spec.payload),
    };
    if may_be_absent(spec.payload) {
        format!("(...args: [payload: {payload}, {acknowledge}] | [{acknowledge}]) => void")
    } else {
        format!("(payload: {payload}, {acknowledge}) => void")
    }
}

fn payload(sender: Sender, payload: Payload) -> String {
    match payload {
        Payload::None => "undefined".to_owned(),
        Payload::Object(fields) => object(sender, fields),
        Payload::IdOrObject(fields) => {
            let bare = fields.first().map(|first| type_of(sender, first.ty));
            std::iter::once(object(sender, fields)).chain(bare).collect::<Vec<_>>().join(" | ")
        }
        Payload::Value(ty) => type_of(sender, ty),
    }
}

/// An object in an event, with one field a line if there are several.
fn object(sender: Sender, fields: &[Field]) -> String {
    match fields {
        [] => "{}".to_owned(),
        [one] => format!("{{ {} }}", member(sender, one).trim_end_matches(';')),
        several => {
            let members: Vec<_> = several.iter().map(|field| format!("    {}\n", member(sender, field))).collect();
            format!("{{\n{}  }}", members.concat())
        }
    }
}

fn member(sender: Sender, field: &Field) -> String {
    let optional = if sender.must_send(field) { "" } else { "?" };
    let null = if sender.may_send_null(field) { " | null" } else { "" };
    format!("{}{optional}: {}{null};", field.name, type_of(sender, field.ty))
}

fn union(words: Vec<&str>) -> String {
    words.into_iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ")
}

fn type_of(sender: Sender, ty: Type) -> String {
    match (ty, sender) {
        (Type::Id | Type::ClientId, Sender::Client) => "Id".to_owned(),
        (Type::Ids, Sender::Client) => "readonly Id[] | Id".to_owned(),
        (Type::Ids, Sender::Server) => "string[]".to_owned(),
        (Type::Mute, Sender::Client) => "boolean | string | number".to_owned(),
        (Type::Mute, Sender::Server) => "boolean | string".to_owned(),
        (
            Type::Id | Type::ClientId | Type::Content | Type::Name | Type::Text | Type::Url | Type::Emoji | Type::Time,
            _,
        ) => "string".to_owned(),
        (Type::Kind, _) => "MessageKind".to_owned(),
        (Type::Code, _) => "ErrorCode".to_owned(),
        (Type::Number, _) => "number".to_owned(),
        (Type::Flag, _) => "boolean".to_owned(),
        (Type::Is(flag), _) => flag.to_string(),
        (Type::OneOf(_) | Type::Notify, _) => words(ty).map(union).unwrap_or_default(),
        (Type::Object(shape), _) => shape.name.to_owned(),
        (Type::Objects(shape), _) => format!("{}[]", shape.name),
        (Type::Binary, _) => "Binary".to_owned(),
        (Type::Metadata | Type::ConversationMetadata, _) => "CustomData".to_owned(),
        (Type::Files, _) => "readonly FileLink[]".to_owned(),
    }
}
