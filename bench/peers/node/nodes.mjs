// The official server, written as a team would that runs several of them: rooms and acknowledgements, an adapter over
// Redis, and every message committed to PostgreSQL before it is acknowledged or delivered.
// `node nodes.mjs PORT POSTGRES-URL REDIS-URL [--streams]`

import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

import { createAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import pg from "pg";
import { createClient } from "redis";
import { Server } from "socket.io";

import { deliver, written } from "./message.mjs";

const [port, postgres, redis, ...rest] = process.argv.slice(2);

/** Made by whichever server comes first; the others wait for its lock. */
const SCHEMA = `BEGIN; SELECT pg_advisory_xact_lock(1);
  CREATE TABLE IF NOT EXISTS message (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE,
    room text NOT NULL, sender text NOT NULL, content text NOT NULL, at timestamptz NOT NULL);
  CREATE INDEX IF NOT EXISTS message_room ON message (room, seq); COMMIT`;

/** Named, so that it is prepared once. */
const INSERT = {
  name: "insert",
  text: `INSERT INTO message (id, room, sender, content, at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`,
};

const [db, client] = [new pg.Client({ connectionString: postgres }), createClient({ url: redis })];
await Promise.all([db.connect(), client.connect()]);
await db.query(SCHEMA);

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false, adapter: await adapter() });
let waiting = [];
let committing = false;

async function adapter() {
  if (rest.includes("--streams")) return createStreamsAdapter(client);
  const subscriber = client.duplicate();
  await subscriber.connect();
  return createAdapter(client, subscriber);
}

/** Commits what waits, as one statement, which is a transaction of its own; then what has come meanwhile. */
async function flush() {
  committing = true;
  while (waiting.length > 0) {
    const sends = waiting;
    waiting = [];
    const column = (of) => sends.map(({ message }) => of(message));
    const values = [
      column((m) => m.id), column((m) => m.conversationId), column((m) => m.sender.id), column((m) => m.content),
      column((m) => m.createdAt),
    ];
    await db.query({ ...INSERT, values });
    for (const send of sends) deliver(io, send);
  }
  committing = false;
}

io.on("connection", (socket) => {
  const { room = "0", user = socket.id } = socket.handshake.query;
  socket.join(room);
  socket.on("send_message", ({ content }, acknowledge) => {
    waiting.push({ message: written(randomUUID(), room, user, content, new Date().toISOString()), acknowledge });
    if (!committing) flush();
  });
});

http.listen(Number(port), "127.0.0.1");
