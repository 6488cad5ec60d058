//! A crowd that reacts to one message, and the messages beside it.

use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::case::{Case, Rooms, among, in_memory, ms};
use crate::load::{Load, Regime, Turn};
use crate::peers::{Mode, Peer};
use crate::process::Running;
use crate::quintet::Api;
use crate::reactions_heard::Counts;
use crate::report::Value;

pub(super) const ABOUT: &str = "All members of a room react to one message at the same time, each with one of 20 \
    emojis, while one of them sends 20 messages a second to the room; a run does so several times, each time with \
    another message. Reactions that come faster than ten a second are told together, so that a client receives fewer \
    events than there are changes; *bytes* are those of the packets of these events. *Before* is the same sending \
    without reactions, and *during* lasts from the reactions until each member was told of all of them. *CPU per \
    reaction* is the CPU time from the reactions until nothing more arrives, without what as many messages took \
    before. A run counts only if each client was told of each reaction once, and ends with the counts that HTTP tells. \
    The store is durable. Only Quintet is measured.";

/// The number of members, each of whom reacts once.
const MEMBERS: usize = 1_000;
const EMOJIS: u32 = 20;
/// The number of messages a second that are sent to the room.
const RATE: f64 = 20.0;
/// Maximum time until everybody was told of all reactions.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (rounds, seconds, repeat) = if quick { (5, 4, 1) } else { (20, 10, 3) };
    let own = among(peers, &[Peer::Quintet]);
    let name = format!("{MEMBERS} members react to one message");
    vec![Case::of(name, repeat, (&own, true), move |peer| run(peer, rounds, seconds))]
}

/// What was measured over all rounds.
struct Rounds {
    acknowledged_after: Vec<f64>,
    told_after: Vec<f64>,
    /// By client and round.
    events: Vec<f64>,
    bytes: Vec<f64>,
    delivery: Histogram<u64>,
    messages: u64,
    cpu: f64,
}

/// The CPU time of a message without reactions beside it, and what two measurements of it differ by.
struct Plain {
    delivery: Histogram<u64>,
    cpu: f64,
    noise: f64,
}

fn run(peer: Peer, rounds: usize, seconds: u64) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let server = peer.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let room = Rooms { count: 1, size: MEMBERS }.fill(peer, &server, &mut load)?.swap_remove(0);
    let senders = [Turn::message(0, &room)];
    load.settle()?;
    load.send(&senders, Regime::Paced(RATE), Duration::from_secs(1))?;
    load.settle()?;
    let plain = plain(&server, &mut load, &senders, seconds)?;
    let resident = server.resident();
    server.forget_peak()?;
    let rounds = react(&server, &mut load, (&room, &senders), rounds)?;
    let peak = server.peak();
    load.idle(Duration::from_secs(seconds))?;
    let reactions = (rounds.acknowledged_after.len() * MEMBERS) as f64;
    let micros = |seconds: f64| seconds * 1e6 / reactions;
    let (before, during) = (ms(&plain.delivery, 0.99), ms(&rounds.delivery, 0.99));
    let messages = rounds.messages as f64;
    Ok(vec![
        Value::less("last acknowledgement of a reaction", "s", median(&rounds.acknowledged_after)),
        Value::less("last client told of all reactions", "s", median(&rounds.told_after)),
        Value::less("events about reactions, median client", "", median(&rounds.events)),
        Value::less("events about reactions, most of a client", "", rounds.events.iter().copied().fold(0.0, f64::max)),
        Value::more("changes of reactions that a client was told of", "", MEMBERS as f64),
        Value::less("bytes of these events, median client", "", median(&rounds.bytes)),
        Value::less("bytes of these events, most of a client", "", rounds.bytes.iter().copied().fold(0.0, f64::max)),
        Value::less("delivery p50 before", "ms", ms(&plain.delivery, 0.5)),
        Value::less("delivery p50 during", "ms", ms(&rounds.delivery, 0.5)),
        Value::less("delivery p99 before", "ms", before),
        Value::less("delivery p99 during", "ms", during),
        Value::less("delivery p99, during as a multiple of before", "", during / before),
        Value::less("CPU per reaction", "µs", micros(rounds.cpu - messages * plain.cpu))
            .within(micros(messages * plain.noise)),
        Value::less("resident memory before", "MB", resident as f64 / 1e6),
        Value::less("resident memory at most", "MB", peak as f64 / 1e6),
        Value::less("resident memory after", "MB", server.resident() as f64 / 1e6),
    ])
}

