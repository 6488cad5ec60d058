//! The examples of objects in `docs/protocol.md` are what the encoders write, and its table explains every field of them.
//! `UPDATE_DOCS=1 cargo test -p quintet-dialect` updates the examples.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use quintet_dialect::{Dialect, MessageTexts, Perspective, encode};
use quintet_domain::{
    ConversationId, ConversationKind, ConversationRef, Emoji, Event, FileLink, MeetupId, MeetupStatus, Member, Message,
    MessageId, MessageKind, Moderation, Notification, NotificationId, Overview, Reacted, ReactionChange, Reader, Role,
    Timestamp, User, UserId, UserKind,
};
use serde_json::Value;

const START: &str = "<!-- objects: written by the encoders -->\n";
const END: &str = "<!-- /objects -->\n";

/// 2026-11-27T09:30:00.000Z.
const MORNING: Timestamp = Timestamp(1_795_771_800_000);

/// Longer examples are written with one field a line.
const LINE_CHARS_MAX: usize = 100;

fn user(id: &str, name: &str, avatar: &str) -> Arc<User> {
    Arc::new(User {
        id: UserId::trusted(id),
        username: name.split(' ').next().unwrap_or_default().to_lowercase(),
        name: name.to_owned(),
        last_name: None,
        avatar: Some(format!("https://chat.example.org{avatar}")),
        kind: UserKind::Registered,
        last_seen: Some(MORNING),
        created_at: MORNING,
    })
}

/// What happens in one conversation, with the title under which the document shows it.
fn examples() -> Vec<(&'static str, Event)> {
    let ada = user("u-ada", "Ada Lovelace", "/files/f-1/secret");
    let bob = user("u-bob", "Bob", "/avatars/u-bob?i=B");
    let conversation = Arc::new(ConversationRef {
        id: ConversationId::trusted("c-lunch"),
        kind: ConversationKind::Group,
        name: Some("Lunch".into()),
        pair: None,
    });
    let message = Arc::new(Message {
        id: MessageId::trusted("m-1"),
        conversation: Arc::clone(&conversation),
        sequence: 7,
        sender: Arc::clone(&ada),
        kind: MessageKind::Image,
        content: "The menu".to_owned(),
        file: Some(FileLink {
            url: "https://chat.example.org/files/f-2/secret".to_owned(),
            name: Some("menu.png".to_owned()),
        }),
        client_message_id: None,
        created_at: MORNING,
        edited_at: None,
        deleted_at: None,
        readers: vec![Reader { user: bob.id.clone(), read_at: MORNING }],
        details: None,
        delivered: true,
    });
    let member = |user: &Arc<User>, role| Member {
        user: Arc::clone(user),
        role,
        joined_at: MORNING,
        read_sequence: 7,
        read_at: Some(MORNING),
    };
    let whole = Arc::new(Overview {
        conversation: Arc::clone(&conversation),
        description: Some("Where we eat".into()),
        picture: Some("https://example.org/lunch.png".into()),
        metadata: None,
        open: false,
        moderation: Moderation::default(),
        owner: Some(ada.id.clone()),
        members: vec![member(&ada, Role::Owner), member(&bob, Role::Member)],
        member_count: 2,
        last_message: Some(Arc::clone(&message)),
        created_at: MORNING,
        updated_at: MORNING,
    });
    let notification = Arc::new(Notification {
        id: NotificationId::trusted("n-1"),
        title: "New Meetup Request".to_owned(),
        message: "You have a new meetup request from Bob.".to_owned(),
        timestamp: MORNING,
        read_at: None,
    });
    let change = |user: &Arc<User>, active| ReactionChange { user: user.id.clone(), active };
    let reacted = |changes: Vec<ReactionChange>| Reacted {
        conversation: Arc::clone(&conversation),
        message: message.id.clone(),
        emoji: Emoji::trusted("👍"),
        user: bob.id.clone(),
        active: true,
        count: if changes.is_empty() { 1 } else { 2 },
        changes,
    };
    let alone = reacted(Vec::new());
    let together = reacted(vec![change(&ada, true), change(&bob, true)]);
    let pinned = Event::MessagePinned {
        conversation: Arc::clone(&conversation),
        message: message.id.clone(),
        user: ada.id.clone(),
        pinned: true,
    };
    vec![
        ("A message", Event::MessageCreated(message)),
        ("A reaction", Event::MessageReacted(Arc::new(alone))),
        ("Reactions that are told together", Event::MessageReacted(Arc::new(together))),
        ("A pin", pinned),
        ("A conversation", Event::ConversationCreated { conversation: whole, members: Vec::new() }),
        ("A user", Event::UserChanged { user: bob, metadata: None, visible: true }),
        ("A notification", Event::Notified { user: ada.id.clone(), notification }),
        (
            "A meetup",
            Event::MeetupChanged {
                meetup: MeetupId::trusted("e-1"),
                status: MeetupStatus::Confirmed,
                updated_by: "Ada Lovelace".to_owned(),
                audience: Vec::new(),
            },
        ),
    ]
}

