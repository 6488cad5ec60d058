//! What messages cannot carry, and what cannot happen to them: each refused with its sentence in every dialect. The
//! connection stays open, and others notice nothing.

use std::collections::BTreeSet;

use crate::support::{Http, Server, Wire};
use quintet_dialect::Dialect;
use quintet_dialect::catalogue::{Absent, EventSpec, Field, Payload, Type, events};
use quintet_domain::limits::{METADATA_BYTES_MAX, METADATA_DEPTH_MAX, PINS_MAX, REACTIONS_OF_USER_MAX};
use serde_json::{Map, Value, json};

/// How a dialect sends a message to a group, reacts to a message and pins it.
struct Words {
    dialect: Dialect,
    send: &'static str,
    place: &'static str,
    text: &'static str,
    react: &'static str,
    pin: &'static str,
}

const WORDS: [Words; 5] = [
    Words {
        dialect: Dialect::Meetup,
        send: "sendMessage",
        place: "chatId",
        text: "message",
        react: "addReaction",
        pin: "pinMessage",
    },
    Words {
        dialect: Dialect::Messenger,
        send: "groupMessage",
        place: "groupId",
        text: "content",
        react: "reactMessage",
        pin: "setMessagePin",
    },
    Words {
        dialect: Dialect::Rooms,
        send: "send_message",
        place: "roomId",
        text: "content",
        react: "react_message",
        pin: "pin_message",
    },
    Words {
        dialect: Dialect::Conversations,
        send: "send_message",
        place: "conversationId",
        text: "content",
        react: "add_reaction",
        pin: "set_message_pin",
    },
    Words {
        dialect: Dialect::Chat,
        send: "message:send",
        place: "chatId",
        text: "content",
        react: "message:react",
        pin: "message:pin",
    },
];

/// The events that tell who comes and goes, and what has reached the devices of others, in this test as ever.
const BESIDE: [&str; 6] = [
    "user:status",
    "messagesDelivered",
    "messagesArrived",
    "messages_arrived",
    "messages_delivered",
    "message:delivered",
];

/// What everybody finds: a group of alice and bob, in which nothing more can be pinned, and a message that has as many
/// reactions of alice as it can. Beside it another group of both, and one that alice cannot see.
struct Stage {
    server: Server,
    alice: (String, String),
    /// A client of bob.
    watcher: Wire,
    stranger: String,
    place: String,
    /// A message with all reactions that alice can give.
    message: String,
    /// A message in the thread of `message`.
    in_thread: String,
    /// A message that is not pinned.
    unpinned: String,
    elsewhere: String,
    hidden_place: String,
    hidden: String,
}

async fn say(http: &Http, token: &str, place: &str, body: Value) -> String {
    let sent = http.api(token, "POST", &format!("/conversations/{place}/messages"), body).await.expect(201);
    sent["id"].as_str().expect("an id").to_owned()
}

fn emoji(number: usize) -> String {
    format!("e{number}")
}

