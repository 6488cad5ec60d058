// docs/moving.md: what its exports write is imported, and the clients of the old back ends go on, with their old tokens, ids and
// passwords, and no other change than the address.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { Client } from "../lib/client.mjs";
import { BIN, database, oldBackEnd, sql } from "../lib/postgres.mjs";
import { BINARY, Server } from "../lib/server.mjs";

const PAGE = readFileSync(new URL("../../docs/moving.md", import.meta.url), "utf8");
const SECRET = "the secret of the old back end, which signs its tokens";
/** Made by bcryptjs. */
const HASH = "$2b$10$sR8LXVS.xDMgwrG747EOg.0mFIFhodxV9N.uTU1ZGuT141mnRgcrO";
const PASSWORD = "correct horse";

/** The one block of a language in a section of the page. */
function block(heading, language) {
  const section = PAGE.split(`\n## ${heading}\n`)[1].split("\n## ")[0];
  const [[, code], ...others] = section.matchAll(new RegExp(`^ *\`\`\`${language}\n(.*?)^ *\`\`\`$`, "gms"));
  assert.deepEqual(others, [], `one block in "${heading}"`);
  return code;
}

/** A token as an old back end has signed it. */
function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ exp: 4_000_000_000, ...claims })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

/** Runs commands of the page in a folder. */
function shell(folder, script, env = {}) {
  const path = [dirname(BINARY), BIN, process.env.PATH].filter(Boolean).join(delimiter);
  return execFileSync("bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder, encoding: "utf8", env: { ...process.env, PATH: path, ...env }, stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Imports as the page does, and starts a server for clients of a vocabulary. */
async function moved(folder, dialect) {
  mkdirSync(join(folder, "uploads", "faces"), { recursive: true });
  writeFileSync(join(folder, "uploads", "faces", "bob.txt"), "a picture");
  const [check, fill, serve, ...others] = block("A day", "sh").trim().split("\n").map((line) => line.trim());
  assert.deepEqual(others, []);
  assert.match(shell(folder, check), /^The files are good: /);
  const said = shell(folder, fill.replace("--data trial", "--data data"));
  assert.equal(serve, "quintet --data trial --listen 3999=chat");
  const server = await Server.start({ folder, listen: [`0=${dialect}`], env: { QUINTET_JWT_SECRET: SECRET } });
  const call = async (method, path, bearer, body) => {
    const headers = { "content-type": "application/json", ...bearer && { authorization: `Bearer ${bearer}` } };
    const response = await fetch(`${server.url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
    const data = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(data)}`);
    return data;
  };
  return { server, said, call };
}

const folderOf = (name) => mkdtempSync(join(tmpdir(), `quintet-moving-${name}-`));

test("a chat whose back end kept it in PostgreSQL", async () => {
  const old = await database();
  await sql(old.url, oldBackEnd(HASH));
  const folder = folderOf("postgres");
  shell(folder, block("From PostgreSQL", "sh"), { OLD: old.url });
  await old.drop();
  const { server, said, call } = await moved(folder, "chat");
  assert.equal(said, "Imported 2 people, 2 conversations and 3 messages.\n");

  const [a, b, place] = ["0a", "0b", "c1"].map((end) => `00000000-0000-4000-8000-0000000000${end}`);
  const tokens = [a, b].map((userId) => token({ userId }));
  const { user } = await call("POST", "/auth/login", null, { email: "bob@example.org", password: PASSWORD });
  assert.deepEqual([user.id, user.username], [b, "bob"]);
  assert.equal(await (await fetch(user.avatar_url)).text(), "a picture");
  const { chats } = await call("GET", "/chats", tokens[0]);
  assert.deepEqual(chats.map(({ name, type, unread_count: unread }) => [name, type, unread]), [[null, "direct", 0], ["Empty", "group", 0]]);
  const { messages } = await call("GET", `/chats/${place}/messages?limit=50&offset=0`, tokens[0]);
  assert.deepEqual(messages.map(({ content, sender, created_at: at }) => [content, sender.username, at]), [
    ['Line 1\nof "alice"', "alice", "2021-03-03T09:01:00.000Z"],
    ['Line 2\nof "bob"', "bob", "2021-03-03T09:02:00.000Z"],
    ['Line 4\nof "bob"', "bob", "2021-03-03T09:04:00.000Z"],
  ]);
  const [alice, bob] = await Promise.all(tokens.map((one) => Client.connect(server.url, { auth: { token: one } })));
  alice.emit("message:send", { chatId: place, content: "Have we moved?", messageType: "text" });
  await bob.hear("message:new", ({ chat_id: chat, content }) => chat === place && content === "Have we moved?");
  for (const client of [alice, bob]) client.close();
  await server.stop();
});

test("conversations whose back end kept them in MongoDB", async () => {
  /** What mongosh has: ids of twelve bytes, dates, and the lists of a database. */
  const id = (end) => ({ toHexString: () => end.padStart(24, "0") });
  const listOf = (items) => ({ find: (query) => items.filter((item) => !query || item.deleted !== query.deleted.$ne) });
  const people = ["a", "b", "c"].map((end, at) => ({
    _id: id(end), username: ["ada", "bob", "cyd"][at], email: `${end}@example.org`, password: HASH, createdAt: new Date(1.6e12 + at),
  }));
  const [ada, bob, cyd] = people.map(({ _id }) => _id);
  const written = (end, conversationId, sender, more) => ({
    _id: id(end), conversationId: id(conversationId), sender, type: "text", createdAt: new Date(1.7e12 + 1_000 * Number(end)), ...more,
  });
  const db = {
    users: listOf(people),
    conversations: listOf([
      { _id: id("1"), participants: [ada, bob], createdAt: new Date(1.65e12) },
      { _id: id("2"), participants: [ada, bob, cyd], isGroup: true, name: "Trio", createdAt: new Date(1.65e12) },
    ]),
    messages: listOf([
      written("11", "1", ada, { content: "Hi Bob" }),
      written("12", "1", bob, { content: "", type: "image", fileUrl: "https://cdn.example.org/1.png", fileName: "1.png" }),
      written("13", "2", cyd, { content: "gone", deleted: true }),
      written("14", "2", cyd, { content: "Hi both" }),
    ]),
  };
  const folder = folderOf("mongodb");
  let lines = "";
  runInNewContext(block("From MongoDB", "js"), { db, print: (line) => { lines += `${line}\n`; } });
  writeFileSync(join(folder, "old.jsonl"), lines);
  const { server, said, call } = await moved(folder, "conversations");
  assert.equal(said, "Imported 3 people, 2 conversations and 3 messages.\n");

  const { token: fresh, user } = await call("POST", "/auth/login", null, { email: "c@example.org", password: PASSWORD });
  assert.equal(user._id, cyd.toHexString());
  const { conversations } = await call("GET", "/conversations", token({ id: ada.toHexString() }));
  assert.deepEqual(conversations.map(({ _id, lastMessage }) => [_id, lastMessage.content, lastMessage.createdAt]), [
    [id("2").toHexString(), "Hi both", new Date(1.7e12 + 14_000).toISOString()],
    [id("1").toHexString(), "", new Date(1.7e12 + 12_000).toISOString()],
  ]);
  const { messages } = await call("GET", `/messages/${id("1").toHexString()}?page=1&limit=50`, token({ id: bob.toHexString() }));
  assert.deepEqual(messages.map((one) => [one._id, one.type, one.fileName ?? null]), [
    [id("11").toHexString(), "text", null], [id("12").toHexString(), "image", "1.png"],
  ]);
  const [of, listener] = await Promise.all([fresh, token({ id: ada.toHexString() })].map((one) => Client.connect(server.url, { auth: { token: one } })));
  const ack = await of.call("send_message", { conversationId: id("2").toHexString(), content: "Still here", type: "text" });
  assert.equal(ack.success, true, JSON.stringify(ack));
  await listener.hear("receive_message", ({ message }) => message.content === "Still here");
  const edit = await of.call("edit_message", { messageId: id("14").toHexString(), newContent: "Hi both of you" });
  assert.equal(edit.success, true, JSON.stringify(edit));
  for (const client of [of, listener]) client.close();
  await server.stop();
});
