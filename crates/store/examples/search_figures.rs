//! Figures of searches on SQLite: the size of the index beside the size of the texts, the time of searches for two words,
//! and the time of a send while the index is filled.
//!
//! `cargo run --release -p quintet-store --example search_figures -- 1000000`: messages in 200 conversations, of which the
//! user who searches is in 50. Each has the third position of the log, as where others react and read between them.
//!
//! The texts are made as people write: the number of words of a message spreads around seven (log-normal, at most 80);
//! words are taken from a vocabulary of 120,000, whose frequencies fall with their rank (Zipf and Mandelbrot, exponent
//! 1.05), and the rarer they are, the longer they are, with a spread. One message of twenty is Chinese, of 4 to about 40
//! characters out of 3,500.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quintet_domain::{
    Actor, Barrier, ConversationKind, CreateConversation, Environment, MessageKind, MessageSearch, NewConversation,
    NewText, NewUser, Profile, RegisterUser, Request, SearchText, SendMessage, Target, Timestamp, UserId,
};
use quintet_store::{Location, ReplyTo, SqliteStore, Store};
use tokio::sync::oneshot;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CONVERSATIONS: u64 = 200;
const OWN: u64 = 50;
const VOCABULARY: usize = 120_000;
const CHARACTERS: usize = 3_500;
/// The number of positions of the log for each message.
const POSITIONS: u64 = 3;
const SEARCHES: usize = 500;

