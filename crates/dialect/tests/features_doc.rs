//! The table of features in `README.md` is made from the catalogue, the decoders and the encoders.
//! `UPDATE_DOCS=1 cargo test -p quintet-dialect` updates it.
//!
//! What must stay true: each feature has an event or a field in every dialect, and each event of the catalogue stands in
//! the table, but for those that one dialect has for itself.

mod samples;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use Feature::{
    Blocks, ComingAndGoing, ConversationChanged, ConversationGone, ConversationMade, CustomData, Deletion, Delivered,
    Edit, Errors, Files, Join, Kinds, Leave, Mentions, Notifications, OwnSettings, Pins, Profiles, Reactions, Read,
    Replies, Reports, Sending, Threads, Token, Typing, WhoIsOnline,
};
use quintet_dialect::catalogue::{EventSpec, Field, Payload, Type, events};
use quintet_dialect::{Dialect, MessageTexts, Outgoing, Perspective, answer, decode, encode, error_event, greet};
use quintet_domain::{
    Command, Event, LocalCommand, Message, MessageDetails, MessageKind, NewDetails, NewText, Refusal, Reply,
    RoomMember, WriteCommand,
};
use serde_json::Value;
use serde_json::value::to_raw_value;

const START: &str = "<!-- features: made from the catalogue -->\n";
const END: &str = "<!-- /features -->\n";

/// The events that one dialect has for itself, or that have no counterpart by their nature: the table lacks them.
const PECULIAR: [(Dialect, &str); 4] = [
    (Dialect::Meetup, "connect"),
    (Dialect::Meetup, "connected"),
    (Dialect::Meetup, "meetupStatusUpdate"),
    (Dialect::Conversations, "upload_file"),
];

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Feature {
    Sending,
    Kinds,
    Files,
    CustomData,
    Replies,
    Threads,
    Mentions,
    Reactions,
    Pins,
    Delivered,
    Read,
    Edit,
    Deletion,
    Typing,
    ComingAndGoing,
    WhoIsOnline,
    ConversationMade,
    ConversationChanged,
    ConversationGone,
    Join,
    Leave,
    Profiles,
    Notifications,
    OwnSettings,
    Blocks,
    Reports,
    Token,
    Errors,
}

impl Feature {
    const ALL: [Self; 28] = [
        Sending,
        Kinds,
        Files,
        CustomData,
        Replies,
        Threads,
        Mentions,
        Reactions,
        Pins,
        Delivered,
        Read,
        Edit,
        Deletion,
        Typing,
        ComingAndGoing,
        WhoIsOnline,
        ConversationMade,
        ConversationChanged,
        ConversationGone,
        Join,
        Leave,
        Profiles,
        Notifications,
        OwnSettings,
        Blocks,
        Reports,
        Token,
        Errors,
    ];

