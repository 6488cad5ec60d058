//! What an event carries: the types of fields, and the shapes of payloads.
//!
//! What must stay true: every payload of every dialect can be described here, so that validation, documentation and
//! typed clients follow from the catalogue alone.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 1 to 128 visible characters; a number is taken as its text.
    Id,
    /// The client's own id of a message, 1 to 64 visible characters.
    ClientId,
    /// Text of a message.
    Content,
    /// A name of at most 128 characters.
    Name,
    /// Any text.
    Text,
    /// A link.
    Url,
    /// `text`, `image` or `file`.
    Kind,
    /// `true` or `false`.
    Flag,
    /// At most 1,000 ids.
    Ids,
    /// A moment, ISO 8601 UTC with milliseconds.
    Time,
    /// An object that the protocol's documentation describes.
    Object,
    /// A list of such objects.
    Objects,
    /// Bytes, as a binary attachment of the packet.
    Binary,
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
}

/// What an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// An object with these fields, and perhaps more.
    Object(&'static [Field]),
    /// As an object with one id; the bare id is taken, too.
    IdOrObject(&'static [Field]),
    /// One value.
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
