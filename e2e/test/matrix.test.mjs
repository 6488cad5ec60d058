// Every pair of dialects: events from each dialect are delivered in each dialect, in every kind of conversation.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client } from "../lib/client.mjs";
import { DIALECTS, NAMES } from "../lib/dialects.mjs";
import { start } from "../lib/launch.mjs";

/** Waits for an event of a dialect for which `fits` holds, and returns its values. */
async function hear(client, [name, read], fits) {
  return read(await client.hear(name, (payload) => {
    const value = read(payload);
    return value && fits(value);
  }));
}

let server;
const users = {};
const clients = {};

before(async () => {
  server = await start();
  for (const dialect of NAMES) {
    users[dialect] = await server.register(`by${dialect}`);
  }
  users.second = await server.register("second");
  for (const [index, dialect] of NAMES.entries()) {
    const transports = [["websocket"], ["polling"], undefined][index % 3];
    clients[dialect] = await Client.connect(server.url, { auth: { token: users[dialect].token, dialect }, transports });
  }
});

after(async () => {
  for (const client of Object.values(clients)) client.close();
  await server.stop();
});

const everybody = () => NAMES.map((dialect) => users[dialect].id);

async function group() {
  const [owner, ...rest] = everybody();
  const { body } = await server.api(users[NAMES[0]].token, "POST", "/conversations", {
    kind: "group", name: "All", memberIds: rest,
  });
  assert.equal(body.ownerId, owner);
  return { id: body.id };
}

async function room() {
  const { body } = await server.api(users[NAMES[0]].token, "POST", "/conversations", { kind: "room", name: "Hall" });
  for (const dialect of NAMES.slice(1)) {
    const { status } = await server.api(users[dialect].token, "POST", `/conversations/${body.id}/members`, {});
    assert.equal(status, 201);
  }
  return { id: body.id };
}

async function meetup() {
  const host = users[NAMES[0]];
  const { body } = await server.api(host.token, "POST", "/meetups", {
    activity: "Chess", location: "Park", startsAt: "2099-01-01T10:00:00Z",
  });
  for (const dialect of NAMES.slice(1)) {
    await server.api(users[dialect].token, "POST", `/meetups/${body.id}/requests`);
    const { status } = await server.api(host.token, "POST", `/meetups/${body.id}/requests/${users[dialect].id}/accept`);
    assert.equal(status, 200);
  }
  return { id: body.chatId };
}

for (const [kind, make] of Object.entries({ group, room, meetup })) {
  describe(`in a ${kind}`, () => {
    let place;
    before(async () => {
      place = await make();
    });

    for (const from of NAMES) {
      test(`events from ${from} are delivered in every dialect`, async () => {
        const [me, said] = [users[from], DIALECTS[from]];
        const others = NAMES.filter((dialect) => dialect !== from);

        clients[from].emit(...said.typing(me, place, true));
        for (const to of others) {
          await hear(clients[to], DIALECTS[to].typed(true, place), (t) => t.user === me.id && t.place === place.id);
        }

        const text = `from ${from} in a ${kind}`;
        const id = said.sent(await clients[from].call(...said.send(me, place, text)));
        assert.ok(id);
        for (const to of NAMES) {
          if (to === from && !said.echo) continue;
          const words = DIALECTS[to].heard(users[to], place, me.id);
          const heard = await hear(clients[to], words, (message) => message.id === id);
          assert.deepEqual(heard, { id, text, place: place.id, author: me.id });
        }
        // The message ends typing.
        for (const to of others) {
          await hear(clients[to], DIALECTS[to].typed(false, place), (t) => t.user === me.id && t.place === place.id);
        }

        const reader = others[0];
        await clients[reader].call(...DIALECTS[reader].read(place, id));
        for (const to of others.slice(1).concat(from)) {
          await hear(clients[to], DIALECTS[to].wasRead(), (read) => {
            return read.ids.includes(id) && read.user === users[reader].id;
          });
        }

        await clients[from].call(...said.edit(id, `${text}, edited`));
        for (const to of NAMES) {
          await hear(clients[to], DIALECTS[to].edited(), (edited) => edited.id === id && edited.text === `${text}, edited`);
        }

        await clients[from].call(...said.remove(id));
        for (const to of NAMES) {
          await hear(clients[to], DIALECTS[to].removed(), (removed) => removed.id === id);
        }
      });
    }
  });
}

describe("a direct conversation", () => {
  for (const from of NAMES) {
    for (const to of NAMES) {
      test(`${from} to ${to}`, async () => {
        // Two users, each with one dialect.
        const [a, b] = [users[from], from === to ? users.second : users[to]];
        const [said, heardBy] = [DIALECTS[from], DIALECTS[to]];
        const auth = { token: b.token, dialect: to };
        const receiver = from === to ? await Client.connect(server.url, { auth, transports: ["websocket"] }) : clients[to];
        const { body } = await server.api(a.token, "POST", "/conversations", { kind: "direct", memberIds: [b.id] });
        const place = { id: body.id, pair: [a.id, b.id] };
        const text = `${from} to ${to}`;
        const id = said.sent(await clients[from].call(...said.send(a, place, text)));
        const heard = await hear(receiver, heardBy.heard(b, place, a.id), (message) => message.id === id);
        assert.deepEqual(heard, { id, text, place: place.id, author: a.id });
        clients[from].emit(...said.typing(a, place, true));
        await hear(receiver, heardBy.typed(true, place), (typing) => typing.user === a.id && typing.place === place.id);
        clients[from].emit(...said.typing(a, place, false));
        await hear(receiver, heardBy.typed(false, place), (typing) => typing.user === a.id && typing.place === place.id);
        await receiver.call(...heardBy.read(place, id));
        await hear(clients[from], said.wasRead(), (read) => read.ids.includes(id) && read.user === b.id);
        if (from === to) receiver.close();
      });
    }
  }
});

describe("presence", () => {
  for (const from of NAMES) {
    test(`a user of ${from} connects and disconnects`, async () => {
      const user = await server.register(`comes${from}`);
      // `rooms` delivers presence only for members of shared conversations.
      const { body } = await server.api(users.rooms.token, "POST", "/conversations", {
        kind: "group", name: "Presence", memberIds: [user.id],
      });
      assert.ok(body.id);
      const client = await Client.connect(server.url, { auth: { token: user.token, dialect: from }, transports: ["websocket"] });
      for (const to of NAMES) await hear(clients[to], DIALECTS[to].presence(true), (id) => id === user.id);
      client.close();
      for (const to of NAMES) await hear(clients[to], DIALECTS[to].presence(false), (id) => id === user.id);
    });
  }
});
