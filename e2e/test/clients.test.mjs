// Other official clients: socket.io-client 2.5 (Engine.IO 3 and Socket.IO 4), and python-socketio.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import io2 from "socket.io-client-2";

import { Client, within } from "../lib/client.mjs";
import { start } from "../lib/launch.mjs";

const PYTHON = fileURLToPath(new URL("../../target/python/bin/python", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../python/clients.py", import.meta.url));

let server, ada, bob, place;

before(async () => {
  server = await start();
  ada = await server.register("ada");
  bob = await server.register("bob");
  const members = { kind: "group", name: "group", memberIds: [bob.id] };
  place = (await server.api(ada.token, "POST", "/conversations", members)).body.id;
});
after(() => server.stop());

/** Waits for the next event of a 2.5 client. */
function heard(socket, name) {
  return within(new Promise((resolve) => { socket.once(name, resolve); }), name);
}

describe("socket.io-client 2.5", () => {
  const WAYS = [["websocket"], ["polling"], ["polling", "websocket"]];
  for (const transports of WAYS) {
    for (const forceBase64 of [false, true]) {
      test(`exchanges messages with a 4.8 client (${transports}${forceBase64 ? ", base64" : ""})`, async () => {
        const query = { token: bob.token, dialect: "chat" };
        const old = io2(server.url, { transports, query, forceNew: true, forceBase64 });
        await heard(old, "connect");
        const young = await Client.connect(server.url, {
          auth: { token: ada.token, dialect: "chat" }, transports: ["websocket"],
        });
        if (transports.length > 1) {
          await within(new Promise((resolve) => {
            const check = () => (old.io.engine.transport.name === "websocket" ? resolve() : setTimeout(check, 5));
            check();
          }), "the upgrade");
        }
        const told = heard(old, "message:new");
        const sent = await young.call("message:send", { chatId: place, content: "to the old one 😀" });
        assert.equal(sent.success, true);
        assert.equal((await told).content, "to the old one 😀");
        const ack = await within(new Promise((resolve) => {
          old.emit("message:send", { chatId: place, content: "to the young one €" }, resolve);
        }), "the acknowledgement");
        assert.equal(ack.success, true);
        await young.hear("message:new", (message) => message.content === "to the young one €");
        old.close();
        young.close();
      });
    }
  }

  test("joins a namespace with a query", async () => {
    const socket = io2(`${server.url}/chat?token=${bob.token}`, { transports: ["websocket"], forceNew: true });
    await heard(socket, "connect");
    const ack = await within(new Promise((resolve) => {
      socket.emit("message:send", { chatId: place, content: "in a namespace" }, resolve);
    }), "the acknowledgement");
    assert.equal(ack.success, true);
    socket.close();
  });

  test("receives the reason of a refusal", async () => {
    const query = { token: "no token", dialect: "chat" };
    const socket = io2(server.url, { transports: ["websocket"], query, forceNew: true });
    assert.equal((await heard(socket, "error")).code, "ERR_UNAUTHENTICATED");
    socket.close();
  });
});

test("python-socketio, blocking and on asyncio", async () => {
  const child = spawn(PYTHON, [SCRIPT, server.url, ada.token, place], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk) => { said += chunk; });
  const [code] = await once(child, "exit");
  assert.equal(code, 0, said);
  assert.equal(said.match(/^ok /gm)?.length, 7, said);
});
