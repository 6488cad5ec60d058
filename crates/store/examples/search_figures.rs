//! Figures of searches on SQLite: the size of the index beside the size of the texts, the time of searches for two words,
//! and the time of a send while the index is filled.
//!
//! `cargo run --release -p quintet-store --example search_figures -- 1000000`: messages of 4 to 16 words, whose
//! frequencies fall as in natural languages, in 200 conversations, of which the user who searches is in 50.

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
const VOCABULARY: f64 = 60_000.0;
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

    /// A word, whose frequency is the reciprocal of its rank, and which is longer the rarer it is.
    fn word(&mut self) -> String {
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut rank = VOCABULARY.powf(share) as u64;
        let mut word = String::new();
        while rank > 0 {
            word.push(char::from(b"bdfghklmnprstvwz"[(rank % 16) as usize]));
            word.push(char::from(b"aeiou"[(rank / 16 % 5) as usize]));
            rank /= 80;
        }
        word
    }

    fn text(&mut self) -> String {
        let words = 4 + self.next() % 13;
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
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
                let text = random.text();
                text_bytes += text.len() as u64;
                insert.execute(rusqlite::params![
                    (10_000 + number).cast_signed(),
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
        write(store, SendMessage { actor: actor(writer), text }).await?;
        Ok(began.elapsed())
    };
    for _ in 0..300 {
        sends.push(send(&store, random.text()).await?);
    }
    let (half, high) = (percentile(&mut sends, 0.5), percentile(&mut sends, 0.99));
    println!("a send while the index is filled: {half:?}, p99 {high:?}");
    let position = write(&store, Barrier).await?;
    store.searchable(position).await?;
    println!("indexed after {:?}", began.elapsed());
    let mut sends = Vec::new();
    for _ in 0..300 {
        sends.push(send(&store, random.text()).await?);
    }
    println!(
        "a send beside an index that is whole: {:?}, p99 {:?}",
        percentile(&mut sends, 0.5),
        percentile(&mut sends, 0.99)
    );
    for (what, end) in [("two words", " "), ("two words, the last one begun", "")] {
        let (mut times, mut hits) = (Vec::new(), 0);
        for _ in 0..SEARCHES {
            let text = format!("{} {}{end}", random.word(), random.word());
            let search = MessageSearch::of(SearchText::parse("q", &text).map_err(|refusal| refusal.message)?);
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
