//! Checks a client's payload against the catalogue.
//!
//! What must stay true: values that the catalogue does not name are skipped without allocating, however large or deep
//! they are.

use std::borrow::Cow;

use quintet_domain::limits::IDS_MAX;
use quintet_domain::{
    ClientMessageId, ConversationId, FileLink, IdError, MessageId, MessageKind, NewText, Refusal, Target, UserId,
    display_name, is_blank, validate_content,
};
use serde_json::value::RawValue;

use crate::payload::{Field, Payload, Type};
use crate::value::{self, Found, Shape};

/// The checked fields of a payload. A payload that is a bare value is stored under the empty name.
pub struct Fields<'a>(Vec<(&'static str, Checked<'a>)>);

/// The value of a field, checked against its type.
enum Checked<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Ids(Vec<Cow<'a, str>>),
    /// The index of a binary attachment.
    Attachment(usize),
}

impl<'a> Fields<'a> {
    /// Parses and checks the payload of an event: every required field is present, and every known field has its type.
    pub(crate) fn read(event: &str, payload: Payload, args: &[&'a RawValue]) -> Result<Self, Refusal> {
        let parse = |fields: &'static [Field]| match args.first() {
            None => Ok(Shape::Bare(Found::Null)),
            Some(arg) => value::read(fields, arg.get())
                .map_err(|error| Refusal::invalid("payload", format!("is bad JSON: {error}"))),
        };
        let (fields, found) = match payload {
            Payload::None => return Ok(Self(Vec::new())),
            Payload::Value(ty) => {
                let value = match parse(&[])? {
                    Shape::Bare(value) => value,
                    Shape::Object(_) => Found::Other,
                };
                let checked = check(Field { name: "payload", ty, required: true }, value)?;
                return Ok(Self(vec![("", checked)]));
            }
            Payload::Object(fields) => match parse(fields)? {
                Shape::Object(found) => (fields, found),
                Shape::Bare(_) => return Err(not_an_object(event)),
            },
            Payload::IdOrObject(fields) => match parse(fields)? {
                Shape::Object(found) => (fields, found),
                Shape::Bare(id @ (Found::Text(_) | Found::Number(_))) => (fields, vec![id]),
                Shape::Bare(_) => return Err(not_an_object(event)),
            },
        };
        let mut checked = Vec::with_capacity(fields.len());
        let found = found.into_iter().chain(std::iter::repeat_with(|| Found::Null));
        for (field, found) in fields.iter().zip(found) {
            match found {
                Found::Null if field.required => {
                    return Err(Refusal::invalid(field.name, format!("is missing in {event}")));
                }
                Found::Null => {}
                found => checked.push((field.name, check(*field, found)?)),
            }
        }
        Ok(Self(checked))
    }

    fn get(&self, name: &str) -> Option<&Checked<'a>> {
        self.0.iter().find(|(field, _)| *field == name).map(|(_, checked)| checked)
    }

    /// Returns the text of a field; empty if the field is optional and absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// Returns the text of a field; none if it is absent.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Checked::Text(text)) => Some(text),
            Some(Checked::Flag(_) | Checked::Ids(_) | Checked::Attachment(_)) | None => None,
        }
    }

    /// Returns the index of the attachment that a binary field stands for.
    pub(crate) fn attachment(&self, name: &str) -> usize {
        match self.get(name) {
            Some(Checked::Attachment(number)) => *number,
            Some(Checked::Text(_) | Checked::Flag(_) | Checked::Ids(_)) | None => usize::MAX,
        }
    }

    /// Returns the value of a flag; false if it is absent.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Checked::Flag(true)))
    }

    /// Returns the id of a conversation.
    pub(crate) fn conversation(&self, name: &str) -> ConversationId {
        ConversationId::trusted(self.text(name))
    }

    /// Returns the id of a message.
    pub(crate) fn message(&self, name: &str) -> MessageId {
        MessageId::trusted(self.text(name))
    }

    /// Returns the id of a user.
    pub(crate) fn user(&self, name: &str) -> UserId {
        UserId::trusted(self.text(name))
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let ids = match self.get(name) {
            Some(Checked::Ids(ids)) => &ids[..],
            Some(Checked::Text(_) | Checked::Flag(_) | Checked::Attachment(_)) | None => &[],
        };
        ids.iter().map(AsRef::as_ref)
    }

    /// Returns the ids of messages. An empty list is refused.
    pub(crate) fn messages(&self, name: &str) -> Result<Vec<MessageId>, Refusal> {
        let ids: Vec<_> = self.list(name).map(MessageId::trusted).collect();
        if ids.is_empty() {
            return Err(Refusal::invalid(name, "must not be empty"));
        }
        Ok(ids)
    }

    /// Returns the ids of conversations; the list may be empty.
    pub(crate) fn conversations(&self, name: &str) -> Vec<ConversationId> {
        self.list(name).map(ConversationId::trusted).collect()
    }

    /// Makes the message that a send event describes. `content` and `kind` are the names of its text and its type.
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

    /// Returns the new text of an edit. It may be blank if the message carries a file, which only the rule can decide.
    pub(crate) fn edited(&self, content: &str) -> Result<String, Refusal> {
        validate_content(content, self.text(content), true)?;
        Ok(self.text(content).to_owned())
    }
}

