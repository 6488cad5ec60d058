//! A working day in a minute, in all five vocabularies; and the same for as long as one likes.

use std::io;
use std::time::Duration;

use super::fanout::ms;
use super::{Case, Run, in_memory};
use crate::load::{Greeting, Load, Regime, Turn};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::quintet::{self, Api};
use crate::report::{Part, Server, Value};

pub(super) const ABOUT: &str = "Groups of ten, with two users on each of the five dialects. Of 100 events, 35 are \
    messages, 5 are edits, 15 mark messages as read (the first messages of the group, so that they change nothing), 5 \
    open the conversation again (in `meetup`, which has no such event, they stop typing), and 40 are typing events. \
    The other servers have one dialect each, so only Quintet is measured: durable and in memory.";

/// How a vocabulary says things: `PLACE` stands for a conversation, `ID` for a message, `TEXT` for what is written.
struct Words {
    dialect: &'static str,
    send: &'static str,
    edit: &'static str,
    read: &'static str,
    enter: &'static str,
    typing: &'static str,
}

const DIALECTS: [Words; 5] = [
    Words {
        dialect: "meetup",
        send: r#"["sendMessage",{"chatId":"PLACE","message":"TEXT"}]"#,
        edit: r#"["editMessage",{"messageId":"ID","message":"TEXT"}]"#,
        read: r#"["markRead",{"chatId":"PLACE","messageIds":["ID"]}]"#,
        // It has no word for it.
        enter: r#"["userStoppedTyping",{"chatId":"PLACE"}]"#,
        typing: r#"["userTyping",{"chatId":"PLACE"}]"#,
    },
    Words {
        dialect: "messenger",
        send: r#"["groupMessage",{"groupId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["updateMessage",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["readMessages",{"messageIds":["ID"]}]"#,
        enter: r#"["joinGroup",{"groupId":"PLACE"}]"#,
        typing: r#"["startTyping",{"groupId":"PLACE"}]"#,
    },
    Words {
        dialect: "rooms",
        send: r#"["send_message",{"roomId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["update_message",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["read_messages",{"roomId":"PLACE","messageIds":["ID"]}]"#,
        enter: r#"["join_room",{"roomId":"PLACE"}]"#,
        typing: r#"["typing",{"roomId":"PLACE","isTyping":true}]"#,
    },
    Words {
        dialect: "conversations",
        send: r#"["send_message",{"conversationId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["edit_message",{"messageId":"ID","newContent":"TEXT"}]"#,
        read: r#"["mark_read",{"conversationId":"PLACE","messageIds":["ID"]}]"#,
        enter: r#"["join_conversations",["PLACE"]]"#,
        typing: r#"["typing",{"conversationId":"PLACE","isTyping":true}]"#,
    },
    Words {
        dialect: "chat",
        send: r#"["message:send",{"chatId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["message:edit",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["message:read",{"messageId":"ID","chatId":"PLACE"}]"#,
        enter: r#"["chat:join",{"chatId":"PLACE"}]"#,
        typing: r#"["typing:start",{"chatId":"PLACE"}]"#,
    },
];

/// People in a group.
const SIZE: usize = 10;
/// Events a second.
const RATE: f64 = 1_000.0;
/// What a person does in twenty turns.
#[derive(Clone, Copy)]
enum Doing {
    Message,
    Edit,
    /// Reads up to the so-and-so-many-th of the group's first messages.
    Read(usize),
    Enter,
    Type,
}

impl Doing {
    /// Seven messages, an edit, three times reading, once opening, eight times typing.
    fn of(turn: usize) -> Self {
        match turn % TURNS {
            0 | 3 | 6 | 9 | 12 | 15 | 18 => Self::Message,
            4 => Self::Edit,
            1 => Self::Read(2),
            7 => Self::Read(5),
            13 => Self::Read(8),
            10 => Self::Enter,
            _ => Self::Type,
        }
    }
}

const TURNS: usize = 20;

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    if !peers.contains(&Peer::Quintet) {
        return Vec::new();
    }
    let (people, seconds, repeat) = if quick { (200, 5, 1) } else { (1_000, 20, 3) };
    let server = |name: &str, part: Part, durable: bool| {
        (Server { name: name.to_owned(), part }, Box::new(move || run(people, seconds, durable)) as Run)
    };
    let servers = vec![server("Quintet", Part::Own, true), server("Quintet, in memory", Part::Variant, false)];
    vec![Case { name: format!("{people} people, {RATE} events a second"), servers, repeat }]
}

