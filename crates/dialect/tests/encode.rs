//! The texts of every event, answer and refusal in every dialect are those of `encoded.txt`, one line a case.
//! `UPDATE_DOCS=1 cargo test -p quintet-dialect` renews the file.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use quintet_dialect::{
    Answer, Dialect, MessageTexts, ModelEvent, Outgoing, Perspective, PushSubject, answer, encode, model_event_fields,
};
use quintet_domain::{
    Code, Event, Hidden, Links, Message, ModelEventType, Outcome, Refusal, Reply, ShownEvent, Timestamp, UserId,
};
use serde_json::Value;
use support::{events, is_online, messages, replies};

/// A moment after the creation of every user.
const LATER: Timestamp = Timestamp(1_000_000);

/// Returns the events in a dialect, one line each.
fn outgoing(dialect: Dialect, event: &Event, perspective: Perspective) -> String {
    lines(&quintet_dialect::encode(dialect, event, perspective, &is_online, &mut MessageTexts::default()))
}

fn answered(dialect: Dialect, name: &str, outcome: &Outcome) -> Answer {
    quintet_dialect::answer(dialect, name, outcome, &is_online, &mut MessageTexts::default())
}

fn lines<'e>(events: impl IntoIterator<Item = &'e Outgoing>) -> String {
    let texts: Vec<_> = events.into_iter().map(|event| format!("{} {}", event.name, event.payload)).collect();
    texts.join(" & ")
}

/// Adds the parts of an answer, one line each.
fn add_answer(text: &mut String, case: &str, answer: &Answer) {
    let _ = writeln!(text, "{case} | ack {}", answer.ack);
    for (kind, events) in [("event", &answer.events), ("instead", &answer.instead_of_ack)] {
        if !events.is_empty() {
            let _ = writeln!(text, "{case} {kind} | {}", lines(events));
        }
    }
}

fn add_messages(text: &mut String, dialect: Dialect) {
    for (name, message) in messages() {
        for viewer in ["ada", "bob"] {
            let shown = quintet_dialect::message(dialect, &message, &UserId::trusted(viewer), &is_online);
            let _ = writeln!(text, "{dialect:?} message {name} for {viewer} | shown {shown}");
        }
    }
}

fn add_events(text: &mut String, dialect: Dialect) {
    for (name, event) in events() {
        let [actor, other] = [Perspective::Actor, Perspective::Other].map(|one| outgoing(dialect, &event, one));
        assert_eq!(actor != other, quintet_dialect::differs_for_actor(dialect, &event), "{dialect:?} {name}");
        if actor != other {
            let _ = writeln!(text, "{dialect:?} event {name} for its actor | {actor}");
        }
        if !other.is_empty() {
            let _ = writeln!(text, "{dialect:?} event {name} | {other}");
        }
    }
}

fn refusals() -> Vec<(&'static str, Refusal)> {
    let mut refusals: Vec<_> = Code::ALL
        .into_iter()
        .filter(|code| matches!(code, Code::Forbidden | Code::NotFound | Code::TokenExpired | Code::Unauthenticated))
        .map(|code| (code.as_str(), Refusal::new(code, "No \"quoted\" reason.")))
        .collect();
    refusals.push(("invalid", Refusal::invalid("content", "must not be blank")));
    refusals.push(("limited", Refusal::rate_limited(250)));
    refusals
}

fn add_refusals(text: &mut String, dialect: Option<Dialect>) {
    let shown = dialect.map_or("None".to_owned(), |dialect| format!("{dialect:?}"));
    // An edit, whose refusal differs in one dialect, a send, and an event without a name.
    for name in ["edit_message", "sendMessage", ""] {
        for (case, refusal) in refusals().into_iter().filter(|(case, _)| name == "edit_message" || *case == "invalid") {
            let case = format!("{shown} refusal of `{name}` {case}");
            match dialect {
                Some(dialect) => add_answer(text, &case, &answered(dialect, name, &Err(refusal))),
                None => add_answer(text, &case, &quintet_dialect::refuse(None, name, &refusal)),
            }
        }
    }
}

