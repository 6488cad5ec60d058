// The files of docs/proxies, with nginx, HAProxy and Caddy in front of the real server.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { after, before, describe, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { Client, within } from "../lib/client.mjs";
import { Person } from "../lib/people.mjs";
import { PROXIES, ReverseProxy } from "../lib/proxies.mjs";
import { request } from "../lib/request.mjs";
import { Log, Server } from "../lib/server.mjs";

/** Another address of the loopback, so that a client has another address than the proxy. */
const CLIENT = "127.0.0.2";
const UPLOAD_BYTES = 20_000_000;
const FILE_BYTES_MAX = 25_000_000;

/** A form with one file. */
function form(bytes) {
  const boundary = "----quintet";
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="film.bin"\r\n\r\n`;
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]) };
}

// Most of the time is a wait for pings, so that all proxies wait at the same time.
describe("reverse proxies", { concurrency: true }, () => {
  for (const kind of PROXIES) {
    describe(`behind ${kind}`, { concurrency: true }, () => {
      let server, proxy, ca, ada, bob, place;
      const log = new Log();

      before(async () => {
        server = await Server.start({
          listen: ["127.0.0.1:0"], logged: log, env: { QUINTET_LIMITS_TRUSTED_PROXIES: "127.0.0.1" },
        });
        proxy = await ReverseProxy.start(kind, server.port);
        ca = proxy.ca;
        ada = await server.register("ada");
        bob = await server.register("bob");
        const members = { kind: "group", name: "group", memberIds: [bob.id] };
        place = (await server.api(ada.token, "POST", "/conversations", members)).body.id;
      });
      after(async () => {
        await proxy?.stop();
        await server?.stop();
      });

      const connect = ({ token }, transports) => Client.connect(proxy.url, { ca, transports, auth: { token, dialect: "chat" } });

      /** Another proxy of this kind, in front of a server that shows what it is sent. */
      async function echo(context, answer) {
        const upstream = http.createServer(answer);
        await once(upstream.listen(0, "127.0.0.1"), "listening");
        const other = await ReverseProxy.start(kind, upstream.address().port);
        context.after(async () => {
          await other.stop();
          upstream.closeAllConnections();
          upstream.close();
        });
        return { upstream, other };
      }

      /** Waits for the upgrade of a client that began with polling. */
      async function upgraded({ socket }) {
        const { engine } = socket.io;
        if (engine.transport.name === "websocket") return;
        await within(new Promise((resolve) => { engine.once("upgrade", resolve); }), "the upgrade");
      }

      /** Sends a message from one to the other, and waits until both have it. */
      async function exchange(from, to, content) {
        const heard = to.hear("message:new", (message) => message.content === content);
        const { success } = await from.call("message:send", { chatId: place, content });
        assert.equal(success, true);
        await heard;
      }

      for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
        test(`messages arrive over ${transports.join(", then ")}`, async () => {
          const [from, to] = await Promise.all([connect(ada, transports), connect(bob, transports)]);
          if (transports.length > 1) await Promise.all([from, to].map(upgraded));
          assert.equal(from.socket.io.engine.transport.name, transports.at(-1));
          // Larger than the buffers of the proxies.
          await exchange(from, to, `${transports} ${"€".repeat(1_500)}`);
          await exchange(to, from, `${transports} back`);
          from.close();
          to.close();
        });
      }

      test("a plain WebSocket receives messages", async () => {
        const { default: WebSocket } = await import("ws");
        const socket = new WebSocket(`${proxy.url.replace("https", "wss")}/ws?dialect=chat&token=${bob.token}`, { ca });
        await within(once(socket, "message"), "the first frame");
        const told = within(new Promise((resolve) => {
          socket.on("message", (frame) => { if (String(frame).includes("for the plain one")) resolve(); });
        }), "the message");
        const from = await connect(ada, ["websocket"]);
        await from.call("message:send", { chatId: place, content: "for the plain one" });
        await told;
        socket.terminate();
        from.close();
      });

      test("connections stay open for longer than the interval between pings", async () => {
        const ways = [["polling"], ["websocket"]];
        const pairs = await Promise.all(ways.map((way) => Promise.all([connect(ada, way), connect(bob, way)])));
        const clients = pairs.flat();
        const ends = [];
        for (const { socket } of clients) socket.on("disconnect", (reason) => ends.push(reason));
        await Promise.all(clients.map(({ socket }) => within(once(socket.io, "ping"), "the first ping")));
        await Promise.all(clients.map(({ socket }) => within(once(socket.io, "ping"), "the second ping")));
        for (const [at, [from, to]] of pairs.entries()) await exchange(from, to, `after a silence over ${ways[at]}`);
        assert.deepEqual(ends, []);
        for (const client of clients) client.close();
      });

      test("a file of 20 MB is uploaded and downloaded", async () => {
        const bytes = Buffer.alloc(UPLOAD_BYTES, "film");
        const { type, body } = form(bytes);
        const headers = { authorization: `Bearer ${ada.token}`, "content-type": type, "content-length": body.length };
        const made = await request(`${proxy.url}/api/v1/files`, { ca, method: "POST", headers, body });
        assert.equal(made.status, 201, String(made.body));
        const { url } = JSON.parse(made.body);
        const read = await request(proxy.url + url, { ca });
        assert.equal(read.status, 200);
        assert.ok(read.body.equals(bytes));
      });

      test("a file that is too large is refused by the server, which names the limit", async () => {
        const { type, body } = form(Buffer.alloc(FILE_BYTES_MAX + 1));
        const headers = { authorization: `Bearer ${ada.token}`, "content-type": type, "content-length": body.length };
        const { status, body: text } = await request(`${proxy.url}/api/v1/files`, { ca, method: "POST", headers, body });
        assert.equal(status, 413, String(text));
        assert.match(String(text), /25000000 bytes/);
      });

      test("the server sees the address of the client, and not the one that a client claims", async () => {
        const headers = { "content-type": "application/json", "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.7" };
        const body = JSON.stringify({ username: "nobody-here", password: "correct horse" });
        const { status } = await request(`${proxy.url}/api/v1/auth/login`, { ca, method: "POST", localAddress: CLIENT, headers, body });
        assert.equal(status, 401);
        assert.match(await log.line('login="nobody-here"'), new RegExp(`address=${CLIENT} `));
      });

      test("the server is told the scheme and the host, and nothing that a client claims", async (context) => {
        const { other } = await echo(context, (asked, response) => response.end(JSON.stringify(asked.headers)));
        const claims = { "x-forwarded-proto": "http", forwarded: "for=203.0.113.7;proto=http", upgrade: "h2c", connection: "upgrade" };
        const told = JSON.parse((await request(other.url, { ca: other.ca, localAddress: CLIENT, headers: claims })).body);
        assert.equal(told["x-forwarded-proto"], "https");
        assert.equal(told.host, new URL(other.url).host);
        assert.equal(told["x-forwarded-for"], CLIENT);
        assert.equal(told.forwarded, undefined);
      });

      test("connections are kept open, and bodies are passed on as they arrive", async (context) => {
        let arrived;
        const begun = new Promise((resolve) => { arrived = resolve; });
        const { upstream, other } = await echo(context, async (asked, response) => {
          for await (const _ of asked) arrived();
          response.end("read");
        });
        let connections = 0;
        upstream.on("connection", () => { connections += 1; });
        const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
        for (let at = 0; at < 5; at += 1) await request(other.url, { ca: other.ca, agent });
        assert.equal(connections, 1);
        const asked = https.request(other.url, { ca: other.ca, agent, method: "POST", headers: { "content-length": 200_000 } });
        const answer = once(asked, "response");
        asked.write(Buffer.alloc(100_000));
        await within(begun, "the first half of a body");
        asked.end(Buffer.alloc(100_000));
        const [response] = await within(answer, "the answer to the whole body");
        assert.equal(response.statusCode, 200);
        agent.destroy();
      });

      test("plain HTTP is redirected", async () => {
        const { status, headers } = await request(`${proxy.plain}/playground?a=b`);
        assert.equal(status, 308);
        assert.match(headers.location, /^https:\/\/localhost(:\d+)?\/playground\?a=b$/);
      });

      test("the chat works in a browser, which uses HTTP/2", async () => {
        // Of what a page loads, `ignoreHTTPSErrors` would leave out its service worker.
        const chromium = await browser({ args: ["--ignore-certificate-errors"] });
        try {
          const [eve, fay] = await Promise.all([0, 1].map(() => Person.open(chromium, proxy.url)));
          const protocol = await eve.page.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
          assert.equal(protocol, "h2");
          await eve.register("eve", "Eve Example");
          await fay.register("fay", "Fay Example");
          await eve.find("Fay", /Fay Example/);
          await eve.say("Hello through a proxy");
          await fay.open(/Eve Example/);
          await fay.hears("Hello through a proxy");
          await eve.leave();
          await fay.leave();
        } finally {
          await chromium.close();
        }
      });
    });
  }
});