fn not_an_object(event: &str) -> Refusal {
    Refusal::invalid("payload", format!("of {event} must be an object"))
}

fn check(field: Field, found: Found<'_>) -> Result<Checked<'_>, Refusal> {
    let wrong = |what: &str| Err(Refusal::invalid(field.name, format!("must be {what}")));
    match (field.ty, found) {
        (Type::Id, found) => id(field.name, found.into_id()).map(Checked::Text),
        (Type::ClientId, Found::Text(text)) => match ClientMessageId::check(&text) {
            Ok(()) => Ok(Checked::Text(text)),
            Err(error) => Err(invalid_id(field.name, error)),
        },
        (Type::Name, Found::Text(text)) if field.required && is_blank(&text) => wrong("a name, not blank"),
        // A blank optional name counts as absent.
        (Type::Name, Found::Text(text)) if is_blank(&text) => Ok(Checked::Text(Cow::Borrowed(""))),
        (Type::Name, Found::Text(text)) => display_name(field.name, &text).map(|name| Checked::Text(name.into())),
        (Type::Content | Type::Text | Type::Url | Type::Time, Found::Text(text)) => Ok(Checked::Text(text)),
        (Type::ClientId | Type::Content | Type::Text | Type::Url | Type::Time | Type::Name, _) => wrong("text"),
        (Type::Kind, Found::Text(text)) if MessageKind::parse(&text).is_some() => Ok(Checked::Text(text)),
        (Type::Kind, _) => wrong("`text`, `image` or `file`"),
        (Type::Flag, Found::Flag(flag)) => Ok(Checked::Flag(flag)),
        (Type::Flag, _) => wrong("true or false"),
        (Type::Ids, Found::Items { more: true, .. }) => {
            Err(Refusal::too_large(field.name, format!("has at most {IDS_MAX} ids")))
        }
        (Type::Ids, Found::Items { items, more: false }) => {
            items.into_iter().map(|item| id(field.name, item)).collect::<Result<_, _>>().map(Checked::Ids)
        }
        (Type::Ids, _) => wrong("a list of ids"),
        // The packet carries the index of the attachment in place of the bytes.
        (Type::Binary, Found::Attachment(number)) => Ok(Checked::Attachment(number)),
        (Type::Binary, _) => wrong("binary data"),
        // Only the server sends these types.
        (Type::Object | Type::Objects, _) => wrong("left out"),
    }
}

fn id<'a>(name: &str, text: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, Refusal> {
    let Some(text) = text else { return Err(Refusal::invalid(name, "must be an id: text, or a number")) };
    MessageId::check(&text).map_err(|error| invalid_id(name, error))?;
    Ok(text)
}

fn invalid_id(name: &str, error: IdError) -> Refusal {
    match error {
        IdError::TooLong(_) => Refusal::too_large(name, format!("is no id: {error}")),
        IdError::Empty | IdError::Invisible => Refusal::invalid(name, format!("is no id: {error}")),
    }
}
