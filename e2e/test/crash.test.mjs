// Killed with -9 under load, again and again: what was acknowledged is there, once, in order.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../lib/client.mjs";
import { history } from "../lib/history.mjs";
import { Server } from "../lib/server.mjs";

const KILLS = 20;
const SENDERS = 4;
/** Acknowledgements after which the next kill comes, so that every kill meets a busy server. */
const ACKS_BEFORE_KILL = 60;
const SECRET = { QUINTET_JWT_SECRET: "a secret that survives the restart" };

test("nothing acknowledged is lost, however often the server is killed", async () => {
  let server = await Server.start({ env: SECRET });
  const { folder } = server;
  const users = [];
  for (let index = 0; index < SENDERS; index += 1) users.push(await server.register(`s${index}`));
  const { body } = await server.api(users[0].token, "POST", "/conversations", {
    kind: "group", name: "crash", memberIds: users.slice(1).map((user) => user.id),
  });
  const place = body.id;

  /** By sender, the numbers that were acknowledged, in the order of the acknowledgements. */
  const acked = users.map(() => []);
  /** By sender, the number to send next: after a crash, all that were not acknowledged are sent again. */
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
      // Several under way at once, so that groups are killed in the middle.
      for (let lane = 0; lane < 8; lane += 1) send();
    });
    await Promise.race([enough, server.ended.then(() => assert.fail("the server ended by itself"))]);
    await server.kill("SIGKILL");
    for (const client of clients) client.close();
    assert.equal(working.length, SENDERS);
    server = await Server.start({ env: SECRET, folder });
    // The lost acknowledgements: the same message ids again, answered once more and stored once.
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
    assert.ok(!found.has(message.content), `${message.content} is there twice`);
    found.set(message.content, at);
  });
  for (const [index, numbers] of acked.entries()) {
    for (const n of numbers) assert.ok(found.has(`${index} ${n}`), `${index} ${n} was acknowledged and is not there`);
  }
  assert.equal(stored.length, acked.reduce((sum, numbers) => sum + numbers.length, 0));
  stored.slice(1).forEach((message, at) => assert.ok(message.sequence > stored[at].sequence, "in order"));
  console.log(`${KILLS} kills, ${stored.length} acknowledged messages, none lost`);
  await server.stop();
});
