//! The catalogue describes what is encoded, field by field, and the types that are made from it say the same.

mod support;

use std::collections::BTreeSet;

use quintet_dialect::catalogue::{EventSpec, Field, Payload, Type, acknowledgement, events, refused, shapes};
use quintet_dialect::types::Form;
use quintet_dialect::{Dialect, MessageTexts, Outgoing, Own, Perspective, Shown};
use quintet_domain::{
    Code, ConversationSettings, Event, MessageKind, Metadata, Moderation, Mute, Notify, Outcome, Overview, Refusal,
    UserId,
};
use serde_json::Value;

/// What was found wrong with the texts of a dialect, and which of the catalogue's fields were in them.
struct Check {
    dialect: Dialect,
    wrong: BTreeSet<String>,
    /// The fields that were there, each as the name of its object or event and its own.
    seen: BTreeSet<(String, &'static str)>,
}

impl Check {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, wrong: BTreeSet::new(), seen: BTreeSet::new() }
    }

    fn event(&mut self, outgoing: &Outgoing) {
        // Socket.IO keeps this name for itself; only plain WebSockets have it.
        if outgoing.name == "connect" {
            return;
        }
        let told = |spec: &&EventSpec| !spec.direction.is_to_server() && spec.name == outgoing.name;
        let Some(spec) = events(self.dialect).iter().find(told) else {
            self.wrong.insert(format!("{} is not in the catalogue", outgoing.name));
            return;
        };
        let payload = serde_json::from_str(&outgoing.payload).expect("JSON");
        match spec.payload {
            Payload::Object(fields) => self.object(spec.name, fields.iter(), &payload),
            Payload::Value(ty) => self.value(spec.name, ty, &payload),
            Payload::None | Payload::IdOrObject(_) => panic!("{} has a client's payload", spec.name),
        }
    }

    fn object(&mut self, name: &str, fields: impl Iterator<Item = &'static Field>, found: &Value) {
        let Value::Object(found) = found else {
            self.wrong.insert(format!("{name} is {found}"));
            return;
        };
        let fields: Vec<&Field> = fields.collect();
        for field in &fields {
            match found.get(field.name) {
                None if field.is_required() => {
                    self.wrong.insert(format!("{name} has no {}", field.name));
                }
                None => {}
                Some(value) => {
                    self.seen.insert((name.to_owned(), field.name));
                    if !(field.nullable && value.is_null()) {
                        self.value(&format!("{name}.{}", field.name), field.ty, value);
                    }
                }
            }
        }
        for key in found.keys().filter(|key| fields.iter().all(|field| field.name != *key)) {
            self.wrong.insert(format!("{name} has {key}, which the catalogue does not know"));
        }
    }

    fn value(&mut self, name: &str, ty: Type, found: &Value) {
        let fits = match ty {
            Type::Object(shape) => return self.object(shape.name, shape.fields(), found),
            Type::Objects(shape) => match found.as_array() {
                Some(items) => return items.iter().for_each(|item| self.object(shape.name, shape.fields(), item)),
                None => false,
            },
            Type::Id | Type::ClientId | Type::Content | Type::Name | Type::Text | Type::Url | Type::Emoji => {
                found.is_string()
            }
            Type::Time => found.as_str().is_some_and(|text| text.len() == 24 && text.ends_with('Z')),
            Type::Kind => MessageKind::ALL.iter().any(|kind| found == kind.as_str()),
            Type::Notify => Notify::ALL.iter().any(|notify| found == notify.as_str()),
            Type::Code => Code::ALL.iter().any(|code| found == code.as_str()),
            Type::OneOf(words) => words.iter().any(|word| found == word),
            Type::Number => found.is_u64(),
            Type::Flag => found.is_boolean(),
            Type::Is(flag) => *found == flag,
            Type::Mute => found.is_boolean() || found.is_string(),
            Type::Ids => found.as_array().is_some_and(|ids| ids.iter().all(Value::is_string)),
            Type::Metadata | Type::ConversationMetadata => found.is_object(),
            Type::Binary | Type::Files => false,
        };
        if !fits {
            self.wrong.insert(format!("{name} is {found}, not {ty:?}"));
        }
    }
}

/// The object of a conversation for one reader, which has fields that no event has.
fn shown(dialect: Dialect, overview: &Overview) -> Value {
    let user = UserId::trusted("ada");
    let settings = ConversationSettings { muted: Some(Mute::Until(support::NOON)), ..ConversationSettings::default() };
    let own = Own::Reader { user: &user, email: "a@b", unread_count: 3, settings, silenced_until: Some(support::NOON) };
    let shown = Shown {
        conversation: &overview.conversation,
        description: overview.description.as_deref(),
        picture: overview.picture.as_deref(),
        metadata: overview.metadata.as_ref(),
        open: overview.open,
        moderation: Moderation::default(),
        owner: overview.owner.as_ref(),
        members: &overview.members,
        member_count: overview.member_count,
        is_member: true,
        last_message: overview.last_message.as_deref(),
        created_at: overview.created_at,
        updated_at: overview.updated_at,
        own,
    };
    let object = quintet_dialect::conversation(dialect, &shown, &support::is_online);
    serde_json::from_str(object.get()).expect("JSON")
}

