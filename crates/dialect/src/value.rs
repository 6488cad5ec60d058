//! Parses the JSON fields that the catalogue names, under their own names or their aliases, and skips all others without
//! allocating. Texts without escapes are borrowed from the payload.
//!
//! What must stay true: the value under a field's own name wins; of aliases, no value is preferred to another that
//! differs from it.

use std::borrow::Cow;
use std::fmt;

use quintet_domain::limits::IDS_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::payload::Field;

/// A payload whose named fields were parsed.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape<'a> {
    /// An object, with what it has for each of the fields.
    Object(Vec<FoundField<'a>>),
    /// A payload that is not an object.
    Bare(Found<'a>),
}

/// What an object has for a field: the values under the field's own name and under its aliases.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundField<'a> {
    own: Found<'a>,
    /// The values that are not null, each under another alias.
    others: Vec<(&'static str, Found<'a>)>,
}

/// Two aliases of a field whose values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Differing(pub(crate) &'static str, pub(crate) &'static str);

impl<'a> FoundField<'a> {
    const NOTHING: Self = Self { own: Found::Null, others: Vec::new() };

    /// Creates what an object has that gives the field under its own name.
    pub(crate) fn own(own: Found<'a>) -> Self {
        Self { own, ..Self::NOTHING }
    }

    /// Whether the object has the field under no name.
    pub(crate) fn is_absent(&self) -> bool {
        self.own == Found::Null && self.others.is_empty()
    }

    fn add(&mut self, alias: Option<&'static str>, value: Found<'a>) {
        let Some(alias) = alias else {
            self.own = value;
            return;
        };
        // Of one name that occurs twice the last value counts, as in JavaScript.
        self.others.retain(|(name, _)| *name != alias);
        if value != Found::Null {
            self.others.push((alias, value));
        }
    }

    /// Returns the value of the field, with the name under which it was found.
    ///
    /// # Errors
    /// The names of two aliases whose values differ, if the field's own name has none.
    pub(crate) fn value(mut self, name: &'static str) -> Result<(&'static str, Found<'a>), Differing> {
        if self.own != Found::Null || self.others.is_empty() {
            return Ok((name, self.own));
        }
        let (alias, value) = self.others.swap_remove(0);
        match self.others.iter().find(|(_, other)| !value.is_same(other)) {
            Some((other, _)) => Err(Differing(alias, other)),
            None => Ok((alias, value)),
        }
    }
}

/// The value of a field, in the types that fields can have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// `null`, or an absent field.
    Null,
    /// A text, which is a part of the payload unless it has escapes.
    Text(Cow<'a, str>),
    /// A number as its text.
    Number(String),
    Flag(bool),
    /// A list of texts and numbers; `None` stands for an item that is neither.
    Items {
        items: Vec<Option<Cow<'a, str>>>,
        /// Whether the payload has more items than any list may have.
        more: bool,
    },
    /// The index of a binary attachment.
    Attachment(usize),
    /// Any value as its JSON text, for fields whose types need it.
    Json(&'a str),
    /// A value of a type that no field has.
    Other,
}

impl<'a> Found<'a> {
    /// Whether two values mean the same: a number is the same as its text.
    fn is_same(&self, other: &Self) -> bool {
        let text = |found: &Self| match found {
            Self::Text(text) => Some(text.to_string()),
            Self::Number(text) => Some(text.clone()),
            Self::Null | Self::Flag(_) | Self::Items { .. } | Self::Attachment(_) | Self::Json(_) | Self::Other => None,
        };
        self == other || (text(self).is_some() && text(self) == text(other))
    }

    /// Returns the text of an id, if the value is text or a number.
    pub(crate) fn into_id(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(text) => Some(text.into()),
            Self::Null | Self::Flag(_) | Self::Items { .. } | Self::Attachment(_) | Self::Json(_) | Self::Other => None,
        }
    }
}

/// Parses the named fields of a payload.
///
/// # Errors
/// The syntax error, if the text is not valid JSON.
pub(crate) fn read<'a>(fields: &'static [Field], json: &'a str) -> Result<Shape<'a>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let shape = Read(Some(fields)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(shape)
}

