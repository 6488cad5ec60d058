//! A server on socketioxide, written as a team would for this workload: rooms and acknowledgements. With FILE, every message
//! is committed with fsync, in groups by a separate thread, before it is acknowledged or delivered.
//!
//! `quintet-bench-socketioxide PORT [FILE] [--presence]`

use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Deserialize)]
struct Send {
    content: String,
}

#[derive(Clone, Serialize)]
struct Sender {
    id: String,
    username: &'static str,
    name: &'static str,
    avatar: Option<String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    conversation_id: String,
    sender: Sender,
    content: String,
    r#type: &'static str,
    file_url: Option<String>,
    file_name: Option<String>,
    is_edited: bool,
    is_deleted: bool,
    created_at: String,
    updated_at: String,
    read_by: Vec<String>,
}

impl Message {
    fn new(id: String, room: &str, sender: String, content: String, at: String) -> Self {
        Self {
            id,
            conversation_id: room.to_owned(),
            sender: Sender { id: sender, username: "user", name: "user", avatar: None },
            content,
            r#type: "TEXT",
            file_url: None,
            file_name: None,
            is_edited: false,
            is_deleted: false,
            created_at: at.clone(),
            updated_at: at,
            read_by: Vec::new(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Delivered<'m> {
    message: &'m Message,
    conversation_id: &'m str,
}

#[derive(Serialize)]
struct Answer<'m> {
    success: bool,
    message: &'m Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'u> {
    user_id: &'u str,
}

enum Job {
    Commit(Message, oneshot::Sender<()>),
    Missed { room: String, after: i64, to: oneshot::Sender<Vec<Message>> },
}

/// Commits all pending messages together, with WAL and `synchronous=FULL`.
fn store(file: &str, jobs: &mpsc::Receiver<Job>) -> rusqlite::Result<()> {
    let db = rusqlite::Connection::open(file)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, room TEXT, sender TEXT,
             content TEXT, at TEXT);
         CREATE INDEX IF NOT EXISTS message_room ON message (room, seq);",
    )?;
    while let Ok(first) = jobs.recv() {
        let mut done = Vec::new();
        db.execute_batch("BEGIN")?;
        for job in std::iter::once(first).chain(jobs.try_iter().take(511)) {
            match job {
                Job::Commit(message, sender) => {
                    db.prepare_cached("INSERT INTO message (id, room, sender, content, at) VALUES (?, ?, ?, ?, ?)")?
                        .execute((
                            &message.id,
                            &message.conversation_id,
                            &message.sender.id,
                            &message.content,
                            &message.created_at,
                        ))?;
                    done.push(sender);
                }
                Job::Missed { room, after, to } => {
                    let mut statement = db.prepare_cached(
                        "SELECT id, sender, content, at FROM message WHERE room = ? AND seq > ? ORDER BY seq",
                    )?;
                    let rows = statement.query_map((&room, after), |row| {
                        Ok(Message::new(row.get(0)?, &room, row.get(1)?, row.get(2)?, row.get(3)?))
                    })?;
                    let _ = to.send(rows.collect::<Result<_, _>>()?);
                }
            }
        }
        db.execute_batch("COMMIT")?;
        for sender in done {
            let _ = sender.send(());
        }
    }
    Ok(())
}

fn query<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let port: u16 = words[0].parse().expect("a port");
    let presence = words.iter().any(|word| word == "--presence");
    let jobs = words[1..].iter().find(|word| !word.starts_with("--")).cloned().map(|file| {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || store(&file, &receiver).expect("the store works"));
        sender
    });
    let (layer, io) = SocketIo::builder().max_buffer_size(1_024).build_layer();
    let all = io.clone();
    io.ns("/", async move |socket: SocketRef| {
        let said = socket.req_parts().uri.query().unwrap_or_default().to_owned();
        let room = query(&said, "room").unwrap_or("0").to_owned();
        let user = query(&said, "user").map_or_else(|| socket.id.to_string(), str::to_owned);
        socket.join(room.clone());
        if let (Some(after), Some(jobs)) = (query(&said, "after"), &jobs) {
            let (to, missed) = oneshot::channel();
            let after = after.parse().unwrap_or(0);
            let _ = jobs.send(Job::Missed { room: room.clone(), after, to });
            for message in missed.await.unwrap_or_default() {
                let _ = socket.emit("receive_message", &Delivered { message: &message, conversation_id: &room });
            }
        }
        if presence {
            let _ = all.emit("user_online", &User { user_id: &user }).await;
            let (all, user) = (all.clone(), user.clone());
            socket.on_disconnect(async move || {
                let _ = all.emit("user_offline", &User { user_id: &user }).await;
            });
        }
        let jobs = jobs.clone();
        socket.on("send_message", async move |socket: SocketRef, Data::<Send>(data), ack: AckSender| {
            let now = time::OffsetDateTime::now_utc();
            let at = now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
            let message = Message::new(uuid::Uuid::new_v4().to_string(), &room, user, data.content, at);
            if let Some(jobs) = jobs {
                let (sender, committed) = oneshot::channel();
                let _ = jobs.send(Job::Commit(message.clone(), sender));
                if committed.await.is_err() {
                    return;
                }
            }
            let delivered = Delivered { message: &message, conversation_id: &room };
            let _ = socket.within(room.clone()).emit("receive_message", &delivered).await;
            let _ = ack.send(&Answer { success: true, message: &message });
        });
    });
    let app = axum::Router::new().layer(layer);
    let listener = tokio::net::TcpSocket::new_v4().expect("a socket");
    listener.bind(([127, 0, 0, 1], port).into()).expect("the port is free");
    axum::serve(listener.listen(16_384).expect("listening"), app).await.expect("serving");
}
