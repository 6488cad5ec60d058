//! A dialect as Python: a `TypedDict` for each shape and payload, and the signatures that they give to the functions of
//! python-socketio.
//!
//! What must stay true: the text is a module that needs nothing but the standard library of Python 3.11, and each name is
//! defined before it is used.

use std::fmt::Write as _;

use super::names::type_name;
use super::parts::{Sender, may_be_absent, specs, words};
use crate::catalogue::{acknowledgement, refused, shapes};
use crate::dialect::Dialect;
use crate::payload::{Field, Payload, Type};

/// What other types refer to by name.
const NAMED: &str = r#"
from collections.abc import Callable, Sequence
from typing import Any, Literal, NotRequired, Protocol, TypedDict, overload

Id = str | int
"""An id as clients may send it: 1 to 128 visible characters. A number is read as its text."""

CustomData = dict[str, Any]
"""Custom data: an object that is kept and shown as it was sent."""


class FileLink(TypedDict):
    """A file as clients name it: by an https link, or the path of a file on the server."""

    url: str
    name: NotRequired[str | None]
"#;

/// Returns the Python module of a dialect. The payload of an event that the server sends is `NameEvent`; that of one that
/// clients send is `NameRequest`, and `NameAcknowledgement` is its answer.
pub(super) fn python(dialect: Dialect) -> String {
    let name = dialect.as_str();
    let mut text = format!(
        "\"\"\"The events of the dialect `{name}` of Quintet, made from the server's own catalogue. For python-socketio 5:\n\n    \
         client = socketio.Client()\n    on, call = cast(On, client.on), cast(Call, client.call)\n    \
         client.connect(SERVER, auth={{\"token\": token, \"dialect\": \"{name}\"}})\n\"\"\"\n{NAMED}"
    );
    for (alias, about, ty) in
        [("MessageKind", "The kind of a message.", Type::Kind), ("ErrorCode", "Why an event was refused.", Type::Code)]
    {
        let _ = write!(text, "\n\n{alias} = {}\n\"\"\"{about}\"\"\"\n", literal(ty));
    }
    for shape in shapes(dialect) {
        let fields: Vec<Field> = shape.fields().copied().collect();
        class(&mut text, shape.name, shape.about, Sender::Server, &fields);
    }
    let (mut handlers, mut calls, mut coroutines) = (String::new(), String::new(), String::new());
    for spec in specs(dialect, Sender::Server) {
        let payload = format!("{}Event", type_name(spec.name));
        let about = format!("What `{}` carries.", spec.name);
        match spec.payload {
            Payload::Object(fields) | Payload::IdOrObject(fields) => {
                class(&mut text, &payload, &about, Sender::Server, fields);
            }
            Payload::Value(ty) => alias(&mut text, &payload, &about, &type_of(Sender::Server, ty)),
            Payload::None => alias(&mut text, &payload, &about, "None"),
        }
        let arguments = format!(
            "event: Literal[\"{}\"], handler: Callable[[{payload}], object], namespace: str | None = None",
            spec.name
        );
        let _ = write!(handlers, "\n    @overload\n    def __call__(self, {arguments}) -> object: ...\n");
    }
    for spec in specs(dialect, Sender::Client) {
        let id = type_name(spec.name);
        let done = acknowledgement(dialect, spec);
        class(&mut text, &format!("{id}Done"), &format!("How `{}` is acknowledged.", spec.name), Sender::Server, &done);
        let answer = format!("{id}Acknowledgement");
        let about = format!("How `{}` is acknowledged, or refused.", spec.name);
        alias(&mut text, &answer, &about, &format!("{id}Done | {}", refused(dialect).name));
        let asked = request(&mut text, &id, spec.name, spec.payload);
        let arguments =
            format!("event: Literal[\"{}\"], {asked}, namespace: str | None = None, timeout: int = 60", spec.name);
        let _ = write!(calls, "\n    @overload\n    def __call__(self, {arguments}) -> {answer}: ...\n");
        let _ = write!(coroutines, "\n    @overload\n    async def __call__(self, {arguments}) -> {answer}: ...\n");
    }
    for (name, about, overloads) in [
        ("On", "`Client.on` and `AsyncClient.on`, with what each event carries.", handlers),
        ("Call", "`Client.call`, with what each event carries and how it is acknowledged.", calls),
        ("AsyncCall", "`AsyncClient.call`, with what each event carries and how it is acknowledged.", coroutines),
    ] {
        let _ = write!(text, "\n\nclass {name}(Protocol):\n    \"\"\"{about}\"\"\"\n{overloads}");
    }
    text
}

