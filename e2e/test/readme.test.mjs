// The JavaScript of README.md, and docs/tutorial.md from the first command to the last, as they stand but for the server's port.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { browser, Site } from "../lib/browser.mjs";
import { PATIENCE_MS } from "../lib/client.mjs";
import { freePort } from "../lib/ports.mjs";
import { BINARY, Server } from "../lib/server.mjs";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const ADDRESS = "http://127.0.0.1:3000";
const MODULES = fileURLToPath(new URL("../node_modules", import.meta.url));

let server, folder;
before(async () => {
  server = await Server.start();
  folder = mkdtempSync(join(tmpdir(), "quintet-readme-"));
  symlinkSync(MODULES, join(folder, "node_modules"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

test("the example of README.md runs, from registration to a received message", async () => {
  const [[, code], ...others] = README.matchAll(/^```js\n(.*?)^```$/gms);
  assert.deepEqual(others, []);
  assert.equal(code.split(ADDRESS).length, 2, `one constant is ${ADDRESS}`);
  const file = join(folder, "hello.mjs");
  writeFileSync(file, code.replace(ADDRESS, server.url));
  // A second run finds the accounts of the first.
  for (const run of ["first", "second"]) {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: PATIENCE_MS });
    assert.equal(stdout, "alice: Hello\n", run);
    assert.equal(stderr, "", run);
  }
});

test("docs/tutorial.md ends with a front end that shows what others say, and that is checked by a compiler", async () => {
  const page = readFileSync(new URL("../../docs/tutorial.md", import.meta.url), "utf8");
  const all = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const blocks = (language) => all.filter(([, of]) => of === language).map(([, , code]) => code);
  const [start, serve, types, program, ...more] = blocks("sh");
  const [[html], [declarations], [options], ...others] = ["html", "ts", "json"].map(blocks);
  assert.deepEqual([more, others, all.length], [[], [], 10], "nothing is left out");
  assert.ok(serve.startsWith("python3 -m http.server 8000 "), "a web server, as the test has one too");

  // The first command fills the server, and the second one starts it.
  const place = mkdtempSync(join(tmpdir(), "quintet-tutorial-"));
  const [demo, run, ...rest] = start.trim().split("\n");
  assert.deepEqual([run, rest], ["cargo run --release", []]);
  const cargo = "cargo run --release --";
  assert.ok(demo.startsWith(`${cargo} `), demo);
  const env = { ...process.env, PATH: `${dirname(BINARY)}:${process.env.PATH}` };
  const shell = (text) => execFileSync("bash", ["-euc", text], { cwd: place, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const here = (text) => text.replaceAll(cargo, `quintet --data ${join(place, "data")}`);
  assert.match(shell(here(demo)), /The password of each of them is correct horse\n$/);
  const listen = [String(await freePort())];
  let own = await Server.start({ folder: place, listen });

  const folder = join(place, "site");
  mkdirSync(folder);
  const files = { "index.html": html, "chat.js": blocks("js").join("\n") };
  for (const [name, text] of Object.entries(files)) {
    assert.equal(text.split(ADDRESS).length, 2, `${name} has the address once`);
    writeFileSync(join(folder, name), text.replace(ADDRESS, own.url));
  }

  // The compiler has nothing to say, but of what the page warns of.
  const [install, get, ...further] = types.replaceAll(ADDRESS, own.url).trim().split("\n");
  assert.deepEqual([install, further], ["npm install --save-dev typescript socket.io-client", []]);
  symlinkSync(MODULES, join(folder, "node_modules"));
  execFileSync("bash", ["-euc", get], { cwd: folder });
  writeFileSync(join(folder, "page.d.ts"), declarations);
  writeFileSync(join(folder, "tsconfig.json"), options);
  const compiler = () => spawnSync(join(MODULES, ".bin/tsc"), { cwd: folder, encoding: "utf8" });
  const { status, stdout } = compiler();
  assert.deepEqual([status, stdout], [0, ""]);
  const code = readFileSync(join(folder, "chat.js"), "utf8");
  writeFileSync(join(folder, "chat.js"), code.replace("message.chatId", "message.chatid"));
  const [, sentence] = /it answers\s`(Property 'chatid' [^`]+)`/.exec(page);
  assert.match(compiler().stdout, new RegExp(`^chat\\.js\\(\\d+,\\d+\\): error \\w+: ${sentence.replaceAll(/[.?]/g, "\\$&")}\n$`));
  writeFileSync(join(folder, "chat.js"), code);

  const site = await Site.start({ folder });
  const chromium = await browser();
  const complaints = [];
  const open = async (username, password) => {
    const tab = await (await chromium.newContext()).newPage();
    tab.on("pageerror", (error) => complaints.push(String(error)));
    await tab.goto(`${site.url}index.html`);
    await tab.getByLabel("Username").fill(username);
    await tab.getByLabel("Password").fill(password);
    await tab.getByRole("button", { name: "Log in" }).click();
    return tab;
  };
  const stranger = await open("amara", "wrong password");
  await stranger.getByRole("alert").filter({ hasText: /./ }).waitFor();
  const [amara, ben] = await Promise.all([open("amara", "correct horse"), open("ben", "correct horse")]);
  for (const tab of [amara, ben]) {
    await tab.getByRole("button", { name: "Workshop" }).click();
    await tab.getByText("Chiara Rossi: So much better than the paper on the door.").waitFor();
  }
  const said = await amara.getByRole("listitem").allTextContents();
  assert.ok(said[0].startsWith("Amara Okafor: Welcome to the new chat"), `the oldest is first: ${said[0]}`);
  await amara.getByRole("button", { name: "Ben Lindqvist" }).waitFor();

  // A message is shown to both, and once.
  await amara.getByLabel("Message").fill("Hello from a page of my own");
  await amara.getByRole("button", { name: "Send" }).click();
  for (const tab of [amara, ben]) {
    await tab.getByText("Amara Okafor: Hello from a page of my own").waitFor();
    assert.equal(await tab.getByText("Hello from a page of my own").count(), 1);
  }
  assert.equal(await amara.getByLabel("Message").inputValue(), "");
  // What is refused is said.
  await ben.getByLabel("Message").fill(" \u3000 ");
  await ben.getByRole("button", { name: "Send" }).click();
  await ben.getByRole("alert").filter({ hasText: /content/ }).waitFor();

  // A program writes with a key of its own.
  shell(here(program).replaceAll(ADDRESS, own.url));
  await ben.getByText("weather: Sun from nine on.").waitFor();

  // What was written while the page had no connection is there once it has one.
  await own.kill("SIGTERM");
  own = await Server.start({ folder: place, listen });
  const { body: { token } } = await own.api(null, "POST", "/auth/login", { username: "dev", password: "correct horse" });
  const { body: { items: rooms } } = await own.api(token, "GET", "/conversations");
  const workshop = rooms.find(({ name }) => name === "Workshop").id;
  const written = await own.api(token, "POST", `/conversations/${workshop}/messages`, { content: "Who switched it off?" });
  assert.equal(written.status, 201);
  for (const tab of [amara, ben]) await tab.getByText("Dev Patel: Who switched it off?").waitFor();
  assert.deepEqual(complaints, []);
  await chromium.close();
  site.stop();
  await own.stop();
});
