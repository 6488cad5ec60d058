// What messages carry in the web chat, each seen by somebody else: reactions, replies, mentions, files, threads, deliveries.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PNG, Person, until } from "../lib/people.mjs";
import { Teams, inView, pressed, reaction } from "../lib/teams.mjs";

describe("messages in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  test("reactions are counted at everybody, and one's own are marked", async () => {
    const { accounts: [one, two], id } = await teams.group("react", ["ada", "bob"]);
    await teams.send(one, id, "Who is in?");
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id)];
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

  test("one's own reaction is marked among more than the server names", async () => {
    const names = Array.from({ length: 21 }, (_, n) => `u${n}x`);
    const { accounts: [owner, ...others], id } = await teams.group("crowd", ["ada", ...names]);
    const message = await teams.send(owner, id, "Everybody likes this");
    for (const one of others) await teams.react(one, message, "👍");
    const ada = await teams.enter(owner, id);
    await reaction(ada, "Everybody likes this", /^👍 21 by .*, …$/).click();
    await pressed(reaction(ada, "Everybody likes this", /^👍 22 by/)).waitFor();
    // She is not among the twenty who are named, and a click takes hers back all the same.
    await ada.page.reload();
    await pressed(reaction(ada, "Everybody likes this", /^👍 22 by/)).click();
    await reaction(ada, "Everybody likes this", /^👍 21 by/).and(ada.page.locator("[aria-pressed=false]")).waitFor();
    await ada.leave();
  });

  test("one's own reaction stays marked when the message is edited", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `v${n}x`);
    const { accounts: [owner, ...others], id } = await teams.group("edited", ["ada", ...names]);
    const message = await teams.send(others[0], id, "A first version");
    for (const one of [...others, owner]) await teams.react(one, message, "👍");
    const ada = await teams.enter(owner, id);
    await pressed(reaction(ada, "A first version", /^👍 21 by .*, …$/)).waitFor();
    // Nobody has to be asked whether it is hers, and here nobody can be.
    let asked = 0;
    await ada.page.route("**/messages/*/reactions", (route) => {
      asked += 1;
      return route.abort();
    });
    await teams.call(others[0], "PATCH", `/messages/${message.id}`, { content: "A second version" });
    await pressed(reaction(ada, "A second version", /^👍 21 by .*, …$/)).waitFor();
    // What is not hers is not marked, and a click takes hers back.
    await teams.react(others[1], message, "🎉");
    await teams.call(others[0], "PATCH", `/messages/${message.id}`, { content: "A third version" });
    await reaction(ada, "A third version", /^🎉 1 by/).and(ada.page.locator("[aria-pressed=false]")).waitFor();
    await reaction(ada, "A third version", /^👍/).click();
    await reaction(ada, "A third version", /^👍 20 by/).and(ada.page.locator("[aria-pressed=false]")).waitFor();
    assert.equal(asked, 0);
    await ada.leave();
  });

  test("a reaction that comes while the history is loading is shown", async () => {
    const { accounts: [one, two], id } = await teams.group("late", ["ada", "bob"]);
    const message = await teams.send(one, id, "Look at this");
    const bob = await Person.open(teams.chromium, teams.server.url);
    await bob.logIn(two.name);
    await bob.page.getByRole("navigation").getByRole("link", { name: /Team late/ }).waitFor();
    // The response is older than the events that arrive before it.
    let answered, release;
    const made = new Promise((resolve) => { answered = resolve; });
    const held = new Promise((resolve) => { release = resolve; });
    await bob.page.route(`**/conversations/${id}/messages?*`, async (route) => {
      const response = await route.fetch();
      answered();
      await held;
      await route.fulfill({ response });
    }, { times: 1 });
    await bob.page.evaluate((to) => { location.hash = `#/c/${to}`; }, id);
    await made;
    await teams.react(one, message, "👍");
    // The page hears events in their order: once it has this one, it has the reaction as well.
    await teams.call(one, "PATCH", `/conversations/${id}`, { name: "Renamed" });
    await bob.page.getByRole("heading", { name: "Renamed" }).waitFor();
    release();
    await reaction(bob, "Look at this", /^👍/).waitFor();
    await bob.leave();
  });

  test("a reply quotes its original, follows it and leads to it", async () => {
    const { accounts: [one, two], id } = await teams.group("reply", ["ada", "bob"]);
    const first = await teams.send(one, id, "Shall we meet at noon?");
    // So many that the page of the newest ones lacks the original.
    for (let n = 0; n < 80; n += 1) await teams.send(one, id, `Filler ${n}`);
    await teams.send(one, id, "The last one");
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id)];
    await bob.newest();
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
    await teams.send(two, id, "Yes, at noon", { replyTo: first.id });
    const quote = (person) => person.message("Yes, at noon").locator(".quote");
    await quote(ada).getByText("Shall we meet at noon?").waitFor();
    await teams.call(one, "PATCH", `/messages/${first.id}`, { content: "Shall we meet at one?" });
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
    await ada.page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
    await bob.page.locator(".editing").waitFor({ state: "detached" });
    assert.equal(await bob.composer().inputValue(), "Too late");
    for (const person of [ada, bob]) {
      await person.message("Agreed").locator(".quote").getByText("This message was deleted.").waitFor();
    }
    await ada.leave();
    await bob.leave();
  });

  test("a member is found while the name is typed, and sees that the message is for them", async () => {
    const { accounts: [one, two, three], id } = await teams.group("mention", ["ada", "bob", "bobby"]);
    const [ada, bob, bobby] = [await teams.enter(one, id), await teams.enter(two, id), await teams.enter(three, id)];
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
    // The next key comes before the page was drawn again.
    await ada.composer().evaluate((area) => {
      area.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true, cancelable: true }));
      document.execCommand("insertText", false, "about it");
    });
    await list.waitFor({ state: "hidden" });
    assert.equal(await ada.composer().inputValue(), "Ask @bobmention about it");
    await ada.composer().press("Enter");
    // It stands out for him, and for nobody else; the name is marked for all.
    const told = bob.message("Ask @bobmention about it");
    await told.and(bob.page.locator(".for-me")).waitFor();
    await told.getByText("mentions you").waitFor({ state: "attached" });
    for (const person of [ada, bob, bobby]) await person.message("Ask @bobmention").locator(".mentioned", { hasText: /^@bobmention$/ }).waitFor();
    assert.equal(await bobby.page.locator(".for-me").count(), 0);
    // By mouse, in the middle of a text.
    await ada.composer().fill("@bobby knows");
    await ada.composer().press("Home");
    for (let n = 0; n < 6; n += 1) await ada.composer().press("ArrowRight");
    await ada.composer().press("Backspace");
    await option(/@bobbymention/).click();
    assert.equal(await ada.composer().inputValue(), "@bobbymention knows");
    await ada.composer().press("Enter");
    await bobby.page.locator(".for-me", { hasText: "@bobbymention knows" }).waitFor();
    // A mention of everybody is for everybody.
    await teams.send(one, id, "Everybody, please", { mentionAll: true });
    for (const person of [bob, bobby]) await person.page.locator(".for-me", { hasText: "Everybody, please" }).waitFor();
    for (const person of [ada, bob, bobby]) await person.leave();
  });

  test("several files, threads and deliveries are shown", async () => {
    const { accounts: [one, two], id } = await teams.group("thread", ["ada", "bob"]);
    const ada = await teams.enter(one, id);
    // He has never been here: her message is sent, and then delivered by his client's word.
    await ada.say("The agenda");
    const mark = (name) => ada.message("The agenda").getByRole("img", { name, exact: true });
    await mark("Sent").waitFor();
    const { items: [agenda] } = await teams.call(two, "GET", `/conversations/${id}/messages`);
    await teams.call(two, "PUT", `/conversations/${id}/delivered`, { messageId: agenda.id });
    await mark("Delivered").waitFor();
    // All files of a message.
    const upload = async (name, type, bytes) => {
      const form = new FormData();
      form.append("file", new Blob([bytes], { type }), name);
      const response = await fetch(`${teams.server.url}/api/v1/files`, { method: "POST", headers: { authorization: `Bearer ${two.token}` }, body: form });
      return { url: (await response.json()).url, name };
    };
    const files = [await upload("one.png", "image/png", PNG), await upload("two.png", "image/png", PNG), await upload("notes.txt", "text/plain", "some text")];
    await teams.send(two, id, "The files", { type: "image", files });
    for (const name of ["Image one.png", "Image two.png"]) await ada.message("The files").getByRole("img", { name }).waitFor();
    await ada.message("The files").getByRole("link", { name: "notes.txt" }).waitFor();
    await until(ada.page, () => [...document.querySelectorAll(".picture img")].every((image) => image.complete && image.naturalWidth === 1));
    // The replies of a thread are counted at its first message and lead to it.
    const reply = await teams.send(two, id, "Point one", { threadId: agenda.id });
    const replies = (name) => ada.message("The agenda").getByRole("button", { name });
    await replies(/^1 reply/).waitFor();
    await teams.send(two, id, "Point two", { threadId: agenda.id });
    await replies(/^2 replies.*last /).waitFor();
    await teams.call(two, "DELETE", `/messages/${reply.id}`);
    await replies(/^1 reply/).waitFor();
    await ada.page.reload();
    await replies(/^1 reply/).waitFor();
    await ada.leave();
  });
});