struct Clock(AtomicU64);

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }

    fn new_id(&self) -> String {
        format!("id-{}", self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn secret(&self) -> u128 {
        0
    }
}

/// A generator of numbers that are alike in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number that spreads around 0, normally with a deviation of 1.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// Sums of frequencies that fall with the rank.
fn frequencies(count: usize, offset: f64, exponent: f64) -> Vec<f64> {
    let falling = (1..=count).map(|rank| (rank as f64 + offset).powf(-exponent));
    falling.scan(0.0, |sum, frequency| Some(std::mem::replace(sum, *sum + frequency) + frequency)).collect()
}

/// What texts are made of.
struct Language {
    words: Vec<String>,
    frequencies: Vec<f64>,
    character_frequencies: Vec<f64>,
}

impl Language {
    fn new(random: &mut Random) -> Self {
        let (mut words, mut known) = (Vec::new(), HashSet::new());
        while words.len() < VOCABULARY {
            let mean = 1.6 + 0.7 * ((words.len() + 1) as f64).ln();
            let letters = (mean + 1.6 * random.normal()).round().clamp(1.0, 18.0) as usize;
            let mut is_vowel = random.share() < 0.5;
            let word: String = (0..letters)
                .map(|_| {
                    let of: &[u8] = if is_vowel { b"eaoiuy" } else { b"tnrslhdcmfpgwybvkxjqz" };
                    // Vowels and consonants take turns, mostly.
                    is_vowel ^= random.share() < 0.85;
                    // Of two, the more frequent one.
                    let (one, other) = (random.next() as usize % of.len(), random.next() as usize % of.len());
                    char::from(of[one.min(other)])
                })
                .collect();
            if known.insert(word.clone()) || words.len() < 200 {
                words.push(word);
            }
        }
        let frequencies_of_words = frequencies(VOCABULARY, 2.7, 1.05);
        Self { words, frequencies: frequencies_of_words, character_frequencies: frequencies(CHARACTERS, 8.0, 1.0) }
    }

    fn chosen(random: &mut Random, frequencies: &[f64]) -> usize {
        let place = random.share() * frequencies.last().copied().unwrap_or_default();
        frequencies.partition_point(|up_to| *up_to < place).min(frequencies.len() - 1)
    }

    fn word(&self, random: &mut Random) -> &str {
        &self.words[Self::chosen(random, &self.frequencies)]
    }

    fn text(&self, random: &mut Random) -> String {
        if random.next().is_multiple_of(20) {
            let characters = 4 + (-10.0 * random.share().max(1e-12).ln()) as usize;
            let character = |_| {
                let number = Self::chosen(random, &self.character_frequencies);
                char::from_u32(0x4E00 + 5 * number as u32).unwrap_or_default()
            };
            return (0..characters).map(character).collect();
        }
        let words = (1.9 + 0.8 * random.normal()).exp().round().clamp(1.0, 80.0) as usize;
        (0..words).map(|_| self.word(random)).collect::<Vec<_>>().join(" ")
    }
}

async fn write<R: Request>(store: &SqliteStore, request: R) -> Result<R::Output> {
    let (reply, answer) = oneshot::channel();
    store.submit(request.into(), ReplyTo::Caller(reply)).await?;
    R::output(answer.await??).ok_or_else(|| "another result".into())
}

fn actor(user: &UserId) -> Actor {
    Actor { user: user.clone(), guest: false, guest_proof: None, address: None, origin: None, acked: false }
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<()> {
    let count: u64 = std::env::args().nth(1).ok_or("the number of messages is missing")?.parse()?;
    let folder = tempfile::tempdir()?;
    let location = Location::Folder(folder.path().to_owned());
    let environment = Arc::new(Clock(AtomicU64::new(0)));
    let open = || SqliteStore::open(&location, Arc::clone(&environment) as Arc<dyn Environment>, Box::new(|_| {}));
    let store = open()?;
    let mut users = Vec::new();
    for name in ["writer", "reader"] {
        let new = NewUser { username: name.to_owned(), ..NewUser::default() };
        users.push(write(&store, RegisterUser { new }).await?.user.id.clone());
    }
    let (writer, reader) = (&users[0], &users[1]);
    let mut conversations = Vec::new();
    for number in 0..CONVERSATIONS {
        let members = if number < OWN { vec![reader.clone()] } else { Vec::new() };
        let new = NewConversation {
            kind: ConversationKind::Group,
            name: Some("name".to_owned()),
            description: None,
            picture: None,
            metadata: None,
            open: false,
            members,
            owner: None,
            join: true,
            profile: Profile::default(),
        };
        let created = write(&store, CreateConversation { actor: actor(writer), new }).await?;
        conversations.push(created.conversation.id.clone());
    }
    drop(store);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let language = Language::new(&mut random);
    let mut text_bytes = 0;
    let began = Instant::now();
    {
        let mut database = rusqlite::Connection::open(folder.path().join("quintet.sqlite3"))?;
        let tx = database.transaction()?;
        {
            let mut insert = tx.prepare(
                "INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at, acked)
                 VALUES (?1, randomblob(16), ?2, ?3, (SELECT min(pk) FROM user WHERE username = 'writer'), 'text', ?4, 0, 0)",
            )?;
            for number in 0..count {
                let text = language.text(&mut random);
                text_bytes += text.len() as u64;
                insert.execute(rusqlite::params![
                    (10_000 + POSITIONS * number).cast_signed(),
                    (1 + random.next() % CONVERSATIONS).cast_signed(),
                    (1_000 + number).cast_signed(),
                    text
                ])?;
            }
        }
        tx.execute("UPDATE conversation SET sequence = ?1", [(2_000 + count).cast_signed()])?;
        tx.commit()?;
    }
    println!("{count} messages of {text_bytes} bytes, written in {:?}", began.elapsed());
    let began = Instant::now();
    let store = open()?;
    let mut sends = Vec::new();
    let send = async |store: &SqliteStore, text: String| -> Result<Duration> {
        let target = Target::Conversation(conversations[0].clone());
        let text = NewText {
            target,
            kind: MessageKind::Text,
            content: text,
            file: None,
            client_message_id: None,
            details: None,
        };
        let began = Instant::now();
        write(store, SendMessage { actor: actor(writer), text, screening: None }).await?;
        Ok(began.elapsed())
    };
    for _ in 0..300 {
        sends.push(send(&store, language.text(&mut random)).await?);
    }
    let (half, high) = (percentile(&mut sends, 0.5), percentile(&mut sends, 0.99));
    println!("a send while the index is filled: {half:?}, p99 {high:?}");
    let position = write(&store, Barrier).await?;
    store.searchable(position).await?;
    println!("indexed after {:?}", began.elapsed());
    let mut sends = Vec::new();
    for _ in 0..300 {
        sends.push(send(&store, language.text(&mut random)).await?);
    }
    println!(
        "a send beside an index that is whole: {:?}, p99 {:?}",
        percentile(&mut sends, 0.5),
        percentile(&mut sends, 0.99)
    );
    for (what, end) in [("two words", " "), ("two words, the last one begun", "")] {
        let (mut times, mut hits) = (Vec::new(), 0);
        for _ in 0..SEARCHES {
            let (one, other) = (language.word(&mut random), language.word(&mut random));
            let text = SearchText::parse("q", &format!("{one} {other}{end}")).map_err(|refusal| refusal.message)?;
            let search = MessageSearch::of(text);
            let began = Instant::now();
            let page = store.search_messages(reader.clone(), search, None, 50).await?;
            times.push(began.elapsed());
            hits += page.items.len();
        }
        let (half, high) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
        println!("{SEARCHES} searches for {what}: {half:?}, p99 {high:?}; {hits} hits");
    }
    store.close().await;
    drop(store);
    let file = folder.path().join("search.sqlite3");
    let unused: u64 = {
        let index = rusqlite::Connection::open(&file)?;
        let count: i64 = index.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        count.unsigned_abs() * 4_096
    };
    let (bytes, of_texts) = (std::fs::metadata(file)?.len(), |bytes: u64| 100.0 * bytes as f64 / text_bytes as f64);
    println!(
        "the index has {bytes} bytes, {:.1} % of the texts; without unused pages {:.1} %",
        of_texts(bytes),
        of_texts(bytes - unused)
    );
    Ok(())
}