/// Parses a value. In an object it parses the named fields; without named fields, only the placeholder of an
/// attachment.
#[derive(Clone, Copy)]
struct Read(Option<&'static [Field]>);

impl<'de> DeserializeSeed<'de> for Read {
    type Value = Shape<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Read {
    type Value = Shape<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload")
    }

    fn visit_unit<E: Error>(self) -> Result<Shape<'de>, E> {
        ReadScalar.visit_unit().map(Shape::Bare)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Shape<'de>, E> {
        ReadScalar.visit_bool(flag).map(Shape::Bare)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Shape<'de>, E> {
        ReadScalar.visit_borrowed_str(text).map(Shape::Bare)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shape<'de>, E> {
        ReadScalar.visit_str(text).map(Shape::Bare)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Shape<'de>, E> {
        ReadScalar.visit_u64(number).map(Shape::Bare)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Shape<'de>, E> {
        ReadScalar.visit_i64(number).map(Shape::Bare)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Shape<'de>, E> {
        ReadScalar.visit_f64(number).map(Shape::Bare)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Shape<'de>, S::Error> {
        let (mut items, mut more) = (Vec::new(), false);
        while items.len() < IDS_MAX {
            let Some(item) = list.next_element_seed(ReadScalar)? else {
                return Ok(Shape::Bare(Found::Items { items, more }));
            };
            items.push(item.into_id());
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Shape::Bare(Found::Items { items, more }))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Shape<'de>, M::Error> {
        let Self(Some(fields)) = self else { return attachment(object).map(Shape::Bare) };
        let mut found = vec![FoundField::NOTHING; fields.len()];
        while let Some(place) = object.next_key_seed(ReadKey(|key: &str| place(fields, key)))? {
            let raw = |at: usize| fields.get(at).is_some_and(|field| field.ty.is_raw());
            match place.and_then(|(at, alias)| Some((found.get_mut(at)?, alias, raw(at)))) {
                None => drop(object.next_value::<IgnoredAny>()?),
                Some((found, alias, true)) => {
                    let json = object.next_value::<&RawValue>()?.get();
                    found.add(alias, if json == "null" { Found::Null } else { Found::Json(json) });
                }
                Some((found, alias, false)) => {
                    let value = match object.next_value_seed(Read(None))? {
                        Shape::Bare(value) => value,
                        Shape::Object(_) => Found::Other,
                    };
                    found.add(alias, value);
                }
            }
        }
        Ok(Shape::Object(found))
    }
}

/// Returns the index of the field that a key names, and the alias if the key is not the field's own name.
fn place(fields: &'static [Field], key: &str) -> Option<(usize, Option<&'static str>)> {
    if let Some(at) = fields.iter().position(|field| field.name == key) {
        return Some((at, None));
    }
    let mut places = fields.iter().enumerate();
    places.find_map(|(at, field)| field.aliases.iter().find(|alias| **alias == key).map(|alias| (at, Some(*alias))))
}

/// Parses the object that is the placeholder of an attachment (Socket.IO protocol, "Packet encoding").
fn attachment<'de, M: MapAccess<'de>>(mut object: M) -> Result<Found<'de>, M::Error> {
    let (mut placeholder, mut number) = (false, None);
    let known = |key: &str| ["_placeholder", "num"].iter().position(|known| *known == key);
    while let Some(at) = object.next_key_seed(ReadKey(known))? {
        match at {
            None => drop(object.next_value::<IgnoredAny>()?),
            Some(at) => match (at, object.next_value_seed(ReadScalar)?) {
                (0, value) => placeholder = value == Found::Flag(true),
                (_, Found::Number(text)) => number = text.parse().ok(),
                (_, _) => number = None,
            },
        }
    }
    Ok(number.filter(|_| placeholder).map_or(Found::Other, Found::Attachment))
}

/// Looks a key up in a list of names, without allocating.
struct ReadKey<F>(F);

impl<'de, P, F: Fn(&str) -> Option<P>> DeserializeSeed<'de> for ReadKey<F> {
    type Value = Option<P>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<P>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<P, F: Fn(&str) -> Option<P>> Visitor<'_> for ReadKey<F> {
    type Value = Option<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<P>, E> {
        Ok((self.0)(key))
    }
}

/// Parses a text, number or flag. Lists and objects are skipped, however deep they are.
struct ReadScalar;

impl<'de> DeserializeSeed<'de> for ReadScalar {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ReadScalar {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Found<'de>, E> {
        Ok(Found::Flag(flag))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found<'de>, E> {
        Ok(Found::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found<'de>, E> {
        Ok(Found::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found<'de>, E> {
        Ok(Number::from_f64(number).map_or(Found::Other, |number| Found::Number(number.to_string())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Found<'de>, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Found<'de>, M::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }
}

#[cfg(test)]
mod tests;
