// Order: many senders, several conversations, recipients of every dialect. All receive the same order, which is that of
// the history.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../lib/client.mjs";
import { DIALECTS, NAMES } from "../lib/dialects.mjs";
import { history } from "../lib/history.mjs";
import { start } from "../lib/launch.mjs";

const SENDERS = 8;
const CONVERSATIONS = 4;
const RECEIVERS = 20;
const EACH = 400;

test("all recipients receive the same order, which matches the history", async () => {
  // All recipients share this process, which reads more slowly than the server writes. Other tests cover slow readers.
  const server = await start({ env: { QUINTET_LIMITS_QUEUE_BYTES: "16000000" } });
  const clients = [];
  try {
    const people = await Promise.all(
      Array.from({ length: SENDERS + RECEIVERS }, (_, index) => server.register(`p${index}`)),
    );
    const [owner, ...others] = people;
    const places = [];
    for (let index = 0; index < CONVERSATIONS; index += 1) {
      const { body } = await server.api(owner.token, "POST", "/conversations", {
        kind: "group", name: `g${index}`, memberIds: others.map((user) => user.id),
      });
      places.push({ id: body.id });
    }

    const total = SENDERS * EACH;
    const receivers = await Promise.all(people.slice(SENDERS).map(async (user, index) => {
      const dialect = NAMES[index % NAMES.length];
      const transports = index % 4 === 3 ? ["polling"] : ["websocket"];
      const client = await Client.connect(server.url, { auth: { token: user.token, dialect }, transports });
      clients.push(client);
      const heard = new Map(places.map((place) => [place.id, []]));
      let count = 0;
      const [name, read] = DIALECTS[dialect].heard(user, places[0], null);
      const all = new Promise((resolve) => {
        client.socket.on(name, (payload) => {
          const message = read(payload);
          heard.get(message.place).push(message.id);
          count += 1;
          if (count === total) resolve();
        });
      });
      return { dialect, heard, all };
    }));

    const acked = new Set();
    await Promise.all(people.slice(0, SENDERS).map(async (user, index) => {
      const dialect = NAMES[index % NAMES.length];
      const said = DIALECTS[dialect];
      const client = await Client.connect(server.url, { auth: { token: user.token, dialect }, transports: ["websocket"] });
      clients.push(client);
      const sends = [];
      for (let n = 0; n < EACH; n += 1) {
        const place = places[(n + index) % CONVERSATIONS];
        sends.push(client.call(...said.send(user, place, `${user.name} ${n}`)).then((ack) => {
          const id = said.sent(ack);
          assert.ok(id, JSON.stringify(ack));
          acked.add(id);
        }));
      }
      await Promise.all(sends);
    }));
    assert.equal(acked.size, total);
    await Promise.all(receivers.map((receiver) => receiver.all));

    for (const place of places) {
      const stored = await history(server, owner.token, place.id);
      const ids = stored.map((message) => message.id);
      assert.equal(new Set(ids).size, ids.length, "no duplicates");
      stored.slice(1).forEach((message, index) => assert.equal(message.sequence, stored[index].sequence + 1, "no gap"));
      for (const receiver of receivers) {
        assert.deepEqual(receiver.heard.get(place.id), ids, `${receiver.dialect} received a different order`);
      }
      // The messages of one sender keep their order.
      const last = new Map();
      for (const message of stored) {
        const n = Number(message.content.split(" ")[1]);
        assert.ok(n > (last.get(message.sender.id) ?? -1), "the messages of a sender keep their order");
        last.set(message.sender.id, n);
      }
    }
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
});
