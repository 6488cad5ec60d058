//! Searches over many messages, and the sends beside them.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tempfile::TempDir;

use super::case::{Case, Run, in_memory, ms};
use crate::corpus::{Corpus, Numbers, word};
use crate::fill::{self, PastMessage};
use crate::load::{Greeting, Load, Regime, Turn};
use crate::peers::{self, Mode, Peer};
use crate::quintet::{self, Api};
use crate::report::{Server, Value, rounded};
use crate::wire::TEXT_BYTES;

pub(super) const ABOUT: &str = "Messages of one to 19 words from a vocabulary of 50,000, whose frequencies follow \
    Zipf's law, in 2,000 conversations. They were written by Quintet's own writer, and the server has no index of them \
    when it starts. *Indexed* is the time from the start of its process until the newest message is found; the server \
    rests three times as long as it works on the index. Then 200 messages a second are sent, first alone and then \
    beside searches: eight users, each a member of 200 of the conversations, search all of these over HTTP, first 20 \
    times a second all together, and then one search after the other without a pause, for the newest 20 messages with \
    two words. A search counts from the moment at which it was due. The words are those of a message that the user may \
    read, so that it is found: in turns two of the 200 most frequent, one of these and a rarer one, and two rarer \
    ones. The second word is taken for the beginning of one, as the server does by default. *Texts* are the bytes of \
    all messages' texts, with which the file of the index is compared. The store is durable, and everything is in the \
    cache of the operating system. Only Quintet is measured.";

/// The number of conversations among which the messages are distributed.
const CONVERSATIONS: usize = 2_000;
/// The number of authors. Each owns as many conversations as the others, and writes to these.
const AUTHORS: usize = 10;
/// The number of users who search. Each is a member of one author's conversations.
const SEARCHERS: usize = 8;
/// The number of messages that are written per second.
const WRITTEN: f64 = 200.0;
/// The number of searches that all users together make per second, while they pause between two of them.
const SEARCHED: f64 = 20.0;
/// The number of words of which each is called frequent: they are half of all that is written.
const FREQUENT: usize = 200;
/// The number of searches of each user; then they begin again.
const QUERIES: usize = 3_000;
/// The word of the newest message; no other message has it.
const NEWEST: &str = "qqqqqq";
/// The time between two looks at whether the index is complete.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Minimum number of messages a second that the server must index.
const INDEXED_MIN: u64 = 1_000;
/// The index of the server.
const INDEX: &str = "search.sqlite3";

pub(super) fn cases(peers: &[Peer], quick: bool) -> Vec<Case> {
    let (seconds, repeat) = if quick { (5, 1) } else { (20, 3) };
    case(peers, 300_000, seconds, repeat)
}

/// The case that takes too long for a full run.
pub(super) fn long_cases(peers: &[Peer]) -> Vec<Case> {
    case(peers, 10_000_000, 60, 1)
}

fn case(peers: &[Peer], messages: u64, seconds: u64, repeat: usize) -> Vec<Case> {
    if !peers.contains(&Peer::Quintet) {
        return Vec::new();
    }
    let server: (Server, Run) = (Peer::Quintet.server(true), Box::new(move || run(messages, seconds)));
    vec![Case { name: format!("{} messages", rounded(messages as f64)), servers: vec![server], repeat }]
}

/// The author of a conversation, as the number of a user.
fn author(conversation: usize) -> usize {
    SEARCHERS + conversation % AUTHORS
}

