// The official server, written as a team would for this workload: rooms and acknowledgements. With FILE, every message is
// committed with fsync before it is acknowledged or delivered. `node server.mjs PORT [FILE] [--presence]`

import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

import { Server } from "socket.io";

import { deliver, written } from "./message.mjs";

const [port, ...rest] = process.argv.slice(2);
const presence = rest.includes("--presence");
const file = rest.find((word) => !word.startsWith("--"));

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

const store = file && (await open(file));
let waiting = [];

/** Opens the database with WAL and synchronous=FULL, so that committed data is on disk. */
async function open(file) {
  const { default: Database } = await import("better-sqlite3");
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(`CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, room TEXT, sender TEXT,
    content TEXT, at TEXT); CREATE INDEX IF NOT EXISTS message_room ON message (room, seq)`);
  const insert = db.prepare("INSERT INTO message (id, room, sender, content, at) VALUES (?, ?, ?, ?, ?)");
  const commit = db.transaction((sends) => {
    for (const { message } of sends) {
      insert.run(message.id, message.conversationId, message.sender.id, message.content, message.createdAt);
    }
  });
  const missed = db.prepare("SELECT id, room, sender, content, at FROM message WHERE room = ? AND seq > ? ORDER BY seq");
  return { commit, missed };
}

/** Commits all messages of one turn of the event loop together, which is the best that one thread can do with one fsync. */
function flush() {
  const sends = waiting;
  waiting = [];
  store.commit(sends);
  for (const send of sends) deliver(io, send);
}

io.on("connection", (socket) => {
  const { room = "0", user = socket.id, after } = socket.handshake.query;
  socket.join(room);
  if (after !== undefined && store) {
    for (const { id, sender, content, at } of store.missed.all(room, Number(after))) {
      socket.emit("receive_message", { message: written(id, room, sender, content, at), conversationId: room });
    }
  }
  if (presence) {
    io.emit("user_online", { userId: user });
    socket.on("disconnect", () => io.emit("user_offline", { userId: user }));
  }
  socket.on("send_message", ({ content }, acknowledge) => {
    const message = written(randomUUID(), room, user, content, new Date().toISOString());
    if (!store) return deliver(io, { message, acknowledge });
    if (waiting.push({ message, acknowledge }) === 1) setImmediate(flush);
  });
});

http.listen(Number(port), "127.0.0.1");
