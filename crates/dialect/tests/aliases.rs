//! The other names of fields, and what absent fields mean, for each field of each event that clients send.

mod samples;

use quintet_dialect::catalogue::{Absent, EventSpec, Field, Payload, Type, events};
use quintet_dialect::{Decoded, Dialect, decode};
use quintet_domain::{Code, Refusal};
use samples::{payload, sample};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

fn fields(spec: &EventSpec) -> &'static [Field] {
    match spec.payload {
        Payload::Object(fields) | Payload::IdOrObject(fields) => fields,
        Payload::None | Payload::Value(_) => &[],
    }
}

/// Every event of a client, with its fields and a payload that has all of them that can be together.
fn client_events() -> impl Iterator<Item = (Dialect, &'static EventSpec, Value)> {
    Dialect::ALL.into_iter().flat_map(|dialect| {
        let to_server = events(dialect).iter().filter(|spec| spec.direction.is_to_server());
        to_server.map(move |spec| {
            let more: Vec<_> = fields(spec).iter().map(|field| field.name).filter(|name| *name != "groupId").collect();
            (dialect, spec, payload(spec.payload, &more))
        })
    })
}

fn read(dialect: Dialect, name: &str, payload: &Value) -> Result<Decoded, Refusal> {
    let raw: Box<RawValue> = to_raw_value(payload).expect("JSON");
    decode(dialect, name, &[&raw]).expect("an event of clients")
}

/// Returns the payload with a field replaced by others.
fn with(payload: &Value, field: &str, others: &[(&str, &Value)]) -> Value {
    let mut changed = payload.clone();
    let object = changed.as_object_mut().expect("an object");
    object.remove(field);
    object.extend(others.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())));
    changed
}

#[test]
fn each_field_is_read_under_each_of_its_names() {
    let mut read_so = 0;
    for (dialect, spec, payload) in client_events() {
        let expected = read(dialect, spec.name, &payload);
        assert!(expected.is_ok(), "{dialect:?} {} {payload}: {expected:?}", spec.name);
        for field in fields(spec).iter().filter(|field| !payload[field.name].is_null()) {
            let value = &payload[field.name];
            for alias in field.other_names() {
                for null in [None, Some((field.name, &Value::Null))] {
                    let names: Vec<_> = [(alias, value)].into_iter().chain(null).collect();
                    let changed = with(&payload, field.name, &names);
                    assert_eq!(read(dialect, spec.name, &changed), expected, "{dialect:?} {} {changed}", spec.name);
                    read_so += 1;
                }
                // The field's own name wins, whatever the other one has.
                let both = with(&payload, field.name, &[(field.name, value), (alias, &json!({ "other": [] }))]);
                assert_eq!(read(dialect, spec.name, &both), expected, "{dialect:?} {} {both}", spec.name);
            }
        }
    }
    assert!(read_so > 500, "only {read_so} aliases were tried");
}

#[test]
fn two_other_names_that_differ_are_refused() {
    for (dialect, spec, payload) in client_events() {
        for field in fields(spec).iter().filter(|field| !payload[field.name].is_null()) {
            let aliases: Vec<_> = field.other_names().collect();
            for pair in aliases.windows(2) {
                let value = &payload[field.name];
                let alike = with(&payload, field.name, &[(pair[0], value), (pair[1], value)]);
                assert!(read(dialect, spec.name, &alike).is_ok(), "{dialect:?} {} {alike}", spec.name);
                let differing = with(&payload, field.name, &[(pair[0], value), (pair[1], &json!("another"))]);
                let refusal = match read(dialect, spec.name, &differing) {
                    Err(refusal) => refusal,
                    Ok(decoded) if field.ignored_with_token => decoded.without_token.expect("refused without a token"),
                    Ok(decoded) => panic!("{dialect:?} {} {differing}: {decoded:?}", spec.name),
                };
                assert_eq!(refusal.code, Code::InvalidPayload);
                for name in pair.iter().chain([&field.name, &spec.name]) {
                    assert!(refusal.message.contains(name), "{refusal:?} does not name {name}");
                }
            }
        }
    }
}

