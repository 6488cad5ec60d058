//! The tables in `docs/protocol.md` match the catalogue. `UPDATE_DOCS=1 cargo test -p quintet-dialect` updates them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use quintet_dialect::catalogue::{Absent, EventSpec, Field, Origin, Payload, Type, acknowledgement, events, shapes};
use quintet_dialect::{Dialect, model_event_fields};
use quintet_domain::{MessageKind, ModelEventType};

const START: &str = "<!-- events: made from the catalogue -->\n";
const END: &str = "<!-- /events -->\n";
const MODEL_START: &str = "<!-- model events: made from their list -->\n";
const MODEL_END: &str = "<!-- /model events -->\n";

fn type_name(ty: Type) -> String {
    let name = match ty {
        Type::Is(flag) => return flag.to_string(),
        Type::OneOf(words) => return words.join(" or "),
        Type::Object(shape) => shape.name,
        Type::Objects(shape) => return format!("list of {}", shape.name),
        Type::Code => "code",
        Type::Id => "id",
        Type::ClientId => "client id",
        Type::Content => "content",
        Type::Name => "name",
        Type::Text => "text",
        Type::Url => "link",
        Type::Kind => "kind",
        Type::Emoji => "emoji",
        Type::Number => "number",
        Type::Flag => "flag",
        Type::Mute => "mute",
        Type::Notify => "notify",
        Type::Ids => "ids",
        Type::Metadata | Type::ConversationMetadata => "custom data",
        Type::Files => "files",
        Type::Binary => "binary",
        Type::Time => "time",
    };
    name.to_owned()
}

fn field(field: &Field) -> String {
    let default = match field.absent {
        Absent::Refused | Absent::RefusedWithoutToken | Absent::Nothing => "",
        Absent::True => " = true",
        Absent::Everything => " = all",
    };
    let optional = if field.is_required() { "" } else { "?" };
    let token = if field.ignored_with_token || field.absent == Absent::RefusedWithoutToken { "*" } else { "" };
    let null = if field.nullable { " or null" } else { "" };
    format!("{}{optional}{token}: {}{null}{default}", field.name, type_name(field.ty))
}

fn object<'f>(fields: impl IntoIterator<Item = &'f Field>) -> String {
    format!("`{{ {} }}`", fields.into_iter().map(field).collect::<Vec<_>>().join(", "))
}

fn payload(spec: &EventSpec) -> String {
    match spec.payload {
        Payload::None => "nothing".to_owned(),
        Payload::Object(fields) => object(fields),
        Payload::IdOrObject(fields) => {
            let bare = fields.first().map(|field| format!("`{}` alone", field.name));
            format!("{} or {}", object(fields), bare.unwrap_or_default())
        }
        Payload::Value(ty) => format!("`{}`", type_name(ty)),
    }
}

/// The other names under which fields are read, with the dialects that read them so.
fn other_names() -> String {
    let mut rows: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for dialect in Dialect::ALL {
        for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
            let (Payload::Object(fields) | Payload::IdOrObject(fields)) = spec.payload else { continue };
            for field in fields {
                let names: Vec<_> = field.other_names().map(|name| format!("`{name}`")).collect();
                let of = rows.entry((field.name, names.join(", "))).or_default();
                if !names.is_empty() && of.last() != Some(&dialect.as_str()) {
                    of.push(dialect.as_str());
                }
            }
        }
    }
    let mut text = "\n### Other names of fields\n\n| field | is also read as | in |\n|---|---|---|\n".to_owned();
    for ((field, names), of) in rows.iter().filter(|(_, of)| !of.is_empty()) {
        let of = if of.len() == Dialect::ALL.len() { "all".to_owned() } else { of.join(", ") };
        let _ = writeln!(text, "| `{field}` | {names} | {of} |");
    }
    text
}