/// The text of every case.
fn all() -> String {
    let mut text = String::new();
    for dialect in Dialect::ALL {
        add_messages(&mut text, dialect);
        add_events(&mut text, dialect);
        for (name, reply) in replies() {
            add_answer(&mut text, &format!("{dialect:?} reply {name}"), &answered(dialect, "send", &Ok(reply)));
        }
        add_refusals(&mut text, Some(dialect));
        for user in [support::ada(), support::guest()] {
            let online = [UserId::trusted("ada"), user.id.clone()];
            let greeting = quintet_dialect::greet(dialect, &user, &|| &online);
            if !greeting.is_empty() {
                let _ = writeln!(text, "{dialect:?} greeting of {} | {}", user.id, lines(&greeting));
            }
        }
    }
    add_refusals(&mut text, None);
    for (name, event) in events() {
        if let Some(told) = ModelEvent::of(&event, LATER, false) {
            let _ = writeln!(text, "model event {name} | {} {}", told.kind.as_str(), told.data);
        }
    }
    let _ = writeln!(text, "error event | {}", lines([&quintet_dialect::error_event(&Refusal::token_expired())]));
    text
}

/// Splits a line into its case, and the words and JSON texts behind it.
fn parsed(line: &str) -> (&str, Vec<(&str, Value)>) {
    let (case, rest) = line.split_once(" | ").unwrap_or_else(|| panic!("no case in {line}"));
    let part = |part| {
        let (word, json) = str::split_once(part, ' ').unwrap_or_else(|| panic!("no name in {line}"));
        (word, serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {line}")))
    };
    (case, rest.split(" & ").map(part).collect())
}

#[test]
fn texts_are_those_that_were_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/encoded.txt");
    let texts = all();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &texts).expect("written");
        return;
    }
    let golden = std::fs::read_to_string(&path).expect("tests/encoded.txt");
    for (own, golden) in texts.lines().zip(golden.lines()) {
        assert_eq!(parsed(own), parsed(golden));
    }
    assert_eq!(texts.lines().count(), golden.lines().count());
}

#[test]
fn other_back_ends_are_told_in_the_models_words() {
    // An event about a profile is also the creation of its account, and its erasure.
    let moments = [(LATER, false), (Timestamp(0), false), (LATER, true)];
    let all = moments.map(|(at, is_erased)| {
        events().into_iter().filter_map(move |(_, event)| ModelEvent::of(&event, at, is_erased)).collect::<Vec<_>>()
    });
    let mut told = all.concat();
    for (_, event) in events() {
        let subject = match &event {
            Event::MessageCreated(message) => PushSubject::Message(message),
            Event::Notified { notification, .. } => PushSubject::Notification(notification),
            _ => continue,
        };
        told.push(ModelEvent::push_needed(&[UserId::trusted("ada"), UserId::trusted("bob")], subject, LATER));
    }
    for kind in ModelEventType::ALL {
        assert!(told.iter().any(|one| one.kind == kind), "no sample of {}", kind.as_str());
    }
    for one in &told {
        let whole: Value = serde_json::from_str(&one.text(None, u64::MAX)).expect("JSON");
        assert_eq!((&whole["type"], &whole["version"]), (&one.kind.as_str().into(), &1.into()));
        assert_eq!(
            whole["data"]["conversation"].get("id").and_then(Value::as_str),
            one.conversation.as_ref().map(|id| id.as_str())
        );
        assert_eq!(whole["position"], u64::MAX);
        let data = whole["data"].as_object().expect("an object");
        let fields = model_event_fields(one.kind).iter().map(|field| field.trim_end_matches('?'));
        assert!(data.keys().all(|key| fields.clone().any(|field| field == key)), "{whole}");
        let required = model_event_fields(one.kind).iter().filter(|field| !field.ends_with('?'));
        assert!(required.clone().all(|field| data.contains_key(*field)), "{whole}");
    }
    let with_id: Value = serde_json::from_str(&told[0].text(Some("evt_1"), 7)).expect("JSON");
    assert_eq!((&with_id["id"], &with_id["position"]), (&"evt_1".into(), &7.into()));
}