/// Writes the types of what a client sends, and returns the argument that has them.
fn request(text: &mut String, id: &str, event: &str, payload: Payload) -> String {
    let name = format!("{id}Request");
    let about = format!("What `{event}` carries.");
    match payload {
        Payload::None => return "data: None = None".to_owned(),
        Payload::Object(fields) => class(text, &name, &about, Sender::Client, fields),
        Payload::Value(ty) => alias(text, &name, &about, &type_of(Sender::Client, ty)),
        Payload::IdOrObject(fields) => {
            let object = format!("{name}Object");
            class(text, &object, &about, Sender::Client, fields);
            let bare = fields.first().map(|first| type_of(Sender::Client, first.ty));
            let forms: Vec<_> = std::iter::once(object).chain(bare).collect();
            alias(text, &name, &about, &forms.join(" | "));
        }
    }
    if may_be_absent(payload) { format!("data: {name} | None = None") } else { format!("data: {name}") }
}

fn alias(text: &mut String, name: &str, about: &str, ty: &str) {
    let _ = write!(text, "\n\n{name} = {ty}\n\"\"\"{about}\"\"\"\n");
}

fn class(text: &mut String, name: &str, about: &str, sender: Sender, fields: &[Field]) {
    let _ = write!(text, "\n\nclass {name}(TypedDict):\n    \"\"\"{about}\"\"\"\n");
    if !fields.is_empty() {
        text.push('\n');
    }
    for field in fields {
        let null = if sender.may_send_null(field) { " | None" } else { "" };
        let ty = format!("{}{null}", type_of(sender, field.ty));
        let ty = if sender.must_send(field) { ty } else { format!("NotRequired[{ty}]") };
        let _ = writeln!(text, "    {}: {ty}", field.name);
    }
}

/// The type of words.
fn literal(ty: Type) -> String {
    let words: Vec<_> = words(ty).unwrap_or_default().into_iter().map(|word| format!("\"{word}\"")).collect();
    format!("Literal[{}]", words.join(", "))
}

fn type_of(sender: Sender, ty: Type) -> String {
    match (ty, sender) {
        (Type::Id | Type::ClientId, Sender::Client) => "Id".to_owned(),
        (Type::Ids, Sender::Client) => "Sequence[Id] | Id".to_owned(),
        (Type::Ids, Sender::Server) => "list[str]".to_owned(),
        (Type::Mute, Sender::Client) => "bool | str | int".to_owned(),
        (Type::Mute, Sender::Server) => "bool | str".to_owned(),
        (
            Type::Id | Type::ClientId | Type::Content | Type::Name | Type::Text | Type::Url | Type::Emoji | Type::Time,
            _,
        ) => "str".to_owned(),
        (Type::Kind, _) => "MessageKind".to_owned(),
        (Type::Code, _) => "ErrorCode".to_owned(),
        (Type::Number, _) => "int".to_owned(),
        (Type::Flag, _) => "bool".to_owned(),
        (Type::Is(flag), _) => format!("Literal[{}]", if flag { "True" } else { "False" }),
        (Type::OneOf(_) | Type::Notify, _) => literal(ty),
        (Type::Object(shape), _) => shape.name.to_owned(),
        (Type::Objects(shape), _) => format!("list[{}]", shape.name),
        (Type::Binary, _) => "bytes".to_owned(),
        (Type::Metadata | Type::ConversationMetadata, _) => "CustomData".to_owned(),
        (Type::Files, _) => "Sequence[FileLink]".to_owned(),
    }
}
