// A day of an operator, as docs/operations.md and docs/moderation.md have it: registration is closed but for those who are
// invited, a report is looked after, and a troublemaker is banned for a day; a backup is restored; and what a newcomer sees
// after `quintet demo`.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { Client } from "../lib/client.mjs";
import { PASSWORD, Person } from "../lib/people.mjs";
import { freePort } from "../lib/ports.mjs";
import { BINARY, Server } from "../lib/server.mjs";

const DAY_MS = 86_400_000;
const at = (milliseconds) => new Date(milliseconds).toISOString();

/** Registers as the name says, with an invitation's code, and returns what the server answers. */
const register = (server, username, invitation) => server.api(null, "POST", "/auth/register", {
  username, email: `${username}@example.org`, password: "correct horse", name: username, invitation,
});

test("an operator closes registration, invites, looks after a report and bans for a day", async () => {
  let server = await Server.start();
  const { folder } = server;
  const [ada, bob] = [await server.register("ada"), await server.register("bob")];
  const { body: group } = await server.api(ada.token, "POST", "/conversations", { kind: "group", name: "Walks", memberIds: [bob.id] });

  // Registration is closed but for those who are invited, and an invitation leads into the group, once.
  await server.kill("SIGTERM");
  server = await Server.start({ folder, env: { QUINTET_AUTH_REGISTRATION: "invite" } });
  assert.equal((await register(server, "mallory")).status, 403);
  const code = await server.command(["invite", "add", "--room", group.id]);
  const { status, body: { user, token } } = await register(server, "mallory", code);
  assert.equal(status, 201);
  const mallory = { id: user.id, token };
  const used = await register(server, "trudy", code);
  assert.deepEqual([used.status, /used/.test(used.body.detail)], [403, true], JSON.stringify(used.body));

  // A member reports a message; a moderator sees it as it was reported, and deletes it.
  const path = `/conversations/${group.id}/messages`;
  const { body: message } = await server.api(mallory.token, "POST", path, { content: "Buy my coins" });
  const reported = await server.api(bob.token, "POST", `/messages/${message.id}/reports`, { reason: "He sells things" });
  assert.equal(reported.status, 204);
  assert.equal((await server.api(ada.token, "GET", "/reports")).status, 403);
  await server.command(["user", "role", "ada", "moderator"]);
  const { body: { items: [report] } } = await server.api(ada.token, "GET", "/reports?status=open");
  assert.deepEqual([report.reason, report.snapshot.content], ["He sells things", "Buy my coins"], JSON.stringify(report));
  const client = await Client.connect(server.url, { auth: { token: bob.token, dialect: "chat" }, transports: ["websocket"] });
  const resolved = await server.api(ada.token, "PATCH", `/reports/${report.id}`, { status: "resolved", action: "delete" });
  assert.equal(resolved.status, 200, JSON.stringify(resolved.body));
  const { body: left } = await server.api(bob.token, "GET", path);
  assert.deepEqual(left.items.filter(({ content }) => content === "Buy my coins"), []);

  // The owner bans for a day: the members are told, and neither an addition nor a link brings the banned one back.
  const until = at(Date.now() + DAY_MS);
  const ban = await server.api(ada.token, "PUT", `/conversations/${group.id}/bans/${mallory.id}`, { until, reason: "No selling" });
  assert.ok(ban.status < 300, JSON.stringify(ban.body));
  const told = await client.hear("member:left");
  assert.deepEqual(told, { chatId: group.id, userId: mallory.id, banned: true, reason: "No selling" });
  client.close();
  assert.equal((await server.api(mallory.token, "POST", path, { content: "Hello?" })).status, 404);
  const { body: link } = await server.api(ada.token, "POST", `/conversations/${group.id}/invitations`, {});
  const back = await server.api(mallory.token, "POST", `/invitations/${link.code}/accept`);
  assert.deepEqual([back.status, back.body.detail.includes(until.slice(0, 10))], [403, true], JSON.stringify(back.body));

  // Who did what, newest first.
  await server.command(["user", "role", "ada", "admin"]);
  const { body: { items: acts } } = await server.api(ada.token, "GET", "/audit");
  assert.deepEqual(acts.map(({ act }) => act), [
    "change_server_role", "make_invitation", "ban", "resolve_report", "delete_message", "change_server_role", "make_invitation",
  ]);
  await server.stop();
});