    fn title(self) -> &'static str {
        match self {
            Sending => "send a message",
            Kinds => "its kind",
            Files => "several files",
            CustomData => "custom data",
            Replies => "reply",
            Threads => "thread",
            Mentions => "mentions",
            Reactions => "react",
            Pins => "pin",
            Delivered => "delivered",
            Read => "read",
            Edit => "edit",
            Deletion => "delete",
            Typing => "typing",
            ComingAndGoing => "online, offline",
            WhoIsOnline => "who is online",
            ConversationMade => "conversation made",
            ConversationChanged => "conversation changed",
            ConversationGone => "conversation gone",
            Join => "join",
            Leave => "leave",
            Profiles => "profile changed",
            Notifications => "notification",
            OwnSettings => "own settings",
            Blocks => "block",
            Reports => "report a message",
            Token => "renew the token",
            Errors => "error",
        }
    }

    /// Returns whether clients of every dialect have an event or a field for it. What they have none for happens by itself,
    /// over HTTP, or by another event.
    fn is_asked(self) -> bool {
        match self {
            Sending | Kinds | Files | CustomData | Replies | Threads | Mentions | Reactions | Pins | Delivered
            | Read | Edit | Deletion | Typing | OwnSettings | Blocks | Reports | Token => true,
            ComingAndGoing | WhoIsOnline | ConversationMade | ConversationChanged | ConversationGone | Join | Leave
            | Profiles | Notifications | Errors => false,
        }
    }

    /// Returns the feature that a command asks for.
    fn of_command(command: &Command) -> Option<Self> {
        Some(match command {
            Command::Write(command) => match command {
                WriteCommand::Send(_) => Sending,
                WriteCommand::Edit { .. } => Edit,
                WriteCommand::Delete { .. } => Deletion,
                WriteCommand::React { .. } => Reactions,
                WriteCommand::Pin { .. } => Pins,
                WriteCommand::Read(_) => Read,
                WriteCommand::Deliver(_) => Delivered,
                WriteCommand::Configure { .. } => OwnSettings,
                WriteCommand::Block { .. } => Blocks,
                WriteCommand::Report { .. } => Reports,
                WriteCommand::Join { .. } => Join,
                WriteCommand::Leave { .. } => Leave,
                WriteCommand::CreateRoom { .. } => ConversationMade,
            },
            Command::Local(command) => match command {
                LocalCommand::Typing { .. } => Typing,
                LocalCommand::Listen { .. } => Join,
                LocalCommand::Mute { .. } => Leave,
                LocalCommand::Identify => return None,
            },
            Command::Authenticate { .. } => Token,
            Command::Upload { .. } => return None,
        })
    }

    /// Returns the feature that an event tells of.
    fn of_event(event: &Event) -> Option<Self> {
        Some(match event {
            Event::MessageCreated(_) | Event::MessageAppeared { .. } => Sending,
            Event::MessageEdited(_) => Edit,
            Event::MessageDeleted(_) => Deletion,
            Event::MessageReacted(_) => Reactions,
            Event::MessagePinned { .. } => Pins,
            Event::MessagesRead { .. } => Read,
            Event::MessagesDelivered { .. } => Delivered,
            Event::ConversationCreated { .. } | Event::ConversationAppeared { .. } => ConversationMade,
            Event::ConversationChanged { .. } => ConversationChanged,
            Event::ConversationHidden { .. } | Event::DeletionAnnounced { .. } | Event::ConversationDeleted { .. } => {
                ConversationGone
            }
            Event::SettingsChanged { .. } => OwnSettings,
            Event::BlocksChanged { .. } => Blocks,
            Event::MemberJoined { .. } => Join,
            Event::MemberLeft { .. } => Leave,
            Event::Notified { .. } => Notifications,
            Event::UserChanged { .. } => Profiles,
            Event::Typing { .. } => Typing,
            Event::Presence { .. } | Event::RoomPresence { .. } => ComingAndGoing,
            Event::MeetupChanged { .. }
            | Event::MessageReported { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. } => return None,
        })
    }

    /// Returns the feature whose answer a reply is.
    fn of_reply(reply: &Reply) -> Option<Self> {
        Some(match reply {
            Reply::Sent { .. } => Sending,
            Reply::Edited(_) => Edit,
            Reply::Deleted(_) => Deletion,
            Reply::Reacted { .. } => Reactions,
            Reply::Pinned { .. } => Pins,
            Reply::Read => Read,
            Reply::Delivered => Delivered,
            Reply::Configured { .. } => OwnSettings,
            Reply::Blocks { .. } => Blocks,
            Reply::Reported => Reports,
            Reply::Typing => Typing,
            Reply::Joined { .. } | Reply::Listening { .. } => Join,
            Reply::Left { .. } | Reply::Muted { .. } => Leave,
            Reply::RoomCreated { .. } => ConversationMade,
            Reply::Authenticated { .. } => Token,
            Reply::Uploaded { .. } | Reply::Identified { .. } => return None,
        })
    }
}

/// What stands in one cell: names of events, and names of fields in braces, each once.
#[derive(Default)]
struct Cell {
    asked: Vec<String>,
    told: Vec<String>,
}

impl Cell {
    fn add(names: &mut Vec<String>, name: String) {
        if !names.contains(&name) {
            names.push(name);
        }
    }

    fn text(&self) -> String {
        let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        if self.asked == self.told && self.asked.iter().all(|name| name.starts_with('{')) {
            return list(&self.asked);
        }
        match (self.asked.is_empty(), self.told.is_empty()) {
            (false, false) => format!("{} → {}", list(&self.asked), list(&self.told)),
            (true, false) => format!("→ {}", list(&self.told)),
            (false, true) => list(&self.asked),
            (true, true) => String::new(),
        }
    }
}

fn fields(spec: &EventSpec) -> &'static [Field] {
    match spec.payload {
        Payload::Object(fields) | Payload::IdOrObject(fields) => fields,
        Payload::None | Payload::Value(_) => &[],
    }
}

/// Returns the command that an event of a client asks for, with all required fields and these optional ones.
fn command(dialect: Dialect, spec: &EventSpec, more: &[&str]) -> Command {
    let mut payload = samples::payload(spec.payload, more);
    // The kind that differs from what its absence means.
    if let Some(kind) = fields(spec).iter().find(|field| field.ty == Type::Kind && more.contains(&field.name)) {
        payload[kind.name] = MessageKind::Image.as_str().into();
    }
    let raw = to_raw_value(&payload).expect("JSON");
    let decoded = decode(dialect, spec.name, &[&raw]).expect("an event of clients");
    decoded.unwrap_or_else(|refusal| panic!("{} {payload}: {refusal:?}", spec.name)).command
}