#[test]
fn names_of_fields_do_not_clash() {
    for (dialect, spec, _) in client_events() {
        let fields = fields(spec);
        for (at, field) in fields.iter().enumerate() {
            for other in fields.iter().skip(at + 1) {
                let names = |field: &Field| [field.name].into_iter().chain(field.other_names()).collect::<Vec<_>>();
                let shared: Vec<_> = names(field).into_iter().filter(|name| names(other).contains(name)).collect();
                assert!(
                    shared.is_empty(),
                    "{dialect:?} {}: {} and {} share {shared:?}",
                    spec.name,
                    field.name,
                    other.name
                );
            }
        }
    }
}

#[test]
fn absent_fields_mean_what_the_catalogue_says() {
    for (dialect, spec, payload) in client_events() {
        for field in fields(spec).iter().filter(|field| !payload[field.name].is_null()) {
            let found = read(dialect, spec.name, &with(&payload, field.name, &[]));
            let context = format!("{dialect:?} {} without {}: {found:?}", spec.name, field.name);
            let missing = |refusal: &Refusal| refusal.message.contains(&format!("`{}` is missing in", field.name));
            match field.absent {
                Absent::Refused => assert!(found.is_err_and(|refusal| missing(&refusal)), "{context}"),
                Absent::RefusedWithoutToken => {
                    assert!(
                        found.is_ok_and(|decoded| decoded.without_token.as_ref().is_some_and(missing)),
                        "{context}"
                    );
                }
                // One of two places has to be named.
                Absent::Nothing
                    if ["startTyping", "stopTyping", "setPreferences"].contains(&spec.name)
                        && ["recipientId", "groupId"].contains(&field.name) =>
                {
                    assert!(found.is_err(), "{context}");
                }
                Absent::Nothing | Absent::True | Absent::Everything => {
                    assert!(found.is_ok_and(|decoded| decoded.without_token.is_none()), "{context}");
                }
            }
            if field.absent == Absent::True {
                let expected = read(dialect, spec.name, &with(&payload, field.name, &[(field.name, &json!(true))]));
                assert_eq!(read(dialect, spec.name, &with(&payload, field.name, &[])), expected);
            }
        }
    }
}

#[test]
fn an_empty_text_in_place_of_what_may_be_absent_says_nothing() {
    let mut read_so = 0;
    for (dialect, spec, payload) in client_events() {
        for field in fields(spec) {
            let may_be_empty = match field.ty {
                Type::Id => field.absent == Absent::RefusedWithoutToken,
                Type::Kind | Type::ClientId => true,
                _ => false,
            };
            if !may_be_empty {
                continue;
            }
            let absent = read(dialect, spec.name, &with(&payload, field.name, &[]));
            assert!(absent.is_ok(), "{dialect:?} {} without {}: {absent:?}", spec.name, field.name);
            let empty = with(&payload, field.name, &[(field.name, &json!(""))]);
            assert_eq!(read(dialect, spec.name, &empty), absent, "{dialect:?} {} {empty}", spec.name);
            read_so += 1;
        }
    }
    assert!(read_so > 20, "only {read_so} fields were tried");
}

#[test]
fn a_bare_value_is_that_of_the_first_field() {
    for (dialect, spec, _) in client_events() {
        let Payload::IdOrObject(fields) = spec.payload else { continue };
        let first = fields.first().expect("a field");
        let value = sample(first);
        let expected = read(dialect, spec.name, &with(&json!({}), "", &[(first.name, &value)]));
        assert_eq!(read(dialect, spec.name, &value), expected, "{dialect:?} {} {value}", spec.name);
    }
}

#[test]
fn no_text_has_the_character_u_0000() {
    use quintet_dialect::catalogue::Type::{ClientId, Content, Id, Name, Text, Url};
    for (dialect, spec, payload) in client_events() {
        let texts = fields(spec).iter().filter(|field| matches!(field.ty, ClientId | Content | Id | Name | Text | Url));
        for field in texts.filter(|field| !payload[field.name].is_null()) {
            let text = format!("{}\0", payload[field.name].as_str().expect("a text"));
            let found = read(dialect, spec.name, &with(&payload, field.name, &[(field.name, &json!(text))]));
            let refusal = match found {
                Err(refusal) => refusal,
                Ok(decoded) => decoded.without_token.expect("refused without a token"),
            };
            let sentence = format!("`{}` must not contain the character U+0000.", field.name);
            assert_eq!(refusal.message, sentence, "{dialect:?} {}", spec.name);
        }
    }
}
