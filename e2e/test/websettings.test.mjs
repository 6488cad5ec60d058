// One's own settings of conversations in the web chat, on two devices of one user: pinned, archived, marked as unread, and
// what to be notified of.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Person, SIZES, settled, until } from "../lib/people.mjs";
import { Teams } from "../lib/teams.mjs";

describe("one's own settings of conversations", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** Two users, and groups of both with these names, the last one being the newest. */
  async function groups(mark, names) {
    const { accounts: [one, two], id: first } = await teams.group(mark, ["ada", "bob"]);
    await teams.call(one, "DELETE", `/conversations/${first}`);
    const ids = {};
    for (const name of names) {
      const body = { kind: "group", name, memberIds: [two.id] };
      ids[name] = (await teams.call(one, "POST", "/conversations", body)).id;
      await teams.send(two, ids[name], `Welcome to ${name}`);
    }
    return { one, two, ids };
  }

  /** Opens the list in a browser of the account's own. */
  async function device(account, title, options) {
    const person = await teams.open(account, options);
    await person.entry(title).waitFor();
    return person;
  }

  /** Waits until the list of a person has these conversations, from top to bottom. */
  const list = (person, titles) => until(person.page, (wanted) => {
    const shown = [...document.querySelectorAll(".list > ul .item-title")].map((element) => element.textContent);
    return JSON.stringify(shown) === JSON.stringify(wanted);
  }, titles);

  const sign = (person, title, name) => person.entry(title).getByRole("img", { name, exact: true });
  const marked = (person, title) => person.entry(title).locator(".badge.plain", { hasText: "marked as unread" });
  const section = (person) => person.page.locator("details.archived");
  const folded = (person, title) => section(person).locator(".entry", { hasText: title });

  test("pinned conversations come first, on all devices of the user", async () => {
    const { one, two, ids } = await groups("pinned", ["Alpha", "Beta", "Gamma"]);
    const [desk, other, bob] = [await device(one, "Gamma"), await device(one, "Gamma"), await device(two, "Gamma")];
    await list(desk, ["Gamma", "Beta", "Alpha"]);
    await desk.choose("Alpha", "Pin to the top");
    for (const person of [desk, other]) {
      await list(person, ["Alpha", "Gamma", "Beta"]);
      await sign(person, "Alpha", "pinned").waitFor();
    }
    assert.equal(await sign(desk, "Beta", "pinned").count(), 0);
    // A message moves a conversation among those that are not pinned.
    await teams.send(two, ids.Beta, "News");
    await list(other, ["Alpha", "Beta", "Gamma"]);
    await other.choose("Gamma", "Pin to the top");
    for (const person of [desk, other]) await list(person, ["Gamma", "Alpha", "Beta"]);
    await list(bob, ["Beta", "Gamma", "Alpha"]);
    // It is known at a reload, and taken back by the other device.
    await desk.page.reload();
    await list(desk, ["Gamma", "Alpha", "Beta"]);
    await other.choose("Gamma", "Unpin");
    for (const person of [desk, other]) await list(person, ["Alpha", "Beta", "Gamma"]);
    await sign(desk, "Gamma", "pinned").waitFor({ state: "detached" });
    for (const person of [desk, other, bob]) await person.leave();
  });

  test("archived conversations are folded until a message brings them back", async () => {
    const { one, two, ids } = await groups("archive", ["Alpha", "Beta"]);
    const [desk, other] = [await device(one, "Beta"), await device(one, "Beta")];
    await until(desk.page, () => document.title === "(2) Quintet");
    await desk.choose("Alpha", "Archive");
    for (const person of [desk, other]) {
      await list(person, ["Beta"]);
      await section(person).getByText("Archived (1)").waitFor();
      assert.equal(await folded(person, "Alpha").isVisible(), false);
      // What is put away is not counted.
      await until(person.page, () => document.title === "(1) Quintet");
    }
    // A search finds it without unfolding.
    const search = other.page.getByLabel(/^Search people/);
    await search.fill("alpha");
    await sign(other, "Alpha", "archived").waitFor();
    await search.fill("");
    // An edit is no message. The one after it is, and comes back on both devices.
    const { items: [welcome] } = await teams.call(two, "GET", `/conversations/${ids.Alpha}/messages`);
    await teams.call(two, "PATCH", `/messages/${welcome.id}`, { content: "Welcome all" });
    await section(desk).getByText("Welcome all").waitFor({ state: "attached" });
    await list(desk, ["Beta"]);
    await teams.send(two, ids.Alpha, "Something new");
    for (const person of [desk, other]) {
      await list(person, ["Alpha", "Beta"]);
      await section(person).waitFor({ state: "detached" });
    }
    // After a reload it is where it was: archived again, and taken out by hand.
    await desk.choose("Alpha", "Archive");
    await list(other, ["Beta"]);
    await other.page.reload();
    await list(other, ["Beta"]);
    await section(other).locator("summary").click();
    await other.choose("Alpha", "Take out of the archive");
    for (const person of [desk, other]) await list(person, ["Alpha", "Beta"]);
    // What is read is in a section of its own.
    await desk.choose("Beta", "Mark as read");
    for (const person of [desk, other]) await person.entry("Beta").locator(".badge").waitFor({ state: "detached" });
    // One's own message brings a conversation back as well, and it may be open meanwhile.
    await other.open("Alpha");
    await desk.choose("Alpha", "Archive");
    await list(other, ["Beta"]);
    await other.say("I am still here");
    for (const person of [desk, other]) await list(person, ["Alpha", "Beta"]);
    await desk.leave();
    await other.leave();
  });

  test("a mark as unread is a badge without a number, and ends when the conversation is opened", async () => {
    const { one, two, ids } = await groups("marked", ["Alpha", "Beta"]);
    const [desk, other] = [await device(one, "Beta"), await device(one, "Beta")];
    // What has a number can be marked as read, without opening it.
    await desk.entry("Alpha").locator(".badge", { hasText: "1 unread" }).waitFor();
    await desk.choose("Alpha", "Mark as read");
    for (const person of [desk, other]) await person.entry("Alpha").locator(".badge").waitFor({ state: "detached" });
    await until(other.page, () => document.title === "(1) Quintet");
    // A mark on one device is seen on the other, and after a reload.
    await desk.choose("Alpha", "Mark as unread");
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor();
    await other.page.reload();
    await marked(other, "Alpha").waitFor();
    assert.equal(await other.entry("Alpha").locator(".badge > [aria-hidden]").textContent(), "");
    // Opening it on the one ends it on the other.
    await other.open("Alpha");
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor({ state: "detached" });
    // A mark that another device sets stays on the one where the conversation is open, until that opens it again.
    await desk.choose("Alpha", "Mark as unread");
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor();
    await other.open("Beta");
    await other.entry("Beta").locator(".badge").waitFor({ state: "detached" });
    await marked(other, "Alpha").waitFor();
    await other.open("Alpha");
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor({ state: "detached" });
    // A conversation that is marked while it is open is left.
    await other.page.locator(".bar .options").last().click();
    await other.page.locator(".menu:popover-open").getByRole("button", { name: "Mark as unread" }).click();
    await other.page.getByText("Select a conversation").waitFor();
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor();
    // By the menu, the mark ends as well; a message takes its place with a number, which reading ends.
    await desk.choose("Alpha", "Mark as read");
    for (const person of [desk, other]) await marked(person, "Alpha").waitFor({ state: "detached" });
    await desk.choose("Alpha", "Mark as unread");
    await marked(other, "Alpha").waitFor();
    await teams.send(two, ids.Alpha, "More");
    await other.entry("Alpha").locator(".badge:not(.plain)", { hasText: "1 unread" }).waitFor();
    await desk.choose("Alpha", "Mark as read");
    for (const person of [desk, other]) await person.entry("Alpha").locator(".badge").waitFor({ state: "detached" });
    await desk.leave();
    await other.leave();
  });

  test("the browser notifies of all messages, of mentions or of nothing", async () => {
    const { one, two, ids } = await groups("notify", ["Alpha", "Beta"]);
    const [desk, other] = [await device(one, "Beta"), await device(one, "Beta", { permissions: ["notifications"] })];
    // The other device is in the background, and its notifications are recorded.
    await other.page.evaluate(() => {
      window.told = [];
      window.Notification = class {
        constructor(title, { body }) { window.told.push(body); }
      };
      Object.defineProperty(document, "hidden", { get: () => true });
    });
    const told = (texts) => until(other.page, (wanted) => JSON.stringify(window.told) === JSON.stringify(wanted), texts);
    const choose = async (value) => {
      await desk.options("Alpha");
      await desk.page.getByLabel("Notify me of").selectOption(value);
      await desk.page.keyboard.press("Escape");
      // Events have an order: a device that knows of the pin knows what was chosen before it.
      const name = await sign(desk, "Beta", "pinned").count() ? "Unpin" : "Pin to the top";
      await desk.choose("Beta", name);
      await sign(other, "Beta", "pinned").waitFor({ state: name === "Unpin" ? "detached" : "attached" });
    };
    await teams.send(two, ids.Alpha, "At first, of all");
    await told(["At first, of all"]);
    await choose("mentions");
    await teams.send(two, ids.Alpha, "A remark");
    await teams.send(two, ids.Alpha, "A question", { mentions: [one.id] });
    await told(["At first, of all", "A question"]);
    await choose("none");
    await teams.send(two, ids.Alpha, "Another question", { mentions: [one.id] });
    // Messages have an order, too.
    await teams.send(two, ids.Beta, "Elsewhere");
    await told(["At first, of all", "A question", "Elsewhere"]);
    await choose("all");
    await teams.send(two, ids.Alpha, "Of all again");
    await told(["At first, of all", "A question", "Elsewhere", "Of all again"]);
    // The menu of the other device shows what was chosen.
    await choose("mentions");
    await other.options("Alpha");
    assert.equal(await other.page.getByLabel("Notify me of").inputValue(), "mentions");
    await desk.leave();
    await other.leave();
  });

  test("settings that change while a conversation is loading are not undone by the answer", async () => {
    const { one, two, ids } = await groups("stale", ["Alpha", "Beta"]);
    const desk = await Person.open(teams.chromium, teams.server.url);
    let answered, release;
    const made = new Promise((resolve) => { answered = resolve; });
    const held = new Promise((resolve) => { release = resolve; });
    await desk.logIn(one.name);
    await desk.entry("Beta").waitFor();
    // A conversation is loaded again when it changes. The answer is older than the events that arrive before it.
    await desk.page.route(`**/conversations/${ids.Alpha}`, async (route) => {
      const response = await route.fetch();
      answered();
      await held;
      await route.fulfill({ response });
    }, { times: 1 });
    await teams.call(one, "PATCH", `/conversations/${ids.Alpha}`, { name: "Alpha renamed" });
    await made;
    await teams.call(one, "PATCH", `/conversations/${ids.Alpha}/settings`, { pinned: true });
    await list(desk, ["Alpha", "Beta"]);
    release();
    await list(desk, ["Alpha renamed", "Beta"]);
    await sign(desk, "Alpha renamed", "pinned").waitFor();
    // What was changed while there was no connection is there after it.
    await desk.page.context().setOffline(true);
    await teams.call(one, "PATCH", `/conversations/${ids.Alpha}/settings`, { pinned: false, archived: true });
    await teams.call(one, "PATCH", `/conversations/${ids.Beta}/settings`, { markedUnread: true, muted: true });
    await desk.page.context().setOffline(false);
    await list(desk, ["Beta"]);
    await sign(desk, "Beta", "muted").waitFor();
    await folded(desk, "Alpha renamed").waitFor({ state: "attached" });
    await teams.send(two, ids.Alpha, "Back again");
    await list(desk, ["Alpha renamed", "Beta"]);
    await desk.leave();
  });

  test("without a connection, a change is refused with a word", async () => {
    const { one } = await groups("cut", ["Alpha"]);
    const desk = await device(one, "Alpha");
    await desk.page.context().setOffline(true);
    await desk.page.getByText("No connection.").waitFor();
    await desk.choose("Alpha", "Pin to the top");
    await desk.page.locator(".lines").getByText("The server cannot be reached.").waitFor();
    assert.equal(await sign(desk, "Alpha", "pinned").count(), 0);
    await desk.leave();
  });

  test("the menu works by keyboard, and the focus stays at the conversation that moves", async () => {
    const { one } = await groups("keyed", ["Alpha", "Beta", "Gamma"]);
    const [desk, other] = [await device(one, "Gamma"), await device(one, "Gamma")];
    const { page } = desk;
    const { keyboard } = page;
    const focused = (name) => until(page, (wanted) => {
      const element = document.activeElement;
      return (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim() === wanted;
    }, name);
    const open = async (title) => {
      await desk.tabTo("button", `Options for “${title}”`);
      await keyboard.press("Enter");
      await until(page, () => document.activeElement?.closest(".menu"));
    };
    // Only Alpha is unread, so that it stays at the top.
    for (const title of ["Beta", "Gamma"]) {
      await other.choose(title, "Mark as read");
      await desk.entry(title).locator(".badge").waitFor({ state: "detached" });
    }
    // Escape closes the menu, and the focus returns.
    await open("Alpha");
    await focused("Pin to the top");
    await keyboard.press("Escape");
    await focused("Options for “Alpha”");
    await page.locator(".menu:popover-open").waitFor({ state: "detached" });
    // Pinned, it moves to the top.
    await keyboard.press("Enter");
    await focused("Pin to the top");
    await keyboard.press("Enter");
    await list(other, ["Alpha", "Gamma", "Beta"]);
    await list(desk, ["Alpha", "Gamma", "Beta"]);
    await focused("Options for “Alpha”");
    // Read, and then marked as unread.
    for (const action of ["Mark as read", "Mark as unread"]) {
      await keyboard.press("Enter");
      await focused("Unpin");
      await keyboard.press("Tab");
      await focused(action);
      await keyboard.press("Enter");
      await focused("Options for “Alpha”");
      const badge = (person) => (action === "Mark as unread" ? marked(person, "Alpha") : person.entry("Alpha").locator(".badge"));
      for (const person of [desk, other]) await badge(person).waitFor({ state: action === "Mark as unread" ? "attached" : "detached" });
    }
    // The choices of the menu.
    await keyboard.press("Enter");
    await focused("Unpin");
    for (let n = 0; n < 4; n += 1) await keyboard.press("Tab");
    await keyboard.type("Nothing");
    await keyboard.press("Tab");
    await keyboard.type("Until I");
    // Muted, it is no longer in the section of what is unread; but it stays there as long as its menu is open.
    for (const person of [desk, other]) await sign(person, "Alpha", "muted").waitFor();
    assert.equal(await page.locator(".menu:popover-open").count(), 1);
    await until(page, () => document.activeElement?.closest(".menu:popover-open") && document.activeElement.localName === "select");
    await keyboard.press("Escape");
    await page.locator(".menu:popover-open").waitFor({ state: "detached" });
    await other.options("Alpha");
    assert.equal(await other.page.getByLabel("Notify me of").inputValue(), "none");
    await other.page.keyboard.press("Escape");
    // Archived, the focus is at the section, which opens by keyboard; taken out, it is at the conversation.
    await focused("Options for “Alpha”");
    await keyboard.press("Enter");
    await focused("Unpin");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await focused("Archive");
    await keyboard.press("Enter");
    await list(other, ["Gamma", "Beta"]);
    await focused("Archived (1)");
    await keyboard.press("Enter");
    await folded(desk, "Alpha").waitFor();
    await open("Alpha");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await focused("Take out of the archive");
    await keyboard.press("Enter");
    await list(other, ["Alpha", "Gamma", "Beta"]);
    await focused("Options for “Alpha”");
    await desk.leave();
    await other.leave();
  });

  test("the menu works by touch, and stays inside the screen", async () => {
    const { one } = await groups("touched", ["Alpha", "Beta"]);
    const [phone, other] = [await device(one, "Beta", SIZES.phone), await device(one, "Beta")];
    const { page } = phone;
    const menu = page.locator(".menu:popover-open");
    const inside = async () => {
      await menu.getByRole("button").first().waitFor();
      await until(page, () => document.activeElement?.closest(".menu"));
      await settled(menu);
      const { x, y, width, height } = await menu.boundingBox();
      assert.ok(x >= 0 && y >= 0 && x + width <= 390 && y + height <= 844, `the menu is at ${[x, y, width, height]}`);
    };
    const tap = async (title, action) => {
      await phone.entry(title).getByRole("button", { name: /^Options/ }).tap();
      await inside();
      await menu.getByRole("button", { name: action, exact: true }).tap();
      await menu.waitFor({ state: "detached" });
    };
    await tap("Alpha", "Pin to the top");
    for (const person of [phone, other]) await list(person, ["Alpha", "Beta"]);
    // A tap elsewhere closes the menu and does nothing.
    await phone.entry("Beta").getByRole("button", { name: /^Options/ }).tap();
    await inside();
    await page.touchscreen.tap(20, 800);
    await menu.waitFor({ state: "detached" });
    await tap("Beta", "Archive");
    for (const person of [phone, other]) await list(person, ["Alpha"]);
    await section(phone).locator("summary").tap();
    await folded(phone, "Beta").waitFor();
    await tap("Beta", "Take out of the archive");
    for (const person of [phone, other]) await list(person, ["Alpha", "Beta"]);
    // In a conversation: marked as unread, which leads back to the list.
    await phone.entry("Alpha").locator(".item").tap();
    await phone.composer().waitFor();
    await phone.hears("Welcome to Alpha");
    await other.entry("Alpha").locator(".badge").waitFor({ state: "detached" });
    await page.locator("#main").getByRole("button", { name: "Options for “Alpha”" }).tap();
    await inside();
    await menu.getByRole("button", { name: "Mark as unread" }).tap();
    await page.getByLabel(/^Search people/).waitFor();
    for (const person of [phone, other]) await marked(person, "Alpha").waitFor();
    await phone.leave();
    await other.leave();
  });
});