/// Asserts that a text has no link without an address, and no user without a picture.
fn assert_absolute(case: &str, text: &str) {
    for relative in ["\"/files/", "\"/avatars/", "\"avatar\":null", "\"avatar_url\":null"] {
        assert!(!text.contains(relative), "{case}: {text}");
    }
}

#[test]
fn what_readers_elsewhere_are_told_has_an_address() {
    let links = Links::new(Some("https://chat.example.org".into()), true);
    for (name, event) in events() {
        let shown = links.event(&event, |message| links.message(message)).unwrap_or(event);
        if let Some(told) = ModelEvent::of(&shown, LATER, false) {
            assert_absolute(&format!("model {name}"), &told.data);
        }
    }
    for dialect in Dialect::ALL {
        for (name, event) in events() {
            let shown = links.event(&event, |message| links.message(message));
            assert_eq!(shown.is_some(), event.has_links(), "{name}");
            for perspective in [Perspective::Actor, Perspective::Other] {
                let text = outgoing(dialect, shown.as_ref().unwrap_or(&event), perspective);
                assert_absolute(&format!("{dialect:?} {name}"), &text);
            }
        }
        for (name, reply) in replies() {
            let shown = links.reply(&reply, |message| links.message(message)).unwrap_or(reply);
            let answer = answered(dialect, "send", &Ok(shown));
            let events = lines(answer.events.iter().chain(&answer.instead_of_ack));
            assert_absolute(&format!("{dialect:?} {name}"), &format!("{} {events}", answer.ack));
        }
        for user in [support::ada(), support::guest()] {
            let user = links.user(&user);
            let greeting = quintet_dialect::greet(dialect, &user, &|| std::slice::from_ref(&user.id));
            assert_absolute(&format!("{dialect:?} greeting"), &lines(&greeting));
        }
    }
}

/// Encodes what a send leads to: the acknowledgement, the sender's own event, and that of the others.
fn sent(dialect: Dialect, message: &Arc<Message>, online: bool, texts: &mut MessageTexts) -> Vec<String> {
    let event = Event::MessageCreated(Arc::clone(message));
    let reply = Ok(Reply::Sent { message: Arc::clone(message), repeated: false });
    let online = |_: &UserId| online;
    let mut sent = vec![quintet_dialect::answer(dialect, "send", &reply, &online, texts).ack];
    for perspective in [Perspective::Actor, Perspective::Other] {
        sent.extend(quintet_dialect::encode(dialect, &event, perspective, &online, texts).map(|event| event.payload));
    }
    sent
}

#[test]
fn shared_texts_are_those_that_are_written_anew() {
    // One value for all dialects and messages, in an order in which the message, the dialect and who is online change
    // one at a time and all at once.
    let mut texts = MessageTexts::default();
    let messages = messages();
    for (name, message) in messages.iter().chain(messages.iter().rev()) {
        // As the same message is later, with other readers or another text.
        let changed = Arc::new(Message { content: "changed".to_owned(), ..Message::clone(message) });
        for message in [message, &changed, message] {
            for (dialect, online) in Dialect::ALL.into_iter().flat_map(|dialect| [(dialect, true), (dialect, false)]) {
                let shared = sent(dialect, message, online, &mut texts);
                let anew = sent(dialect, message, online, &mut MessageTexts::default());
                assert_eq!(shared, anew, "{name} {dialect:?} {online}");
                assert_eq!(shared.len(), 3);
            }
        }
    }
}

#[test]
fn the_sender_alone_sees_that_a_message_was_delivered() {
    let (_, plain) = messages().swap_remove(0);
    let delivered = Message { delivered: true, ..Message::clone(&plain) };
    let reader = quintet_domain::Reader { user: UserId::trusted("bob"), read_at: plain.created_at };
    let read = Message { readers: vec![reader], ..delivered.clone() };
    let status = |message: &Message, viewer: &str| {
        let viewer = UserId::trusted(viewer);
        let shown = quintet_dialect::message(Dialect::Conversations, message, &viewer, &is_online);
        let shown: Value = serde_json::from_str(shown.get()).expect("JSON");
        shown["status"].as_str().expect("a status").to_owned()
    };
    let seen = |viewer| [&*plain, &delivered, &read].map(|message| status(message, viewer));
    assert_eq!(seen("ada"), ["sent", "delivered", "read"]);
    assert_eq!(seen("carol"), ["sent", "sent", "sent"]);
    assert_eq!(seen("bob"), ["sent", "sent", "read"]);
}