test("a newcomer sees a lively team after `quintet demo`", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quintet-demo-"));
  const data = ["--data", join(folder, "data")];
  const said = execFileSync(BINARY, [...data, "demo", "--password", PASSWORD], { encoding: "utf8" });
  assert.ok(said.includes("  amara   Amara Okafor   runs the workshop\n"), said);
  assert.ok(said.endsWith(`The password of each of them is ${PASSWORD}\n`), said);
  const server = await Server.start({ folder });
  const chromium = await browser();
  const amara = await Person.open(chromium, server.url);
  const { page } = amara;
  await amara.logIn("amara");
  // What is unread is in the list.
  for (const name of ["Workshop", "Rides and weather", "Repair day", "Sunday ride to the lighthouse", "Dev Patel", "Ben Lindqvist"]) {
    await amara.entry(name).waitFor();
  }
  await page.locator(".entry", { hasText: "Workshop" }).getByText("3", { exact: true }).waitFor();
  await amara.open(/Repair day/);
  await amara.hears("The repair day is on Saturday");
  const poster = amara.message("A first draft of the poster").getByRole("img", { name: /poster/ }).first();
  await poster.evaluate((image) => image.decode());
  assert.equal(await poster.evaluate((image) => image.naturalWidth), 960);
  await amara.message("A first draft of the poster").getByRole("button", { name: /😍/ }).waitFor();
  await page.getByRole("link", { name: /checklist\.txt/ }).first().waitFor();
  await amara.message("The repair day is on Saturday").getByRole("button", { name: /^4 replies.*last/ }).waitFor();
  // It was said over the last days.
  const { body: { token } } = await server.api(null, "POST", "/auth/login", { username: "ben", password: PASSWORD });
  const { body: { items: places } } = await server.api(token, "GET", "/conversations");
  const room = places.find(({ name }) => name === "Workshop");
  const { body: { items: messages } } = await server.api(token, "GET", `/conversations/${room.id}/messages`);
  const days = (Date.now() - Math.min(...messages.map(({ createdAt }) => Date.parse(createdAt)))) / DAY_MS;
  assert.ok(days > 3.9 && days < 4.1, `the first message is ${days} days old`);
  const { body: { items: [meetup] } } = await server.api(token, "GET", "/meetups");
  assert.deepEqual([meetup.participants.map(({ username }) => username), meetup.status], [["ben", "amara"], "open"]);
  // The team comes once.
  const again = spawnSync(BINARY, [...data, "demo"], { encoding: "utf8" });
  assert.equal(again.status, 1);
  assert.match(again.stderr, /^quintet: this server has 5 accounts already, and `quintet demo` only fills one that has none/);
  assert.deepEqual(amara.complaints, []);
  await chromium.close();
  await server.stop();
});

test("`quintet demo` beside a running server happens now", async () => {
  const server = await Server.start();
  const said = await server.command(["demo"]);
  const [, password] = /The password of each of them is ([0-9a-f]{12})$/.exec(said);
  const { status, body: { token } } = await server.api(null, "POST", "/auth/login", { username: "dev", password });
  assert.equal(status, 200);
  const { body: { items: places } } = await server.api(token, "GET", "/conversations");
  assert.equal(places.length, 4, JSON.stringify(places.map(({ name }) => name)));
  assert.ok(places.every(({ lastMessage }) => Date.now() - Date.parse(lastMessage.createdAt) < 60_000));
  await server.stop();
});

test("a backup is made and restored as docs/operations.md has it", async () => {
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const section = page.split("## Backups and restoring them\n")[1].split("\n## ")[0];
  const [backup, drill, ...others] = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.deepEqual(others, []);
  const server = await Server.start();
  const ada = await server.register("ada");
  const { body: room } = await server.api(ada.token, "POST", "/conversations", { kind: "group", name: "Letters", memberIds: [] });
  const form = new FormData();
  form.append("file", new Blob(["A letter that must not be lost"]), "letter.txt");
  const headers = { authorization: `Bearer ${ada.token}` };
  const uploaded = await (await fetch(`${server.url}/api/v1/files`, { method: "POST", headers, body: form })).json();
  const message = { content: "Keep this", fileUrl: uploaded.url };
  assert.equal((await server.api(ada.token, "POST", `/conversations/${room.id}/messages`, message)).status, 201);

  // Each command is run to the letter, but for the folder and the port.
  const place = mkdtempSync(join(tmpdir(), "quintet-drill-"));
  const port = String(await freePort());
  const env = { ...process.env, TMPDIR: place, PATH: `${dirname(BINARY)}:${process.env.PATH}` };
  const play = (script, ...replaced) => {
    for (const [from, to] of replaced) assert.ok(script.includes(from), from);
    const text = replaced.reduce((all, [from, to]) => all.replaceAll(from, to), script);
    return execFileSync("bash", ["-euc", text], { cwd: place, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  };
  play(backup, ["/var/lib/quintet", join(server.folder, "data")]);
  // What comes after it is not in it, and the server ends with all that it had.
  await server.register("eve");
  await server.stop();
  const said = play(drill, ["3999", port]);
  assert.match(said, /is ready\.\n.* ada ada@example\.org\n$/s);
  assert.ok(!said.includes("eve"), said);

  // What was restored is what there was: the person's token is good, and the message and its file are there.
  const [restored] = readdirSync(place).filter((name) => name.startsWith("tmp."));
  renameSync(join(place, restored), join(place, "data"));
  const again = await Server.start({ folder: place });
  const { status, body } = await again.api(ada.token, "GET", `/conversations/${room.id}/messages`);
  assert.equal(status, 200, JSON.stringify(body));
  const found = body.items.find(({ content }) => content === "Keep this");
  const letter = await fetch(new URL(found.file.url, again.url), { headers });
  assert.equal(await letter.text(), "A letter that must not be lost");
  await again.stop();
});
