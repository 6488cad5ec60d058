// Getting about in the web chat by keys: the switcher, the conversations before and after, the list of keys, and the search
// above the list.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { PATIENCE_MS } from "../lib/client.mjs";
import { Person, SIZES, until } from "../lib/people.mjs";
import { Teams, inView } from "../lib/teams.mjs";

describe("getting about in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** Opens the chat in a browser of an account's own, without motion, and waits for its list. */
  async function enter(account, title, options) {
    const person = await Person.open(teams.chromium, teams.server.url, { reducedMotion: "reduce", ...options });
    await person.logIn(account.name);
    await person.entry(title).waitFor();
    return person;
  }

  const titles = (person) => person.page.locator(".switcher-entry .item-title").allTextContents();

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`the switcher leads to conversations, people, rooms, messages and actions (${size}, ${scheme})`, async () => {
      const mark = `go${size}`;
      const { accounts: [one, two], id } = await teams.group(mark, ["ada", "bob", "cleo"]);
      const room = await teams.call(two, "POST", "/conversations", { kind: "room", name: `Orchard ${mark}`, open: true });
      await teams.call(one, "POST", "/conversations", { kind: "direct", memberIds: [two.id] });
      await teams.send(two, id, "The quince is ripe");
      const ada = await enter(one, `Team ${mark}`, { ...SIZES[size], colorScheme: scheme });
      const { page } = ada;
      const { keyboard } = page;
      const open = async (text) => {
        await keyboard.press("Control+k");
        await page.getByRole("combobox", { name: "Go to" }).waitFor();
        await keyboard.type(text);
      };
      const entry = (name) => page.getByRole("option", { name });
      const gone = () => page.locator(".switcher").waitFor({ state: "detached" });
      // Without a text: one's own conversations, and actions.
      await open("");
      assert.deepEqual((await titles(ada)).slice(0, 2).sort(), [`Bob${mark} Example`, `Team ${mark}`]);
      await entry("Notifications").waitFor();
      await faults(page, "the switcher");
      await keyboard.press("Escape");
      await gone();
      // A conversation by the beginning of any of its words, and Enter as fast as one types.
      await open(mark);
      await keyboard.press("Enter");
      await gone();
      await ada.composer().waitFor();
      // A person to whom one has not written; Enter waits for the server.
      await open(`cleo${mark}`);
      await keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: `Cleo${mark} Example` }).waitFor();
      await gone();
      // A room, which is joined, by the arrows.
      await open("orchard");
      await entry(`Orchard ${mark} 1 member`).waitFor();
      await faults(page, "results in the switcher");
      while (!(await entry(`Orchard ${mark} 1 member`).and(page.locator("[aria-selected=true]")).count())) await keyboard.press("ArrowDown");
      await keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: `Orchard ${mark}` }).waitFor();
      assert.equal((await teams.call(one, "GET", `/conversations/${room.id}`)).members.length, 2);
      // A message, in its place; its index follows it by up to a second.
      const end = Date.now() + PATIENCE_MS;
      while ((await teams.call(one, "GET", "/search/messages?q=quince")).items.length === 0) assert.ok(Date.now() < end, "it is indexed");
      await open("quince");
      await entry(/^The quince is ripe/).click();
      await inView(page, "The quince is ripe");
      // An action, and a text that finds nothing.
      await open("dark app");
      await keyboard.press("Enter");
      await gone();
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      await open("nothing is called this");
      await page.getByText("No results for “nothing is called this”.").waitFor();
      await keyboard.press("Control+k");
      await gone();
      await ada.leave();
    });
  }

  test("Alt and an arrow open the conversation above or below, with Shift the next unread one, and ? shows the keys", async () => {
    const { accounts: [one, two], id } = await teams.group("alt", ["ada", "bob"]);
    const more = {};
    for (const name of ["Middle alt", "First alt"]) more[name] = await teams.call(one, "POST", "/conversations", { kind: "group", name, memberIds: [two.id] });
    const ada = await enter(one, "First alt");
    const { page } = ada;
    const { keyboard } = page;
    const at = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
    await keyboard.press("Alt+ArrowDown");
    await at("First alt");
    // From the composer as well.
    await until(page, () => document.activeElement?.localName === "textarea");
    await keyboard.press("Alt+ArrowDown");
    await at("Middle alt");
    await keyboard.press("Alt+ArrowDown");
    await at("Team alt");
    await keyboard.press("Alt+ArrowDown");
    await keyboard.press("Alt+ArrowUp");
    await at("Middle alt");
    await teams.send(two, id, "Read me");
    await ada.entry("Team alt").locator(".badge").waitFor();
    await ada.open(/First alt/);
    await keyboard.press("Alt+Shift+ArrowUp");
    await at("Team alt");
    await ada.hears("Read me");
    // What is typed into a text is a text.
    await ada.composer().fill("");
    await keyboard.type("Why?");
    assert.equal(await ada.composer().inputValue(), "Why?");
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.getByRole("region", { name: "Messages" }).focus();
    await keyboard.press("?");
    const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await keys.getByText("Go to people, rooms, messages and actions").waitFor();
    await faults(page, "the list of keys");
    // One dialog at a time.
    await keyboard.press("Control+k");
    assert.equal(await page.getByRole("dialog").count(), 1);
    await keyboard.press("Escape");
    await keys.waitFor({ state: "detached" });
    await ada.leave();
  });

  test("the search above the list knows arrows and Enter, finds what is one's own, and ends when it is done", async () => {
    const { accounts: [one, two] } = await teams.group("field", ["ada", "bob"]);
    await teams.call(one, "POST", "/conversations", { kind: "room", name: "Café of Zoë", open: true });
    await teams.call(two, "POST", "/conversations", { kind: "room", name: "Cafeteria field", open: true });
    const ada = await enter(one, "Café of Zoë");
    const { page } = ada;
    const { keyboard } = page;
    const field = page.getByLabel(/^Search people/);
    // One's own room is found, without accents too, and it is not said that there was nothing.
    await field.fill("zoe");
    await ada.entry("Café of Zoë").waitFor();
    await until(page, () => document.querySelectorAll(".list .item").length === 1);
    const listed = page.waitForResponse(/\/search\/messages\?/);
    await field.fill("of zoë");
    await (await listed).finished();
    await ada.entry("Café of Zoë").waitFor();
    assert.equal(await page.getByText(/^No results/).count(), 0);
    await keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Café of Zoë" }).waitFor();
    assert.equal(await field.inputValue(), "");
    await ada.entry("Team field").waitFor();
    // Arrows go through all that is found, and back to the text.
    await field.fill("cafe");
    await page.getByRole("button", { name: /Cafeteria field/ }).waitFor();
    await field.press("ArrowDown");
    await until(page, () => document.activeElement?.textContent.includes("Café of Zoë"));
    await keyboard.press("ArrowUp");
    await until(page, () => document.activeElement?.localName === "input");
    await keyboard.press("ArrowDown");
    await keyboard.press("ArrowDown");
    await until(page, () => document.activeElement?.textContent.includes("Cafeteria field"));
    await keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Cafeteria field" }).waitFor();
    assert.equal(await field.inputValue(), "");
    // Enter before the results are there waits for them; a person known already is there once.
    await field.fill("bobfield");
    await field.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Bobfield Example" }).waitFor();
    await field.fill("bobfield");
    await until(page, () => document.querySelectorAll(".list .item").length === 1);
    // Escape ends it.
    await field.press("Escape");
    await ada.entry("Team field").waitFor();
    assert.equal(await field.inputValue(), "");
    await ada.leave();
  });
});