/// Says what in a payload shows that somebody is there, was there, or has read or received something.
fn shows(found: &Value) -> Option<String> {
    match found {
        Value::Object(fields) => {
            let telling = |key: &str, value: &Value| match key {
                "status" => ["online", "read", "delivered"].map(Value::from).contains(value),
                "online" | "isOnline" | "isRead" => *value == Value::Bool(true),
                "readBy" => value.as_array().is_some_and(|readers| !readers.is_empty()) || value.is_string(),
                // The clients of one dialect expect a time for those who never were seen: that of the account.
                "lastSeen" => fields.get("createdAt") != Some(value) && !value.is_null(),
                "last_seen" | "last_read_at" | "lastReadAt" => !value.is_null(),
                _ => false,
            };
            let own =
                fields.iter().find(|(key, value)| telling(key, value)).map(|(key, value)| format!("{key}: {value}"));
            own.or_else(|| fields.values().find_map(shows))
        }
        Value::Array(items) => items.iter().find_map(shows),
        _ => None,
    }
}

#[test]
fn a_message_that_waited_is_told_to_another_as_one_that_is_sent() {
    let mut told = 0;
    for (name, message) in messages().into_iter().filter(|(_, message)| message.conversation.pair.is_some()) {
        let (sent, user) = (Event::MessageCreated(Arc::clone(&message)), UserId::trusted("bob"));
        let appeared = Event::MessageAppeared { message, user };
        for dialect in Dialect::ALL {
            let texts = [&sent, &appeared].map(|event| outgoing(dialect, event, Perspective::Other));
            assert!(!texts[0].is_empty() && texts[0] == texts[1], "{dialect:?} {name}");
            told += 1;
        }
    }
    assert!(told > 0);
}

#[test]
fn who_is_hidden_is_shown_in_no_event_and_no_answer_of_any_dialect() {
    // The viewer is not shown any of those who occur in the events.
    let hidden = Hidden::Others { viewer: UserId::trusted("viewer") };
    let online = |user: &UserId| !hidden.hides(user) && is_online(user);
    let (mut withheld, mut telling) = (0, 0);
    for (name, event) in events() {
        let shown = match hidden.event(&event) {
            ShownEvent::AsItIs => event.clone(),
            ShownEvent::Changed(changed) => changed,
            ShownEvent::Withheld => {
                withheld += 1;
                continue;
            }
        };
        for dialect in Dialect::ALL {
            for perspective in [Perspective::Actor, Perspective::Other] {
                let payload = |event: &Event, online: &dyn Fn(&UserId) -> bool| {
                    let encoded = encode(dialect, event, perspective, online, &mut MessageTexts::default());
                    encoded.map(|one| serde_json::from_str::<Value>(&one.payload).expect("JSON"))
                };
                let told = payload(&shown, &online).and_then(|payload| shows(&payload));
                assert_eq!(told, None, "{dialect:?} {name}");
                telling += usize::from(payload(&event, &is_online).is_some_and(|payload| shows(&payload).is_some()));
            }
        }
    }
    assert!(withheld > 0 && telling > 0, "others are shown it");
    for (name, reply) in replies() {
        let outcome = Ok(hidden.reply(&reply).unwrap_or(reply));
        for dialect in Dialect::ALL {
            let answer = answer(dialect, "event", &outcome, &online, &mut MessageTexts::default());
            let texts = [&answer.ack].into_iter().chain(answer.events.iter().map(|event| &event.payload));
            for text in texts.chain(answer.instead_of_ack.iter().map(|event| &event.payload)) {
                // What an acknowledgement says of itself, such as a status, is about the event that it answers.
                let Value::Object(parts) = serde_json::from_str(text).expect("JSON") else { continue };
                let told = parts.values().find_map(shows);
                assert_eq!(told, None, "{dialect:?} {name}: {text}");
            }
        }
    }
}
