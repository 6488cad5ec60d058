// A real browser as a client, on a page of another origin, with the restrictions of the browser itself.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser, Site } from "../lib/browser.mjs";
import { Client } from "../lib/client.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { Server } from "../lib/server.mjs";

describe("a browser", () => {
  let server, site, chromium, ada, bob, place, node;

  before(async () => {
    server = await Server.start();
    site = await Site.start();
    chromium = await browser();
    [ada, bob] = [await server.register("ada"), await server.register("bob")];
    place = (await server.api(ada.token, "POST", "/conversations", { kind: "direct", memberIds: [bob.id] })).body.id;
    node = await Client.connect(server.url, { auth: { token: bob.token, dialect: "messenger" }, transports: ["websocket"] });
  });
  after(async () => {
    node?.close();
    await chromium?.close();
    site?.stop();
    await server?.stop();
  });

  /** Opens a page whose `socket` is Ada's, with the received events in `heard`. */
  async function page(url, options) {
    const opened = await chromium.newPage();
    const complaints = [];
    opened.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
    await opened.goto(site.url);
    await opened.evaluate(([to, how]) => new Promise((resolve, reject) => {
      window.heard = [];
      window.socket = window.io(to, how);
      window.socket.onAny((name, payload) => window.heard.push({ name, payload }));
      window.socket.once("connect", resolve);
      window.socket.once("connect_error", reject);
    }), [url, { auth: { token: ada.token, dialect: "chat", recover: true }, reconnectionDelay: 20, ...options }]);
    return { opened, complaints };
  }

  const hears = (opened, content) => opened.waitForFunction(
    (text) => window.heard.some(({ name, payload }) => name === "message:new" && payload.content === text), content,
  );

  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    test(`exchanges messages over ${transports}`, async () => {
      const { opened, complaints } = await page(server.url, { transports });
      await opened.waitForFunction((name) => window.socket.io.engine.transport.name === name, transports.at(-1));
      const text = `from the browser over ${transports} ✓`;
      const ack = await opened.evaluate(([chatId, content]) =>
        window.socket.emitWithAck("message:send", { chatId, content }), [place, text]);
      assert.equal(ack.success, true, JSON.stringify(ack));
      assert.equal((await node.hear("privateMessage")).content, text);
      const answer = `to the browser over ${transports} ✓`;
      assert.equal((await server.api(bob.token, "POST", `/conversations/${place}/messages`, { content: answer })).status, 201);
      await hears(opened, answer);
      assert.deepEqual(complaints, []);
      await opened.close();
    });
  }

  test("recovers a connection that was cut", async (context) => {
    const proxy = await Proxy.start(() => server.port, { seed: 3, bytesUntilCut: [1e9, 1e9 + 1] });
    context.after(() => proxy.stop());
    const { opened } = await page(proxy.url, { transports: ["websocket"] });
    // The offset to resume from arrives with the first event.
    await server.api(bob.token, "POST", `/conversations/${place}/messages`, { content: "before the cut" });
    await hears(opened, "before the cut");
    await opened.evaluate(() => { window.socket.once("disconnect", (reason) => { window.cut = reason; }); });
    proxy.cutAll();
    await opened.waitForFunction(() => window.cut);
    assert.match(await opened.evaluate(() => window.cut), /^transport (close|error)$/);
    await server.api(bob.token, "POST", `/conversations/${place}/messages`, { content: "while it was away" });
    await hears(opened, "while it was away");
    assert.equal(await opened.evaluate(() => window.socket.recovered), true);
    await opened.close();
  });
});
