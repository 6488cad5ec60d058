//! Tests of the parser of payloads.

use super::*;
use crate::payload::{Type, optional, required};

const FIELDS: &[Field] = &[required("id", Type::Id).or(&["id", "key", "name"]), optional("ids", Type::Ids)];

fn fields(json: &str) -> Vec<FoundField<'_>> {
    match read(FIELDS, json) {
        Ok(Shape::Object(found)) => found,
        other => panic!("{json}: {other:?}"),
    }
}

fn object(json: &str) -> Vec<Found<'_>> {
    fields(json).into_iter().zip(FIELDS).map(|(found, field)| found.value(field.name).expect("one value").1).collect()
}

fn text(text: &'static str) -> Found<'static> {
    Found::Text(text.into())
}

#[test]
fn named_fields_are_parsed_and_others_skipped() {
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
fn the_own_name_wins_over_aliases() {
    for (json, found) in [
        (r#"{"name":"b","id":"a","key":"c"}"#, ("id", text("a"))),
        (r#"{"key":"c","id":null}"#, ("key", text("c"))),
        (r#"{"key":"c","name":"c"}"#, ("key", text("c"))),
        (r#"{"key":null,"name":"c"}"#, ("name", text("c"))),
        (r#"{"key":"c","name":7,"key":"7"}"#, ("name", Found::Number("7".to_owned()))),
        (r#"{"other":"c"}"#, ("id", Found::Null)),
    ] {
        assert_eq!(fields(json).swap_remove(0).value("id"), Ok(found), "{json}");
    }
    for json in [r#"{"key":"c","name":"d"}"#, r#"{"key":"c","name":{}}"#, r#"{"key":{},"name":"c"}"#] {
        assert_eq!(fields(json).swap_remove(0).value("id"), Err(Differing("key", "name")), "{json}");
    }
    assert!(fields(r#"{"id":null,"key":null}"#)[0].is_absent());
    assert!(!fields(r#"{"key":[]}"#)[0].is_absent());
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
