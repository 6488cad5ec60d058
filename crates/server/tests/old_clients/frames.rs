//! Compares what a client received in two plays, to the byte, but for added fields.
//!
//! What must stay true: only the listed fields count as added; ids and moments may differ, but one id stands for one other
//! throughout.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields that messages may have beside those that old clients know. They are absent from plain messages.
const ADDED: [&str; 9] =
    ["files", "metadata", "replyTo", "threadId", "thread", "mentions", "mentionAll", "reactions", "pinned"];

/// The fewest characters of an id that the server made.
const ID_CHARS_MIN: usize = 16;

/// A JSON value whose fields are in their order, and whose other parts are as they were written.
#[derive(Debug)]
pub enum Json {
    Object(Vec<(String, Json)>),
    List(Vec<Json>),
    Other(String),
}

/// The fields of an object in their order, with the texts of their values.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Json {
    pub fn parse(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => {
                let Fields(fields) = serde_json::from_str(text).expect("an object");
                Self::Object(fields.into_iter().map(|(name, value)| (name, Self::parse(value.get()))).collect())
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).expect("a list");
                Self::List(items.iter().map(|item| Self::parse(item.get())).collect())
            }
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The value as it was written, but for times and the ids that have no name.
    pub fn masked(&self) -> String {
        match self {
            Self::Object(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("\"{name}\":{}", value.masked())).collect();
                format!("{{{}}}", fields.join(","))
            }
            Self::List(items) => format!("[{}]", items.iter().map(Self::masked).collect::<Vec<_>>().join(",")),
            Self::Other(text) if is_moment(text) => "\"~time\"".to_owned(),
            // Names of events can be as long as ids, and have no digits.
            Self::Other(text) if is_id(text) && text.bytes().any(|byte| byte.is_ascii_digit()) => "\"~id\"".to_owned(),
            Self::Other(text) => text.clone(),
        }
    }
}

/// The comparison of two plays: which ids stand for each other, and which fields were added.
#[derive(Default)]
pub struct Comparison {
    ids: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    pub added: BTreeSet<String>,
}

fn is_moment(text: &str) -> bool {
    let text = text.trim_matches('"').as_bytes();
    text.len() == 24 && text[23] == b'Z' && text[10] == b'T' && text[..4].iter().all(u8::is_ascii_digit)
}

fn is_id(text: &str) -> bool {
    let id = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    id.len() >= ID_CHARS_MIN && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

impl Comparison {
    /// Returns how the second value differs from the first one, if not by added fields alone.
    pub fn differ(&mut self, before: &Json, after: &Json) -> Option<String> {
        match (before, after) {
            (Json::Object(before), Json::Object(after)) => {
                let mut before = before.iter().peekable();
                for (name, value) in after {
                    if before.peek().is_some_and(|(known, _)| known == name) {
                        let (_, known) = before.next()?;
                        if let Some(why) = self.differ(known, value) {
                            return Some(format!("{name}: {why}"));
                        }
                    } else if ADDED.contains(&name.as_str()) {
                        self.added.insert(name.clone());
                    } else {
                        return Some(format!("the field {name} is new, or in another place"));
                    }
                }
                before.next().map(|(name, _)| format!("the field {name} is missing, or in another place"))
            }
            (Json::List(before), Json::List(after)) => {
                if before.len() != after.len() {
                    return Some(format!("{} items in place of {}", after.len(), before.len()));
                }
                before.iter().zip(after).find_map(|(before, after)| self.differ(before, after))
            }
            (Json::Other(before), Json::Other(after)) => {
                let same = before == after
                    || (is_moment(before) && is_moment(after))
                    || (is_id(before) && is_id(after) && self.stands_for(before, after));
                (!same).then(|| format!("{after} in place of {before}"))
            }
            _ => Some("a value of another shape".to_owned()),
        }
    }

    fn stands_for(&mut self, before: &str, after: &str) -> bool {
        match self.ids.get(before) {
            Some(known) => known == after,
            None => {
                self.ids.insert(before.to_owned(), after.to_owned());
                self.taken.insert(after.to_owned())
            }
        }
    }
}

#[test]
fn only_listed_fields_count_as_added() {
    let differ = |before: &str, after: &str| {
        let mut comparison = Comparison::default();
        let differ = comparison.differ(&Json::parse(before), &Json::parse(after));
        (differ.is_some(), comparison.added.into_iter().collect::<Vec<_>>())
    };
    let nothing = Vec::<String>::new();
    assert_eq!(differ(r#"{"a":1,"b":[2]}"#, r#"{"a":1,"b":[2]}"#), (false, nothing.clone()));
    assert_eq!(differ(r#"{"a":1,"b":2}"#, r#"{"a":1,"files":[],"b":2}"#), (false, vec!["files".to_owned()]));
    assert_eq!(differ(r#"{"a":1}"#, r#"{"a":1,"extra":2}"#), (true, nothing.clone()));
    assert_eq!(differ(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), (true, nothing.clone()));
    assert_eq!(differ(r#"{"a":1,"b":2}"#, r#"{"a":1}"#), (true, nothing.clone()));
    assert_eq!(differ(r#"{"a":1.5}"#, r#"{"a":1.50}"#), (true, nothing.clone()));
    let ids = r#"["0123456789abcdef","0123456789abcdef","fedcba9876543210"]"#;
    assert_eq!(differ(ids, r#"["aaaaaaaaaaaaaaaa","aaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbb"]"#), (false, nothing.clone()));
    assert_eq!(differ(ids, r#"["aaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbb","aaaaaaaaaaaaaaaa"]"#), (true, nothing.clone()));
    assert_eq!(differ(ids, r#"["aaaaaaaaaaaaaaaa","aaaaaaaaaaaaaaaa","aaaaaaaaaaaaaaaa"]"#), (true, nothing));
}
