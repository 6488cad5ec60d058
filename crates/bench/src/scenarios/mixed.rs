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

pub(super) const ABOUT: &str = "Groups of ten, two people on each of the five vocabularies. Of a hundred events 35 are \
    messages, 5 are edits, and 60 say that somebody types. The peers speak one vocabulary each, so only Quintet is \
    here: durable, and in memory.";

/// How a vocabulary says things: `ID` stands for a conversation or a message, `TEXT` for what is written.
struct Words {
    dialect: &'static str,
    send: &'static str,
    edit: &'static str,
    typing: &'static str,
}

const DIALECTS: [Words; 5] = [
    Words {
        dialect: "meetup",
        send: r#"["sendMessage",{"chatId":"ID","message":"TEXT"}]"#,
        edit: r#"["editMessage",{"messageId":"ID","message":"TEXT"}]"#,
        typing: r#"["userTyping",{"chatId":"ID"}]"#,
    },
    Words {
        dialect: "messenger",
        send: r#"["groupMessage",{"groupId":"ID","content":"TEXT"}]"#,
        edit: r#"["updateMessage",{"messageId":"ID","content":"TEXT"}]"#,
        typing: r#"["startTyping",{"groupId":"ID"}]"#,
    },
    Words {
        dialect: "rooms",
        send: r#"["send_message",{"roomId":"ID","content":"TEXT"}]"#,
        edit: r#"["update_message",{"messageId":"ID","content":"TEXT"}]"#,
        typing: r#"["typing",{"roomId":"ID","isTyping":true}]"#,
    },
    Words {
        dialect: "conversations",
        send: r#"["send_message",{"conversationId":"ID","content":"TEXT"}]"#,
        edit: r#"["edit_message",{"messageId":"ID","newContent":"TEXT"}]"#,
        typing: r#"["typing",{"conversationId":"ID","isTyping":true}]"#,
    },
    Words {
        dialect: "chat",
        send: r#"["message:send",{"chatId":"ID","content":"TEXT"}]"#,
        edit: r#"["message:edit",{"messageId":"ID","content":"TEXT"}]"#,
        typing: r#"["typing:start",{"chatId":"ID"}]"#,
    },
];

/// People in a group.
const SIZE: usize = 10;
/// Events a second.
const RATE: f64 = 1_000.0;
/// Of twenty events, those that are messages, and those that are edits; the others are typing.
const MESSAGES_OF_TWENTY: usize = 7;
const EDITS_OF_TWENTY: usize = 1;

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
    let (mut places, mut own) = (Vec::new(), Vec::new());
    for first in (0..people).step_by(SIZE) {
        let members: Vec<usize> = (first + 1..first + SIZE).collect();
        places.push(Api::of(server.address, first)?.group(&members)?);
    }
    // Everybody has a message to edit.
    for index in 0..people {
        own.push(Api::of(server.address, index)?.message(&places[index / SIZE], "to be edited")?);
    }
    let turn = |n: usize| {
        // Far apart, so that nobody's turn comes twice in a row.
        let index = n * 7 % people;
        let words = words(index);
        let (template, id) = match n % 20 {
            kind if kind < MESSAGES_OF_TWENTY => (words.send, &places[index / SIZE]),
            kind if kind < MESSAGES_OF_TWENTY + EDITS_OF_TWENTY => (words.edit, &own[index]),
            _ => (words.typing, &places[index / SIZE]),
        };
        let said = template.replace("ID", id);
        match said.split_once("TEXT") {
            Some((before, after)) => Turn { index, before: before.to_owned(), after: Some(after.to_owned()) },
            None => Turn { index, before: said, after: None },
        }
    };
    // Each in turn does each thing.
    Ok((0..people * 20).map(|n| turn(n + n / people)).collect())
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
        Value::less("CPU of an event", "µs", cpu.all * 1e6 / measured.sent as f64),
        Value::less("acknowledgement p50", "ms", ms(&measured.ack, 0.5)),
        Value::less("acknowledgement p99", "ms", ms(&measured.ack, 0.99)),
        Value::less("delivery p99", "ms", ms(&measured.delivery, 0.99)),
        Value::more("heard for an event", "", measured.heard as f64 / measured.sent as f64),
        Value::less("resident", "MB", server.resident() as f64 / 1e6),
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
            of("resident"),
            of("CPU"),
            of("acknowledgement p99"),
            of("delivery p99")
        );
    }
    Ok(())
}