fn tables() -> String {
    let mut text = other_names();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        let origin = |spec: &EventSpec| if spec.origin == Origin::Quintet { "ours" } else { "" };
        let _ = write!(
            text,
            "\n### {name}: client to server\n\n| event | payload | acknowledgement | |\n|---|---|---|---|\n"
        );
        for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
            let done = object(&acknowledgement(dialect, spec));
            let _ = writeln!(text, "| `{}` | {} | {done} | {} |", spec.name, payload(spec), origin(spec));
        }
        let _ = write!(text, "\n### {name}: server to client\n\n| event | payload | |\n|---|---|---|\n");
        for spec in events(dialect).iter().filter(|spec| !spec.direction.is_to_server()) {
            let _ = writeln!(text, "| `{}` | {} | {} |", spec.name, payload(spec), origin(spec));
        }
        let _ = write!(text, "\n### {name}: objects\n\n| object | fields |\n|---|---|\n");
        for shape in shapes(dialect) {
            let _ = writeln!(text, "| {} | {} |", shape.name, object(shape.fields()));
        }
    }
    text.push('\n');
    text
}

/// The table of the events that other back ends are told.
fn model_events() -> String {
    let mut text = "\n| type | fields of `data` | scope |\n|---|---|---|\n".to_owned();
    for kind in ModelEventType::ALL {
        let fields: Vec<String> = model_event_fields(kind).iter().map(|field| format!("`{field}`")).collect();
        let _ = writeln!(text, "| `{}` | {} | `{}` |", kind.as_str(), fields.join(", "), kind.scope());
    }
    text.push('\n');
    text
}

/// Replaces what is between two marks.
fn replaced(text: &str, (start, end): (&str, &str), made: &str) -> String {
    let (head, rest) = text.split_once(start).expect("a start mark");
    let (_, tail) = rest.split_once(end).expect("an end mark");
    format!("{head}{start}{made}{end}{tail}")
}

#[test]
fn the_document_matches_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    let text = std::fs::read_to_string(&path).expect("docs/protocol.md");
    let updated = replaced(&text, (START, END), &tables());
    let updated = replaced(&updated, (MODEL_START, MODEL_END), &model_events());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &updated).expect("written");
    } else {
        assert!(text == updated, "docs/protocol.md does not match the catalogue: UPDATE_DOCS=1 updates it");
    }
}

/// Returns the catalogue as a JavaScript module, for the playground.
fn module() -> String {
    let field = |field: &Field| {
        let required = if field.is_required() { ", required: true" } else { "" };
        format!("{{ name: \"{}\", type: \"{}\"{required} }}", field.name, type_name(field.ty))
    };
    let mut text = "// Every event of every dialect. Made from the catalogue: `UPDATE_DOCS=1 cargo test -p quintet-dialect`.\n\n\
        /** @typedef {{ name: string, type: string, required?: boolean }} Field */\n\
        /** @typedef {{ name: string, toServer: boolean, ours: boolean, fields: Field[] | null, value: string }} Spec */\n\n\
        /** @type {Record<string, Spec[]>} */\nexport const CATALOGUE = {\n"
        .to_owned();
    for dialect in Dialect::ALL {
        let _ = writeln!(text, "  {}: [", dialect.as_str());
        for spec in events(dialect) {
            let (fields, value) = match spec.payload {
                Payload::None => ("[]".to_owned(), String::new()),
                Payload::Object(fields) | Payload::IdOrObject(fields) => {
                    (format!("[{}]", fields.iter().map(field).collect::<Vec<_>>().join(", ")), String::new())
                }
                Payload::Value(ty) => ("null".to_owned(), type_name(ty)),
            };
            let (to_server, ours) = (spec.direction.is_to_server(), spec.origin == Origin::Quintet);
            let name = spec.name;
            let _ = writeln!(
                text,
                "    {{ name: \"{name}\", toServer: {to_server}, ours: {ours}, value: \"{value}\", fields: {fields} }},"
            );
        }
        text.push_str("  ],\n");
    }
    let kinds: Vec<String> = MessageKind::ALL.iter().map(|kind| format!("\"{}\"", kind.as_str())).collect();
    let _ = writeln!(text, "}};\n\n/** The kinds of messages. */\nexport const KINDS = [{}];", kinds.join(", "));
    text
}

#[test]
fn the_playground_matches_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/js/playground/catalogue.js");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, module()).expect("written");
    } else {
        let text = std::fs::read_to_string(&path).expect("the playground's catalogue");
        assert!(text == module(), "the playground's module does not match the catalogue: UPDATE_DOCS=1 updates it");
    }
}