fn run(messages: u64, seconds: u64) -> io::Result<Vec<Value>> {
    // It may be too large for where temporary files are otherwise.
    std::fs::create_dir_all(peers::built())?;
    let folder = tempfile::Builder::new().prefix("bench-search-").tempdir_in(peers::built())?;
    let corpus = Arc::new(Corpus::of(CONVERSATIONS));
    let (conversations, mut texts) = make(&folder, &corpus, messages)?;
    let queries: Vec<Vec<String>> = (0..SEARCHERS).map(|user| queries(&corpus, messages, user)).collect();

    let began = Instant::now();
    let server = Peer::Quintet.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let indexed = wait_for_index(server.address, messages)? - began;
    let indexing = server.cpu().all;
    let mut load = Load::new()?;
    let sender = author(SEARCHERS);
    load.connect(server.address, &[Peer::Quintet.greeting(sender, 0)])?;
    // No member of this conversation searches.
    let senders = [Turn::message(0, &conversations[SEARCHERS])];
    let (warmed_up, _) = send(&mut load, &senders, Duration::from_secs(1))?;
    let (alone, ack_alone) = send(&mut load, &senders, Duration::from_secs(seconds))?;
    let pause = Duration::from_secs_f64(SEARCHERS as f64 / SEARCHED);
    let mut beside = |pause: Duration| -> io::Result<(Histogram<u64>, Histogram<u64>, f64)> {
        let searchers = search_together(server.address, &queries, pause, Duration::from_secs(seconds));
        let before = server.cpu();
        let (sent, acks) = send(&mut load, &senders, Duration::from_secs(seconds))?;
        let cpu = server.cpu().since(before).all / seconds as f64 * 100.0;
        texts += sent * TEXT_BYTES as u64;
        let mut times = histogram()?;
        for searcher in searchers {
            let of_user = searcher.join().map_err(|_| io::Error::other("a searcher failed"))??;
            times.add(of_user).map_err(io::Error::other)?;
        }
        Ok((times, acks, cpu))
    };
    let (paced, acks_paced, cpu_paced) = beside(pause)?;
    let (times, ack_beside, cpu) = beside(Duration::ZERO)?;
    texts += (warmed_up + alone) * TEXT_BYTES as u64;
    drop((load, server));
    let index = size_of_index(&folder.path().join(INDEX))?;
    let [alone, beside_paced, beside] = [&ack_alone, &acks_paced, &ack_beside].map(|acks| ms(acks, 0.99));
    Ok(vec![
        Value::less("indexed", "s", indexed.as_secs_f64()),
        Value::more("messages indexed a second", "", messages as f64 / indexed.as_secs_f64()),
        Value::less("CPU of indexing a message", "µs", indexing * 1e6 / messages as f64),
        Value::less("search p50, paced", "ms", ms(&paced, 0.5)),
        Value::less("search p99, paced", "ms", ms(&paced, 0.99)),
        Value::more("searches a second, paced", "", paced.len() as f64 / seconds as f64),
        Value::less("CPU beside searches, paced", "%", cpu_paced),
        Value::less("search p50", "ms", ms(&times, 0.5)),
        Value::less("search p99", "ms", ms(&times, 0.99)),
        Value::more("searches a second", "", times.len() as f64 / seconds as f64),
        Value::less("acknowledgement p99 without searches", "ms", alone),
        Value::less("acknowledgement p99 beside searches, paced", "ms", beside_paced),
        Value::less("acknowledgement p99 beside searches", "ms", beside),
        Value::less("acknowledgement p99, beside searches as a multiple of without", "", beside / alone),
        Value::less("CPU beside searches", "%", cpu),
        Value::less("size of the index", "MB", index as f64 / 1e6),
        Value::less("index as a share of the texts", "%", index as f64 * 100.0 / texts as f64),
    ])
}

/// Makes the data of a server without an index. Returns the conversations, and the bytes of all texts.
fn make(folder: &TempDir, corpus: &Corpus, messages: u64) -> io::Result<(Vec<String>, u64)> {
    let server = Peer::Quintet.start(Mode { durable: true, ..in_memory(folder.path()) })?;
    let mut load = Load::new()?;
    let people: Vec<Greeting> = (0..SEARCHERS + AUTHORS).map(|user| Peer::Quintet.greeting(user, 0)).collect();
    load.connect(server.address, &people)?;
    let mut owners = (0..AUTHORS).map(|of| Api::of(server.address, author(of))).collect::<io::Result<Vec<_>>>()?;
    let mut conversations = Vec::new();
    for conversation in 0..CONVERSATIONS {
        let of = conversation % AUTHORS;
        let members: &[usize] = if of < SEARCHERS { &[of] } else { &[] };
        conversations.push(owners[of].group(members)?);
    }
    drop((load, server));
    let authors: Vec<String> = (0..CONVERSATIONS).map(|conversation| quintet::user(author(conversation))).collect();
    let mut texts = 0;
    let past = (1..=messages).map(|number| {
        // The newest message is one that the first user finds by its only word.
        let (conversation, text) = if number == messages {
            (0, NEWEST.to_owned())
        } else {
            let message = corpus.message(number);
            (message.conversation, message.text())
        };
        texts += text.len() as u64;
        PastMessage { sender: &authors[conversation], conversation: &conversations[conversation], text }
    });
    fill::send_all(folder.path(), messages, past)?;
    // The store has begun an index meanwhile.
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.path().join(format!("{INDEX}{suffix}"))) {
            Err(error) if suffix.is_empty() || error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok((conversations, texts))
}

