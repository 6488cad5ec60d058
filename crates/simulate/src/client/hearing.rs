//! What a client does with what it hears: it holds everything against its line.
//!
//! What must stay true: every packet is looked at; one that the model has no sentence for is at least in the trace.

use quintet_dialect::Dialect;
use quintet_domain::{ConversationId, Event, MessageId, UserId};
use serde_json::Value;

use super::{Client, State};
use crate::model::line::Line;
use crate::model::mutes::MutesKnown;
use crate::network::Given;
use crate::packets::{self, Offset, Packet};
use crate::sim::Sim;
use crate::vocabulary::Command;

/// What a packet asks of the transport.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The packet asks for nothing.
    Nothing,
    /// An answer to a ping.
    Ping,
    /// The connection is over.
    End,
}

/// Takes one packet.
pub(crate) fn hear(client: &Client, sim: &Sim, text: &str, given: Given) -> Heard {
    let Some(packet) = packets::read(text) else {
        sim.violate(format!("{} heard `{text}`, which is no packet", client.name()));
        return Heard::End;
    };
    let mut state = client.state.borrow_mut();
    match packet {
        Packet::Ping => return Heard::Ping,
        Packet::Noop => {}
        Packet::Close | Packet::Disconnected => return Heard::End,
        Packet::Connected(pid) => connected(client, sim, &mut state, pid, given),
        Packet::Refused(why) => {
            sim.note(format!("{} is not let in: {why}", client.name()));
            sim.count("connections refused");
            return Heard::End;
        }
        Packet::Event(name, arguments) => event(client, sim, &mut state, &name, &arguments),
        Packet::Ack(id, arguments) => acknowledged(client, sim, &mut state, id, &arguments),
    }
    Heard::Nothing
}

fn connected(client: &Client, sim: &Sim, state: &mut State, pid: Option<String>, given: Given) {
    let Some(pid) = pid else {
        return sim.violate(format!("{} asked for recovery and got no secret", client.name()));
    };
    if let Some(connection) = &mut state.connection {
        connection.connected = true;
    }
    let Given { position, life } = given;
    match (&state.resume, &mut state.line) {
        (Some((before, of_life)), Some(line)) if *before == pid => {
            sim.note(format!("{} resumes behind {:?}", client.name(), state.offset));
            sim.count("recoveries");
            state.replayed_to = position;
            if *of_life != life {
                sim.count("recoveries by another process");
            }
            line.resume(&sim.history.borrow(), mutes_known(sim, *of_life == life));
        }
        (before, line) => {
            sim.note(format!("{} starts afresh at {position} or before", client.name()));
            if before.is_some() {
                sim.count("fresh starts after a loss");
            }
            *line = Some(Line::new(client.user.clone(), client.guest, client.dialect, position, sim.has_many_nodes()));
            state.offset = None;
            state.replayed_to = 0;
        }
    }
    state.resume = Some((pid, life));
}

/// What a process knows of the mutes of a connection that it resumes.
fn mutes_known(sim: &Sim, same_process: bool) -> MutesKnown {
    match (same_process, sim.has_many_nodes()) {
        (true, _) => MutesKnown::All,
        (false, false) => MutesKnown::None,
        // It may have had the connection before another node did.
        (false, true) => MutesKnown::Perhaps,
    }
}

// --- events ---

fn event(client: &Client, sim: &Sim, state: &mut State, name: &str, arguments: &[Value]) {
    sim.count("events heard");
    let payload = arguments.first().cloned().unwrap_or_default();
    match arguments.last().and_then(Offset::read) {
        Some(offset) if arguments.len() > 1 => {
            state.offset = arguments.last().and_then(Value::as_str).map(str::to_owned);
            committed(client, sim, state, name, &payload, &offset);
        }
        _ => passing(client, sim, state, name, &payload),
    }
}

