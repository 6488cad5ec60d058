//! A client's payload, checked against the catalogue.

use quintet_domain::limits::IDS_MAX;
use quintet_domain::{
    ClientMessageId, ConversationId, FileLink, IdError, MessageId, MessageKind, NewText, Refusal, Target, UserId,
    display_name, is_blank, validate_content,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::catalogue::{EventSpec, Field, Payload, Type};

/// The checked fields of a payload. A bare value stands under the empty name.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads and checks the payload of an event: every required field is there, and every known one is of its type.
    pub(crate) fn read(spec: &EventSpec, args: &[&RawValue]) -> Result<Self, Refusal> {
        let value: Value = match args.first() {
            None => Value::Null,
            Some(arg) => serde_json::from_str(arg.get())
                .map_err(|error| Refusal::invalid("payload", format!("is bad JSON: {error}")))?,
        };
        let (fields, value) = match (spec.payload, value) {
            (Payload::None, _) => return Ok(Self(Map::new())),
            (Payload::Value(ty), value) => {
                let name = "payload";
                let mut map = Map::new();
                map.insert(String::new(), check(Field { name, ty, required: true }, value)?);
                return Ok(Self(map));
            }
            (Payload::IdOrObject(fields), value @ (Value::String(_) | Value::Number(_))) => {
                let name = fields.first().map_or("", |field| field.name);
                (fields, Value::Object(Map::from_iter([(name.to_owned(), value)])))
            }
            (Payload::Object(fields) | Payload::IdOrObject(fields), value) => (fields, value),
        };
        let Value::Object(mut map) = value else {
            return Err(Refusal::invalid("payload", format!("of {} must be an object", spec.name)));
        };
        for field in fields {
            match map.remove(field.name) {
                None | Some(Value::Null) if field.required => {
                    return Err(Refusal::invalid(field.name, format!("is missing in {}", spec.name)));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    map.insert(field.name.to_owned(), check(*field, value)?);
                }
            }
        }
        Ok(Self(map))
    }

    /// The text of a field; empty where it is optional and absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Which of the attachments a binary field is.
    pub(crate) fn attachment(&self, name: &str) -> usize {
        self.0.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn conversation(&self, name: &str) -> ConversationId {
        ConversationId::trusted(self.text(name))
    }

    pub(crate) fn message(&self, name: &str) -> MessageId {
        MessageId::trusted(self.text(name))
    }

    pub(crate) fn user(&self, name: &str) -> UserId {
        UserId::trusted(self.text(name))
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    pub(crate) fn messages(&self, name: &str) -> Result<Vec<MessageId>, Refusal> {
        let ids: Vec<_> = self.list(name).map(MessageId::trusted).collect();
        if ids.is_empty() {
            return Err(Refusal::invalid(name, "must not be empty"));
        }
        Ok(ids)
    }

    pub(crate) fn conversations(&self, name: &str) -> Vec<ConversationId> {
        self.list(name).map(ConversationId::trusted).collect()
    }

    /// The message that a send event describes: `content` and `kind` are the names of its text and its type.
    pub(crate) fn new_text(&self, target: Target, content: &str, kind: &str) -> Result<NewText, Refusal> {
        let file = match self.optional("fileUrl") {
            None | Some("") => None,
            Some(url) => Some(FileLink::new(url.to_owned(), self.optional("fileName").map(str::to_owned))?),
        };
        validate_content(content, self.text(content), file.is_some())?;
        Ok(NewText {
            target,
            kind: self.optional(kind).and_then(MessageKind::parse).unwrap_or(MessageKind::Text),
            content: self.text(content).to_owned(),
            file,
            client_message_id: self.optional("clientMessageId").map(ClientMessageId::trusted),
        })
    }

    /// The new text of an edit. That it is not blank is decided where it is known whether a file comes with it.
    pub(crate) fn edited(&self, content: &str) -> Result<String, Refusal> {
        validate_content(content, self.text(content), true)?;
        Ok(self.text(content).to_owned())
    }
}

fn check(field: Field, value: Value) -> Result<Value, Refusal> {
    let wrong = |what: &str| Err(Refusal::invalid(field.name, format!("must be {what}")));
    match field.ty {
        Type::Id => id(field.name, value).map(Value::String),
        Type::ClientId => match &value {
            Value::String(text) => match ClientMessageId::new(text) {
                Ok(_) => Ok(value),
                Err(error) => Err(bad_id(field.name, error)),
            },
            _ => wrong("text"),
        },
        Type::Content | Type::Text | Type::Url | Type::Time if value.is_string() => Ok(value),
        Type::Content | Type::Text | Type::Url | Type::Time => wrong("text"),
        Type::Name => match &value {
            Value::String(text) if field.required && is_blank(text) => wrong("a name, not blank"),
            // A name that may be left out may be left blank, which is the same.
            Value::String(text) if is_blank(text) => Ok(Value::String(String::new())),
            Value::String(text) => display_name(field.name, text).map(Value::String),
            _ => wrong("text"),
        },
        Type::Kind => match value.as_str().and_then(MessageKind::parse) {
            Some(_) => Ok(value),
            None => wrong("`text`, `image` or `file`"),
        },
        Type::Flag if value.is_boolean() => Ok(value),
        Type::Flag => wrong("true or false"),
        Type::Ids => {
            let Value::Array(items) = value else { return wrong("a list of ids") };
            if items.len() > IDS_MAX {
                return Err(Refusal::too_large(field.name, format!("has at most {IDS_MAX} ids")));
            }
            let ids = items.into_iter().map(|item| id(field.name, item).map(Value::String));
            Ok(Value::Array(ids.collect::<Result<_, _>>()?))
        }
        // The packet has its place taken by a number: which of the attachments it is.
        Type::Binary => match (&value["_placeholder"], &value["num"]) {
            (Value::Bool(true), Value::Number(number)) if number.is_u64() => Ok(value["num"].clone()),
            _ => wrong("binary data"),
        },
        // Only servers send these.
        Type::Object | Type::Objects => Ok(value),
    }
}

fn id(name: &str, value: Value) -> Result<String, Refusal> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Err(Refusal::invalid(name, "must be an id: text, or a number")),
    };
    MessageId::new(&text).map_err(|error| bad_id(name, error))?;
    Ok(text)
}

fn bad_id(name: &str, error: IdError) -> Refusal {
    match error {
        IdError::TooLong(_) => Refusal::too_large(name, format!("is no id: {error}")),
        IdError::Empty | IdError::Invisible => Refusal::invalid(name, format!("is no id: {error}")),
    }
}
