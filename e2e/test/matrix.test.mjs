// Every pair of dialects: what users of each dialect do is delivered in each dialect, in every kind of conversation.

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

async function group(owner = users[NAMES[0]]) {
  const { body } = await server.api(owner.token, "POST", "/conversations", {
    kind: "group", name: "All", memberIds: everybody().filter((id) => id !== owner.id),
  });
  assert.equal(body.ownerId, owner.id);
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

for (const [kind, make] of Object.entries({ group: () => group(), room, meetup })) {
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

/** Sends a message with more than a text. Returns its id. */
async function send(from, place, text, more = {}) {
  const said = DIALECTS[from];
  const [name, payload] = said.send(users[from], place, text);
  const ack = await clients[from].call(name, { ...payload, ...more });
  const id = said.sent(ack);
  assert.ok(id, JSON.stringify(ack));
  return id;
}

/** The message of a user as another one receives it, in the words of the latter. */
async function received(to, from, place, id) {
  const [name, read] = DIALECTS[to].heard(users[to], place, users[from].id);
  return DIALECTS[to].object(await clients[to].hear(name, (payload) => read(payload).id === id));
}

/** Does something, which must be acknowledged with success. */
async function perform(client, [name, payload]) {
  const ack = await client.call(name, payload);
  const failed = ack.success === false || ack.ok === false || ack.status === "error";
  assert.ok(!failed, `${name} ${JSON.stringify(ack)}`);
}

/** Everybody who receives a message: the sender's own connection does not in every dialect. */
const receivers = (from) => NAMES.filter((to) => to !== from || DIALECTS[from].echo);

const FILES = [{ url: "https://example.org/a.png", name: "a.png" }, { url: "https://example.org/b.png" }];
const METADATA = { ticket: 7, parts: [{ deep: null }] };

/** What a message can carry: what is sent, and what everybody then finds in the message. `root` is an earlier message. */
const CARRIED = {
  "a kind": ({ from }) => ({ more: DIALECTS[from].kind("location"), find: { kind: "location" } }),
  "several files": () => ({ more: { files: FILES }, find: { files: FILES, fileUrl: FILES[0].url } }),
  "custom data": () => ({ more: { metadata: METADATA }, find: { metadata: METADATA } }),
  "a reply": ({ root, author }) => ({
    more: { replyTo: root },
    find: { replyTo: { id: root, sender: { id: author.id, username: author.name }, content: "root", type: "text", deleted: false } },
  }),
  "a reply in a thread": ({ root }) => ({ more: { threadId: root }, find: { threadId: root } }),
  "mentions by id": ({ author }) => ({
    more: { mentions: [author.id] }, find: { mentions: [{ id: author.id, username: author.name }] },
  }),
  "mentions in the text": ({ author }) => ({
    text: `Ask @${author.name}, please`, more: {}, find: { mentions: [{ id: author.id, username: author.name }] },
  }),
  "a mention of all": () => ({ more: { mentionAll: true }, find: { mentionAll: true } }),
};

describe("what a message carries", () => {
  let place;
  before(async () => {
    place = await group();
  });

  for (const from of NAMES) {
    for (const [what, make] of Object.entries(CARRIED)) {
      test(`${what}, from ${from}`, async () => {
        const author = users[NAMES.find((dialect) => dialect !== from)];
        const { body } = await server.api(author.token, "POST", `/conversations/${place.id}/messages`, { content: "root" });
        const { text = `with ${what}`, more, find } = make({ from, root: body.id, author });
        const id = await send(from, place, text, more);
        for (const to of receivers(from)) {
          const message = await received(to, from, place, id);
          const found = { ...message, kind: DIALECTS[to].kindOf(message) };
          for (const [name, value] of Object.entries(find)) assert.deepEqual(found[name], value, `${name} in ${to}`);
        }
      });
    }

    test(`edited custom data and mentions, from ${from}`, async () => {
      const other = users[NAMES.find((dialect) => dialect !== from)];
      const id = await send(from, place, "to be edited", { metadata: METADATA });
      const [name, payload] = DIALECTS[from].edit(id, "edited");
      await perform(clients[from], [name, { ...payload, metadata: { ticket: 8 }, mentions: [other.id] }]);
      for (const to of NAMES) {
        const [told, read] = DIALECTS[to].edited();
        const event = await clients[to].hear(told, (found) => read(found).id === id);
        assert.deepEqual(read(event), { id, text: "edited" });
        assert.deepEqual(event.metadata, { ticket: 8 }, to);
        assert.deepEqual(event.mentions, [{ id: other.id, username: other.name }], to);
      }
    });

    test(`a quoted message that ${from} deletes, and the end of its thread`, async () => {
      const root = await send(from, place, "the root");
      const quoted = await send(from, place, "to be deleted", { threadId: root });
      const reply = await send(from, place, "an answer", { replyTo: quoted, threadId: root });
      await perform(clients[from], DIALECTS[from].remove(quoted));
      for (const to of NAMES) {
        const [told, read] = DIALECTS[to].removed();
        const event = await clients[to].hear(told, (found) => read(found).id === quoted);
        assert.equal(event.threadId, root, to);
        assert.equal(event.thread.count, 1, to);
        assert.deepEqual(event.thread.lastSenderIds, [users[from].id], to);
        const { body } = await server.api(users[to].token, "GET", `/conversations/${place.id}/messages?limit=10`);
        const { replyTo } = body.items.find((message) => message.id === reply);
        assert.deepEqual([replyTo.id, replyTo.deleted], [quoted, true], to);
      }
      // Who answers it now quotes what is left of it.
      const late = await send(from, place, "a late answer", { replyTo: quoted, threadId: root });
      for (const to of receivers(from)) {
        const { replyTo } = await received(to, from, place, late);
        assert.equal(replyTo.deleted, true, to);
        assert.notEqual(replyTo.content, "to be deleted", to);
      }
    });
  }
});

describe("what happens to a message", () => {
  let place;
  before(async () => {
    place = await group();
  });

  for (const from of NAMES) {
    test(`${from} reacts, and takes it back`, async () => {
      const id = await send(from, place, "to react to");
      for (const active of [true, false]) {
        await perform(clients[from], DIALECTS[from].react(id, "👍", active));
        const expected = { id, user: users[from].id, emoji: "👍", active, count: active ? 1 : 0 };
        for (const to of NAMES) {
          assert.deepEqual(await hear(clients[to], DIALECTS[to].reacted(), (told) => told.id === id), expected, to);
        }
      }
    });

    test(`${from} pins, and unpins`, async () => {
      const own = await group(users[from]);
      const id = await send(from, own, "to pin");
      for (const pinned of [true, false]) {
        await perform(clients[from], DIALECTS[from].pin(id, pinned));
        const expected = { id, user: users[from].id, pinned };
        for (const to of NAMES) {
          assert.deepEqual(await hear(clients[to], DIALECTS[to].pinned(), (told) => told.id === id), expected, to);
        }
      }
    });

    test(`${from} says that messages have arrived`, async () => {
      const own = await group();
      for (const to of NAMES.filter((dialect) => dialect !== from)) {
        const id = await send(to, own, `for ${from}`);
        await perform(clients[from], DIALECTS[from].deliver(own, id));
        const arrived = (told) => told.ids.includes(id) && told.user === users[from].id;
        assert.deepEqual((await hear(clients[to], DIALECTS[to].wasDelivered(), arrived)).ids, [id], to);
      }
    });

    test(`settings of a user of ${from} on its devices of every dialect`, async () => {
      const settings = { muted: true, pinned: true, archived: false, notify: "mentions", markedUnread: true };
      const devices = {};
      for (const to of NAMES) {
        const auth = { token: users[from].token, dialect: to };
        devices[to] = await Client.connect(server.url, { auth, transports: ["websocket"] });
      }
      await perform(clients[from], DIALECTS[from].configure(place, settings));
      for (const to of NAMES) {
        const told = await hear(devices[to], DIALECTS[to].configured(), (found) => found.place === place.id);
        assert.deepEqual(told.settings, settings, to);
      }
      await hear(clients[from], DIALECTS[from].configured(), (found) => found.place === place.id);
      // Nobody else is told, and nobody twice.
      const other = NAMES.find((dialect) => dialect !== from);
      const id = await send(other, place, "afterwards");
      for (const to of receivers(other)) {
        await received(to, other, place, id);
        const [name] = DIALECTS[to].configured();
        assert.ok(clients[to].unheard.every((event) => event.name !== name), to);
      }
      for (const device of Object.values(devices)) device.close();
    });
  }
});

describe("custom data, to the byte", () => {
  // What a parser would change, or would write differently: numbers, spaces, escapes.
  const written = (by) => `{"by": "${by}","z":1.50,"a":{"é":"\\u0000","n":12345678901234567890},"e":[1e2,-0,"\\ud83d\\ude00","😀"]}`;
  const MARK = "the custom data";
  /** A value as JSON with custom data in the place of the mark. */
  const withData = (value, by) => JSON.stringify(value).replace(JSON.stringify(MARK), () => written(by));
  const receiver = {};
  const texts = {};
  let place;

  /** Waits for an event about which `fits` holds and which has this custom data, to the byte. */
  async function hearData(to, [name, read], by, fits) {
    const payload = await receiver[to].hear(name, (found) => fits(read(found), found));
    const packets = texts[to].filter((text) => text.startsWith(`2["${name}",`));
    const same = packets.find((text) => JSON.stringify(JSON.parse(text.slice(1))[1]) === JSON.stringify(payload));
    assert.ok(same.includes(`"metadata":${written(by)}`), `${to}: ${same}`);
    assert.equal(same.split('"metadata":').length, same.split(`"metadata":${written(by)}`).length, `${to}: ${same}`);
  }

  before(async () => {
    // Everybody hears everybody: who sends in a dialect is heard in it by a user beside the sender.
    users.other = await server.register("other");
    for (const to of NAMES) {
      const auth = { token: users.other.token, dialect: to };
      receiver[to] = await Client.connect(server.url, { auth, transports: [NAMES.indexOf(to) % 2 ? "polling" : "websocket"] });
      texts[to] = receiver[to].texts();
    }
    const memberIds = [...everybody(), users.other.id].filter((id) => id !== users[NAMES[0]].id);
    const { body } = await server.api(users[NAMES[0]].token, "POST", "/conversations", { kind: "group", name: "Data", memberIds });
    place = { id: body.id };
  });

  after(() => {
    for (const client of Object.values(receiver)) client.close();
  });

  for (const from of NAMES) {
    for (const to of NAMES) {
      test(`of a message, from ${from} to ${to}`, async () => {
        const [me, text] = [users[from], `with data, from ${from} to ${to}`];
        const [name, payload] = DIALECTS[from].send(me, place, text);
        clients[from].write(withData([name, { ...payload, metadata: MARK }], text));
        let id;
        const sent = DIALECTS[to].heard(users.other, place, me.id);
        await hearData(to, sent, text, (message) => message.text === text && (id = message.id));
        const [edit, changed] = DIALECTS[from].edit(id, `${text}, edited`);
        clients[from].write(withData([edit, { ...changed, metadata: MARK }], `${text}, edited`));
        await hearData(to, DIALECTS[to].edited(), `${text}, edited`, (edited) => edited.id === id);
      });
    }

    test(`of a conversation of a user of ${from}`, async () => {
      const me = users[from];
      const memberIds = [...everybody(), users.other.id].filter((id) => id !== me.id);
      const made = withData({ kind: "group", name: "Data", memberIds, metadata: MARK }, `${from}, made`);
      const { body } = await server.api(me.token, "POST", "/conversations", made);
      const path = `/conversations/${body.id}`;
      for (const to of NAMES) await hearData(to, DIALECTS[to].made(), `${from}, made`, (found) => found.place === body.id);
      await server.api(me.token, "PATCH", path, withData({ metadata: MARK }, `${from}, changed`));
      for (const to of NAMES) await hearData(to, DIALECTS[to].changed(), `${from}, changed`, (found) => found.place === body.id);
      await server.api(me.token, "PATCH", path, { metadata: null });
      for (const to of NAMES) {
        const told = await hear(receiver[to], DIALECTS[to].changed(), (found) => found.place === body.id);
        assert.equal(told.metadata, undefined, to);
      }
    });

    test(`of the profile of a user of ${from}`, async () => {
      const me = users[from];
      await server.api(me.token, "PATCH", "/me", withData({ metadata: MARK }, from));
      for (const to of NAMES) await hearData(to, DIALECTS[to].profile(), from, (found) => found.user === me.id);
      await server.api(me.token, "PATCH", "/me", { metadata: null });
      for (const to of NAMES) {
        const told = await hear(receiver[to], DIALECTS[to].profile(), (found) => found.user === me.id);
        assert.equal(told.metadata, undefined, to);
      }
    });
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