/// Sends messages to the room without reactions, twice.
fn plain(server: &Running, load: &mut Load, senders: &[Turn], seconds: u64) -> io::Result<Plain> {
    let mut half = || {
        let before = server.cpu();
        load.send(senders, Regime::Paced(RATE), Duration::from_secs(seconds).div_f64(2.0))?;
        load.settle()?;
        all_delivered(load)?;
        let measured = load.measured();
        Ok::<_, io::Error>((server.cpu().since(before).all / measured.sent as f64, measured.delivery.clone()))
    };
    let ((first, mut delivery), (second, more)) = (half()?, half()?);
    delivery.add(more).map_err(io::Error::other)?;
    Ok(Plain { delivery, cpu: f64::midpoint(first, second), noise: (first - second).abs() })
}

/// Lets all members react to a message, again and again with another one, while messages are sent to the room.
fn react(server: &Running, load: &mut Load, (room, senders): (&str, &[Turn]), rounds: usize) -> io::Result<Rounds> {
    let emojis: Vec<String> = (0..EMOJIS).filter_map(|n| char::from_u32(0x1f600 + n)).map(String::from).collect();
    let mut api = Api::of(server.address, 0)?;
    let mut all = Rounds {
        acknowledged_after: Vec::new(),
        told_after: Vec::new(),
        events: Vec::new(),
        bytes: Vec::new(),
        delivery: Histogram::new_from(&load.measured().delivery),
        messages: 0,
        cpu: 0.0,
    };
    for _ in 0..rounds {
        let message = api.message(room, "to react to")?;
        load.settle()?;
        let (before, began) = (server.cpu(), Instant::now());
        load.react(&message, &emojis);
        let is_complete = |load: &Load| load.heard().is_none_or(|heard| heard.is_complete());
        load.send_until(senders, Regime::Paced(RATE), |load| is_complete(load) || began.elapsed() > PATIENCE)?;
        load.settle()?;
        all_delivered(load)?;
        all.cpu += server.cpu().since(before).all;
        all.messages += load.measured().sent;
        all.delivery.add(&load.measured().delivery).map_err(io::Error::other)?;
        let counts = counts(&mut api, &message)?;
        let heard = load.heard().ok_or_else(|| io::Error::other("nobody reacted"))?;
        heard.check(&counts).map_err(io::Error::other)?;
        if counts.values().sum::<u64>() != MEMBERS as u64 {
            return Err(io::Error::other(format!("the server counts other reactions than were made: {counts:?}")));
        }
        all.acknowledged_after.push(heard.acknowledged_after());
        all.told_after.push(heard.told_after());
        all.events.extend(heard.events());
        all.bytes.extend(heard.bytes());
    }
    Ok(all)
}

fn all_delivered(load: &Load) -> io::Result<()> {
    let (sent, delivered) = (load.measured().sent, load.measured().delivered);
    if delivered == sent * MEMBERS as u64 {
        return Ok(());
    }
    Err(io::Error::other(format!("{delivered} deliveries of {sent} messages to {MEMBERS} members came")))
}

/// The reactions to a message, as HTTP tells them.
fn counts(api: &mut Api, message: &str) -> io::Result<Counts> {
    let answer: serde_json::Value = serde_json::from_str(&api.get(&format!("/messages/{message}/reactions"))?)?;
    let items = answer["items"].as_array().into_iter().flatten();
    let count = |item: &serde_json::Value| Some((item["emoji"].as_str()?.to_owned(), item["count"].as_u64()?));
    items.map(|item| count(item).ok_or_else(|| io::Error::other(format!("{item} is no reaction")))).collect()
}

/// The value in the middle; the greater of two.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
