//! The schemas of a dialect's payloads, for the documents that consist of them.
//!
//! What must stay true: every reference leads to one of the definitions. Objects may have more fields than are listed,
//! because later versions of the server send more.

use quintet_domain::limits::{
    CLIENT_MESSAGE_ID_CHARS_MAX, CONTENT_BYTES_MAX, EMOJI_BYTES_MAX, FILES_OF_MESSAGE_MAX, ID_CHARS_MAX, IDS_MAX,
    NAME_CHARS_MAX,
};
use serde_json::{Map, Value, json};

use super::parts::{Sender, may_be_absent, words};
use crate::catalogue::{acknowledgement, refused, shapes};
use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::payload::{Field, Payload, Type};

/// A moment as the server writes it.
const MOMENT: &str = r"^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";

/// The schemas of a document that has its definitions at one place.
#[derive(Clone, Copy)]
pub(super) struct Schemas {
    /// Where the definitions are, as the beginning of references to them.
    pub(super) root: &'static str,
}

impl Schemas {
    /// Returns the definitions that the other schemas refer to: one for each shape, and those of some types.
    pub(super) fn definitions(self, dialect: Dialect) -> Map<String, Value> {
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
        let mut definitions: Map<String, Value> =
            others.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
        for shape in shapes(dialect) {
            let fields: Vec<Field> = shape.fields().copied().collect();
            let mut schema = self.object(Sender::Server, &fields);
            schema["description"] = json!(shape.about);
            definitions.insert(shape.name.to_owned(), schema);
        }
        definitions
    }

    /// Returns the schema of what an event carries.
    pub(super) fn payload(self, sender: Sender, payload: Payload) -> Value {
        match payload {
            Payload::None => json!({ "type": "null" }),
            Payload::Object(fields) => self.object(sender, fields),
            Payload::IdOrObject(fields) => {
                let bare = fields.first().map(|first| self.type_of(sender, first.ty));
                let nothing = may_be_absent(payload).then(|| json!({ "type": "null" }));
                let forms: Vec<_> = std::iter::once(self.object(sender, fields)).chain(bare).chain(nothing).collect();
                json!({ "anyOf": forms })
            }
            Payload::Value(ty) => self.type_of(sender, ty),
        }
    }

    /// Returns the schema of the acknowledgement of an event, whether it was carried out or refused.
    pub(super) fn acknowledgement(self, dialect: Dialect, spec: &EventSpec) -> Value {
        let done = self.object(Sender::Server, &acknowledgement(dialect, spec));
        json!({ "anyOf": [done, self.reference(refused(dialect).name)] })
    }

    fn reference(self, name: &str) -> Value {
        json!({ "$ref": format!("{}{name}", self.root) })
    }

    fn object(self, sender: Sender, fields: &[Field]) -> Value {
        let property = |field: &Field| {
            let schema = self.type_of(sender, field.ty);
            let nullable = sender.may_send_null(field);
            let schema = if nullable { json!({ "anyOf": [schema, { "type": "null" }] }) } else { schema };
            (field.name.to_owned(), schema)
        };
        let properties: Map<String, Value> = fields.iter().map(property).collect();
        let required: Vec<_> = fields.iter().filter(|field| sender.must_send(field)).map(|field| field.name).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn type_of(self, sender: Sender, ty: Type) -> Value {
        let text = || json!({ "type": "string" });
        let time = || json!({ "type": "string", "format": "date-time", "pattern": MOMENT });
        match (ty, sender) {
            (Type::Id, Sender::Client) => self.reference("Id"),
            (Type::ClientId, Sender::Client) => {
                json!({ "type": ["string", "number"], "minLength": 1, "maxLength": CLIENT_MESSAGE_ID_CHARS_MAX })
            }
            (Type::Ids, Sender::Client) => {
                json!({ "anyOf": [{ "type": "array", "items": self.reference("Id"), "maxItems": IDS_MAX }, self.reference("Id")] })
            }
            (Type::Ids, Sender::Server) => json!({ "type": "array", "items": text() }),
            (Type::Mute, Sender::Client) => json!({ "type": ["boolean", "string", "number"] }),
            (Type::Mute, Sender::Server) => json!({ "anyOf": [{ "type": "boolean" }, time()] }),
            // The limits count bytes, of which a character has at least one.
            (Type::Content, Sender::Client) => json!({ "type": "string", "maxLength": CONTENT_BYTES_MAX }),
            (Type::Emoji, Sender::Client) => json!({ "type": "string", "minLength": 1, "maxLength": EMOJI_BYTES_MAX }),
            (Type::Name, Sender::Client) => json!({ "type": "string", "maxLength": NAME_CHARS_MAX }),
            (Type::Time, _) => time(),
            (Type::Id | Type::ClientId | Type::Content | Type::Emoji | Type::Name | Type::Text | Type::Url, _) => {
                text()
            }
            (Type::Kind, _) => self.reference("MessageKind"),
            (Type::Code, _) => self.reference("ErrorCode"),
            (Type::Number, _) => json!({ "type": "integer", "minimum": 0 }),
            (Type::Flag, _) => json!({ "type": "boolean" }),
            (Type::Is(flag), _) => json!({ "const": flag }),
            (Type::OneOf(_) | Type::Notify, _) => json!({ "enum": words(ty) }),
            (Type::Object(shape), _) => self.reference(shape.name),
            (Type::Objects(shape), _) => json!({ "type": "array", "items": self.reference(shape.name) }),
            (Type::Binary, _) => json!({ "description": "Bytes, as a binary attachment." }),
            (Type::Metadata | Type::ConversationMetadata, _) => self.reference("CustomData"),
            (Type::Files, _) => {
                json!({ "type": "array", "items": self.reference("FileLink"), "maxItems": FILES_OF_MESSAGE_MAX })
            }
        }
    }
}
