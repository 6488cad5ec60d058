// Pins, searches and mutes in the web chat; and all that people do with messages, by keyboard only.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { Person, SIZES, settled, until } from "../lib/people.mjs";
import { Teams, inView, reaction } from "../lib/teams.mjs";

describe("finding and muting in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  test("pinned messages are listed, lead to their place, and can be unpinned", async () => {
    const { accounts: [one, two], id } = await teams.group("pin", ["ada", "bob"]);
    await teams.send(two, id, "The address is 5 Park Lane");
    for (let n = 0; n < 80; n += 1) await teams.send(one, id, `Filler ${n}`);
    const last = await teams.send(two, id, "The door code is 1234");
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id)];
    const open = async ({ page }) => {
      await page.getByRole("button", { name: "Pinned messages" }).click();
      return page.getByRole("dialog", { name: "Pinned messages" });
    };
    await bob.newest();
    const empty = await open(bob);
    await empty.getByText("No pinned messages.").waitFor();
    // The list follows what happens while it is open.
    await ada.newest();
    await ada.hears("The door code is 1234");
    await ada.menu("The door code is 1234", "Pin");
    await ada.message("The door code is 1234").getByText("pinned", { exact: true }).waitFor();
    await empty.getByRole("button", { name: /Bobpin Example.*The door code is 1234/ }).waitFor();
    assert.equal(await empty.getByRole("button", { name: /^Unpin/ }).count(), 0, "a member may not unpin");
    await bob.page.keyboard.press("Escape");
    await empty.waitFor({ state: "detached" });
    await bob.message("The door code is 1234").getByText("pinned", { exact: true }).waitFor();
    // Members may not pin, and their menu does not offer it.
    await bob.message("The door code is 1234").hover();
    await bob.message("The door code is 1234").getByRole("button", { name: /^Actions/ }).click();
    await bob.page.getByRole("button", { name: "Reply", exact: true }).waitFor();
    assert.equal(await bob.page.getByRole("button", { name: /^(Pin|Unpin)$/ }).count(), 0);
    await bob.page.keyboard.press("Escape");
    // The list leads to a message that was not loaded.
    const { items: [oldest] } = await teams.call(one, "GET", `/conversations/${id}/messages?after=0&limit=1`);
    await teams.call(one, "PUT", `/messages/${oldest.id}/pin`);
    const list = await open(bob);
    const lines = list.locator(".pins .line");
    await until(bob.page, () => document.querySelectorAll(".pins li").length === 2);
    assert.deepEqual(await lines.allTextContents(), ["The address is 5 Park Lane", "The door code is 1234"]);
    await list.getByRole("button", { name: /5 Park Lane/ }).click();
    await inView(bob.page, "The address is 5 Park Lane");
    // Unpinned in the list and in the menu, and gone with its message.
    const hers = await open(ada);
    await hers.getByRole("button", { name: "Unpin “The address is 5 Park Lane”" }).click();
    await bob.message("The address is 5 Park Lane").getByText("pinned", { exact: true }).waitFor({ state: "detached" });
    await until(ada.page, () => document.querySelectorAll(".pins li").length === 1);
    await teams.call(two, "DELETE", `/messages/${last.id}`);
    await hers.getByText("No pinned messages.").waitFor();
    await ada.leave();
    await bob.leave();
  });

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`messages are searched by who sent them, where, when, and what they have (${size}, ${scheme})`, async () => {
      const mark = `flt${size}`;
      const { accounts: [one, two, three], id } = await teams.group(mark, ["ada", "bob", "cleo"]);
      const other = await teams.call(one, "POST", "/conversations", { kind: "group", name: `Other ${mark}`, memberIds: [two.id] });
      await teams.send(two, id, "The heron by the pond");
      await teams.send(three, id, "A heron https://example.org/heron");
      await teams.send(two, other.id, `Heron elsewhere ${"<b>W".repeat(60)}`);
      for (let n = 0; n < 60; n += 1) await teams.send(one, id, `Filler ${n}`);
      const ada = await teams.enter(one, id, { ...SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
      const { page } = ada;
      await page.locator(".bar").getByRole("button", { name: /^Options/ }).click();
      await page.getByRole("button", { name: "Search in this conversation" }).click();
      const found = page.locator(".results .found-text");
      const shows = async (...texts) => {
        await until(page, ([wanted]) => {
          const all = [...document.querySelectorAll(".results .found-text")].map(({ textContent }) => textContent);
          return all.length === wanted.length && all.every((text, n) => text.startsWith(wanted[n]));
        }, texts, null);
      };
      await page.getByText("type at least one.").waitFor();
      // The index of messages follows them by up to a second.
      const field = page.getByLabel("Words");
      const end = Date.now() + 30_000;
      do {
        const answered = page.waitForResponse(/\/search\/messages\?/);
        await field.fill("");
        await field.fill("heron");
        await answered;
        await page.waitForFunction(() => document.querySelector(".results li") || document.querySelector(".page [role=status]").textContent);
      } while (await found.count() < 2 && Date.now() < end);
      await shows("A heron https", "The heron by");
      await faults(page, "a search with filters");
      await page.getByLabel("From", { exact: true }).selectOption({ label: `Cleo${mark} Example` });
      await shows("A heron https");
      await page.getByLabel("From", { exact: true }).selectOption({ label: "Anybody" });
      await page.getByLabel("With").selectOption({ label: "a link" });
      await shows("A heron https");
      await page.getByLabel("With").selectOption({ label: "Anything" });
      await page.getByLabel("In", { exact: true }).selectOption({ label: "All conversations" });
      await shows("Heron elsewhere", "A heron https", "The heron by");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "a long text fits");
      await page.getByLabel("To day").fill("2001-01-01");
      await page.getByText("No results for “heron”.").waitFor();
      const today = await page.evaluate(() => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10));
      await page.getByLabel("To day").fill(today);
      await page.getByLabel("From day").fill(today);
      await shows("Heron elsewhere", "A heron https", "The heron by");
      await page.getByLabel("Kind").selectOption({ label: "Image" });
      await page.getByText("No results for “heron”.").waitFor();
      await page.getByLabel("Kind").selectOption({ label: "Message" });
      await found.nth(2).click();
      await inView(page, "The heron by the pond");
      await ada.leave();
    });
  }

  test("a search finds messages, newest first, and leads to them", async () => {
    const { accounts: [one, two], id } = await teams.group("search", ["ada", "bob"]);
    const texts = [];
    const say = async (text) => {
      texts.push(text);
      return teams.send(two, id, text);
    };
    for (let n = 0; n < 60; n += 1) await say(`Before ${n}`);
    const old = await say("The kestrel nests in the tower");
    for (let n = 0; n < 140; n += 1) await say(`After ${n}`);
    await say("Another kestrel was seen");
    const ada = await teams.enter(one, id);
    const { page } = ada;
    const found = page.locator(".list .item", { hasText: /kestrel/i });
    await ada.search("KESTREL", found.nth(1));
    assert.deepEqual(await found.locator(".found-text").allTextContents(), ["Another kestrel was seen", "The kestrel nests in the tower"]);
    await page.getByRole("heading", { name: "Messages" }).waitFor();
    await found.nth(1).getByText("Team search").waitFor();
    await found.nth(1).click();
    await inView(page, "The kestrel nests in the tower");
    // From there, the history goes on in both directions without a gap.
    const shown = () => page.locator("li.message .text").allTextContents();
    const around = await shown();
    const at = texts.indexOf(around[0]);
    assert.deepEqual(around, texts.slice(at, at + around.length));
    for (const [key, end] of [["Home", "Before 0"], ["End", "Another kestrel was seen"]]) {
      await page.getByRole("region", { name: "Messages" }).focus();
      await until(page, ([text, pressed]) => {
        const box = document.querySelector(".history");
        box.scrollTop = pressed === "Home" ? 0 : box.scrollHeight;
        return [...document.querySelectorAll("li.message .text")].some((element) => element.textContent === text);
      }, [end, key]);
      const now = await shown();
      const from = texts.indexOf(now[0]);
      assert.deepEqual(now, texts.slice(from, from + now.length), `towards ${end}`);
    }
    // What was deleted is not found, and what was edited by its new words.
    await teams.call(two, "PATCH", `/messages/${old.id}`, { content: "The falcon nests in the tower" });
    await ada.search("falcon", page.locator(".list .item", { hasText: "The falcon" }));
    await teams.call(two, "DELETE", `/messages/${old.id}`);
    await page.getByLabel(/^Search people/).fill("falcon nests");
    await page.getByText("No results for “falcon nests”.").waitFor();
    // More than one list of results.
    for (let n = 0; n < 10; n += 1) await say(`Heron ${n}`);
    const herons = page.locator(".list .item", { hasText: "Heron" });
    await ada.search("heron", herons.first(), page.locator(".list .item", { hasText: "Heron 9" }));
    await page.getByRole("button", { name: "More messages" }).click();
    await until(page, () => document.querySelectorAll(".list .item").length === 10);
    assert.deepEqual(await herons.locator(".found-text").allTextContents(), Array.from({ length: 10 }, (_, n) => `Heron ${9 - n}`));
    // What cannot be searched for is said.
    await page.getByLabel(/^Search people/).fill("word ".repeat(100));
    await page.getByText("This is too long to search for.").waitFor();
    await page.getByLabel(/^Search people/).fill("?!");
    await page.getByText("Messages are found by words: type at least one.").waitFor();
    await ada.leave();
  });

  test("a message of a conversation that is hidden is found and shown in its place", async () => {
    const [one, two] = [await teams.server.register("adahidden"), await teams.server.register("bobhidden")];
    const { id } = await teams.call(two, "POST", "/conversations", { kind: "direct", memberIds: [one.id] });
    await teams.send(two, id, "The lighthouse is open");
    for (let n = 0; n < 60; n += 1) await teams.send(two, id, `Filler ${n}`);
    await teams.call(one, "DELETE", `/conversations/${id}`);
    const ada = await Person.open(teams.chromium, teams.server.url);
    await ada.logIn(one.name);
    await ada.page.getByText("No conversations yet.").waitFor();
    const found = ada.page.locator(".list .item", { hasText: "The lighthouse" });
    await ada.search("lighthouse", found);
    // The conversation is loaded before its messages, and then the other way round.
    for (const first of ["conversation", "messages"]) {
      const late = first === "conversation" ? `**/conversations/${id}/messages?*around=*` : `**/conversations/${id}`;
      const early = ada.page.waitForResponse((response) => (first === "conversation"
        ? new RegExp(`/conversations/${id}$`) : /around=/).test(response.url()));
      await ada.page.route(late, async (route) => {
        await early;
        await route.continue();
      }, { times: 1 });
      await found.click();
      await inView(ada.page, "The lighthouse is open");
      await ada.page.reload();
      await ada.home();
      await ada.search("lighthouse", found);
    }
    await ada.leave();
  });

  test("a phone shows the place of a result, of a quote and of a pin", async () => {
    const { accounts: [one, two], id } = await teams.group("phone", ["ada", "bob"]);
    const first = await teams.send(two, id, "The ferry leaves at six");
    await teams.call(one, "PUT", `/messages/${first.id}/pin`);
    for (let n = 0; n < 60; n += 1) await teams.send(one, id, `Filler ${n}`);
    await teams.send(two, id, "Do not be late", { replyTo: first.id });
    const ada = await teams.enter(one, id, SIZES.phone);
    const { page } = ada;
    await ada.newest();
    await ada.message("Do not be late").locator(".quote").tap();
    await inView(page, "The ferry leaves at six");
    await page.getByRole("button", { name: "Go to the newest message" }).tap();
    await ada.hears("Do not be late");
    await page.getByRole("button", { name: "Pinned messages" }).tap();
    await page.getByRole("dialog").getByRole("button", { name: /The ferry leaves at six$/ }).first().tap();
    await inView(page, "The ferry leaves at six");
    await ada.home();
    const found = page.locator(".list .item", { hasText: "The ferry" });
    await ada.search("ferry", found);
    await found.tap();
    await inView(page, "The ferry leaves at six");
    // A menu stays inside the screen.
    const message = ada.message("The ferry leaves at six");
    await message.getByRole("button", { name: /^Actions/ }).tap();
    const menu = page.locator(".message-actions .menu");
    await settled(menu);
    const { x, y, width, height } = await menu.boundingBox();
    assert.ok(x >= 0 && y >= 0 && x + width <= 390 && y + height <= 844, `the menu is at ${[x, y, width, height]}`);
    await page.getByRole("button", { name: "React with 🎉" }).tap();
    await reaction(ada, "The ferry leaves at six", "🎉 1 by you").waitFor();
    await ada.leave();
  });

  test("a muted conversation counts quietly, until its time is over", async () => {
    const { accounts: [one, two], id } = await teams.group("mute", ["ada", "bob"]);
    const ada = await teams.enter(one, id);
    const desk = await Person.open(teams.chromium, teams.server.url);
    await desk.logIn(one.name);
    const badge = (person, kind) => person.page.locator(`nav .badge${kind}`);
    const icon = (person) => person.page.getByRole("navigation").getByRole("img", { name: "muted" });
    const title = (person, text) => until(person.page, (wanted) => document.title === wanted, text);
    const choose = async (value) => {
      await ada.options("Team mute");
      await ada.page.getByLabel("Mute", { exact: true }).selectOption(value);
      return ada.page.getByLabel("Mute", { exact: true }).locator("option:checked");
    };
    const done = () => ada.page.keyboard.press("Escape");
    // Nothing is muted at first.
    await ada.home();
    await teams.send(two, id, "one");
    await badge(desk, ":not(.calm)").getByText("1", { exact: true }).waitFor();
    await title(desk, "(1) Quintet");
    await ada.open(/Team mute/);
    // For an hour: her other browser knows it at once.
    const until_ = await choose("hour");
    await until_.filter({ hasText: /^Until / }).waitFor({ state: "attached" });
    await done();
    await icon(desk).waitFor();
    await icon(ada).waitFor();
    await badge(desk, ".calm").waitFor({ state: "detached" });
    await ada.home();
    await teams.send(two, id, "two");
    await badge(desk, ".calm").getByText("1", { exact: true }).waitFor();
    await badge(ada, ".calm").getByText("1", { exact: true }).waitFor();
    await title(desk, "Quintet");
    // Off.
    await ada.open(/Team mute/);
    await choose("off");
    await done();
    await icon(desk).waitFor({ state: "detached" });
    await until(desk.page, () => !document.querySelector("nav .badge"));
    await ada.home();
    await teams.send(two, id, "three");
    await badge(desk, ":not(.calm)").getByText("1", { exact: true }).waitFor();
    await title(desk, "(1) Quintet");
    // For good: a reload does not forget it.
    await ada.open(/Team mute/);
    await (await choose("always")).filter({ hasText: "Until I turn it off" }).waitFor({ state: "attached" });
    await done();
    await desk.page.reload();
    await icon(desk).waitFor();
    await ada.home();
    await teams.send(two, id, "four");
    await badge(desk, ".calm").getByText("1", { exact: true }).waitFor();
    // Until a moment that comes.
    const soon = new Date(Date.now() + 2_000).toISOString();
    await teams.call(one, "PATCH", `/conversations/${id}/settings`, { muted: soon });
    await badge(desk, ":not(.calm)").getByText("1", { exact: true }).waitFor();
    await icon(desk).waitFor({ state: "detached" });
    await title(desk, "(1) Quintet");
    await ada.leave();
    await desk.leave();
  });

  test("all of it can be done by keyboard only", async () => {
    const { accounts: [one, two], id } = await teams.group("keys", ["ada", "bob"]);
    await teams.send(two, id, "Press the keys");
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id)];
    const { page } = ada;
    const { keyboard } = page;
    await ada.hears("Press the keys");
    const openMenu = async () => {
      await ada.tabTo("button", /^Actions/);
      await keyboard.press("Enter");
      await page.getByRole("group", { name: "React" }).waitFor();
    };
    const focused = (name) => until(page, (wanted) => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").startsWith(wanted), name);
    // Escape closes the menu, and the focus returns.
    await openMenu();
    await keyboard.press("Tab");
    await keyboard.press("Escape");
    await page.getByRole("group", { name: "React" }).waitFor({ state: "detached" });
    await focused("Actions");
    // React, and take it back.
    await openMenu();
    await ada.tabTo("button", "React with 😂");
    await keyboard.press("Enter");
    await focused("Actions");
    await reaction(bob, "Press the keys", /^😂/).waitFor();
    await ada.tabTo("button", /^😂 1 by you/);
    await keyboard.press("Enter");
    await reaction(bob, "Press the keys", /^😂/).waitFor({ state: "detached" });
    // Pin, open the list, jump to the message.
    await openMenu();
    await ada.tabTo("button", /^Pin$/);
    await keyboard.press("Enter");
    await bob.message("Press the keys").getByText("pinned", { exact: true }).waitFor();
    await ada.tabTo("button", "Pinned messages");
    await keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: /Press the keys$/ }).first().waitFor();
    await ada.tabTo("button", /^Bobkeys Example.*Press the keys$/);
    await keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await inView(page, "Press the keys");
    // Reply: the focus moves to the text, and Escape gives the reply up.
    await openMenu();
    await ada.tabTo("button", /^Reply$/);
    await keyboard.press("Enter");
    await focused("Write to");
    await keyboard.press("Escape");
    await page.locator(".editing").waitFor({ state: "detached" });
    await openMenu();
    await ada.tabTo("button", /^Reply$/);
    await keyboard.press("Enter");
    await focused("Write to");
    await keyboard.type("With @bob");
    await page.getByRole("option", { name: /@bobkeys/ }).waitFor();
    await keyboard.press("Enter");
    await keyboard.type("pleasure");
    await keyboard.press("Enter");
    await bob.page.locator(".for-me", { hasText: "With @bobkeys pleasure" }).getByRole("button", { name: /^Reply to you Press the keys$/ }).waitFor();
    // The quote and a search result lead to the message.
    await ada.tabTo("button", /^Reply to Bobkeys Example Press the keys$/);
    await keyboard.press("Enter");
    await inView(page, "Press the keys");
    await ada.search("keys", page.locator(".list .item", { hasText: "Press the keys" }));
    await ada.tabTo("button", /Bobkeys Example.*Press the keys/);
    await keyboard.press("Enter");
    await inView(page, "Press the keys");
    // Mute.
    await page.getByLabel(/^Search people/).fill("");
    await ada.tabTo("button", "Options for “Team keys”");
    await keyboard.press("Enter");
    await focused("Pin to the top");
    await ada.tabTo("combobox", "Mute");
    await keyboard.type("Until I");
    await keyboard.press("Escape");
    await page.getByRole("navigation").getByRole("img", { name: "muted" }).waitFor();
    await ada.leave();
    await bob.leave();
  });
});