async fn stage() -> Stage {
    let server = Server::start();
    let http = server.http();
    let (alice, bob, carol) = (http.register("alice").await, http.register("bob").await, http.register("carol").await);
    let text = |value: Value| value.as_str().expect("an id").to_owned();
    let place = text(http.group(&alice.1, &[&bob.0]).await);
    let other_place = text(http.group(&alice.1, &[&bob.0]).await);
    let hidden_place = text(http.group(&carol.1, &[]).await);
    let message = say(&http, &alice.1, &place, json!({ "content": "the message" })).await;
    let thread = json!({ "content": "in its thread", "threadId": message });
    let in_thread = say(&http, &alice.1, &place, thread).await;
    let elsewhere = say(&http, &alice.1, &other_place, json!({ "content": "elsewhere" })).await;
    let hidden = say(&http, &carol.1, &hidden_place, json!({ "content": "hidden" })).await;
    for number in 0..PINS_MAX {
        let pinned = say(&http, &alice.1, &place, json!({ "content": format!("pinned {number}") })).await;
        http.api(&alice.1, "PUT", &format!("/messages/{pinned}/pin"), Value::Null).await.expect(204);
    }
    let unpinned = say(&http, &alice.1, &place, json!({ "content": "not pinned" })).await;
    let mut watcher = Wire::connect(server.address(), "/chat", &json!({ "token": bob.1 })).await;
    for number in 0..REACTIONS_OF_USER_MAX {
        let path = format!("/messages/{message}/reactions/{}", emoji(number));
        http.api(&alice.1, "PUT", &path, Value::Null).await.expect(204);
    }
    // Reactions are told a moment later if there are many.
    let mut told = BTreeSet::new();
    while told.len() < REACTIONS_OF_USER_MAX {
        told.insert(watcher.next("message:reaction").await["emoji"].to_string());
    }
    watcher.events.clear();
    let stranger = carol.0;
    Stage { server, alice, watcher, stranger, place, message, in_thread, unpinned, elsewhere, hidden_place, hidden }
}

/// The event by which a dialect edits messages, and the name of the text in it.
struct Editing {
    name: &'static str,
    content: &'static str,
}

fn edit(dialect: Dialect) -> Editing {
    let found = events(dialect).iter().filter(|spec| spec.direction.is_to_server()).find_map(|spec| {
        let (Payload::Object(fields) | Payload::IdOrObject(fields)) = spec.payload else { return None };
        fields.iter().find(|field| field.name == "messageId" && field.absent == Absent::Refused)?;
        let content = fields.iter().find(|field| field.ty == Type::Content)?;
        Some(Editing { name: spec.name, content: content.name })
    });
    found.unwrap_or_else(|| panic!("{dialect:?} edits no messages"))
}

/// An object that is nested so deep.
fn nested(depth: usize) -> Value {
    (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }))
}

/// An object whose text has so many bytes.
fn long(bytes: usize) -> Value {
    json!({ "a": "x".repeat(bytes - json!({ "a": "" }).to_string().len()) })
}

impl Stage {
    async fn connect(&self, dialect: Dialect) -> Wire {
        let mut wire =
            Wire::connect(self.server.address(), dialect.namespace(), &json!({ "token": self.alice.1 })).await;
        wire.call("no such event", &Value::Null).await;
        wire
    }

    /// A message that is sent in the words of a dialect, with more than its text.
    fn message(&self, words: &Words, more: Value) -> Value {
        let mut payload = json!({ words.place: self.place, words.text: "x" });
        let more = more.as_object().expect("an object").clone();
        payload.as_object_mut().expect("an object").extend(more);
        payload
    }