fn encoded(dialect: Dialect, event: &Event) -> Option<(String, Value)> {
    let online = |user: &UserId| user.as_str() == "u-ada";
    let written = encode(dialect, event, Perspective::Other, &online, &mut MessageTexts::default())?;
    let payload = serde_json::from_str(&written.payload).expect("JSON");
    Some((written.name.to_owned(), payload))
}

/// Writes a value with as much of it on one line as fits.
fn write(value: &Value, depth: usize) -> String {
    let short = serde_json::to_string(value).expect("JSON");
    if short.len() + 2 * depth <= LINE_CHARS_MAX {
        return short.replace("\":", "\": ").replace(",\"", ", \"").replace("https: ", "https:");
    }
    let (inner, outer) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{inner}\"{name}\": {}", write(value, depth + 1)));
            format!("{{\n{}\n{outer}}}", fields.collect::<Vec<_>>().join(",\n"))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| format!("{inner}{}", write(item, depth + 1)));
            format!("[\n{}\n{outer}]", items.collect::<Vec<_>>().join(",\n"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => short,
    }
}

fn section() -> String {
    let mut text = String::new();
    for dialect in Dialect::ALL {
        let _ = write!(text, "\n### Objects of {}\n", dialect.as_str());
        for (title, event) in examples() {
            let Some((name, payload)) = encoded(dialect, &event) else { continue };
            let _ = write!(text, "\n{title}, in `{name}`:\n\n```json\n{}\n```\n", write(&payload, 0));
        }
    }
    text.push('\n');
    text
}

fn document() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    let text = std::fs::read_to_string(&path).expect("docs/protocol.md");
    (path, text)
}

#[test]
fn the_examples_are_what_the_encoders_write() {
    let (path, text) = document();
    let (head, rest) = text.split_once(START).expect("a start mark");
    let (_, tail) = rest.split_once(END).expect("an end mark");
    let updated = format!("{head}{START}{}{END}{tail}", section());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &updated).expect("written");
    } else {
        assert!(text == updated, "the objects in docs/protocol.md are not what is written: UPDATE_DOCS=1 updates them");
    }
}

/// Adds the names of all fields of a value.
fn add_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                add_names(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_names(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_field_of_an_object_is_explained() {
    let (_, text) = document();
    let (_, rest) = text.split_once("### Fields of objects\n").expect("the table");
    let (table, _) = rest.split_once("\n### ").expect("a section after the table");
    let first_column = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let explained: BTreeSet<&str> = first_column.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let mut names = BTreeSet::new();
    for (dialect, (_, event)) in
        Dialect::ALL.into_iter().flat_map(|dialect| examples().into_iter().map(move |one| (dialect, one)))
    {
        if let Some((_, payload)) = encoded(dialect, &event) {
            add_names(&payload, &mut names);
        }
    }
    let missing: Vec<_> = names.iter().filter(|name| !explained.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/protocol.md does not explain {missing:?}");
}
