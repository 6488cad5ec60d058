//! The payloads of events: the types of fields, and the shapes of payloads.
//!
//! What must stay true: every payload of every dialect can be described here, so that validation, documentation and
//! typed clients follow from the catalogue alone.

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// An id of 1 to 128 visible characters. A number is accepted as its text.
    Id,
    /// The id that a client gives a message, 1 to 64 visible characters.
    ClientId,
    /// The text of a message.
    Content,
    /// A name of at most 128 characters.
    Name,
    /// Any text, including an empty one.
    Text,
    /// A link to a picture or a file.
    Url,
    /// The kind of a message: `text`, `image` or `file`.
    Kind,
    /// A boolean: `true` or `false`.
    Flag,
    /// A list of at most 1,000 ids.
    Ids,
    /// A moment, in ISO 8601, in UTC, with milliseconds.
    Time,
    /// An object that `docs/protocol.md` describes.
    Object,
    /// A list of such objects.
    Objects,
    /// Bytes, as a binary attachment of the packet.
    Binary,
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name of the field.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Whether it must be present.
    pub required: bool,
}

/// The payload of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The event has no payload.
    None,
    /// An object with these fields. Other fields are ignored.
    Object(&'static [Field]),
    /// An object with one id. The bare id is accepted in its place.
    IdOrObject(&'static [Field]),
    /// One value that is not an object.
    Value(Type),
}

/// A field that must be present.
pub(crate) const fn required(name: &'static str, ty: Type) -> Field {
    Field { name, ty, required: true }
}

/// A field that may be absent.
pub(crate) const fn optional(name: &'static str, ty: Type) -> Field {
    Field { name, ty, required: false }
}