/// Returns what differs between two messages that are sent.
fn parts_of_send(plain: &Command, with: &Command) -> Vec<Feature> {
    let (Command::Write(WriteCommand::Send(plain)), Command::Write(WriteCommand::Send(with))) = (plain, with) else {
        return Vec::new();
    };
    let NewText { target: _, kind, content: _, file: _, client_message_id: _, details } = with;
    let NewDetails { files, metadata, reply_to, thread, mentions, mention_all } =
        details.as_deref().cloned().unwrap_or_default();
    let parts = [
        (Kinds, *kind != plain.kind),
        (Files, !files.is_empty()),
        (CustomData, metadata.is_some()),
        (Replies, reply_to.is_some()),
        (Threads, thread.is_some()),
        (Mentions, mentions.is_some() || mention_all),
    ];
    parts.into_iter().filter(|(_, there)| *there).map(|(feature, _)| feature).collect()
}

/// Messages with one part each, beside a plain one.
fn messages_with_parts() -> (Message, Vec<(Feature, Message)>) {
    let all = support::messages();
    let find = |name| all.iter().find(|(found, _)| *found == name).map(|(_, message)| Message::clone(message));
    let plain = find("plain").expect("a plain message");
    let details = find("detailed").and_then(|message| message.details).expect("details");
    let MessageDetails { files, metadata, reply_to, thread_id, thread, mentions, mention_all, reactions, pinned } =
        *details;
    let none = MessageDetails::default;
    let parts = [
        (Files, MessageDetails { files, ..none() }),
        (CustomData, MessageDetails { metadata, ..none() }),
        (Replies, MessageDetails { reply_to, ..none() }),
        (Threads, MessageDetails { thread_id, ..none() }),
        (Threads, MessageDetails { thread, ..none() }),
        (Mentions, MessageDetails { mentions, ..none() }),
        (Mentions, MessageDetails { mention_all, ..none() }),
        (Reactions, MessageDetails { reactions, ..none() }),
        (Pins, MessageDetails { pinned, ..none() }),
    ];
    let with = |details: MessageDetails| Message { details: details.kept(), ..plain.clone() };
    let mut messages = vec![(Kinds, Message { kind: MessageKind::Image, ..plain.clone() })];
    messages.extend(parts.map(|(feature, details)| (feature, with(details))));
    (plain, messages)
}

/// Adds the names of the fields that only the second object has, or that have another value there.
fn add_differing(plain: &Value, with: &Value, names: &mut Vec<String>) {
    for (name, value) in with.as_object().into_iter().flatten() {
        let before = &plain[name];
        if before.is_object() && value.is_object() {
            add_differing(before, value, names);
        } else if before != value {
            Cell::add(names, format!("{{{name}}}"));
        }
    }
}

fn encoded(dialect: Dialect, event: &Event) -> Vec<Outgoing> {
    let written = [Perspective::Other, Perspective::Actor]
        .map(|one| encode(dialect, event, one, &support::is_online, &mut MessageTexts::default()));
    written.into_iter().flatten().collect()
}

fn answered(dialect: Dialect, reply: Reply) -> Vec<Outgoing> {
    let answer = answer(dialect, "", &Ok(reply), &support::is_online, &mut MessageTexts::default());
    answer.events.into_iter().chain(answer.instead_of_ack).collect()
}

/// Returns the events that tell who is online: on the connect, or on the join.
fn who_is_online(dialect: Dialect) -> Vec<&'static str> {
    let ada = support::ada();
    let greeting = |online: &[_]| greet(dialect, &ada, &|| online);
    let joined = |members| {
        answered(dialect, Reply::Joined { conversation: support::room(), new: true, history: Vec::new(), members })
    };
    let member = RoomMember { user: support::ada(), online: true };
    let (nobody, somebody) = (joined(Vec::new()), joined(vec![member]));
    let of_joins = somebody.iter().filter(|event| !nobody.contains(event)).map(|event| event.name);
    let (nobody, somebody) = (greeting(&[]), greeting(std::slice::from_ref(&ada.id)));
    let of_connects = somebody.iter().filter(|event| !nobody.contains(event)).map(|event| event.name);
    of_connects.chain(of_joins).collect()
}

