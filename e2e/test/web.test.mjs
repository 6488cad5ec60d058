// The web chat in Debian's Chromium against the real binary, on desktop and phone, in light and dark mode.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { start } from "../lib/launch.mjs";
import { PNG, Person, SIZES, until } from "../lib/people.mjs";

describe("the chat", () => {
  let server, chromium;

  before(async () => {
    server = await start();
    chromium = await browser();
  });
  after(async () => {
    await chromium?.close();
    await server?.stop();
  });

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`two users in three browsers use every feature (${size}, ${scheme})`, async () => {
      const mark = `${size}${scheme}`;
      const look = { ...SIZES[size], colorScheme: scheme };
      const ada = await Person.open(chromium, server.url, look);
      const bob = await Person.open(chromium, server.url, look);
      await ada.register(`ada${mark}`, `Ada ${mark}`);
      await bob.register(`bob${mark}`, `Bob ${mark}`);
      // Ada uses a second browser.
      const desk = await Person.open(chromium, server.url, { ...SIZES.desk, colorScheme: scheme });
      await desk.logIn(`ada${mark}`);

      // She finds him and writes; his list shows the message as unread.
      await ada.find(`bob${mark}`, /^.*Bob/);
      await ada.say("Hello Bob");
      const item = bob.page.getByRole("link", { name: /Ada.*Hello Bob.*1 unread/ });
      await item.waitFor();
      // He opens it, and both of her browsers show that he has read it.
      await item.click();
      await bob.hears("Hello Bob");
      await ada.page.getByRole("img", { name: /^Read by Bob/ }).waitFor();
      await desk.open(/Bob/);
      await desk.page.getByRole("img", { name: /^Read by Bob/ }).waitFor();

      // She sees that he is typing, and then his message.
      await bob.composer().pressSequentially("Hi");
      await ada.page.getByRole("status").filter({ hasText: `Bob ${mark} is typing…` }).waitFor();
      await bob.composer().press("Enter");
      await ada.hears("Hi");
      await until(ada.page, () => ![...document.querySelectorAll(".typing")].some((line) => line.textContent));

      // He edits his message with the keyboard, and then deletes it.
      await bob.message("Hi").getByRole("img", { name: /^(Sent|Delivered|Read)/ }).waitFor();
      await bob.composer().press("ArrowUp");
      await bob.page.getByText("Editing a message").waitFor();
      await bob.composer().fill("Hi Ada");
      await bob.composer().press("Enter");
      await ada.message("Hi Ada").getByText("edited").waitFor();
      await bob.menu("Hi Ada", "Delete");
      await bob.page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
      await ada.page.getByText("This message was deleted.").first().waitFor();
      await desk.page.getByText("This message was deleted.").first().waitFor();

      // An image by button, a file by paste and another by drop: they arrive with their names and can be loaded.
      await ada.page.locator(".composer input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: PNG });
      await until(ada.page, () => document.querySelectorAll(".attachments li").length === 1 && !document.querySelector(".attachments progress"));
      await ada.say("A dot");
      const picture = bob.page.getByRole("img", { name: "Image dot.png" });
      await picture.waitFor();
      await until(bob.page, () => [...document.querySelectorAll(".picture img")].every((image) => image.complete && image.naturalWidth === 1));
      for (const [how, name] of [["paste", "pasted.txt"], ["drop", "dropped.txt"]]) {
        await bob.page.evaluate(([kind, called]) => {
          const data = new DataTransfer();
          data.items.add(new File(["some text"], called, { type: "text/plain" }));
          const to = document.querySelector(kind === "paste" ? ".composer textarea" : ".pane");
          const event = kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
          to.dispatchEvent(event);
        }, [how, name]);
        await until(bob.page, () => document.querySelectorAll(".attachments li").length === 1 && !document.querySelector(".attachments progress"));
        await bob.page.getByRole("button", { name: "Send", exact: true }).click();
        await ada.page.getByRole("link", { name: new RegExp(`^${name}`) }).waitFor();
      }
      const link = await ada.page.getByRole("link", { name: /^dropped\.txt/ }).getAttribute("href");
      assert.equal(await (await fetch(server.url + link)).text(), "some text");

      // She creates a group, and a room that he finds and joins.
      await ada.page.goto(`${server.url}/#/new`);
      await ada.page.getByLabel("Name").fill(`Team ${mark}`);
      await ada.page.getByLabel("Add people").fill(`bob${mark}`);
      await ada.page.getByRole("button", { name: /^Add Bob/ }).click();
      await ada.page.getByRole("button", { name: "Create", exact: true }).click();
      await ada.composer().waitFor();
      await ada.say("Welcome to the team");
      await bob.open(new RegExp(`Team ${mark}`));
      await bob.hears("Welcome to the team");
      await bob.page.getByRole("button", { name: "Details" }).click();
      await bob.page.getByRole("dialog").getByText("2 members").first().waitFor();
      await bob.page.keyboard.press("Escape");
      await ada.page.goto(`${server.url}/#/new`);
      await ada.page.getByLabel("Room: anyone can join").check();
      await ada.page.getByLabel("Name").fill(`Hall ${mark}`);
      await ada.page.getByRole("button", { name: "Create", exact: true }).click();
      await ada.composer().waitFor();
      await bob.find(`Hall ${mark}`, new RegExp(`Hall ${mark}`));
      await bob.say("I found it");
      await ada.hears("I found it");

      // A meetup is proposed, requested, accepted, confirmed, used as a chat, and cancelled.
      await ada.page.goto(`${server.url}/#/meetups`);
      await ada.page.getByRole("button", { name: "Propose a meetup" }).click();
      const form = ada.page.getByRole("dialog");
      await form.getByLabel("Activity").fill(`Chess ${mark}`);
      await form.getByLabel("Location").fill("The park");
      await form.getByLabel("Date and time").fill("2099-07-01T18:30");
      await form.getByLabel("Maximum number of participants").fill("3");
      await form.getByRole("button", { name: "Propose a meetup" }).click();
      const hers = ada.page.getByRole("article", { name: `Chess ${mark}` });
      await hers.getByText("The park").waitFor();
      await bob.page.goto(`${server.url}/#/meetups`);
      await bob.page.reload();
      const his = bob.page.getByRole("article", { name: `Chess ${mark}` });
      await his.getByRole("button", { name: "Ask to join" }).click();
      await his.getByText("You have asked to join.").waitFor();
      await hers.getByRole("button", { name: /^Accept Bob/ }).click();
      await his.getByRole("link", { name: "Open the chat" }).waitFor();
      await hers.getByRole("button", { name: "Confirm" }).click();
      await his.getByText("confirmed").waitFor();
      await his.getByRole("link", { name: "Open the chat" }).click();
      await bob.say("I bring the board");
      await hers.getByRole("link", { name: "Open the chat" }).click();
      await ada.hears("I bring the board");
      await ada.page.getByRole("article", { name: `Chess ${mark}` }).getByRole("button", { name: "Cancel meetup" }).click();
      await ada.page.getByRole("alertdialog").getByRole("button", { name: "Cancel meetup" }).click();
      await bob.page.getByRole("article", { name: `Chess ${mark}` }).getByText("cancelled").waitFor();

      // He has notifications, which count as read once he opens them.
      await bob.home();
      await bob.page.getByRole("link", { name: /^Notifications, \d+ new/ }).click();
      await bob.page.getByRole("heading", { name: "Notifications" }).waitFor();
      await bob.page.locator(".notices li").filter({ hasText: "Cancelled" }).waitFor();
      await bob.home();
      await bob.page.getByRole("link", { name: "Notifications", exact: true }).waitFor();

      // Her profile: name, picture, language and theme.
      await ada.page.goto(`${server.url}/#/settings/profile`);
      await ada.page.getByLabel("Full name").fill(`Ada Renamed ${mark}`);
      await ada.page.getByRole("button", { name: "Save" }).click();
      await ada.page.getByText("Saved.").waitFor();
      // Changing the email address requires the password, and the form asks for it.
      const current = ada.page.getByLabel("Current password");
      assert.equal(await current.count(), 0);
      await ada.page.getByLabel("Email").fill(`ada.renamed${mark}@example.org`);
      await current.fill("correct horse");
      await ada.page.getByRole("button", { name: "Save" }).click();
      await current.waitFor({ state: "detached" });
      await ada.page.locator("#main input[type=file]").setInputFiles({ name: "me.png", mimeType: "image/png", buffer: PNG });
      await ada.page.getByRole("button", { name: "Remove picture" }).waitFor();
      await ada.page.evaluate(() => { location.hash = "#/settings/look"; });
      await ada.page.getByRole("group", { name: "Appearance" }).getByRole("radio", { name: scheme === "light" ? "Dark" : "Light" }).check();
      const dark = await ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(dark === "rgb(15, 16, 23)", scheme === "light", "the chosen theme is used");
      await ada.page.getByLabel("Language").selectOption("de");
      await ada.page.getByRole("heading", { name: "Sprache und Darstellung", exact: true }).waitFor();
      assert.equal(await ada.page.evaluate(() => document.documentElement.lang), "de");
      await bob.page.reload();
      await bob.page.getByRole("link", { name: new RegExp(`Ada Renamed ${mark}`) }).first().waitFor();

      // She logs out: he sees her offline, and she sees the log-in form.
      await desk.context.close();
      await ada.page.evaluate(() => { location.hash = "#/settings"; });
      await ada.page.getByRole("button", { name: "Abmelden" }).click();
      await ada.page.getByRole("button", { name: "Anmelden" }).waitFor();
      await bob.open(/^Ada Renamed/);
      await bob.page.locator(".bar-text").getByText(/last seen|offline/).waitFor();
      await ada.leave();
      await bob.leave();
    });
  }

  test("messages written without a connection survive a reload and are sent once", async () => {
    const ada = await Person.open(chromium, server.url);
    const bob = await Person.open(chromium, server.url);
    await ada.register("adaoffline", "Ada");
    await bob.register("boboffline", "Bob");
    await ada.find("boboffline", /Bob/);
    await ada.say("before");
    await bob.open(/^Ada/);
    await bob.hears("before");

    // The server is killed during a send, and the page is reloaded while it is down.
    const port = server.port;
    await server.kill("SIGKILL");
    await ada.page.getByText("No connection.").waitFor();
    await ada.say("written while away 1");
    await ada.say("written while away 2");
    await until(ada.page, () => document.querySelectorAll(".pending").length === 2);
    // Close the page before the server is back, so that only the reloaded page can send the messages.
    await ada.page.goto("about:blank");
    server = await start({ listen: [port], folder: server.folder });
    await ada.page.goBack();
    await ada.page.reload();
    await bob.hears("written while away 2");
    await ada.page.waitForFunction(() => document.querySelectorAll(".pending").length === 0);
    // All messages are in order.
    await bob.say("after");
    await ada.hears("after");
    for (const person of [ada, bob]) {
      const said = await person.page.locator("li.message .text").allTextContents();
      assert.deepEqual(said, ["before", "written while away 1", "written while away 2", "after"], person.name);
    }
    await ada.leave();
    await bob.leave();
  });

  test("a message whose acknowledgement was lost is stored once", async () => {
    const ada = await Person.open(chromium, server.url);
    await ada.register("adaonce", "Ada");
    await server.register("bobonce");
    await ada.find("bobonce", /Bob/);
    await ada.say("first");
    await ada.page.getByRole("img", { name: /^(Sent|Delivered)/ }).first().waitFor();
    // The message is stored, but its acknowledgement is lost: it is still in the outbox, and the next page sends it again.
    const waiting = await ada.page.evaluate(() => {
      const session = JSON.parse(localStorage.getItem("quintet.session"));
      const conversationId = decodeURIComponent(location.hash.split("/")[2]);
      const entry = { id: "once-and-for-all", conversationId, content: "said twice", type: "text", at: new Date().toISOString(), n: 1, failed: "" };
      return { token: session.token, key: `quintet.outbox/${session.user.id}/${entry.id}`, entry };
    });
    const path = `/conversations/${waiting.entry.conversationId}/messages`;
    const { status } = await server.api(waiting.token, "POST", path, { content: "said twice", clientMessageId: waiting.entry.id });
    assert.equal(status, 201);
    await ada.page.evaluate(({ key, entry }) => localStorage.setItem(key, JSON.stringify(entry)), waiting);
    await ada.page.reload();
    await until(ada.page, (key) => localStorage.getItem(key) === null, waiting.key);
    const { body } = await server.api(waiting.token, "GET", path);
    assert.deepEqual(body.items.map((message) => message.content), ["first", "said twice"]);
    await until(ada.page, () => document.querySelectorAll("li.message").length === 2);
    await ada.leave();
  });

  test("a refused message is reported with its text", async () => {
    const ada = await Person.open(chromium, server.url);
    await ada.register("adarefused", "Ada");
    const bob = await server.register("bobrefused");
    const { body: room } = await server.api(bob.token, "POST", "/conversations", { kind: "room", name: "Closing soon" });
    await ada.find("Closing", /Closing soon/);
    await ada.say("hello");
    await ada.page.getByRole("img", { name: /^(Sent|Delivered)/ }).waitFor();
    const me = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).user.id);
    // She is removed while her page is offline, so the page does not know it.
    await ada.context.setOffline(true);
    await ada.say("one more");
    await server.api(bob.token, "DELETE", `/conversations/${room.id}/members/${me}`);
    await ada.context.setOffline(false);
    await ada.page.getByRole("status").filter({ hasText: /Not sent: .*“one more”/ }).waitFor();
    await until(ada.page, () => !document.querySelector("nav")?.textContent.includes("Closing soon"));
    await ada.leave();
  });

  test("the next user who logs in sees no data of the previous one", async () => {
    const ada = await Person.open(chromium, server.url);
    await ada.register("adanext", "Ada");
    await server.register("bobnext");
    await server.register("evenext");
    await ada.find("bobnext", /Bob/);
    await ada.say("for Bob alone");
    await ada.page.getByRole("img", { name: /^(Sent|Delivered)/ }).waitFor();
    await ada.composer().fill("begun, not said");
    // A response to a request of Ada arrives after Eve has logged in.
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await ada.page.route("**/api/v1/meetups*", async (route) => {
      await held;
      await route.continue().catch(() => {});
    }, { times: 1 });
    await ada.page.evaluate(() => { location.hash = "#/meetups"; });
    await ada.page.evaluate(() => { location.hash = "#/settings"; });
    const kept = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).token);
    const ended = ada.page.waitForResponse("**/api/v1/auth/logout");
    await ada.page.getByRole("button", { name: "Log out" }).click();
    await ada.logIn("evenext");
    // Her session ended at the server too: whoever has kept its token has nothing.
    assert.equal((await ended).status(), 204);
    const used = await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${kept}` } });
    assert.equal(used.status, 401, await used.text());
    release();
    await ada.home();
    await ada.page.getByText("No conversations yet.").waitFor();
    assert.equal(await ada.page.getByText("for Bob alone").count(), 0);
    await ada.find("bobnext", /Bob/);
    assert.equal(await ada.composer().inputValue(), "");
    // The late response does not restore Ada's session.
    const who = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).user.username);
    assert.equal(who, "evenext");
    await ada.leave();
  });

  test("two tabs keep their own unsent messages", async () => {
    const ada = await Person.open(chromium, server.url);
    await ada.register("adatabs", "Ada");
    const bob = await server.register("bobtabs");
    await ada.find("bobtabs", /Bob/);
    await ada.say("first");
    await ada.page.getByRole("img", { name: /^(Sent|Delivered)/ }).waitFor();
    const hash = new URL(ada.page.url()).hash;
    const port = server.port;
    const other = await ada.context.newPage();
    await other.goto(`${server.url}/${hash}`);
    await other.getByRole("textbox", { name: /^Write to/ }).waitFor();
    await server.kill("SIGKILL");
    for (const [page, text] of [[ada.page, "of one tab"], [other, "of the other"]]) {
      await page.bringToFront();
      await page.getByText("No connection.").waitFor();
      await page.getByRole("textbox", { name: /^Write to/ }).fill(text);
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".pending").waitFor();
    }
    // Close both tabs; a new page sends the messages of both.
    await other.close();
    await ada.page.goto("about:blank");
    server = await start({ listen: [port], folder: server.folder });
    await ada.page.goBack();
    await ada.page.reload();
    await until(ada.page, () => document.querySelectorAll("li.message").length === 3 && !document.querySelector(".pending"));
    const place = decodeURIComponent(hash.split("/")[2]);
    const { body } = await server.api(bob.token, "GET", `/conversations/${place}/messages`);
    assert.deepEqual(body.items.map((message) => message.content), ["first", "of one tab", "of the other"]);
    await ada.leave();
  });

  test("a list that was loaded during a change does not undo the change", async () => {
    const ada = await Person.open(chromium, server.url);
    const { page } = ada;
    await ada.register("adalist", "Ada");
    const bob = await server.register("boblist");
    const startsAt = new Date(Date.now() + 86_400_000).toISOString();
    const { body: meetup } = await server.api(bob.token, "POST", "/meetups", { activity: "Chess", location: "The park", startsAt });
    await page.goto(`${server.url}/#/meetups`);
    const card = page.getByRole("article", { name: "Chess", exact: true });
    await card.waitFor();
    // Hold the request back, and load the list in the meantime.
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route(`**/api/v1/meetups/${meetup.id}/requests`, async (route) => {
      await held;
      await route.continue();
    });
    await card.getByRole("button", { name: "Ask to join" }).click();
    const listed = page.waitForResponse(/\/api\/v1\/meetups\?/);
    await page.evaluate(() => { location.hash = "#/profile"; });
    await page.getByLabel("Full name").waitFor();
    await page.evaluate(() => { location.hash = "#/meetups"; });
    await (await listed).finished();
    await card.getByRole("button", { name: "Ask to join" }).waitFor();
    release();
    await card.getByText("You have asked to join.").waitFor();
    await ada.leave();
  });

  test("notifications count as read even if they were shown only briefly", async () => {
    const ada = await Person.open(chromium, server.url);
    const { page } = ada;
    await ada.register("adabrief", "Ada");
    const key = await server.key("bell");
    const { body: { items: [user] } } = await server.api(key, "GET", "/users?q=adabrief");
    await server.api(key, "POST", "/notifications", { userId: user.id, title: "Ding", message: "A word" });
    await page.getByRole("link", { name: "Notifications, 1 new" }).waitFor();
    // Leave the view again before it was painted.
    await page.evaluate(() => new Promise((done) => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector(".notices li")) return;
        observer.disconnect();
        location.hash = "#/";
        done();
      }).observe(document.body, { childList: true, subtree: true });
      location.hash = "#/notifications";
    }));
    await page.getByRole("link", { name: "Notifications", exact: true }).waitFor();
    await ada.leave();
  });

  test("5,000 messages: scrolling does not jump, and memory is bounded", async () => {
    const ada = await Person.open(chromium, server.url);
    await ada.register("adalong", "Ada");
    const bob = await server.register("boblong");
    const token = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).token);
    const me = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).user.id);
    const { body } = await server.api(bob.token, "POST", "/conversations", { kind: "direct", memberIds: [me] });
    for (let first = 0; first < 5_000; first += 50) {
      for (let n = first; n < first + 50; n += 25) {
        await Promise.all(Array.from({ length: 25 }, (_, index) => server.api(bob.token, "POST", `/conversations/${body.id}/messages`, {
          content: `${n + index} ${"some more words ".repeat((n + index) % 12)}`,
        })));
      }
    }
    assert.equal((await server.api(token, "GET", `/conversations/${body.id}`)).body.lastMessage.sequence >= 5_000, true);
    await ada.open(/Bob/);
    await ada.newest();
    const { page } = ada;
    await until(page, () => document.querySelectorAll("li.message").length >= 50);
    // Scroll up like a mouse wheel. Each step must move the visible messages by exactly the scrolled distance.
    const result = await page.evaluate(async () => {
      const box = document.querySelector(".history");
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const messages = () => [...document.querySelectorAll("li.message")];
      const top = () => box.getBoundingClientRect().top;
      const inView = () => messages().find((element) => element.getBoundingClientRect().bottom > top() + 200);
      let worst = 0;
      let most = 0;
      let stuck = 0;
      const seen = new Set();
      const size = () => {
        window.gc();
        return performance.memory.usedJSHeapSize;
      };
      const beganWith = size();
      while (seen.size < 4_900 && stuck < 400) {
        const before = box.scrollTop;
        const anchor = inView();
        if (!anchor) {
          await frame();
          continue;
        }
        // Measure its end: its header disappears if a message of the same user is loaded before it.
        const was = anchor.getBoundingClientRect().bottom;
        box.scrollTop = Math.max(0, before - 400);
        const moved = was + (before - box.scrollTop);
        await frame();
        if (anchor.isConnected) worst = Math.max(worst, Math.abs(anchor.getBoundingClientRect().bottom - moved));
        const known = seen.size;
        for (const element of messages()) seen.add(element.dataset.id);
        most = Math.max(most, messages().length);
        stuck = seen.size === known && box.scrollTop === 0 ? stuck + 1 : 0;
      }
      return { worst, most, seen: seen.size, grew: size() - beganWith };
    });
    assert.ok(result.seen >= 4_900, `saw ${result.seen} of 5,000`);
    assert.ok(result.worst <= 2, `visible messages jumped by ${result.worst} pixels`);
    assert.ok(result.most <= 350, `${result.most} messages were held at once`);
    assert.ok(result.grew < 10e6, `the page grew by ${result.grew} bytes`);
    // Return to the end with the button.
    await page.getByRole("button", { name: "Go to the newest message" }).click();
    await page.locator("li.message", { hasText: /^.*4999/ }).last().waitFor();
    await ada.leave();
  });
});