/// An event that was committed.
fn committed(client: &Client, sim: &Sim, state: &mut State, name: &str, payload: &Value, offset: &Offset) {
    sim.note(format!("{} heard {name} at {}{}", client.name(), offset.position, offset.letter));
    sim.count(if client.guest { "events heard by guests" } else { "events heard by accounts" });
    if offset.position <= state.replayed_to {
        sim.count("events replayed");
    }
    let State { line, connection, shown, replayed_to, .. } = state;
    let Some(line) = line else {
        return sim.violate(format!("{} heard `{name}` before it was let in", client.name()));
    };
    let history = sim.history.borrow();
    let entry = match line.hear(&history, name, payload, offset) {
        Ok(entry) => entry,
        Err(sentence) => return sim.violate(sentence),
    };
    match &entry.event {
        // The acknowledgement comes before the echo.
        Event::MessageCreated(message) => {
            if message.details.as_ref().is_some_and(|details| details.reply_to.is_some()) {
                sim.count("replies heard");
            }
            let waits =
                |command: &Command| matches!(command, Command::Send { content, .. } if *content == message.content);
            let unacknowledged = connection.as_ref().map(|connection| &connection.unacknowledged);
            let waiting = unacknowledged.is_some_and(|commands| commands.values().any(waits));
            if waiting && sim.sends.borrow().attempts(&message.content) == 1 {
                sim.violate(format!("{} heard `{}` before its acknowledgement", client.name(), message.content));
            }
        }
        Event::MemberLeft { conversation, user, .. } if user.id == client.user => shown.forget(&conversation.id),
        Event::ConversationDeleted { conversation } => shown.forget(&conversation.id),
        Event::ConversationCreated { .. } => sim.count("conversations made heard"),
        Event::ConversationAppeared { .. } => sim.count("conversations joined heard"),
        Event::ConversationChanged { .. } => sim.count("conversations changed heard"),
        Event::DeletionAnnounced { .. } => sim.count("conversations deleted heard"),
        Event::MemberJoined { user, .. } if user.id != client.user => sim.count("joins of others heard"),
        Event::MessageReacted(_) => reacted(sim, payload, offset.position <= *replayed_to),
        Event::MessagePinned { .. } => sim.count("pins heard"),
        Event::MessageAppeared { .. } => sim.count("messages heard that had waited"),
        _ => {}
    }
}

/// An event that is not stored, or a part of an answer.
fn passing(client: &Client, sim: &Sim, state: &mut State, name: &str, payload: &Value) {
    sim.note(format!("{} heard {name}", client.name()));
    if let Value::Array(messages) = payload
        && name == "history"
        && let Some(room) = state.connection.as_mut().and_then(|connection| connection.history_of.take())
    {
        let ids: Vec<MessageId> =
            messages.iter().filter_map(|message| Some(MessageId::trusted(message.get("id")?.as_str()?))).collect();
        sim.count("histories of joins");
        let history = sim.history.borrow();
        if let Some(line) = &mut state.line {
            sim.check(line.joined(&history, &room, &ids));
        }
        return;
    }
    presence(client, sim, state, name, payload);
    if client.dialect.is_some() && name.contains("typing") {
        typing(client, sim, state, name, payload);
    }
    if payload.get("emoji").is_some() {
        sim.count("reactions told late");
        reacted(sim, payload, false);
        let history = sim.history.borrow();
        match &mut state.line {
            Some(line) => sim.check(line.hear_reaction(&history, payload, None)),
            None => sim.violate(format!("{} heard `{name}` before it was let in", client.name())),
        }
    }
}

/// Somebody is online, or all are named who are: nobody among them is hidden from the client.
fn presence(client: &Client, sim: &Sim, state: &State, name: &str, payload: &Value) {
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    let online: Vec<&str> = match (name, payload) {
        ("users:online" | "online_users", Value::Array(users)) => users.iter().filter_map(Value::as_str).collect(),
        ("user_online", _) => text("userId").into_iter().collect(),
        ("user:status", _) if text("status") == Some("online") => text("userId").into_iter().collect(),
        _ => return,
    };
    let Some(line) = &state.line else { return };
    sim.count("presence heard");
    let history = sim.history.borrow();
    let next = line.next_position(&history);
    for other in online {
        let other = UserId::trusted(other);
        // A user that has heard an entry behind a block is shown nothing of the one who has blocked it.
        if history.additions.has_blocked_before(&other, &client.user, line.heard_position(&history)) {
            sim.violate(format!("{} heard that {other} is online, who has blocked it", client.name()));
        }
        if history.hides(&client.user, &other, next) {
            sim.violate(format!("{} heard that {other} is online, who has not accepted what it asks", client.name()));
        }
    }
}

fn reacted(sim: &Sim, payload: &Value, is_replayed: bool) {
    sim.count(if is_replayed { "reactions replayed" } else { "reactions heard" });
    if payload.get("changes").is_some() {
        sim.count("reactions told together");
    }
}

fn typing(client: &Client, sim: &Sim, state: &mut State, name: &str, payload: &Value) {
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    let conversation = text("conversationId").or_else(|| text("roomId")).or_else(|| text("chatId"));
    let (Some(conversation), Some(user)) = (conversation, text("userId")) else {
        return sim.violate(format!("{} heard `{name}` of nobody", client.name()));
    };
    let (conversation, user) = (ConversationId::trusted(conversation), UserId::trusted(user));
    let typing = payload.get("isTyping").and_then(Value::as_bool).unwrap_or(!name.ends_with("stop"));
    let Some(line) = &state.line else { return };
    let history = sim.history.borrow();
    let next = line.next_position(&history);
    if !history.was_member_since(&conversation, &client.user, next.min(history.newest())) {
        return sim.violate(format!("{} heard of typing in {conversation}, where it is no member", client.name()));
    }
    sim.count("typing heard");
    if sim.has_many_nodes() {
        // Between nodes, starts and stops may be lost, and overtake messages.
        return;
    }
    if typing && user != client.user {
        let sends = sim.sends.borrow();
        let before = state.shown.starts(&conversation, &user);
        let next = line.next_message(&history, &conversation, &user);
        let started = sim.typists.borrow().may_start((&conversation, &user), next, before, |text| sends.position(text));
        drop(sends);
        sim.check(started);
    }
    state.shown.hear(&conversation, &user, typing);
}