/// Checks all events that a dialect encodes, its answers, and the objects that it writes for one reader.
fn checked(dialect: Dialect) -> Check {
    let mut check = Check::new(dialect);
    let conversation =
        shapes(dialect).into_iter().find(|shape| ["Chat", "Group", "Room", "Conversation"].contains(&shape.name));
    let conversation = conversation.expect("a shape of conversations");
    let metadata = Some(Metadata::trusted("{}"));
    let guest = Event::UserChanged { user: support::guest(), metadata, visible: true };
    for event in support::events().into_iter().map(|(_, event)| event).chain([guest]) {
        for perspective in [Perspective::Actor, Perspective::Other] {
            let texts = &mut MessageTexts::default();
            let told = quintet_dialect::encode(dialect, &event, perspective, &support::is_online, texts);
            told.iter().for_each(|told| check.event(told));
        }
        if let Event::ConversationChanged { conversation: overview } = &event {
            check.object(conversation.name, conversation.fields(), &shown(dialect, overview));
        }
    }
    let busy = Refusal::rate_limited(250);
    for outcome in support::replies().into_iter().map(|(_, reply)| Ok(reply)).chain([Err(busy)]) {
        let answer = answered(dialect, "", &outcome);
        answer.events.iter().chain(&answer.instead_of_ack).for_each(|told| check.event(told));
    }
    for user in [support::ada(), support::guest()] {
        let online = [user.id.clone()];
        quintet_dialect::greet(dialect, &user, &|| &online).iter().for_each(|told| check.event(told));
    }
    check.event(&quintet_dialect::error_event(&Refusal::token_expired()));
    check
}

fn answered(dialect: Dialect, name: &str, outcome: &Outcome) -> quintet_dialect::Answer {
    quintet_dialect::answer(dialect, name, outcome, &support::is_online, &mut MessageTexts::default())
}

#[test]
fn what_is_encoded_has_the_fields_of_the_catalogue() {
    for dialect in Dialect::ALL {
        let mut check = checked(dialect);
        // The answers to refused events, whose shape is that of no event.
        for (name, code) in [("edit_message", Code::NotFound), ("send", Code::Busy)] {
            let refusal = Refusal { retry_after_ms: Some(1), ..Refusal::new(code, "It is so.") };
            let answer = answered(dialect, name, &Err(refusal));
            let shape = refused(dialect);
            check.object(shape.name, shape.fields(), &serde_json::from_str(&answer.ack).expect("JSON"));
        }
        assert!(check.wrong.is_empty(), "{dialect:?}: {:#?}", check.wrong);
        let of_shapes =
            shapes(dialect).into_iter().flat_map(|shape| shape.fields().map(|field| (shape.name, field.name)));
        let of_events = events(dialect).iter().filter(|spec| !spec.direction.is_to_server()).flat_map(|spec| {
            let (Payload::Object(fields) | Payload::IdOrObject(fields)) = spec.payload else { return Vec::new() };
            fields.iter().map(|field| (spec.name, field.name)).collect()
        });
        let known = of_shapes.chain(of_events).filter(|(of, _)| *of != "NamedGroup");
        let never: Vec<_> = known.filter(|(of, field)| !check.seen.contains(&((*of).to_owned(), *field))).collect();
        assert!(never.is_empty(), "{dialect:?} never has {never:?}");
    }
}

/// Each acknowledgement is that of one event at least: replies are not those of events by name.
#[test]
fn every_acknowledgement_is_one_of_the_catalogue() {
    for dialect in Dialect::ALL {
        let specs: Vec<&EventSpec> = events(dialect).iter().filter(|spec| spec.direction.is_to_server()).collect();
        for (name, reply) in support::replies() {
            let ack: Value = serde_json::from_str(&answered(dialect, "", &Ok(reply)).ack).expect("JSON");
            let fits = specs.iter().any(|spec| {
                let fields: &'static [Field] = acknowledgement(dialect, spec).leak();
                let mut check = Check::new(dialect);
                check.object(spec.name, fields.iter(), &ack);
                check.wrong.is_empty()
            });
            assert!(fits, "{dialect:?} {name}: {ack}");
        }
    }
}

/// All references within a schema.
fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reference) if name == "$ref" => drop(found.insert(reference)),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_schema_defines_all_that_it_refers_to() {
    for dialect in Dialect::ALL {
        let schema: Value = serde_json::from_str(&Form::JsonSchema.text(dialect)).expect("JSON");
        let mut found = BTreeSet::new();
        references(&schema, &mut found);
        assert!(found.contains("#/$defs/Message"), "{dialect:?}: {found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference into the document");
            assert!(schema.pointer(pointer).is_some(), "{dialect:?} does not define {reference}");
        }
    }
}

/// What an event of a client looks like in all its forms, as a sample of the whole.
#[test]
fn types_show_each_form_of_a_payload() {
    let text = Form::TypeScript.text(Dialect::Conversations);
    for expected in [
        "  \"set_message_pin\": (payload: {\n    messageId: Id;\n    pinned?: boolean | null;\n  } | Id, \
         acknowledge?: (answer: { success: true } | Refused) => void) => void;\n",
        "  \"join_conversations\": (...args: [payload: { conversationIds?: readonly Id[] | Id | null } | readonly Id[] | Id, \
         acknowledge?: (answer: {\n    success: boolean;\n    joined: string[];\n    refused: string[];\n  } | Refused) => void] \
         | [acknowledge?: (answer: {",
        "  \"receive_message\": (payload: {\n    message: Message;\n    conversationId: string;\n  }) => void;\n",
        "  status: \"sent\" | \"delivered\" | \"read\";\n",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    assert!(!Form::TypeScript.text(Dialect::Meetup).contains("\"connect\":"), "Socket.IO keeps this name for itself");
}
