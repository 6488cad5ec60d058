//! Times and closed lists of words as JSON.
//!
//! What must stay true: the words in the OpenAPI document are those of the model.

use quintet_domain::{MessageKind, Refusal, Timestamp};
use serde::Serialize;
use serde::ser::Serializer;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// A moment, written as ISO 8601 UTC with milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Parses a field that is a time.
pub(crate) fn moment(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    Timestamp::parse(text).ok_or_else(|| Refusal::invalid(field, "must be a time in ISO 8601"))
}

pub(crate) fn one_of<const N: usize>(words: [&'static str; N]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

pub(crate) fn message_kinds() -> RefOr<Schema> {
    one_of(MessageKind::ALL.map(MessageKind::as_str))
}

/// A value, or null, which says the same as an absent field.
pub(crate) fn or_null(value: RefOr<Schema>) -> RefOr<Schema> {
    OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(value).into()
}

/// The kind that a caller may give a message.
pub(crate) fn given_message_kinds() -> RefOr<Schema> {
    or_null(message_kinds())
}
