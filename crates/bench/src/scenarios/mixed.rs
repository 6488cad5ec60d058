//! A working day in one minute, in all five dialects; and the same load over a longer time.

use std::io;
use std::time::Duration;

use super::case::{Case, Run, in_memory, ms};
use crate::load::{Greeting, Load, Regime, Turn};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::quintet::{self, Api};
use crate::report::{Part, Server, Value};

pub(super) const ABOUT: &str = "Groups of ten, with two users on each of the five dialects. Of 100 events, 35 are \
    messages, 5 are edits, 15 mark messages as read (the first messages of the group, so that they change nothing), 5 \
    open the conversation again (in `meetup`, which has no such event, they stop typing), and 40 are typing events. \
    The other servers have one dialect each, so only Quintet is measured: durable and in memory.";

/// The events of a dialect. `PLACE` stands for a conversation, `ID` for a message, `TEXT` for a text.
struct Templates {
    dialect: &'static str,
    send: &'static str,
    edit: &'static str,
    read: &'static str,
    enter: &'static str,
    typing: &'static str,
}

const DIALECTS: [Templates; 5] = [
    Templates {
        dialect: "meetup",
        send: r#"["sendMessage",{"chatId":"PLACE","message":"TEXT"}]"#,
        edit: r#"["editMessage",{"messageId":"ID","message":"TEXT"}]"#,
        read: r#"["markRead",{"chatId":"PLACE","messageIds":["ID"]}]"#,
        // The dialect has no event for it.
        enter: r#"["userStoppedTyping",{"chatId":"PLACE"}]"#,
        typing: r#"["userTyping",{"chatId":"PLACE"}]"#,
    },
    Templates {
        dialect: "messenger",
        send: r#"["groupMessage",{"groupId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["updateMessage",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["readMessages",{"messageIds":["ID"]}]"#,
        enter: r#"["joinGroup",{"groupId":"PLACE"}]"#,
        typing: r#"["startTyping",{"groupId":"PLACE"}]"#,
    },
    Templates {
        dialect: "rooms",
        send: r#"["send_message",{"roomId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["update_message",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["read_messages",{"roomId":"PLACE","messageIds":["ID"]}]"#,
        enter: r#"["join_room",{"roomId":"PLACE"}]"#,
        typing: r#"["typing",{"roomId":"PLACE","isTyping":true}]"#,
    },
    Templates {
        dialect: "conversations",
        send: r#"["send_message",{"conversationId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["edit_message",{"messageId":"ID","newContent":"TEXT"}]"#,
        read: r#"["mark_read",{"conversationId":"PLACE","messageIds":["ID"]}]"#,
        enter: r#"["join_conversations",["PLACE"]]"#,
        typing: r#"["typing",{"conversationId":"PLACE","isTyping":true}]"#,
    },
    Templates {
        dialect: "chat",
        send: r#"["message:send",{"chatId":"PLACE","content":"TEXT"}]"#,
        edit: r#"["message:edit",{"messageId":"ID","content":"TEXT"}]"#,
        read: r#"["message:read",{"messageId":"ID","chatId":"PLACE"}]"#,
        enter: r#"["chat:join",{"chatId":"PLACE"}]"#,
        typing: r#"["typing:start",{"chatId":"PLACE"}]"#,
    },
];

/// The number of members of a group.
const SIZE: usize = 10;
/// The number of events per second.
const RATE: f64 = 1_000.0;
/// The actions of a user, of which each has a share of twenty turns.
#[derive(Clone, Copy)]
enum Action {
    Message,
    Edit,
    /// Marks the group's messages as read up to the one with this number, among the first.
    Read(usize),
    Enter,
    Type,
}

impl Action {
    /// Seven messages, an edit, three reads, one opening of the conversation, eight typing events.
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

/// Connects the users. Returns their actions, turn by turn.
fn stage(server: &Running, load: &mut Load, people: usize) -> io::Result<Vec<Turn>> {
    let templates = |index: usize| &DIALECTS[index % DIALECTS.len()];
    let greetings: Vec<Greeting> =
        (0..people).map(|index| quintet::greeting(index, templates(index).dialect)).collect();
    load.connect(server.address, &greetings)?;
    // Each user sends a message first, so that there is something to edit and to read.
    let (mut conversations, mut message_ids) = (Vec::new(), Vec::new());
    for first in (0..people).step_by(SIZE) {
        let members: Vec<usize> = (first + 1..first + SIZE).collect();
        conversations.push(Api::of(server.address, first)?.group(&members)?);
    }
    for index in 0..people {
        message_ids.push(Api::of(server.address, index)?.message(&conversations[index / SIZE], "to be edited")?);
    }
    let turn = |n: usize| {
        // The users of successive turns are far apart, so that no user has two turns in a row.
        let index = n * 7 % people;
        let templates = templates(index);
        let (template, id) = match Action::of(n / people + index) {
            Action::Message => (templates.send, ""),
            Action::Edit => (templates.edit, message_ids[index].as_str()),
            Action::Read(nth) => (templates.read, message_ids[index / SIZE * SIZE + nth].as_str()),
            Action::Enter => (templates.enter, ""),
            Action::Type => (templates.typing, ""),
        };
        let event = template.replace("PLACE", &conversations[index / SIZE]).replace("ID", id);
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
        Value::more("deliveries per event", "", measured.events as f64 / measured.sent as f64),
        Value::less("resident memory", "MB", server.resident() as f64 / 1e6),
    ])
}

/// Runs the mix for a longer time, and prints a line for each step, so that growth becomes visible.
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
