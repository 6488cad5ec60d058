//! Parses the JSON fields that the catalogue names, and skips all others without allocating. Texts without escapes are
//! borrowed from the payload.

use std::borrow::Cow;
use std::fmt;

use quintet_domain::limits::IDS_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::payload::Field;

/// A payload whose named fields were parsed.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape<'a> {
    /// An object: the value of each named field, or [`Found::Null`] if it is absent.
    Object(Vec<Found<'a>>),
    /// A payload that is not an object.
    Bare(Found<'a>),
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
    /// A value of a type that no field has.
    Other,
}

impl<'a> Found<'a> {
    /// Returns the text of an id, if the value is text or a number.
    pub(crate) fn into_id(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(text) => Some(text.into()),
            Self::Null | Self::Flag(_) | Self::Items { .. } | Self::Attachment(_) | Self::Other => None,
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
        let mut found = vec![Found::Null; fields.len()];
        let known = |key: &str| fields.iter().position(|field| field.name == key);
        while let Some(at) = object.next_key_seed(ReadKey(known))? {
            match at.and_then(|at| found.get_mut(at)) {
                None => drop(object.next_value::<IgnoredAny>()?),
                Some(found) => {
                    *found = match object.next_value_seed(Read(None))? {
                        Shape::Bare(value) => value,
                        Shape::Object(_) => Found::Other,
                    }
                }
            }
        }
        Ok(Shape::Object(found))
    }
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

impl<'de, F: Fn(&str) -> Option<usize>> DeserializeSeed<'de> for ReadKey<F> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str) -> Option<usize>> Visitor<'_> for ReadKey<F> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
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
mod tests {
    use super::*;
    use crate::payload::Type;

    const FIELDS: &[Field] =
        &[Field { name: "id", ty: Type::Id, required: true }, Field { name: "ids", ty: Type::Ids, required: false }];

    fn object(json: &str) -> Vec<Found<'_>> {
        match read(FIELDS, json) {
            Ok(Shape::Object(found)) => found,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn named_fields_are_parsed_and_others_skipped() {
        let text = |text: &'static str| Found::Text(text.into());
        assert_eq!(object(r#"{"x":{"id":"no"},"id":"a\u0062","y":[[{}]]}"#), [text("ab"), Found::Null]);
        assert_eq!(object(r#"{"id":7,"id":null}"#), [Found::Null, Found::Null], "the last value of a name counts");
        assert_eq!(object(r#"{"id":-1.5}"#)[0], Found::Number("-1.5".to_owned()));
        assert_eq!(object(r#"{"id":{"num":1,"_placeholder":true,"z":[1]}}"#)[0], Found::Attachment(1));
        for other in [r#"{"num":1}"#, r#"{"num":-1,"_placeholder":true}"#, r#"{"num":[1],"_placeholder":true}"#, "{}"] {
            assert_eq!(object(&format!("{{\"id\":{other}}}"))[0], Found::Other, "{other}");
        }
        let items = vec![Some("a".into()), Some("7".into()), None, None];
        assert_eq!(object(r#"{"ids":["a",7,null,[1]]}"#)[1], Found::Items { items, more: false });
        assert_eq!(read(FIELDS, "7").ok(), Some(Shape::Bare(Found::Number("7".to_owned()))));
        assert!(read(FIELDS, "{").is_err() && read(FIELDS, "{} {}").is_err());
    }

    #[test]
    fn deep_and_long_payloads_use_no_memory() {
        let deep = format!("{{\"x\":{}{},\"id\":1}}", "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(object(&deep)[0], Found::Number("1".to_owned()));
        let deep = format!("{{\"id\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(matches!(object(&deep)[0], Found::Items { .. }));
        let long = format!("{{\"ids\":[{}1]}}", "1,".repeat(20_000));
        let Found::Items { items, more: true } = &object(&long)[1] else { panic!("there are more") };
        assert_eq!(items.len(), IDS_MAX);
    }
}
