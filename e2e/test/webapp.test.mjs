// The web chat as an app: its first view, without a network, after an update, and at an address where there is nothing.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { Person, SIZES, becomes, until } from "../lib/people.mjs";
import { Server } from "../lib/server.mjs";
import { Teams } from "../lib/teams.mjs";

describe("the chat as an app", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`the first view shows who and what is here (${size}, ${scheme})`, async () => {
      const bob = await teams.server.register(`bobhome${size}`);
      const room = await teams.call(bob, "POST", "/conversations", { kind: "room", name: `Garden ${size} ${"<b>W".repeat(20)}`, open: true });
      const watching = await teams.enter(bob, room.id);
      const ada = await Person.open(teams.chromium, teams.server.url, { ...SIZES[size], colorScheme: scheme, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] });
      await ada.register(`adahome${size}`, "Ada Here");
      const { page } = ada;
      await page.getByRole("heading", { name: "Hello, Ada Here" }).waitFor();
      await page.getByRole("heading", { name: /^People .*online/ }).waitFor();
      await faults(page, "the first view");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
      // A link to the server, for others.
      await page.getByRole("button", { name: "Invite people" }).click();
      await page.getByRole("button", { name: "Copy link: This server" }).click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${teams.server.url}/#/signup`);
      await faults(page, "inviting people");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: new RegExp(`Bobhome${size} Example Say hello`) }).click();
      await ada.say("Hello!");
      await ada.hears("Hello!");
      await page.evaluate(() => { location.hash = "#/"; });
      if (size === "desk") {
        await page.getByRole("button", { name: new RegExp(`^Garden ${size}.*1 member · Join`) }).click();
        await ada.composer().waitFor();
        await watching.page.getByText("Room · 2 members").waitFor();
      }
      await ada.leave();
      await watching.leave();
    });
  }

  /** Waits until the browser keeps the page. */
  const isKept = (page) => becomes(page, async () => {
    const found = await (await caches.open("quintet.page")).match("/", { ignoreVary: true });
    return found !== undefined && (await navigator.serviceWorker.ready).active?.state === "activated";
  });

  test("without a server the page opens, shows what it has, and sends what is written when the server is back", async () => {
    let server = await Server.start();
    try {
      const ada = await server.register("adaoffline");
      const bob = await server.register("boboffline");
      const { body: { id } } = await server.api(ada.token, "POST", "/conversations", { kind: "group", name: "The boat", memberIds: [bob.id] });
      await server.api(bob.token, "POST", `/conversations/${id}/messages`, { content: "The tide is at noon" });
      await server.api(bob.token, "POST", "/conversations", { kind: "direct", memberIds: [ada.id] }).then(({ body }) =>
        server.api(bob.token, "POST", `/conversations/${body.id}/messages`, { content: "For you alone" }));
      const person = await Person.open(teams.chromium, server.url, SIZES.phone);
      const { page } = person;
      await page.addInitScript(() => {
        window.badges = [];
        navigator.setAppBadge = async (count) => { window.badges.push(count); };
        navigator.clearAppBadge = async () => { window.badges.push(0); };
      });
      await page.reload();
      await person.logIn("adaoffline");
      // What is unread stands in the title and at the icon of the app.
      await until(page, () => document.title === "(2) Quintet" && window.badges.at(-1) === 2);
      await person.open(/The boat/);
      await person.hears("The tide is at noon");
      await until(page, () => document.title === "(1) Quintet" && window.badges.at(-1) === 1);
      await isKept(page);
      const policy = await page.evaluate(async () => (await (await caches.open("quintet.page")).match("/", { ignoreVary: true })).headers.get("content-security-policy"));
      assert.match(policy, /^default-src 'none'; script-src 'self' 'sha256-/);
      const [port, folder] = [server.port, server.folder];
      await server.kill();
      await page.reload();
      await page.getByText(/^No connection/).waitFor({ state: "attached" });
      await person.hears("The tide is at noon");
      await person.say("I bring the oars");
      await person.message("I bring the oars").getByRole("img", { name: "Waiting to be sent" }).waitFor();
      await person.home();
      await person.entry("Boboffline Example").getByText("For you alone").waitFor();
      await page.reload();
      await person.entry("The boat").waitFor();
      server = await Server.start({ listen: [port], folder });
      await page.getByText(/^No connection/).waitFor({ state: "detached" }).catch(() => {});
      const end = Date.now() + 30_000;
      const last = async () => (await server.api(bob.token, "GET", `/conversations/${id}/messages`)).body.items.at(-1).content;
      while (await last() !== "I bring the oars") assert.ok(Date.now() < end, "what was written is sent");
      // After a log-out nothing is left that was hers.
      await page.evaluate(() => localStorage.removeItem("quintet.session"));
      await page.reload();
      await page.getByLabel("Username or email").waitFor();
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("quintet.kept/"))), []);
      await person.leave();
    } finally {
      await server.stop();
    }
  });

  test("a new version takes over at the next load, and what the old one names stays until nobody needs it", async () => {
    const account = await teams.server.register("adaupdate");
    const ada = await Person.open(teams.chromium, teams.server.url);
    await ada.logIn(account.name);
    const { page } = ada;
    await isKept(page);
    const OLD = "/assets/js/old.0123456789ab.js";
    // As an earlier version would have left it.
    await page.evaluate(async (old) => {
      const headers = { "content-type": "text/html" };
      await (await caches.open("quintet.page")).put("/", new Response(`<title>Earlier</title><script src="${old}"></script>`, { headers }));
      await (await caches.open("quintet.assets")).put(old, new Response("", { headers: { "content-type": "text/javascript" } }));
    }, OLD);
    const kept = () => page.evaluate(async () => (await (await (await caches.open("quintet.page")).match("/", { ignoreVary: true })).text()).includes("Earlier"));
    const has = (path) => page.evaluate(async (wanted) => (await (await caches.open("quintet.assets")).match(wanted)) !== undefined, path);
    await page.reload();
    await page.getByRole("navigation", { name: "Conversations" }).waitFor();
    await becomes(page, async () => !(await (await (await caches.open("quintet.page")).match("/", { ignoreVary: true })).text()).includes("Earlier"));
    assert.equal(await kept(), false);
    assert.equal(await has(OLD), true, "a page of the earlier version may be open");
    await page.reload();
    await becomes(page, async (old) => (await (await caches.open("quintet.assets")).match(old)) === undefined, OLD);
    await ada.leave();
  });

  test("a wrong address is a page that leads home, and an error for programs", async () => {
    const ada = await Person.open(teams.chromium, `${teams.server.url}/unknown/place`, { colorScheme: "dark" });
    const { page } = ada;
    await page.getByRole("heading", { name: "There is no page here." }).waitFor();
    await faults(page, "a wrong address");
    await page.getByRole("link", { name: "Go to Quintet" }).click();
    await page.getByLabel("Username or email").waitFor();
    await ada.leave();
    for (const [path, accept, type] of [["/unknown", "text/html", "text/html"], ["/unknown", "*/*", "application/problem+json"], ["/api/v1/unknown", "text/html", "application/problem+json"]]) {
      const answer = await fetch(teams.server.url + path, { headers: { accept } });
      assert.equal(answer.status, 404, path);
      assert.ok(answer.headers.get("content-type").startsWith(type), `${path} for ${accept}`);
    }
  });
});
