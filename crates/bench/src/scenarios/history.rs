//! Pages of a short or long history, while it is written to.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rusqlite::{Connection, params};

use super::case::{Case, Run, in_memory, ms};
use crate::load::{Load, Regime, Turn};
use crate::peers::{Mode, Peer};
use crate::quintet::Api;
use crate::report::{Part, Server, Value};

pub(super) const ABOUT: &str = "Pages of 50 messages before arbitrary positions of a conversation, over HTTP, one \
    after the other, while 200 messages a second are sent to that conversation. A tenth of the messages in the store \
    belong to it. Only Quintet is measured, with two stores; the smaller one takes the column of a peer, to show \
    whether pages become slower as the store grows.";

/// The number of messages of a page.
const PAGE: u32 = 50;
/// The number of messages that are written per second meanwhile.
const WRITTEN: f64 = 200.0;
/// The number of conversations among which the messages are distributed.
const CONVERSATIONS: usize = 10;

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    if !peers.contains(&Peer::Quintet) {
        return Vec::new();
    }
    let (large, seconds, repeat) = if quick { (300_000, 2, 1) } else { (10_000_000, 5, 2) };
    let store = |messages: u64, part: Part| {
        let server = Server { name: format!("Quintet, {} messages", crate::report::rounded(messages as f64)), part };
        (server, Box::new(move || run(messages, seconds)) as Run)
    };
    let servers = vec![store(large, Part::Own), store(10_000, Part::Peer)];
    vec![Case { name: "pages while it is written to".to_owned(), servers, repeat }]
}

fn run(messages: u64, seconds: u64) -> io::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let mode = Mode { durable: true, ..in_memory(folder.path()) };
    let server = Peer::Quintet.start(mode)?;
    let mut load = Load::new()?;
    load.connect(server.address, &[Peer::Quintet.greeting(0, 0)])?;
    let mut api = Api::of(server.address, 0)?;
    let mut conversations = Vec::new();
    for _ in 0..CONVERSATIONS {
        conversations.push(api.group(&[0])?);
    }
    drop((api, load));
    drop(server);
    let each = messages / CONVERSATIONS as u64;
    fill(folder.path(), each).map_err(io::Error::other)?;

    let server = Peer::Quintet.start(mode)?;
    let address = server.address;
    let place = conversations[0].clone();
    let until = Instant::now() + Duration::from_secs(seconds);
    let reader = std::thread::spawn({
        let place = place.clone();
        move || -> io::Result<Histogram<u64>> {
            let mut api = Api::of(address, 0)?;
            let mut times = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)?;
            let mut number = each / 2;
            while Instant::now() < until {
                // Arbitrary positions: each is far from the previous one.
                number = (number * 7_919 + 104_729) % each + 1;
                let began = Instant::now();
                let page = api.get(&format!("/conversations/{place}/messages?before={number}&limit={PAGE}"))?;
                times.saturating_record(began.elapsed().as_nanos() as u64);
                if number > 1 && !page.contains("\"sequence\"") {
                    return Err(io::Error::other("a page came back empty"));
                }
            }
            Ok(times)
        }
    });
    let mut load = Load::new()?;
    load.connect(server.address, &[Peer::Quintet.greeting(0, 0)])?;
    let before = server.cpu();
    load.send(&[Turn::message(0, &place)], Regime::Paced(WRITTEN), Duration::from_secs(seconds))?;
    let cpu = server.cpu().since(before);
    let times = reader.join().map_err(|_| io::Error::other("the reader failed"))??;
    Ok(vec![
        Value::less("page p50", "ms", ms(&times, 0.5)),
        Value::less("page p99", "ms", ms(&times, 0.99)),
        Value::more("pages a second", "", times.len() as f64 / seconds as f64),
        Value::less("acknowledgement p99", "ms", ms(&load.measured().ack, 0.99)),
        Value::less("CPU", "%", cpu.all / seconds as f64 * 100.0),
    ])
}

/// Writes `each` messages into each conversation, directly into the database of a server that has ended.
fn fill(folder: &Path, each: u64) -> rusqlite::Result<()> {
    let mut db = Connection::open(folder.join("quintet.sqlite3"))?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let transaction = db.transaction()?;
    let conversations: Vec<i64> = {
        let mut statement = transaction.prepare("SELECT pk FROM conversation ORDER BY pk")?;
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    {
        let mut insert = transaction.prepare(
            "INSERT INTO message (id, conversation_pk, sequence, sender_pk, kind, content, created_at)
             VALUES (?1, ?2, ?3, 1, 'text', 'the quick brown fox jumps over the lazy dog, and once again.', ?4)",
        )?;
        // In the order in which it would have been written: the conversations take turns.
        for sequence in 1..=each as i64 {
            for place in &conversations {
                let id = format!("01a00000-0000-7000-{place:04x}-{sequence:012x}");
                insert.execute(params![id, place, sequence, 1_780_000_000_000 + sequence])?;
            }
        }
    }
    for place in &conversations {
        transaction.execute(
            "UPDATE conversation SET sequence = ?2, last_message_pk =
                 (SELECT pk FROM message WHERE conversation_pk = ?1 AND sequence = ?2) WHERE pk = ?1",
            params![place, each as i64],
        )?;
    }
    transaction.commit()
}
