// What people do with messages in the web chat: they react, reply, mention, pin, search and mute, by mouse and by keyboard,
// each with somebody else who sees it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { start } from "../lib/launch.mjs";
import { PNG, Person, until } from "../lib/people.mjs";

describe("in the chat", () => {
  let server, chromium;

  before(async () => {
    server = await start();
    chromium = await browser();
  });
  after(async () => {
    await chromium?.close();
    await server?.stop();
  });

  /** Creates accounts and a conversation of theirs, the first being its owner. */
  async function people(mark, names, kind = "group") {
    const accounts = [];
    for (const name of names) accounts.push(await server.register(`${name}${mark}`));
    const [owner, ...others] = accounts;
    const place = { kind, memberIds: others.map(({ id }) => id), ...(kind === "group" ? { name: `Team ${mark}` } : {}) };
    const { status, body } = await server.api(owner.token, "POST", "/conversations", place);
    assert.equal(status, 201);
    return { accounts, id: body.id };
  }

  /** Opens the conversation in a browser of its own. */
  async function enter(account, id, options) {
    const person = await Person.open(chromium, server.url, options);
    await person.logIn(account.name);
    await person.page.evaluate((to) => { location.hash = `#/c/${encodeURIComponent(to)}`; }, id);
    await person.composer().waitFor();
    return person;
  }

  const send = async ({ token }, id, content, more = {}) => {
    const { status, body } = await server.api(token, "POST", `/conversations/${id}/messages`, { content, ...more });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const reaction = (person, text, name) => person.message(text).getByRole("list").getByRole("button", { name });
  const pressed = (locator) => locator.and(locator.page().locator("[aria-pressed=true]"));
  const inView = (page, text) => until(page, (wanted) => {
    const box = document.querySelector(".history").getBoundingClientRect();
    const element = [...document.querySelectorAll("li.message")].find((item) => item.querySelector(".text")?.textContent === wanted);
    const at = element?.getBoundingClientRect();
    return at !== undefined && at.top >= box.top && at.bottom <= box.bottom && element === document.activeElement;
  }, text);

  test("reactions are counted at everybody, and one's own are marked", async () => {
    const { accounts: [one, two], id } = await people("react", ["ada", "bob"]);
    await send(one, id, "Who is in?");
    const [ada, bob] = [await enter(one, id), await enter(two, id)];
    await bob.menu("Who is in?", "React with 👍");
    await pressed(reaction(bob, "Who is in?", "👍 1 by you")).waitFor();
    const hers = reaction(ada, "Who is in?", /^👍/);
    await reaction(ada, "Who is in?", "👍 1 by Bobreact Example").waitFor();
    assert.equal(await hers.getAttribute("aria-pressed"), "false");
    // She joins in with a click on the reaction.
    await hers.click();
    await pressed(reaction(ada, "Who is in?", "👍 2 by Bobreact Example, you")).waitFor();
    await pressed(reaction(bob, "Who is in?", "👍 2 by you, Adareact Example")).waitFor();
    // He takes his back; hers stays, and is still hers after a reload.
    await reaction(bob, "Who is in?", /^👍/).click();
    await pressed(reaction(ada, "Who is in?", "👍 1 by you")).waitFor();
    await reaction(bob, "Who is in?", "👍 1 by Adareact Example").and(bob.page.locator("[aria-pressed=false]")).waitFor();
    await ada.page.reload();
    await pressed(reaction(ada, "Who is in?", "👍 1 by you")).waitFor();
    // Another emoji, and then none at all.
    await bob.menu("Who is in?", "React with 🎉");
    await reaction(ada, "Who is in?", /^🎉/).waitFor();
    await reaction(ada, "Who is in?", /^👍/).click();
    await reaction(bob, "Who is in?", /^👍/).waitFor({ state: "detached" });
    await bob.menu("Who is in?", "React with 🎉");
    await until(ada.page, () => !document.querySelector(".reaction"));
    await ada.leave();
    await bob.leave();
  });

  test("a reaction that comes while the history is loading is shown", async () => {
    const { accounts: [one, two], id } = await people("late", ["ada", "bob"]);
    const message = await send(one, id, "Look at this");
    const bob = await Person.open(chromium, server.url);
    await bob.logIn(two.name);
    // The response is older than the events that arrive before it.
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await bob.page.route(`**/conversations/${id}/messages?*`, async (route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    }, { times: 1 });
    const asked = bob.page.waitForRequest(/\/messages\?/);
    await bob.page.evaluate((to) => { location.hash = `#/c/${to}`; }, id);
    await asked;
    assert.equal((await server.api(one.token, "PUT", `/messages/${message.id}/reactions/%F0%9F%91%8D`)).status, 204);
    // The page hears events in their order: once it has this one, it has the reaction as well.
    assert.equal((await server.api(one.token, "PATCH", `/conversations/${id}`, { name: "Renamed" })).status, 200);
    await bob.page.getByRole("heading", { name: "Renamed" }).waitFor();
    release();
    await reaction(bob, "Look at this", /^👍/).waitFor();
    await bob.leave();
  });

  test("a reply quotes its original, follows it and leads to it", async () => {
    const { accounts: [one, two], id } = await people("reply", ["ada", "bob"]);
    const first = await send(one, id, "Shall we meet at noon?");
    // So many that the page of the newest ones lacks the original.
    for (let n = 0; n < 80; n += 1) await send(one, id, `Filler ${n}`);
    await send(one, id, "The last one");
    const [ada, bob] = [await enter(one, id), await enter(two, id)];
    await bob.hears("The last one");
    // Escape and the button give a reply up.
    await bob.menu("The last one", "Reply");
    await bob.page.getByText("Reply to Adareply Example: The last one").waitFor();
    await bob.page.keyboard.press("Escape");
    await bob.page.locator(".editing").waitFor({ state: "detached" });
    await bob.menu("The last one", "Reply");
    await bob.page.locator(".editing").getByRole("button", { name: "Cancel" }).click();
    await bob.page.locator(".editing").waitFor({ state: "detached" });
    await bob.menu("The last one", "Reply");
    await bob.say("Agreed");
    await bob.page.locator(".editing").waitFor({ state: "detached" });
    for (const person of [ada, bob]) {
      await person.message("Agreed").getByRole("button", { name: /^Reply to (you|Adareply Example) The last one$/ }).waitFor();
    }
    // The next message is no reply.
    await bob.say("Another thing");
    await ada.hears("Another thing");
    assert.equal(await ada.message("Another thing").locator(".quote").count(), 0);
    // The quote follows an edit and a deletion.
    await send(two, id, "Yes, at noon", { replyTo: first.id });
    const quote = (person) => person.message("Yes, at noon").locator(".quote");
    await quote(ada).getByText("Shall we meet at noon?").waitFor();
    assert.equal((await server.api(one.token, "PATCH", `/messages/${first.id}`, { content: "Shall we meet at one?" })).status, 200);
    for (const person of [ada, bob]) await quote(person).getByText("Shall we meet at one?").waitFor();
    // A click leads to the original, which was not loaded, and the button back to the end.
    assert.equal(await bob.message("Shall we meet at one?").count(), 0);
    await quote(bob).click();
    await inView(bob.page, "Shall we meet at one?");
    await bob.page.getByRole("button", { name: "Go to the newest message" }).click();
    await bob.hears("Yes, at noon");
    await bob.page.getByRole("button", { name: "Go to the newest message" }).waitFor({ state: "detached" });
    // A reply that is being written loses its original when that is deleted.
    await bob.menu("The last one", "Reply");
    await bob.composer().fill("Too late");
    await ada.menu("The last one", "Delete");
    await ada.page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await bob.page.locator(".editing").waitFor({ state: "detached" });
    assert.equal(await bob.composer().inputValue(), "Too late");
    for (const person of [ada, bob]) {
      await person.message("Agreed").locator(".quote").getByText("This message was deleted.").waitFor();
    }
    await ada.leave();
    await bob.leave();
  });

  test("a member is found while the name is typed, and sees that the message is for them", async () => {
    const { accounts: [one, two, three], id } = await people("mention", ["ada", "bob", "bobby"]);
    const [ada, bob, bobby] = [await enter(one, id), await enter(two, id), await enter(three, id)];
    const list = ada.page.getByRole("listbox", { name: "Mention a member" });
    const option = (name) => list.getByRole("option", { name });
    await ada.composer().pressSequentially("Ask @bob");
    await option(/Bobmention/).waitFor();
    await option(/Bobbymention/).waitFor();
    assert.equal(await option(/@bobmention/).getAttribute("aria-selected"), "true");
    // The keys go through the list; Escape closes it and leaves the text.
    await ada.composer().press("ArrowDown");
    await list.locator("[aria-selected=true]").filter({ hasText: "@bobbymention" }).waitFor();
    const active = await ada.composer().getAttribute("aria-activedescendant");
    assert.equal(await option(/@bobbymention/).getAttribute("id"), active);
    await ada.composer().press("Escape");
    await list.waitFor({ state: "hidden" });
    assert.equal(await ada.composer().inputValue(), "Ask @bob");
    await ada.composer().pressSequentially("m");
    await option(/@bobmention/).waitFor();
    await option(/@bobbymention/).waitFor({ state: "detached" });
    await ada.composer().press("Tab");
    await list.waitFor({ state: "hidden" });
    assert.equal(await ada.composer().inputValue(), "Ask @bobmention ");
    await ada.composer().pressSequentially("about it");
    await ada.composer().press("Enter");
    // It stands out for him, and for nobody else; the name is marked for all.
    const told = bob.message("Ask @bobmention about it");
    await told.and(bob.page.locator(".for-me")).waitFor();
    await told.getByText("mentions you").waitFor({ state: "attached" });
    for (const person of [ada, bob, bobby]) await person.message("Ask @bobmention").locator(".mentioned", { hasText: /^@bobmention$/ }).waitFor();
    assert.equal(await bobby.page.locator(".for-me").count(), 0);
    // By mouse, in the middle of a text.
    await ada.composer().fill("So @bobby knows");
    await ada.composer().evaluate((area) => area.setSelectionRange(9, 9));
    await ada.composer().press("ArrowLeft");
    await ada.composer().press("ArrowRight");
    await ada.composer().click({ position: { x: 5, y: 5 } });
    await ada.composer().fill("So @bobby");
    await option(/@bobbymention/).click();
    assert.equal(await ada.composer().inputValue(), "So @bobbymention ");
    await ada.composer().press("Enter");
    await bobby.page.locator(".for-me", { hasText: "So @bobbymention" }).waitFor();
    // A mention of everybody is for everybody.
    await send(one, id, "Everybody, please", { mentionAll: true });
    for (const person of [bob, bobby]) await person.page.locator(".for-me", { hasText: "Everybody, please" }).waitFor();
    for (const person of [ada, bob, bobby]) await person.leave();
  });

  test("pinned messages are listed, lead to their place, and can be unpinned", async () => {
    const { accounts: [one, two], id } = await people("pin", ["ada", "bob"]);
    await send(two, id, "The address is 5 Park Lane");
    for (let n = 0; n < 80; n += 1) await send(one, id, `Filler ${n}`);
    const last = await send(two, id, "The door code is 1234");
    const [ada, bob] = [await enter(one, id), await enter(two, id)];
    const open = async ({ page }) => {
      await page.getByRole("button", { name: "Pinned messages" }).click();
      return page.getByRole("dialog", { name: "Pinned messages" });
    };
    const empty = await open(bob);
    await empty.getByText("No pinned messages.").waitFor();
    // The list follows what happens while it is open.
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
    const { body: { items: [oldest] } } = await server.api(one.token, "GET", `/conversations/${id}/messages?after=0&limit=1`);
    assert.equal((await server.api(one.token, "PUT", `/messages/${oldest.id}/pin`)).status, 204);
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
    assert.equal((await server.api(two.token, "DELETE", `/messages/${last.id}`)).status, 204);
    await hers.getByText("No pinned messages.").waitFor();
    await ada.leave();
    await bob.leave();
  });

  test("a search finds messages, newest first, and leads to them", async () => {
    const { accounts: [one, two], id } = await people("search", ["ada", "bob"]);
    const texts = [];
    const say = async (text) => {
      texts.push(text);
      return send(two, id, text);
    };
    for (let n = 0; n < 60; n += 1) await say(`Before ${n}`);
    const old = await say("The kestrel nests in the tower");
    for (let n = 0; n < 140; n += 1) await say(`After ${n}`);
    await say("Another kestrel was seen");
    const ada = await enter(one, id);
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
    await server.api(two.token, "PATCH", `/messages/${old.id}`, { content: "The falcon nests in the tower" });
    await ada.search("falcon", page.locator(".list .item", { hasText: "The falcon" }));
    await server.api(two.token, "DELETE", `/messages/${old.id}`);
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

  test("a muted conversation counts quietly, until its time is over", async () => {
    const { accounts: [one, two], id } = await people("mute", ["ada", "bob"]);
    const ada = await enter(one, id);
    const desk = await Person.open(chromium, server.url);
    await desk.logIn(one.name);
    const badge = (person, kind) => person.page.locator(`nav .badge${kind}`);
    const icon = (person) => person.page.getByRole("navigation").getByRole("img", { name: "muted" });
    const title = (person, text) => until(person.page, (wanted) => document.title === wanted, text);
    const choose = async (value) => {
      await ada.page.getByRole("button", { name: "Details" }).click();
      await ada.page.getByLabel("Mute", { exact: true }).selectOption(value);
      return ada.page.getByLabel("Mute", { exact: true }).locator("option:checked");
    };
    const done = () => ada.page.keyboard.press("Escape");
    // Nothing is muted at first.
    await ada.home();
    await send(two, id, "one");
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
    await send(two, id, "two");
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
    await send(two, id, "three");
    await badge(desk, ":not(.calm)").getByText("1", { exact: true }).waitFor();
    await title(desk, "(1) Quintet");
    // For good: a reload does not forget it.
    await ada.open(/Team mute/);
    await (await choose("always")).filter({ hasText: "Until I turn it off" }).waitFor({ state: "attached" });
    await done();
    await desk.page.reload();
    await icon(desk).waitFor();
    await ada.home();
    await send(two, id, "four");
    await badge(desk, ".calm").getByText("1", { exact: true }).waitFor();
    // Until a moment that comes.
    const soon = new Date(Date.now() + 2_000).toISOString();
    assert.equal((await server.api(one.token, "PATCH", `/conversations/${id}/settings`, { muted: soon })).status, 200);
    await badge(desk, ":not(.calm)").getByText("1", { exact: true }).waitFor();
    await icon(desk).waitFor({ state: "detached" });
    await title(desk, "(1) Quintet");
    await ada.leave();
    await desk.leave();
  });

  test("several files, threads and deliveries are shown", async () => {
    const { accounts: [one, two], id } = await people("thread", ["ada", "bob"]);
    const ada = await enter(one, id);
    // He has never been here: her message is sent, and then delivered by his client's word.
    await ada.say("The agenda");
    const mark = (name) => ada.message("The agenda").getByRole("img", { name, exact: true });
    await mark("Sent").waitFor();
    const { body: { items: [agenda] } } = await server.api(two.token, "GET", `/conversations/${id}/messages`);
    assert.equal((await server.api(two.token, "PUT", `/conversations/${id}/delivered`, { messageId: agenda.id })).status, 204);
    await mark("Delivered").waitFor();
    // All files of a message.
    const upload = async (name, type, bytes) => {
      const form = new FormData();
      form.append("file", new Blob([bytes], { type }), name);
      const response = await fetch(`${server.url}/api/v1/files`, { method: "POST", headers: { authorization: `Bearer ${two.token}` }, body: form });
      return { url: (await response.json()).url, name };
    };
    const files = [await upload("one.png", "image/png", PNG), await upload("two.png", "image/png", PNG), await upload("notes.txt", "text/plain", "some text")];
    await send(two, id, "The files", { type: "image", files });
    for (const name of ["Image one.png", "Image two.png"]) await ada.message("The files").getByRole("img", { name }).waitFor();
    await ada.message("The files").getByRole("link", { name: "notes.txt" }).waitFor();
    await until(ada.page, () => [...document.querySelectorAll(".picture img")].every((image) => image.complete && image.naturalWidth === 1));
    // The replies of a thread are counted at its first message and lead to it.
    const reply = await send(two, id, "Point one", { threadId: agenda.id });
    await ada.message("The agenda").getByText("1 reply in the thread").waitFor();
    await send(two, id, "Point two", { threadId: agenda.id });
    await ada.message("The agenda").getByText("2 replies in the thread").waitFor();
    await ada.message("Point two").getByRole("button", { name: "In a thread: show its first message" }).click();
    await inView(ada.page, "The agenda");
    // An answer to a reply stays in the thread.
    await ada.menu("Point one", "Reply");
    await ada.say("Good point");
    await ada.message("Good point").getByRole("button", { name: "In a thread: show its first message" }).waitFor();
    await ada.message("The agenda").getByText("3 replies in the thread").waitFor();
    assert.equal((await server.api(two.token, "DELETE", `/messages/${reply.id}`)).status, 204);
    await ada.message("The agenda").getByText("2 replies in the thread").waitFor();
    await ada.page.reload();
    await ada.message("The agenda").getByText("2 replies in the thread").waitFor();
    await ada.leave();
  });

  test("all of it can be done by keyboard only", async () => {
    const { accounts: [one, two], id } = await people("keys", ["ada", "bob"]);
    await send(two, id, "Press the keys");
    const [ada, bob] = [await enter(one, id), await enter(two, id)];
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
    await ada.tabTo("button", "Details");
    await keyboard.press("Enter");
    await ada.tabTo("combobox", "Mute");
    await keyboard.type("Until I");
    await keyboard.press("Escape");
    await page.getByRole("navigation").getByRole("img", { name: "muted" }).waitFor();
    await ada.leave();
    await bob.leave();
  });
});
