// Connection state recovery with socket.io-client 4.6 and later: a client that reconnects receives all missed events.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, within } from "../lib/client.mjs";
import { history } from "../lib/history.mjs";
import { start } from "../lib/launch.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { sleep } from "../lib/sleep.mjs";

const SECRET = { QUINTET_JWT_SECRET: "a secret that survives the restart" };

async function group(server, [owner, ...others], name = "group") {
  const members = { kind: "group", name, memberIds: others.map((user) => user.id) };
  const { status, body } = await server.api(owner.token, "POST", "/conversations", members);
  assert.equal(status, 201);
  return body.id;
}

/** Connects with recovery and automatic reconnection. */
function connect(url, user, options = {}) {
  const { auth, ...rest } = options;
  return Client.connect(url, {
    auth: { token: user.token, dialect: "chat", recover: true, ...auth },
    transports: ["websocket"],
    reconnection: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
    randomizationFactor: 0,
    ...rest,
  });
}

function connected(client) {
  return within(new Promise((resolve) => { client.socket.once("connect", resolve); }), "the connection after the cut");
}

describe("recovery", () => {
  let server, ada, bob, place;

  before(async () => {
    server = await start({ env: SECRET });
    ada = await server.register("ada");
    bob = await server.register("bob");
    place = await group(server, [ada, bob]);
  });
  after(() => server.stop());

  const say = async (user, content) => {
    const { status } = await server.api(user.token, "POST", `/conversations/${place}/messages`, { content });
    assert.equal(status, 201);
  };

  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    test(`events missed while disconnected are replayed first (${transports})`, async () => {
      const proxy = await Proxy.start(() => server.port, { seed: 1, bytesUntilCut: [1e9, 1e9 + 1] });
      const client = await connect(proxy.url, bob, { transports });
      assert.equal(client.socket.recovered, false);
      await say(ada, "before");
      assert.equal((await client.hear("message:new")).content, "before");

      const back = connected(client);
      client.socket.io.engine.close();
      await say(ada, "one");
      await say(ada, "two");
      await back;
      assert.equal(client.socket.recovered, true, "the client reports that it recovered");
      await say(ada, "three");
      for (const content of ["one", "two", "three"]) {
        assert.equal((await client.hear("message:new")).content, content);
      }
      client.close();
      await proxy.stop();
    });
  }

  test("edits and deletions are replayed, and typing is not", async () => {
    // It reconnects only on request, and misses everything before that.
    const client = await connect(server.url, bob, { reconnection: false });
    const other = await connect(server.url, ada);
    const sent = await other.call("message:send", { chatId: place, content: "first" });
    await client.hear("message:new", (message) => message.content === "first");
    client.socket.io.engine.close();
    const second = await server.api(ada.token, "POST", `/conversations/${place}/messages`, { content: "second" });
    await server.api(ada.token, "PATCH", `/messages/${second.body.id}`, { content: "second, edited" });
    await server.api(ada.token, "DELETE", `/messages/${sent.messageId ?? sent.message.id}`);
    await other.call("typing:start", { chatId: place });
    const back = connected(client);
    client.socket.connect();
    await back;
    assert.equal(client.socket.recovered, true);
    const names = [];
    for (;;) {
      const { name } = await client.next();
      if (name.startsWith("user")) continue;
      names.push(name);
      if (name === "message:deleted") break;
    }
    assert.deepEqual(names, ["message:new", "message:edited", "message:deleted"]);
    assert.ok(!client.unheard.some((event) => event.name.startsWith("typing")));
    client.close();
    other.close();
  });

  test("a stolen secret is useless without its token", async () => {
    const client = await connect(server.url, bob);
    await say(ada, "private");
    await client.hear("message:new", (message) => message.content === "private");
    const pid = client.socket._pid;
    const offset = client.socket._lastOffset;
    assert.ok(pid && offset);
    client.close();
    await say(ada, "more private");

    const eve = await server.register("eve");
    const thief = await connect(server.url, eve, { auth: { pid, offset } });
    assert.equal(thief.socket.recovered, false);
    assert.notEqual(thief.socket._pid, pid);
    const nobody = await Client.connect(server.url, {
      auth: { pid, offset, dialect: "chat", recover: true }, transports: ["websocket"],
    }).then(() => assert.fail("connected without a token"), (error) => error);
    assert.equal(nobody.data.code, "ERR_UNAUTHENTICATED");
    // The owner, who has the token, can still recover.
    const owner = Client.connect(server.url, {
      auth: { token: bob.token, dialect: "chat", recover: true, pid, offset }, transports: ["websocket"],
    });
    assert.equal((await (await owner).hear("message:new")).content, "more private");
    assert.deepEqual(thief.unheard.filter((event) => event.name === "message:new"), []);
    thief.close();
    (await owner).close();
  });

  for (const [what, change] of [
    ["another user's", (pid) => pid],
    ["a changed", (pid) => `${pid.slice(0, -1)}${pid.endsWith("A") ? "B" : "A"}`],
    ["a foreign", () => "not-one-of-ours"],
  ]) {
    test(`${what} secret gives a fresh session`, async () => {
      const client = await connect(server.url, ada);
      const pid = change(client.socket._pid);
      client.close();
      const user = what.startsWith("another") ? bob : ada;
      const fresh = await connect(server.url, user, { auth: { pid, offset: "0t" } });
      assert.notEqual(fresh.socket._pid, pid);
      await say(user === ada ? bob : ada, `to ${what}`);
      assert.equal((await fresh.hear("message:new")).content, `to ${what}`, "nothing older is replayed");
      fresh.close();
    });
  }

  test("an offset before the start of the connection replays nothing older", async () => {
    const client = await connect(server.url, bob);
    const pid = client.socket._pid;
    client.close();
    await say(ada, "since");
    const back = await connect(server.url, bob, { auth: { pid, offset: "0t" } });
    assert.equal(back.socket._pid, pid);
    assert.equal((await back.hear("message:new")).content, "since");
    back.close();
  });

  const talk = async (count, content) => {
    const client = await connect(server.url, ada);
    for (let sent = 0; sent < count; sent += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - sent) }, (_, index) =>
        client.call("message:send", { chatId: place, content: `${sent + index} ${content}` })));
    }
    client.close();
  };

  for (const transports of [["websocket"], ["polling"]]) {
    test(`a replay larger than the queue is delivered in pieces (${transports})`, async () => {
      const client = await connect(server.url, bob, { transports });
      const pid = client.socket._pid;
      client.close();
      await talk(600, "x".repeat(3_000));
      const back = await connect(server.url, bob, { auth: { pid }, transports });
      assert.equal(back.socket._pid, pid);
      for (let n = 0; n < 600; n += 1) {
        assert.equal(Number.parseInt((await back.hear("message:new")).content, 10), n);
      }
      back.close();
    });
  }

  test("more changes than a recovery replays give a fresh session", async () => {
    const client = await connect(server.url, bob);
    const pid = client.socket._pid;
    client.close();
    await talk(5_001, "short");
    const fresh = await connect(server.url, bob, { auth: { pid } });
    assert.notEqual(fresh.socket._pid, pid);
    await say(ada, "news");
    assert.equal((await fresh.hear("message:new")).content, "news", "nothing older is replayed");
    fresh.close();
  });

  test("events have no offset unless the client requests recovery", async () => {
    const client = await Client.connect(server.url, {
      auth: { token: bob.token, dialect: "chat" }, transports: ["websocket"],
    });
    assert.equal(client.socket._pid, undefined);
    const args = new Promise((resolve) => { client.socket.once("message:new", (...all) => resolve(all)); });
    await say(ada, "plain");
    assert.equal((await args).length, 1);
    client.close();
  });

  test("a restart of the server is recovered like a lost connection", async () => {
    const proxy = await Proxy.start(() => server.port, { seed: 2, bytesUntilCut: [1e9, 1e9 + 1] });
    const client = await connect(proxy.url, bob);
    await say(ada, "before the restart");
    await client.hear("message:new", (message) => message.content === "before the restart");
    for (const signal of ["SIGKILL", "SIGTERM"]) {
      const back = connected(client);
      await server.kill(signal);
      server = await start({ env: SECRET, folder: server.folder });
      await say(ada, `after ${signal}`);
      await back;
      assert.equal(client.socket.recovered, true);
      assert.equal((await client.hear("message:new")).content, `after ${signal}`);
    }
    client.close();
    await proxy.stop();
  });
});