    /// Every bad event, with the code and the sentence that answer it.
    fn bad(&self, words: &Words) -> Vec<(&'static str, Value, &'static str, String)> {
        let Self { message, in_thread, unpinned, elsewhere, hidden, stranger, .. } = self;
        let deep = format!("`metadata` has objects or lists nested more than {METADATA_DEPTH_MAX} deep.");
        let bytes = METADATA_BYTES_MAX;
        let elsewhere_is = |field: &str| format!("`{field}` names no message of this conversation.");
        let sends = [
            (
                json!({ "metadata": long(bytes + 1) }),
                "ERR_TOO_LARGE",
                format!("`metadata` has {} bytes; at most {bytes} are allowed.", bytes + 1),
            ),
            (json!({ "metadata": nested(METADATA_DEPTH_MAX + 1) }), "ERR_TOO_LARGE", deep.clone()),
            (json!({ "metadata": nested(65) }), "ERR_TOO_LARGE", deep),
            (json!({ "replyTo": elsewhere }), "ERR_INVALID_PAYLOAD", elsewhere_is("replyTo")),
            (json!({ "replyTo": hidden }), "ERR_INVALID_PAYLOAD", elsewhere_is("replyTo")),
            (json!({ "threadId": elsewhere }), "ERR_INVALID_PAYLOAD", elsewhere_is("threadId")),
            (json!({ "threadId": hidden }), "ERR_INVALID_PAYLOAD", elsewhere_is("threadId")),
            (
                json!({ "replyTo": in_thread }),
                "ERR_INVALID_PAYLOAD",
                "`replyTo` is in another thread than the message.".to_owned(),
            ),
            (
                json!({ "replyTo": in_thread, "threadId": unpinned }),
                "ERR_INVALID_PAYLOAD",
                "`replyTo` is in another thread than the message.".to_owned(),
            ),
            (
                json!({ "mentions": [self.alice.0, stranger] }),
                "ERR_INVALID_PAYLOAD",
                format!("`mentions` names `{stranger}`, who is not a member of this conversation."),
            ),
        ];
        let marks = [
            (
                words.react,
                json!({ "messageId": message, "emoji": emoji(REACTIONS_OF_USER_MAX) }),
                "ERR_CONFLICT",
                format!("`emoji` is refused: you have {REACTIONS_OF_USER_MAX} reactions to this message already."),
            ),
            (
                words.pin,
                json!({ "messageId": unpinned }),
                "ERR_CONFLICT",
                format!("`messageId` is refused: a conversation has at most {PINS_MAX} pinned messages."),
            ),
        ];
        let edit = edit(words.dialect);
        // An edit may change custom data and mentions.
        let edited = sends.iter().filter(|(more, ..)| more.get("metadata").or(more.get("mentions")).is_some());
        let edits = edited.cloned().map(|(mut payload, code, sentence)| {
            payload["messageId"] = json!(unpinned);
            payload[edit.content] = json!("x");
            (edit.name, payload, code, sentence)
        });
        let edits: Vec<_> = edits.collect();
        let sends = sends.map(|(more, code, sentence)| (words.send, self.message(words, more), code, sentence));
        sends.into_iter().chain(edits).chain(marks).collect()
    }

    /// Every event that names a message or a conversation, with one that the client cannot see, and the sentence that
    /// answers it.
    fn unseen(&self, dialect: Dialect) -> Vec<(&'static str, Value, String)> {
        let to_server = events(dialect).iter().filter(|spec| spec.direction.is_to_server());
        to_server
            .filter_map(|spec| Some((spec.name, self.unseen_payload(spec)?)))
            .map(|(name, (payload, what))| (name, payload, format!("There is no {what} that you can see.")))
            .collect()
    }

    fn unseen_payload(&self, spec: &EventSpec) -> Option<(Value, String)> {
        let (Payload::Object(fields) | Payload::IdOrObject(fields)) = spec.payload else { return None };
        let of_place = |field: &&Field| ["chatId", "groupId", "roomId", "conversationId"].contains(&field.name);
        let of_message = |field: &&Field| field.name == "messageId" && field.absent == Absent::Refused;
        let named = fields.iter().find(of_message).or_else(|| fields.iter().find(of_place))?;
        let (id, what) = match named.name {
            "messageId" => (&self.hidden, "message"),
            _ => (&self.hidden_place, "conversation"),
        };
        let mut payload = Map::new();
        for field in fields.iter().filter(|field| field.absent == Absent::Refused) {
            let value = match field.ty {
                Type::Emoji => json!("👍"),
                Type::Content | Type::Name | Type::Text => json!("x"),
                Type::Id => Value::Null,
                // A file is not sent before it is known where to.
                _ => return None,
            };
            payload.insert(field.name.to_owned(), value);
        }
        payload.insert(named.name.to_owned(), json!(id));
        Some((Value::Object(payload), format!("{what} `{id}`")))
    }
}

