//! Valid payloads, made from the catalogue.

use quintet_dialect::catalogue::{Field, Payload, Type};
use serde_json::{Map, Value, json};

/// Returns a valid value of a field.
pub fn sample(field: &Field) -> Value {
    match field.ty {
        Type::Id | Type::ClientId => json!(format!("a-{}", field.name)),
        Type::Content | Type::Name | Type::Text => json!(format!("text of {}", field.name)),
        Type::Url => json!("https://example.org/a.png"),
        Type::Kind => json!("text"),
        Type::Emoji => json!("👍"),
        Type::Number => json!(7),
        Type::Flag => json!(true),
        Type::Mute => json!("2026-01-01T00:00:00.000Z"),
        Type::Notify => json!("mentions"),
        Type::Ids => json!(["m1", "m2"]),
        Type::Time => json!("2026-01-01T00:00:00.000Z"),
        Type::Object(_) => json!({}),
        Type::Objects(_) => json!([{}]),
        Type::Is(flag) => json!(flag),
        Type::OneOf(words) => json!(words),
        Type::Code => json!("ERR_INTERNAL"),
        Type::Metadata | Type::ConversationMetadata => json!({ "a": [1] }),
        Type::Files => json!([{ "url": "https://example.org/a.png", "name": "a.png" }]),
        Type::Binary => json!({ "_placeholder": true, "num": 0 }),
    }
}

/// Returns a payload with every required field, and with the optional fields that `more` names.
pub fn payload(payload: Payload, more: &[&str]) -> Value {
    match payload {
        Payload::None | Payload::Value(_) => Value::Null,
        Payload::Object(fields) | Payload::IdOrObject(fields) => {
            let present = fields.iter().filter(|field| field.is_required() || more.contains(&field.name));
            Value::Object(present.map(|field| (field.name.to_owned(), sample(field))).collect::<Map<_, _>>())
        }
    }
}