// --- acknowledgements ---

fn acknowledged(client: &Client, sim: &Sim, state: &mut State, id: u64, arguments: &[Value]) {
    let State { line, connection, .. } = state;
    let (Some(line), Some(connection)) = (line, connection) else { return };
    let Some(command) = connection.unacknowledged.remove(&id) else {
        return sim.violate(format!("{} got a second acknowledgement of {id}", client.name()));
    };
    let answer = arguments.first().cloned().unwrap_or_default();
    let agreed = answer.get("success").or_else(|| answer.get("ok")).and_then(Value::as_bool) == Some(true);
    let code = answer.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    sim.note(format!("{} got the acknowledgement of {id}: {agreed} {code}", client.name()));
    // Some refusals come before the writer; everything else comes in a row.
    if agreed && connection.unacknowledged.first_key_value().is_some_and(|(first, _)| *first < id) {
        return sim
            .violate(format!("{} got the acknowledgement of {id} before that of an earlier command", client.name()));
    }
    let listened = matches!(command, Command::Listen { .. });
    if !agreed && !listened {
        return refused(client, sim, &command, &code);
    }
    let history = sim.history.borrow();
    sim.check(line.replied(&history));
    match &command {
        Command::Send { content, .. } | Command::Edit { content, .. } => {
            drop(history);
            stored(client, sim, line, &command, content, &answer);
        }
        Command::Delete { message } => {
            sim.count("deletions acknowledged");
            if history.messages.get(message).is_none_or(|facts| !facts.deleted) {
                sim.violate(format!("{} deleted {message}, which is not deleted", client.name()));
            }
        }
        Command::Read { .. } => sim.count("readings acknowledged"),
        Command::React { .. } => sim.count("reactions acknowledged"),
        Command::Pin { .. } => sim.count("pins acknowledged"),
        Command::Join { conversation } => {
            sim.count("joins acknowledged");
            line.mutes.unmuted(conversation, history.newest());
            if client.dialect == Some(Dialect::Rooms) {
                connection.history_of = Some(conversation.clone());
            }
        }
        Command::Leave { conversation } => {
            sim.count("leaves acknowledged");
            state.shown.forget(conversation);
        }
        Command::Mute { conversation } => {
            sim.count("mutes acknowledged");
            line.mutes.muted(conversation, history.newest());
            state.shown.forget(conversation);
        }
        Command::Typing { .. } => {}
        Command::Listen { .. } => {
            sim.count("listens acknowledged");
            let next = line.next_position(&history).min(history.newest());
            for joined in answer.get("joined").and_then(Value::as_array).into_iter().flatten() {
                let joined = ConversationId::trusted(joined.as_str().unwrap_or_default());
                if !history.was_member_since(&joined, &client.user, next) {
                    sim.violate(format!("{} listens to {joined}, where it is no member", client.name()));
                }
            }
        }
    }
}

fn refused(client: &Client, sim: &Sim, command: &Command, code: &str) {
    sim.count("refusals");
    if code.is_empty() {
        sim.violate(format!("{} was refused without a code: {command:?}", client.name()));
    }
    if let Command::Send { content, .. } | Command::Edit { content, .. } = command {
        let refused = sim.sends.borrow_mut().refused(content);
        sim.check(refused);
    }
}

/// A message or an edit was acknowledged: it is stored, once, and the acknowledgement stands right before its entry.
fn stored(client: &Client, sim: &Sim, line: &mut Line, command: &Command, content: &str, answer: &Value) {
    let history = sim.history.borrow();
    let (position, attempts) = (sim.sends.borrow().position(content), sim.sends.borrow().attempts(content));
    let Some(position) = position else {
        return sim
            .violate(format!("{} got the acknowledgement of `{content}`, which is not committed", client.name()));
    };
    if let Command::Send { .. } = command {
        let id =
            answer.get("message").and_then(|message| message.get("id")).and_then(Value::as_str).unwrap_or_default();
        let found = history.messages.get(&MessageId::trusted(id));
        if found.is_none_or(|facts| facts.position != position || facts.sender != client.user) {
            return sim.violate(format!("{} got {id} as the id of `{content}`, which has another", client.name()));
        }
    }
    if attempts > 1 {
        sim.count("repeated sends acknowledged");
        return;
    }
    if let Command::Send { .. } = command {
        sim.count("sends acknowledged");
        if let Some(session) = sim.origins.borrow().get(content).copied().flatten() {
            line.learn_session(session);
        }
    } else {
        sim.count("edits acknowledged");
    }
    sim.check(line.acknowledged(&history, position));
}