fn cell(dialect: Dialect, feature: Feature) -> Cell {
    let mut cell = Cell::default();
    for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
        // One of two places has to be named.
        let place: &[&str] = if fields(spec).iter().any(|field| field.is_required()) { &[] } else { &["recipientId"] };
        let plain = command(dialect, spec, place);
        if Feature::of_command(&plain) == Some(feature) {
            Cell::add(&mut cell.asked, spec.name.to_owned());
        }
        for field in fields(spec).iter().filter(|field| !field.is_required() && field.name != "groupId") {
            if parts_of_send(&plain, &command(dialect, spec, &[&[field.name], place].concat())).contains(&feature) {
                Cell::add(&mut cell.asked, format!("{{{}}}", field.name));
            }
        }
    }
    for (_, event) in support::events().iter().filter(|(_, event)| Feature::of_event(event) == Some(feature)) {
        for told in encoded(dialect, event) {
            Cell::add(&mut cell.told, told.name.to_owned());
        }
    }
    let (plain, with_parts) = messages_with_parts();
    let object = |message: &Message| -> Value {
        let event = Event::MessageCreated(Arc::new(message.clone()));
        let written = encode(dialect, &event, Perspective::Other, &support::is_online, &mut MessageTexts::default());
        serde_json::from_str(&written.expect("an event").payload).expect("JSON")
    };
    for (_, message) in with_parts.iter().filter(|(part, _)| *part == feature) {
        add_differing(&object(&plain), &object(message), &mut cell.told);
    }
    let online = who_is_online(dialect);
    for (_, reply) in support::replies().into_iter().filter(|(_, reply)| Feature::of_reply(reply) == Some(feature)) {
        for told in answered(dialect, reply).into_iter().filter(|told| !online.contains(&told.name)) {
            Cell::add(&mut cell.told, told.name.to_owned());
        }
    }
    // Every answer can be an error, which has a row of its own.
    let error = error_event(&Refusal::token_expired()).name;
    cell.told.retain(|name| name != error);
    if feature == WhoIsOnline {
        online.into_iter().for_each(|name| Cell::add(&mut cell.told, name.to_owned()));
    } else if feature == Errors {
        Cell::add(&mut cell.told, error.to_owned());
    }
    cell
}

fn table() -> String {
    let mut text = "\n| |".to_owned();
    for dialect in Dialect::ALL {
        let _ = write!(text, " {} |", dialect.as_str());
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(Dialect::ALL.len()));
    for feature in Feature::ALL {
        let _ = write!(text, "| {} |", feature.title());
        for dialect in Dialect::ALL {
            let _ = write!(text, " {} |", cell(dialect, feature).text());
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

#[test]
fn the_table_matches_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(&path).expect("README.md");
    let (head, rest) = text.split_once(START).expect("a start mark");
    let (_, tail) = rest.split_once(END).expect("an end mark");
    let updated = format!("{head}{START}{}{END}{tail}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &updated).expect("written");
    } else {
        assert!(text == updated, "the table in README.md does not match the catalogue: UPDATE_DOCS=1 updates it");
    }
}

#[test]
fn every_dialect_has_every_feature() {
    for feature in Feature::ALL {
        for dialect in Dialect::ALL {
            let Cell { asked, told } = cell(dialect, feature);
            assert!(!asked.is_empty() || !feature.is_asked(), "clients of {dialect:?} cannot ask for {feature:?}");
            // Nobody is told of a report but those who look after the server.
            let is_silent = feature == Token || feature == Reports;
            assert!(!told.is_empty() || is_silent, "clients of {dialect:?} are not told of {feature:?}");
        }
    }
}

#[test]
fn every_event_stands_in_the_table() {
    let mut missing = Vec::new();
    for dialect in Dialect::ALL {
        let cells: Vec<Cell> = Feature::ALL.into_iter().map(|feature| cell(dialect, feature)).collect();
        let names = |of: fn(&Cell) -> &Vec<String>| -> BTreeSet<&str> {
            cells.iter().flat_map(|cell| of(cell).iter().map(String::as_str)).collect()
        };
        let (asked, told) = (names(|cell| &cell.asked), names(|cell| &cell.told));
        let absent = events(dialect).iter().filter(|spec| {
            let names = if spec.direction.is_to_server() { &asked } else { &told };
            !names.contains(spec.name)
        });
        missing.extend(absent.map(|spec| (dialect, spec.name)));
        // Nothing is named that the catalogue does not have.
        let has = |name: &str, to_server| {
            events(dialect).iter().any(|spec| spec.name == name && spec.direction.is_to_server() == to_server)
        };
        for (names, to_server) in [(&asked, true), (&told, false)] {
            for name in names.iter().filter(|name| !name.starts_with('{')) {
                assert!(has(name, to_server), "{dialect:?} has no {name} in the catalogue");
            }
        }
    }
    assert_eq!(missing, PECULIAR);
}
