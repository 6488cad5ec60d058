// Webhooks, received with the library of Standard Webhooks: everything once or more, in order, over failures and kills; and
// the bot of docs/webhooks.md, as it stands but for its addresses.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Webhook } from "standardwebhooks";

import { Client, within } from "../lib/client.mjs";
import { atExit } from "../lib/exit.mjs";
import { freePort } from "../lib/ports.mjs";
import { BINARY, Server } from "../lib/server.mjs";

const LOCAL = { QUINTET_OUTBOUND_ALLOW: "127.0.0.0/8" };
const MESSAGES = 60;

/** A receiver that verifies every request, and answers as `answer` says, which gets the event. */
class Receiver {
  #waiting = [];
  events = [];
  accepted = [];

  static async start(answer) {
    const receiver = new Receiver();
    receiver.answer = answer;
    receiver.server = createServer((request, response) => receiver.#receive(request, response));
    await new Promise((resolve) => { receiver.server.listen(0, "127.0.0.1", resolve); });
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hook`;
    return receiver;
  }

  async #receive(request, response) {
    const text = Buffer.concat(await request.toArray()).toString();
    const event = this.webhook.verify(text, request.headers);
    assert.throws(() => this.webhook.verify(`${text} `, request.headers), "a changed body is not signed");
    this.events.push(event);
    const status = this.answer(event);
    if (status === null) request.socket.destroy();
    else if (status !== undefined) response.writeHead(status).end();
    if (status === 200) this.accepted.push(event);
    this.#waiting = this.#waiting.filter(({ wanted, resolve }) => !wanted() || resolve());
  }

  /** Waits until something is so after a request. */
  until(wanted, what) {
    if (wanted()) return Promise.resolve();
    return within(new Promise((resolve) => { this.#waiting.push({ wanted, resolve }); }), what);
  }

  /** The texts of a conversation that were accepted, each once, in the order in which they first were. */
  texts(conversation) {
    const of = this.accepted.filter((event) => event.data.conversation.id === conversation);
    const firsts = of.filter((event, at) => of.findIndex((other) => other.id === event.id) === at);
    return firsts.map((event) => event.data.message.content);
  }
}

test("a receiver that fails, sleeps and hangs up gets everything in order, however often the server is killed", async () => {
  let server = await Server.start({ env: LOCAL });
  const { folder } = server;
  const alice = await server.register("alice");
  const groups = [];
  for (const name of ["one", "two", "three"]) {
    const { body } = await server.api(alice.token, "POST", "/conversations", { kind: "group", name });
    groups.push(body.id);
  }
  let count = 0;
  const receiver = await Receiver.start(() => {
    count += 1;
    if (count % 11 === 3) return 500;
    if (count % 11 === 7) return null;
    return 200;
  });
  const key = await server.key("shop");
  const { status, body: hook } = await server.api(key, "POST", "/webhooks", { url: receiver.url, events: ["message.created"] });
  assert.equal(status, 201, JSON.stringify(hook));
  receiver.webhook = new Webhook(hook.secret);

  const expected = groups.map(() => []);
  for (let n = 0; n < MESSAGES; n += 1) {
    const sent = await server.api(alice.token, "POST", `/conversations/${groups[n % 3]}/messages`, { content: `${n}` });
    assert.equal(sent.status, 201);
    expected[n % 3].push(`${n}`);
    if (n % 20 === 13) {
      // Killed while deliveries are under way.
      await receiver.until(() => receiver.accepted.length > n / 4, "some deliveries");
      await server.kill("SIGKILL");
      server = await Server.start({ env: LOCAL, folder });
    }
  }
  await receiver.until(() => groups.every((group, at) => receiver.texts(group).length === expected[at].length), "everything");
  for (const [at, group] of groups.entries()) assert.deepEqual(receiver.texts(group), expected[at]);
  const { body: found } = await server.api(key, "GET", `/webhooks/${hook.id}/deliveries`);
  const problems = new Set(found.items.map((delivery) => delivery.problem?.split(":")[0]));
  assert.ok(problems.has("The receiver answered with 500."), [...problems].join("\n"));
  receiver.server.closeAllConnections();
  receiver.server.close();
  await server.stop();
});

test("the bot of docs/webhooks.md answers whoever mentions it, once", async () => {
  const page = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  const [[, code], ...others] = page.matchAll(/^```js\n(.*?)^```$/gms);
  assert.deepEqual(others, []);
  const server = await Server.start({ env: LOCAL });
  const port = await freePort();
  // The key and the webhook are made by the page's commands; the last two install the library and start the bot.
  const [[, first], [, joining]] = page.split("## A bot\n")[1].matchAll(/^```sh\n(.*?)^```$/gms);
  const commands = first.trim().split("\n");
  assert.deepEqual(commands.slice(2), ["npm install standardwebhooks", "node bot.mjs"]);
  const data = join(server.folder, "data");
  const made = [...commands.slice(0, 2), 'echo "$BOT_KEY $WEBHOOK_SECRET"'].join("\n");
  const script = made.replaceAll("$(quintet ", `$('${BINARY}' --data '${data}' `).replace(":8090/", `:${port}/`);
  const [key, secret] = execFileSync("bash", ["-euc", script], { encoding: "utf8" }).trim().split(" ");
  const alice = await server.register("alice");
  const { body: group } = await server.api(alice.token, "POST", "/conversations", { kind: "group", name: "G" });
  const enter = joining.replaceAll("http://127.0.0.1:3000", server.url).replace("GROUP", group.id);
  execFileSync("bash", ["-euc", enter], { env: { ...process.env, BOT_KEY: key }, stdio: ["ignore", "ignore", "ignore"] });
  const { body: { items: [hook] } } = await server.api(key, "GET", "/webhooks");

  const folder = mkdtempSync(join(tmpdir(), "quintet-bot-"));
  symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
  assert.ok(code.includes("http://127.0.0.1:3000") && code.includes("listen(8090,"));
  writeFileSync(join(folder, "bot.mjs"), code.replace("http://127.0.0.1:3000", server.url).replace("8090", port));
  const env = { ...process.env, BOT_KEY: key, WEBHOOK_SECRET: secret };
  const running = spawn(process.execPath, ["bot.mjs"], { cwd: folder, env, stdio: "inherit" });
  const ended = new Promise((resolve) => { running.once("exit", resolve); });
  ended.then(atExit(() => running.kill("SIGKILL")));

  const client = await Client.connect(server.url, { auth: { token: alice.token, dialect: "chat" }, transports: ["websocket"] });
  const answered = new Promise((resolve) => {
    client.socket.on("message:new", (message) => { if (message.content.startsWith("Hello")) resolve(message); });
  });
  const path = `/conversations/${group.id}/messages`;
  await server.api(alice.token, "POST", path, { content: "nobody is meant" });
  await server.api(alice.token, "POST", path, { content: "hello @bot" });
  await within(answered, "the answer of the bot");
  // What is delivered again is not answered again.
  const { body: deliveries } = await server.api(key, "GET", path);
  const told = deliveries.items.find((message) => message.content === "hello @bot");
  assert.ok(told);
  const twice = new Promise((resolve) => {
    client.socket.on("message:new", (message) => { if (message.content.startsWith("Hello")) resolve(); });
  });
  await server.api(key, "POST", `/webhooks/${hook.id}/replay`, { from: 1 });
  await server.api(alice.token, "POST", path, { content: "again @bot" });
  await within(twice, "the second answer");
  const { body: all } = await server.api(alice.token, "GET", path);
  const texts = all.items.map((message) => message.content);
  const answer = `Hello, ${told.sender.name}!`;
  assert.equal(texts.filter((text) => text === answer).length, 2, texts.join("\n"));
  client.close();
  running.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});