/// Connects people and gives what they do, turn by turn.
fn stage(server: &Running, load: &mut Load, people: usize) -> io::Result<Vec<Turn>> {
    let words = |index: usize| &DIALECTS[index % DIALECTS.len()];
    let greetings: Vec<Greeting> = (0..people).map(|index| quintet::greeting(index, words(index).dialect)).collect();
    load.connect(server.address, &greetings)?;
    // Everybody says something first: something to edit, and something to read.
    let (mut places, mut said) = (Vec::new(), Vec::new());
    for first in (0..people).step_by(SIZE) {
        let members: Vec<usize> = (first + 1..first + SIZE).collect();
        places.push(Api::of(server.address, first)?.group(&members)?);
    }
    for index in 0..people {
        said.push(Api::of(server.address, index)?.message(&places[index / SIZE], "to be edited")?);
    }
    let turn = |n: usize| {
        // Far apart, so that nobody's turn comes twice in a row.
        let index = n * 7 % people;
        let words = words(index);
        let (template, id) = match Doing::of(n / people + index) {
            Doing::Message => (words.send, ""),
            Doing::Edit => (words.edit, said[index].as_str()),
            Doing::Read(nth) => (words.read, said[index / SIZE * SIZE + nth].as_str()),
            Doing::Enter => (words.enter, ""),
            Doing::Type => (words.typing, ""),
        };
        let event = template.replace("PLACE", &places[index / SIZE]).replace("ID", id);
        match event.split_once("TEXT") {
            Some((before, after)) => Turn { index, before: before.to_owned(), after: Some(after.to_owned()) },
            None => Turn { index, before: event, after: None },
        }
    };
    Ok((0..people * TURNS).map(turn).collect())
}

fn run(people: usize, seconds: u64, durable: bool) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let server = Peer::Quintet.start(Mode { durable, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let turns = stage(&server, &mut load, people)?;
    load.settle()?;
    load.send(&turns, Regime::Paced(RATE), Duration::from_secs(1))?;
    load.settle()?;
    values(&server, &mut load, &turns, seconds)
}

fn values(server: &Running, load: &mut Load, turns: &[Turn], seconds: u64) -> io::Result<Vec<Value>> {
    let before = server.cpu();
    load.send(turns, Regime::Paced(RATE), Duration::from_secs(seconds))?;
    load.settle()?;
    let cpu = server.cpu().since(before);
    let measured = load.measured();
    Ok(vec![
        Value::less("CPU", "%", cpu.all / seconds as f64 * 100.0),
        Value::less("CPU per event", "µs", cpu.all * 1e6 / measured.sent as f64),
        Value::less("acknowledgement p50", "ms", ms(&measured.ack, 0.5)),
        Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
        Value::less("delivery p99", "ms", ms(&measured.delivery, 0.99)),
        Value::more("deliveries per event", "", measured.heard as f64 / measured.sent as f64),
        Value::less("resident memory", "MB", server.resident() as f64 / 1e6),
    ])
}

/// The mix for as long as one likes: a line a step, so that what grows is seen to grow.
pub(crate) fn soak(people: usize, minutes: u64) -> io::Result<()> {
    const STEP: u64 = 30;
    let folder = tempfile::tempdir()?;
    let server = Peer::Quintet.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let turns = stage(&server, &mut load, people)?;
    load.settle()?;
    println!("| minute | resident, MB | CPU, % | acknowledgement p99, ms | delivery p99, ms |\n|---|---|---|---|---|");
    for step in 1..=minutes * 60 / STEP {
        let values = values(&server, &mut load, &turns, STEP)?;
        let of = |name: &str| values.iter().find(|value| value.name == name).map_or(f64::NAN, |value| value.value);
        println!(
            "| {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |",
            (step * STEP) as f64 / 60.0,
            of("resident memory"),
            of("CPU"),
            of("acknowledgement p99"),
            of("delivery p99")
        );
    }
    Ok(())
}
