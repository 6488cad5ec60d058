//! A dialect as a JSON Schema (draft 2020-12): a definition for each shape, and the payloads of all events.
//!
//! What must stay true: every reference leads to a definition of the same document. Objects may have more fields than
//! are listed, because later versions of the server send more.

use quintet_domain::limits::{
    CLIENT_MESSAGE_ID_CHARS_MAX, CONTENT_BYTES_MAX, EMOJI_BYTES_MAX, FILES_OF_MESSAGE_MAX, ID_CHARS_MAX, IDS_MAX,
    NAME_CHARS_MAX,
};
use serde_json::{Map, Value, json};

use super::{CLIENT_EVENTS, SERVER_EVENTS, Sender, may_be_absent, specs, words};
use crate::catalogue::{acknowledgement, refused, shapes};
use crate::dialect::Dialect;
use crate::payload::{Field, Payload, Type};

/// The name of the schemas of acknowledgements.
const ACKNOWLEDGEMENTS: &str = "Acknowledgements";

/// A moment as the server writes it.
const MOMENT: &str = r"^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";

/// Returns the JSON Schema of a dialect. The payload of each event is at `#/$defs/ServerToClientEvents/properties/NAME` or
/// `#/$defs/ClientToServerEvents/properties/NAME`, and the acknowledgement of what clients send at
/// `#/$defs/Acknowledgements/properties/NAME`.
#[must_use]
pub fn json_schema(dialect: Dialect) -> String {
    let mut definitions = Map::new();
    let id = json!({ "description": "An id. A number is read as its text.", "type": ["string", "number"],
        "minLength": 1, "maxLength": ID_CHARS_MAX });
    let link = json!({ "description": "A file: an https link, or the path of a file on the server.", "type": "object",
        "properties": { "url": { "type": "string" }, "name": { "type": ["string", "null"] } }, "required": ["url"] });
    let others = [
        ("Id", id),
        ("FileLink", link),
        ("CustomData", json!({ "description": "Custom data, as it was sent.", "type": "object" })),
        ("MessageKind", json!({ "description": "The kind of a message.", "enum": words(Type::Kind) })),
        ("ErrorCode", json!({ "description": "Why an event was refused.", "enum": words(Type::Code) })),
    ];
    definitions.extend(others.map(|(name, schema)| (name.to_owned(), schema)));
    for shape in shapes(dialect) {
        let fields: Vec<Field> = shape.fields().copied().collect();
        let mut schema = object(Sender::Server, &fields);
        schema["description"] = json!(shape.about);
        definitions.insert(shape.name.to_owned(), schema);
    }
    let told = specs(dialect, Sender::Server).map(|spec| (spec.name, payload(Sender::Server, spec.payload)));
    definitions.insert(SERVER_EVENTS.to_owned(), by_name("What the server sends", told));
    let asked = specs(dialect, Sender::Client).map(|spec| (spec.name, payload(Sender::Client, spec.payload)));
    definitions.insert(CLIENT_EVENTS.to_owned(), by_name("What clients send", asked));
    let answers = specs(dialect, Sender::Client).map(|spec| {
        let done = object(Sender::Server, &acknowledgement(dialect, spec));
        (spec.name, json!({ "anyOf": [done, reference(refused(dialect).name)] }))
    });
    definitions.insert(ACKNOWLEDGEMENTS.to_owned(), by_name("How what clients send is answered", answers));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("The events of the dialect `{}` of Quintet", dialect.as_str()),
        "$defs": definitions,
    });
    format!("{schema:#}\n")
}

/// Schemas by the names of events.
fn by_name(about: &str, schemas: impl Iterator<Item = (&'static str, Value)>) -> Value {
    let schemas: Map<String, Value> = schemas.map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "description": format!("{about}, by the name of the event."), "type": "object", "properties": schemas })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn payload(sender: Sender, payload: Payload) -> Value {
    match payload {
        Payload::None => json!({ "type": "null" }),
        Payload::Object(fields) => object(sender, fields),
        Payload::IdOrObject(fields) => {
            let bare = fields.first().map(|first| type_of(sender, first.ty));
            let nothing = may_be_absent(payload).then(|| json!({ "type": "null" }));
            let forms: Vec<_> = std::iter::once(object(sender, fields)).chain(bare).chain(nothing).collect();
            json!({ "anyOf": forms })
        }
        Payload::Value(ty) => type_of(sender, ty),
    }
}

fn object(sender: Sender, fields: &[Field]) -> Value {
    let property = |field: &Field| {
        let schema = type_of(sender, field.ty);
        let nullable = sender.may_send_null(field);
        let schema = if nullable { json!({ "anyOf": [schema, { "type": "null" }] }) } else { schema };
        (field.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let required: Vec<_> = fields.iter().filter(|field| sender.must_send(field)).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn type_of(sender: Sender, ty: Type) -> Value {
    let text = || json!({ "type": "string" });
    let time = || json!({ "type": "string", "format": "date-time", "pattern": MOMENT });
    match (ty, sender) {
        (Type::Id, Sender::Client) => reference("Id"),
        (Type::ClientId, Sender::Client) => {
            json!({ "type": ["string", "number"], "minLength": 1, "maxLength": CLIENT_MESSAGE_ID_CHARS_MAX })
        }
        (Type::Ids, Sender::Client) => {
            json!({ "anyOf": [{ "type": "array", "items": reference("Id"), "maxItems": IDS_MAX }, reference("Id")] })
        }
        (Type::Ids, Sender::Server) => json!({ "type": "array", "items": text() }),
        (Type::Mute, Sender::Client) => json!({ "type": ["boolean", "string", "number"] }),
        (Type::Mute, Sender::Server) => json!({ "anyOf": [{ "type": "boolean" }, time()] }),
        // The limits count bytes, of which a character has at least one.
        (Type::Content, Sender::Client) => json!({ "type": "string", "maxLength": CONTENT_BYTES_MAX }),
        (Type::Emoji, Sender::Client) => json!({ "type": "string", "minLength": 1, "maxLength": EMOJI_BYTES_MAX }),
        (Type::Name, Sender::Client) => json!({ "type": "string", "maxLength": NAME_CHARS_MAX }),
        (Type::Time, _) => time(),
        (Type::Id | Type::ClientId | Type::Content | Type::Emoji | Type::Name | Type::Text | Type::Url, _) => text(),
        (Type::Kind, _) => reference("MessageKind"),
        (Type::Code, _) => reference("ErrorCode"),
        (Type::Number, _) => json!({ "type": "integer", "minimum": 0 }),
        (Type::Flag, _) => json!({ "type": "boolean" }),
        (Type::Is(flag), _) => json!({ "const": flag }),
        (Type::OneOf(_) | Type::Notify, _) => json!({ "enum": words(ty) }),
        (Type::Object(shape), _) => reference(shape.name),
        (Type::Objects(shape), _) => json!({ "type": "array", "items": reference(shape.name) }),
        (Type::Binary, _) => json!({ "description": "Bytes, as a binary attachment." }),
        (Type::Metadata | Type::ConversationMetadata, _) => reference("CustomData"),
        (Type::Files, _) => {
            json!({ "type": "array", "items": reference("FileLink"), "maxItems": FILES_OF_MESSAGE_MAX })
        }
    }
}