describe("a bad network", () => {
  const SENDERS = 3;
  const RECEIVERS = 6;
  const MESSAGES = 150;

  for (const { seed, dialect, restart } of [
    { seed: 11, dialect: "chat", restart: false },
    { seed: 12, dialect: null, restart: false },
    { seed: 13, dialect: "conversations", restart: true },
    { seed: 14, dialect: "messenger", restart: false },
  ]) {
    test(`no event is lost, duplicated or out of order (seed ${seed}, ${dialect ?? "undecided"})`, async () => {
      let server = await start({ env: SECRET });
      const senders = [];
      const receivers = [];
      for (let n = 0; n < SENDERS; n += 1) senders.push(await server.register(`sender${n}`));
      for (let n = 0; n < RECEIVERS; n += 1) receivers.push(await server.register(`receiver${n}`));
      const place = await group(server, [...senders, ...receivers]);
      const proxy = await Proxy.start(() => server.port, { seed });
      const name = { conversations: "receive_message", messenger: "groupMessage" }[dialect] ?? "message:new";
      const text = (payload) => (payload.message ?? payload).content;
      const clients = await Promise.all(receivers.map(async (user, index) => {
        const transports = [["websocket"], ["polling"], ["polling", "websocket"]][index % 3];
        for (let attempt = 0; attempt < 100; attempt += 1) {
          // The network can cut the first attempt, too, and there is nothing to recover before the first connect.
          const auth = dialect ? { dialect } : { dialect: "auto" };
          const client = await connect(proxy.url, user, { transports, auth, timeout: 1_000 }).catch(() => null);
          if (client) return client;
        }
        throw new Error("all of 100 attempts to connect failed");
      }));
      const heard = clients.map(() => []);
      const fresh = clients.map(() => 0);
      clients.forEach((client, index) => {
        for (const event of client.unheard.splice(0)) if (event.name === name) heard[index].push(text(event.payload));
        client.socket.on(name, (message) => heard[index].push(text(message)));
        client.socket.on("connect", () => { if (!client.socket.recovered) fresh[index] += 1; });
      });
      const sending = senders.map(async (user, sender) => {
        for (let n = 0; n < MESSAGES; n += 1) {
          const message = { content: `${sender} ${n}`, clientMessageId: `m${n}` };
          for (;;) {
            const path = `/conversations/${place}/messages`;
            const answer = await server.api(user.token, "POST", path, message).catch(() => null);
            if (answer?.status === 201 || answer?.status === 200) break;
            await sleep(20);
          }
          await sleep(5);
        }
      });
      if (restart) {
        await within(new Promise((done) => {
          clients[0].socket.on(name, () => { if (heard[0].length > MESSAGES) done(); });
        }), "half of the messages");
        await server.kill("SIGKILL");
        server = await start({ env: SECRET, folder: server.folder });
      }
      await within(Promise.all(sending), "all messages to be sent");
      proxy.settle();
      // An official client whose upgrade is cut at the wrong moment notices only by its heartbeat, which takes too long here.
      for (const client of clients) client.socket.io.engine._onClose("transport close");
      const total = SENDERS * MESSAGES;
      await Promise.all(clients.map((client, index) => within(new Promise((done) => {
        const check = () => { if (heard[index].length >= total) done(); };
        client.socket.on(name, check);
        client.socket.on("connect", check);
        check();
      }), () => `all messages at recipient ${index}, which has ${heard[index].length} of ${total}, with ${fresh[index]} fresh sessions`)));
      assert.ok(proxy.cuts >= 20, `the network was bad enough: ${proxy.cuts} cuts`);
      const order = (await history(server, senders[0].token, place)).map((message) => message.content);
      assert.equal(order.length, total);
      assert.deepEqual(fresh, clients.map(() => 0), "every connection was recovered");
      for (const [index, contents] of heard.entries()) assert.deepEqual(contents, order, `recipient ${index}`);
      for (const client of clients) client.close();
      await proxy.stop();
      await server.stop();
    });
  }
});
