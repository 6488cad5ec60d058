// Options of official clients that front ends use, and that change what goes over the wire: base64 in place of bytes, paths
// of their own, subprotocols, and JSONP in a real browser.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { Client, within } from "../lib/client.mjs";
import { start } from "../lib/launch.mjs";

let server, ada, bob, place;

before(async () => {
  server = await start({ env: { QUINTET_SERVER_SOCKET_PATH: "/api/socket/io" } });
  ada = await server.register("ada");
  bob = await server.register("bob");
  const members = { kind: "group", name: "group", memberIds: [bob.id] };
  place = (await server.api(ada.token, "POST", "/conversations", members)).body.id;
});
after(() => server.stop());

/** Waits until a client has left polling for a WebSocket. */
function upgraded(engine) {
  return within(new Promise((resolve) => {
    if (engine.transport.name === "websocket") resolve();
    else engine.once("upgrade", resolve);
  }), "the upgrade");
}

const auth = () => ({ token: ada.token, dialect: "conversations" });

describe("socket.io-client 4.8", () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    test(`sends a file as base64 over ${transports}`, async () => {
      const client = await Client.connect(server.url, { auth: auth(), transports, forceBase64: true });
      if (transports.length > 1) await upgraded(client.socket.io.engine);
      const data = Buffer.from("the bytes of a file, \u0000\u00ff".repeat(10_000));
      const ack = await client.call("upload_file", { conversationId: place, fileName: "a.txt", data });
      assert.ok(ack.fileUrl, JSON.stringify(ack));
      const stored = await fetch(new URL(ack.fileUrl, server.url));
      assert.deepEqual(Buffer.from(await stored.arrayBuffer()), data);
      client.close();
    });
  }

  test("connects at a path of its own", async () => {
    for (const path of ["/api/socket/io", "/api/socket/io/"]) {
      for (const addTrailingSlash of [true, false]) {
        const client = await Client.connect(server.url, { auth: auth(), path, addTrailingSlash });
        client.close();
      }
    }
  });

  test("offers subprotocols", async () => {
    const client = await Client.connect(server.url, {
      auth: auth(), transports: ["websocket"], protocols: ["chat.v1", "x"],
    });
    assert.equal(client.socket.io.engine.transport.ws.protocol, "chat.v1");
    client.close();
  });

  test("sends a text that was cut inside an emoji", async () => {
    for (const transports of [["websocket"], ["polling"]]) {
      const reader = await Client.connect(server.url, { auth: { token: bob.token, dialect: "chat" }, transports });
      const cut = "party 🎉".slice(0, -1);
      const writer = await Client.connect(server.url, {
        auth: { ...auth(), token: ada.token, note: cut }, transports,
      });
      const ack = await writer.call("send_message", { conversationId: place, content: cut, local: { draft: cut } });
      assert.ok(ack, "acknowledged");
      await reader.hear("message:new", (message) => message.content === "party \ufffd");
      reader.close();
      writer.close();
    }
  });
});

describe("a browser", () => {
  const script = readFileSync(createRequire(import.meta.url).resolve("socket.io-client-2/dist/socket.io.js"));
  let site, chromium;

  before(async () => {
    site = createServer((request, response) => {
      const isScript = request.url === "/socket.io.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
      response.end(isScript ? script : '<!doctype html><title>An app</title><body><script src="/socket.io.js"></script>');
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    chromium = await browser();
  });
  after(async () => {
    await chromium?.close();
    site?.closeAllConnections();
    site?.close();
  });

  /** Opens a page of the other origin and connects it by JSONP. Returns the page, and the error of the connection, if any. */
  async function connected(url) {
    const page = await chromium.newPage();
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const failed = await page.evaluate(([to, query]) => new Promise((resolve) => {
      const options = { transports: ["polling"], forceJSONP: true, forceNew: true, reconnection: false, query };
      window.socket = window.io(to, options);
      window.heard = [];
      window.socket.on("message:new", (message) => window.heard.push(message.content));
      window.socket.once("connect", () => resolve(null));
      window.socket.once("connect_error", (error) => resolve(String(error)));
    }), [url, { token: bob.token, dialect: "chat" }]);
    return { page, failed };
  }

  test("exchanges messages by JSONP with socket.io-client 2.5", async () => {
    const { page, failed } = await connected(server.url);
    assert.equal(failed, null);
    const texts = ["plain", "two\nlines and a \\n", "\u2028 \" </script> 🎉 é +1 & 2%"];
    for (const content of texts) {
      const ack = await page.evaluate(([chatId, text]) => new Promise((resolve) => {
        window.socket.emit("message:send", { chatId, content: text }, resolve);
      }), [place, content]);
      assert.equal(ack.success, true, JSON.stringify(ack));
      await page.waitForFunction((text) => window.heard.includes(text), content);
    }
    const stored = await server.api(ada.token, "GET", `/conversations/${place}/messages`);
    for (const content of texts) assert.ok(stored.body.items.some((one) => one.content === content), content);
    await page.close();
  });

  test("offers subprotocols to a plain WebSocket", async () => {
    const page = await chromium.newPage();
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const url = `${server.url.replace("http", "ws")}/ws?dialect=chat&token=${encodeURIComponent(`Bearer ${ada.token}`)}`;
    const chosen = await page.evaluate((to) => new Promise((resolve) => {
      const socket = new WebSocket(to, ["x", "y"]);
      socket.onopen = () => resolve(socket.protocol);
      socket.onerror = () => resolve("refused");
    }), url);
    assert.equal(chosen, "x");
    await page.close();
  });

  test("is refused by JSONP where its origin is not listed", async () => {
    const strict = await start({ env: { QUINTET_HTTP_ORIGINS: "https://chat.example.org" } });
    const { page, failed } = await connected(strict.url);
    assert.ok(failed, "refused");
    await page.close();
    await strict.stop();
  });
});