/// Returns the code and the sentence of a refusal, in whichever form the dialect has it.
fn refused(ack: &Value) -> (String, String) {
    let failed = ack["status"] == "error" || ack["ok"] == false || ack["success"] == false;
    assert!(failed, "no failure: {ack}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // Where a document fixes the message, the sentence is the detail.
    (text(&ack["code"]), text(ack.get("detail").unwrap_or(&ack["message"])))
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_sentence() {
    let mut stage = stage().await;
    for words in &WORDS {
        let mut wire = stage.connect(words.dialect).await;
        wire.events.clear();
        for (event, payload, code, sentence) in stage.bad(words) {
            let ack = wire.call(event, &payload).await;
            assert_eq!(refused(&ack), (code.to_owned(), sentence.clone()), "{:?} {event} {payload}", words.dialect);
            // Without an acknowledgement, the same comes as an event.
            wire.emit(event, &payload).await;
            let (name, error) = next_event(&mut wire).await;
            assert_eq!(name, "error", "{:?} {event} {payload}", words.dialect);
            assert_eq!(error, json!({ "code": code, "message": sentence, "event": event }));
        }
        still_here(&mut stage, words, &mut wire).await;
    }
    let path = format!("/messages/{}/reactions", stage.message);
    let reactions = stage.server.http().api(&stage.alice.1, "GET", &path, Value::Null).await.expect(200);
    assert_eq!(reactions["items"].as_array().map(Vec::len), Some(REACTIONS_OF_USER_MAX));
}

/// Returns the next event but for those of [`BESIDE`].
async fn next_event(wire: &mut Wire) -> (String, Value) {
    loop {
        let event = wire.event().await;
        if !BESIDE.contains(&event.0.as_str()) {
            return event;
        }
    }
}

/// Asserts that a connection is open and has received nothing else, and that others notice nothing but its next message.
async fn still_here(stage: &mut Stage, words: &Words, wire: &mut Wire) {
    wire.events.retain(|(name, _)| !BESIDE.contains(&name.as_str()));
    assert!(wire.events.is_empty(), "{:?} also received {:?}", words.dialect, wire.events);
    // What is at the limit is not refused.
    let text = format!("still here, in {:?}", words.dialect);
    let mut payload = stage.message(words, json!({ "metadata": long(METADATA_BYTES_MAX) }));
    payload[words.text] = json!(text);
    let ack = wire.call(words.send, &payload).await;
    assert!(ack["status"] == "sent" || ack["ok"] == true || ack["success"] == true, "{ack}");
    let (name, told) = next_event(&mut stage.watcher).await;
    assert_eq!((name.as_str(), &told["content"]), ("message:new", &json!(text)), "{told}");
}

#[tokio::test]
async fn what_one_cannot_see_is_not_found() {
    let mut stage = stage().await;
    for words in &WORDS {
        let mut wire = stage.connect(words.dialect).await;
        wire.events.clear();
        let unseen = stage.unseen(words.dialect);
        assert!(unseen.len() >= 10, "{:?}: only {} events name something", words.dialect, unseen.len());
        for (event, payload, sentence) in unseen {
            let ack = wire.call(event, &payload).await;
            let expected = ("ERR_NOT_FOUND".to_owned(), sentence);
            assert_eq!(refused(&ack), expected, "{:?} {event} {payload}", words.dialect);
        }
        still_here(&mut stage, words, &mut wire).await;
    }
}

/// Searches have one form for all: over HTTP.
#[tokio::test]
async fn searches_without_a_word_or_too_long_are_refused() {
    let server = Server::start();
    let (_, token) = server.http().register("alice").await;
    for (query, status, sentence) in [
        ("x".repeat(10_000), 413, "`q` has 10000 characters; at most 256 are allowed."),
        ("%22%22%20*%20-%20(%20)".to_owned(), 422, "`q` must have a word to search for."),
        ("*".to_owned(), 422, "`q` must have a word to search for."),
        ("%20".to_owned(), 422, "`q` must have a word to search for."),
    ] {
        let answer = server.http().api(&token, "GET", &format!("/search/messages?q={query}"), Value::Null).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        assert_eq!(answer.json()["detail"], sentence, "{query}");
    }
}
