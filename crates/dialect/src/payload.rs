//! The payloads of events: the types of fields, and the shapes of payloads.
//!
//! What must stay true: every payload of every dialect can be described here, so that validation, documentation and
//! typed clients follow from the catalogue alone.

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// An id of 1 to 128 visible characters. A number is accepted as its text.
    Id,
    /// The id that a client gives a message, 1 to 64 visible characters. A number is accepted as its text.
    ClientId,
    /// The text of a message.
    Content,
    /// A name of at most 128 characters.
    Name,
    /// Any text, including an empty one.
    Text,
    /// A link to a picture or a file.
    Url,
    /// The kind of a message, such as `text` or `image`, in any case.
    Kind,
    /// The emoji of a reaction: 1 to 64 bytes without spaces and control characters.
    Emoji,
    /// A whole number.
    Number,
    /// A boolean: `true` or `false`.
    Flag,
    /// A boolean that is always the same, by which clients tell one payload from another.
    Is(bool),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The code of a refusal.
    Code,
    /// How long a conversation is muted: `true`, `false`, or the moment until which it is, which clients may also send in
    /// milliseconds since 1970.
    Mute,
    /// What a member is notified of: `all`, `mentions` or `none`.
    Notify,
    /// A list of at most 1,000 ids. One id is accepted as a list of it alone.
    Ids,
    /// A moment, in ISO 8601, in UTC, with milliseconds.
    Time,
    /// An object of this shape. Only the server sends it.
    Object(&'static Shape),
    /// A list of objects of this shape. Only the server sends it.
    Objects(&'static Shape),
    /// Bytes, as a binary attachment of the packet.
    Binary,
    /// Custom data: an object of at most 4,096 bytes, nested at most 32 deep.
    Metadata,
    /// Custom data of a conversation: an object of at most 16,384 bytes, nested at most 32 deep.
    ConversationMetadata,
    /// A list of at most 10 files: `url`, and `name` where it has one.
    Files,
}

impl Type {
    /// Returns whether the decoder takes the value as its JSON text.
    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Self::Metadata | Self::ConversationMetadata | Self::Files)
    }
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name of the field.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// What it means if it is absent.
    pub absent: Absent,
    /// The names under which it is read if it is absent. They may include its own.
    pub aliases: &'static [&'static str],
    /// Whether clients with a token may send anything in its place, because the account has it.
    pub ignored_with_token: bool,
    /// Whether the server may send `null` as its value. What clients send counts as absent if it is `null`.
    pub nullable: bool,
}

/// An object that the server sends, with a name by which documents and typed clients know it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The name, which is unique in a dialect.
    pub name: &'static str,
    /// What the object is, in a sentence.
    pub about: &'static str,
    /// The fields, in the order in which they are written, in parts that shapes may have in common.
    pub parts: &'static [&'static [Field]],
}

impl Shape {
    /// Returns all fields.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

/// What it means if a field of a client's event is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absent {
    /// The event is refused.
    Refused,
    /// The event is refused unless a token says who the client is.
    RefusedWithoutToken,
    /// Nothing is meant: the field is optional.
    Nothing,
    /// The same as `true` is meant.
    True,
    /// Everything that the list could name is meant.
    Everything,
}

impl Field {
    /// Whether documents list the field as one that must be present.
    #[must_use]
    pub fn is_required(&self) -> bool {
        match self.absent {
            Absent::Refused | Absent::RefusedWithoutToken => true,
            Absent::Nothing | Absent::True | Absent::Everything => false,
        }
    }

    /// Returns the other names under which the field is read.
    pub fn other_names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.name;
        self.aliases.iter().copied().filter(move |alias| *alias != own)
    }

    /// Sets the names under which the field is read if it is absent.
    pub(crate) const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Sets what it means if the field is absent.
    pub(crate) const fn absent(self, absent: Absent) -> Self {
        Self { absent, ..self }
    }

    /// Lets the server send `null` as the field's value.
    pub(crate) const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Lets clients with a token send anything in the field's place, or nothing.
    pub(crate) const fn ignored_with_token(self) -> Self {
        let absent = match self.absent {
            Absent::Refused => Absent::RefusedWithoutToken,
            other => other,
        };
        Self { absent, ignored_with_token: true, ..self }
    }
}

/// The payload of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The event has no payload.
    None,
    /// An object with these fields. Other fields are ignored.
    Object(&'static [Field]),
    /// An object in whose place the bare value of its first field is accepted: one id, a list of ids, or a text.
    IdOrObject(&'static [Field]),
    /// One value that is not an object.
    Value(Type),
}

/// A field that must be present.
pub(crate) const fn required(name: &'static str, ty: Type) -> Field {
    Field { name, ty, absent: Absent::Refused, aliases: &[], ignored_with_token: false, nullable: false }
}

/// A field that may be absent.
pub(crate) const fn optional(name: &'static str, ty: Type) -> Field {
    Field { name, ty, absent: Absent::Nothing, aliases: &[], ignored_with_token: false, nullable: false }
}
