// A day of an operator, as docs/operations.md and docs/moderation.md have it: registration is closed but for those who are
// invited, a report is looked after, and a troublemaker is banned for a day.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

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
