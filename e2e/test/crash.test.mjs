// Repeated `kill -9` under load: every acknowledged message is stored once and in order.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../lib/client.mjs";
import { history } from "../lib/history.mjs";
import { Server } from "../lib/server.mjs";

const KILLS = 20;
const SENDERS = 4;
/** Number of acknowledgements before the next kill, so that the server is busy at every kill. */
const ACKS_BEFORE_KILL = 60;
const SECRET = { QUINTET_JWT_SECRET: "a secret that survives the restart" };

test("no acknowledged message is lost, however often the server is killed", async () => {
  let server = await Server.start({ env: SECRET });
  const { folder } = server;
  const users = [];
  for (let index = 0; index < SENDERS; index += 1) users.push(await server.register(`s${index}`));
  const { body } = await server.api(users[0].token, "POST", "/conversations", {
    kind: "group", name: "crash", memberIds: users.slice(1).map((user) => user.id),
  });
  const place = body.id;

  /** The acknowledged numbers by sender, in the order of their acknowledgements. */
  const acked = users.map(() => []);
  /** The next number to send, by sender. After a crash, all unacknowledged numbers are sent again. */
  const next = users.map(() => 0);

  for (let round = 0; round < KILLS; round += 1) {
    let count = 0;
    let busy;
    const enough = new Promise((resolve) => { busy = resolve; });
    const clients = await Promise.all(users.map((user) =>
      Client.connect(server.url, { auth: { token: user.token, dialect: "chat" }, transports: ["websocket"] })));
    const working = clients.map((client, index) => {
      const send = () => {
        const n = next[index];
        next[index] += 1;
        const message = { chatId: place, content: `${index} ${n}`, clientMessageId: `c${n}` };
        client.socket.emit("message:send", message, (ack) => {
          assert.ok(ack.success, JSON.stringify(ack));
          acked[index].push(n);
          count += 1;
          if (count >= ACKS_BEFORE_KILL) busy();
          send();
        });
      };
      // Several sends in progress, so that the kill can hit the middle of a group.
      for (let lane = 0; lane < 8; lane += 1) send();
    });
    await Promise.race([enough, server.ended.then(() => assert.fail("the server exited by itself"))]);
    await server.kill("SIGKILL");
    for (const client of clients) client.close();
    assert.equal(working.length, SENDERS);
    server = await Server.start({ env: SECRET, folder });
    // Send all unacknowledged messages again with the same ids: each is acknowledged, and stored once.
    const retry = await Promise.all(users.map((user) =>
      Client.connect(server.url, { auth: { token: user.token, dialect: "chat" }, transports: ["websocket"] })));
    for (const [index, client] of retry.entries()) {
      const missing = [];
      const known = new Set(acked[index]);
      for (let n = 0; n < next[index]; n += 1) if (!known.has(n)) missing.push(n);
      for (const n of missing) {
        const message = { chatId: place, content: `${index} ${n}`, clientMessageId: `c${n}` };
        const ack = await client.call("message:send", message);
        assert.ok(ack.success, JSON.stringify(ack));
        acked[index].push(n);
      }
      client.close();
    }
  }

  const stored = await history(server, users[0].token, place);
  const found = new Map();
  stored.forEach((message, at) => {
    assert.ok(!found.has(message.content), `${message.content} is stored twice`);
    found.set(message.content, at);
  });
  for (const [index, numbers] of acked.entries()) {
    for (const n of numbers) assert.ok(found.has(`${index} ${n}`), `${index} ${n} was acknowledged but is not stored`);
  }
  assert.equal(stored.length, acked.reduce((sum, numbers) => sum + numbers.length, 0));
  stored.slice(1).forEach((message, at) => assert.ok(message.sequence > stored[at].sequence, "in order"));
  console.log(`${KILLS} kills, ${stored.length} acknowledged messages, none lost`);
  await server.stop();
});