/// What a user searches for: two words of a message that it may read, frequent and rarer ones in turns.
fn queries(corpus: &Corpus, messages: u64, user: usize) -> Vec<String> {
    let mut numbers = Numbers::from(user as u64);
    let mut queries = Vec::with_capacity(QUERIES);
    while queries.len() < QUERIES {
        let message = corpus.message(numbers.below(messages - 1) + 1);
        if message.conversation % AUTHORS != user {
            continue;
        }
        let words: BTreeSet<usize> = message.words.into_iter().collect();
        let (frequent, rarer): (Vec<usize>, Vec<usize>) = words.into_iter().partition(|rank| *rank < FREQUENT);
        let mut one_of =
            |words: &[usize]| (!words.is_empty()).then(|| words[numbers.below(words.len() as u64) as usize]);
        let (first, second) = match queries.len() % 3 {
            0 => (one_of(&frequent), one_of(&frequent)),
            1 => (one_of(&frequent), one_of(&rarer)),
            _ => (one_of(&rarer), one_of(&rarer)),
        };
        if let (Some(first), Some(second)) = (first, second)
            && first != second
        {
            queries.push(format!("{}%20{}", word(first), word(second)));
        }
    }
    queries
}

/// Waits until the newest message is found. Returns when it was.
fn wait_for_index(server: SocketAddr, messages: u64) -> io::Result<Instant> {
    let patience = Duration::from_secs(60 + messages / INDEXED_MIN);
    let (began, mut api) = (Instant::now(), Api::of(server, 0)?);
    while began.elapsed() < patience {
        if has_items(&api.get(&format!("/search/messages?q={NEWEST}&limit=1"))?) {
            return Ok(Instant::now());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Err(io::Error::other(format!("the newest of {messages} messages is not found after {} s", patience.as_secs())))
}

fn has_items(page: &str) -> bool {
    page.contains("\"sequence\"")
}

/// Sends messages for a while. Returns their number, and the times of the acknowledgements.
fn send(load: &mut Load, senders: &[Turn], how_long: Duration) -> io::Result<(u64, Histogram<u64>)> {
    load.send(senders, Regime::Paced(WRITTEN), how_long)?;
    // The slowest acknowledgements count as well.
    load.settle()?;
    let measured = load.measured();
    let (sent, acked) = (measured.sent, measured.acked);
    if acked != sent {
        return Err(io::Error::other(format!("{acked} of {sent} acknowledgements came")));
    }
    Ok((sent, measured.ack.clone()))
}

/// A thread that searches, and returns how long each search took.
type Searcher = JoinHandle<io::Result<Histogram<u64>>>;

/// Lets all users search for a while, each at most once in `pause`; they begin at different moments of it.
fn search_together(server: SocketAddr, queries: &[Vec<String>], pause: Duration, how_long: Duration) -> Vec<Searcher> {
    let began = Instant::now();
    let until = began + how_long;
    let of_user = |(user, queries): (usize, &Vec<String>)| {
        let (queries, first) = (queries.clone(), began + pause.mul_f64(user as f64 / SEARCHERS as f64));
        std::thread::spawn(move || search(&mut Api::of(server, user)?, &queries, (first, pause), until))
    };
    queries.iter().enumerate().map(of_user).collect()
}

/// Searches until a moment, from another one on and at most once in a while. Returns how long after it was due each search
/// was answered.
fn search(
    api: &mut Api,
    queries: &[String],
    (first, pause): (Instant, Duration),
    until: Instant,
) -> io::Result<Histogram<u64>> {
    let (mut times, mut due) = (histogram()?, first);
    for query in queries.iter().cycle() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let began = if pause.is_zero() { Instant::now() } else { due };
        if began >= until {
            break;
        }
        due += pause;
        let page = api.get(&format!("/search/messages?q={query}&limit=20"))?;
        times.saturating_record(began.elapsed().as_nanos() as u64);
        if !has_items(&page) {
            return Err(io::Error::other(format!("a search for {query} found nothing")));
        }
    }
    Ok(times)
}

fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)
}

/// The bytes of the index of a server that has ended, with all that is in the log beside it.
fn size_of_index(file: &Path) -> io::Result<u64> {
    let index = rusqlite::Connection::open(file).map_err(io::Error::other)?;
    index.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(io::Error::other)?;
    Ok(std::fs::metadata(file)?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_for_words_of_messages_that_the_user_may_read() {
        const MESSAGES: u64 = 5_000;
        let corpus = Corpus::of(CONVERSATIONS);
        let texts: Vec<String> = (1..MESSAGES)
            .map(|number| corpus.message(number))
            .filter(|message| message.conversation % AUTHORS == 3)
            .map(|message| format!(" {} ", message.text()))
            .collect();
        let frequent: BTreeSet<String> = (0..FREQUENT).map(word).collect();
        for (number, query) in queries(&corpus, MESSAGES, 3).iter().take(60).enumerate() {
            let (first, second) = query.split_once("%20").expect("two words");
            let has = |text: &String| [first, second].iter().all(|word| text.contains(&format!(" {word} ")));
            assert!(texts.iter().any(has), "{query}");
            let of_both = [first, second].map(|word| frequent.contains(word));
            assert_eq!(of_both, [[true, true], [true, false], [false, false]][number % 3], "{query}");
        }
        assert!(!(0..50_000).any(|rank| word(rank) == NEWEST));
    }
}
