// A real browser as a client, on a page of another origin, with the restrictions of the browser itself.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser, Site } from "../lib/browser.mjs";
import { Client } from "../lib/client.mjs";
import { start } from "../lib/launch.mjs";
import { Proxy } from "../lib/proxy.mjs";

describe("a browser", () => {
  let server, site, chromium, ada, bob, place, node;

  before(async () => {
    server = await start();
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

  /** Uploads a file as Ada, and sends it to Bob. Returns the message as Ada's page hears it. */
  async function share(opened, name, bytes) {
    const form = new FormData();
    form.append("file", new Blob([bytes]), name);
    const headers = { authorization: `Bearer ${ada.token}` };
    const stored = await (await fetch(`${server.url}/api/v1/files`, { method: "POST", headers, body: form })).json();
    const payload = { chatId: place, content: name, messageType: "file", fileUrl: stored.url, fileName: name };
    return (await opened.evaluate((what) => window.socket.emitWithAck("message:send", what), payload)).message;
  }

  test("shows pictures and plays sound of a server of another origin", async () => {
    const { opened, complaints } = await page(server.url, { transports: ["websocket"] });
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==", "base64");
    const sent = await share(opened, "dot.png", png);
    assert.ok(sent.fileUrl.startsWith(`${server.url}/files/`), sent.fileUrl);
    assert.ok(sent.sender.avatar_url.startsWith(`${server.url}/avatars/`), sent.sender.avatar_url);
    for (const src of [sent.fileUrl, sent.sender.avatar_url, `${server.url}/avatars/nobody`]) {
      const width = await opened.evaluate((link) => new Promise((resolve, reject) => {
        const image = document.body.appendChild(new Image());
        image.onload = () => resolve(image.naturalWidth);
        image.onerror = () => reject(new Error(link));
        image.src = link;
      }), src);
      assert.ok(width > 0, src);
    }
    // Ten seconds of silence, 8 bits at 8 kHz: jumping to the end needs requests for parts.
    const wave = Buffer.alloc(44 + 80_000, 128);
    wave.write("RIFF", 0), wave.writeUInt32LE(36 + 80_000, 4), wave.write("WAVEfmt ", 8), wave.writeUInt32LE(16, 16);
    wave.writeUInt16LE(1, 20), wave.writeUInt16LE(1, 22), wave.writeUInt32LE(8_000, 24), wave.writeUInt32LE(8_000, 28);
    wave.writeUInt16LE(1, 32), wave.writeUInt16LE(8, 34), wave.write("data", 36), wave.writeUInt32LE(80_000, 40);
    const { fileUrl } = await share(opened, "silence.wav", wave);
    const reached = await opened.evaluate((src) => new Promise((resolve, reject) => {
      const sound = document.body.appendChild(new Audio());
      sound.onerror = () => reject(new Error(sound.error.message));
      sound.onloadedmetadata = () => { sound.currentTime = 9; };
      sound.onseeked = () => resolve(sound.currentTime);
      sound.src = src;
    }), fileUrl);
    assert.equal(reached, 9);
    assert.deepEqual(complaints, []);
    await opened.close();
  });

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
