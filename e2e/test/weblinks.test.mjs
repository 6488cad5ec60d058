// Links in the web chat: to a room that one is not in, to a message, and those that pretend to lead elsewhere; and the sheet of
// a message, which a long press opens.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { Person, SIZES, settled, until } from "../lib/people.mjs";
import { Teams, inView } from "../lib/teams.mjs";

describe("links in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`a link to a room that one is not in offers to join it (${size}, ${scheme})`, async () => {
      const [one, two] = [await teams.server.register(`adaroom${size}`), await teams.server.register(`bobroom${size}`)];
      const make = (name, open) => teams.call(two, "POST", "/conversations", { kind: open ? "room" : "group", name, open, description: "What it is for" });
      const [room, secret] = [await make(`The orchard ${size}`, true), await make("Hidden", false)];
      await teams.send(two, room.id, "Welcome among the trees");
      const ada = await Person.open(teams.chromium, `${teams.server.url}/#/c/${room.id}`, { ...SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
      const { page } = ada;
      // The link is kept while she logs in.
      await page.getByLabel("Username or email").fill(one.name);
      await page.getByLabel("Password").fill("correct horse");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: `The orchard ${size}` }).waitFor();
      await page.getByText("Room · 1 member").waitFor();
      await page.getByText("What it is for").waitFor();
      await faults(page, "an offer to join");
      await page.getByRole("button", { name: `Join “The orchard ${size}”` }).click();
      await ada.composer().waitFor();
      await ada.say("Here I am");
      await ada.hears("Here I am");
      // Of what is closed, nothing is said.
      await page.evaluate((id) => { location.hash = `#/c/${id}`; }, secret.id);
      await page.getByText("This conversation does not exist, or you are not in it.").waitFor();
      assert.equal(await page.getByText("Hidden").count(), 0);
      await ada.leave();
    });
  }

  test("a link to a message leads to its place, for those who may read it", async () => {
    const { accounts: [one, two], id } = await teams.group("copylink", ["ada", "bob"]);
    const first = await teams.send(two, id, "The key is under the stone");
    for (let n = 0; n < 80; n += 1) await teams.send(two, id, `Filler ${n}`);
    const ada = await teams.enter(one, id, { permissions: ["clipboard-read", "clipboard-write"] });
    await ada.hears("The key is under the stone");
    await ada.menu("The key is under the stone", "Copy link");
    await ada.page.getByText("Copied.").waitFor();
    const link = await ada.page.evaluate(() => navigator.clipboard.readText());
    assert.equal(link, `${teams.server.url}/#/c/${encodeURIComponent(id)}/${encodeURIComponent(first.id)}`);
    // In a new page, and in one that is open at the end.
    await ada.page.goto("about:blank");
    await ada.page.goto(link);
    await inView(ada.page, "The key is under the stone");
    await ada.home();
    await ada.open(/Team copylink/);
    await ada.newest();
    await ada.page.evaluate((to) => { location.href = to; }, link);
    await inView(ada.page, "The key is under the stone");
    // A message that is gone: its conversation opens all the same.
    await ada.home();
    await ada.page.evaluate((to) => { location.hash = `#/c/${to}/nothing`; }, id);
    await ada.page.getByText("Not found. It may have been deleted.").waitFor();
    await ada.hears("Filler 79");
    await ada.leave();
    const eve = await Person.open(teams.chromium, teams.server.url);
    await eve.register("evecopylink", "Eve");
    await eve.page.goto(link);
    await eve.page.getByText("This conversation does not exist, or you are not in it.").waitFor();
    await eve.leave();
  });

  test("a link whose text looks like another address has its host beside it, however the text is made", async () => {
    const { accounts: [one, two], id } = await teams.group("truehost", ["ada", "bob"]);
    const evil = "https://evil.example/x";
    const texts = [
      `[**bank.example**](${evil})`, `[**bank**.example](${evil})`, `[Log in at bank.example](${evil})`, `[~~x~~ \`bank.example\`](${evil})`,
      `[bank\u200B.exa\u00ADmple](${evil})`, `[ｂａｎｋ．ｅｘａｍｐｌｅ](${evil})`,
    ];
    for (const text of texts) await teams.send(two, id, text);
    await teams.send(two, id, "[evil.example](https://evil.example/x) [the notes](https://evil.example/x) https://evil.example/a.html");
    const ada = await teams.enter(one, id);
    await until(ada.page, (count) => document.querySelectorAll("li.message").length === count, texts.length + 1);
    const said = await ada.page.evaluate(() => [...document.querySelectorAll("li.message")].map((item) => [...item.querySelectorAll(".true-host")].map((host) => host.textContent)));
    assert.deepEqual(said, [...texts.map(() => ["(evil.example)"]), []]);
    await ada.leave();
  });

  test("in a text from right to left, the time stands apart from the text", async () => {
    const { accounts: [one, two], id } = await teams.group("rtl", ["ada", "bob"]);
    for (const text of ["שלום", "مرحبا بالعالم", "Hello", "שלום hello", "hello שלום", "مرحبا ".repeat(40).trim()]) await teams.send(two, id, text);
    const ada = await teams.enter(one, id);
    await until(ada.page, () => document.querySelectorAll("li.message").length === 6);
    const gaps = await ada.page.evaluate(() => [...document.querySelectorAll("li.message")].map((item) => {
      const range = document.createRange();
      range.selectNodeContents(item.querySelector(".text p"));
      const time = item.querySelector("time").getBoundingClientRect();
      const lines = [...range.getClientRects()].filter(({ top, bottom }) => bottom > time.top + 4 && top < time.bottom - 4);
      const bubble = item.querySelector(".bubble").getBoundingClientRect();
      return {
        // Of the lines beside the time.
        gap: Math.min(99, ...lines.map(({ left, right }) => Math.max(time.left - right, left - time.right))),
        inside: time.left >= bubble.left && time.right <= bubble.right && time.bottom <= bubble.bottom,
      };
    }));
    for (const { gap, inside } of gaps) assert.ok(gap >= 6 && inside, JSON.stringify(gaps));
    await ada.leave();
  });

  test("a long press on a message opens its sheet, and a short one or a movement does not", async () => {
    const { accounts: [one, two], id } = await teams.group("press", ["ada", "bob"]);
    for (const text of ["Pressed briefly", "Scrolled over", "Pressed long"]) await teams.send(two, id, text);
    const ada = await teams.enter(one, id, { ...SIZES.phone, permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = ada;
    const text = ada.message("Pressed long").locator(".text");
    await settled(text);
    const { x, y } = await text.boundingBox();
    const sheet = page.locator("dialog.sheet");
    // If one of the first two counted as long, its sheet would open before that of the third.
    await page.evaluate(() => {
      const [brief, scrolled] = document.querySelectorAll("li.message .text");
      const touch = (target, type, clientY) => {
        const touches = type === "touchend" ? [] : [new Touch({ identifier: 1, target, clientX: 60, clientY })];
        target.dispatchEvent(new TouchEvent(type, { touches, bubbles: true, cancelable: true }));
      };
      touch(brief, "touchstart", 100);
      touch(brief, "touchend");
      touch(scrolled, "touchstart", 100);
      touch(scrolled, "touchmove", 140);
    });
    const cdp = await ada.context.newCDPSession(page);
    await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 10, y: y + 8 }] });
    await sheet.getByRole("button", { name: "Reply", exact: true }).waitFor();
    assert.equal(await sheet.count(), 1);
    await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await settled(sheet);
    await faults(page, "the sheet of a message");
    await sheet.getByRole("button", { name: "Copy text" }).tap();
    await page.getByText("Copied.").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Pressed long");
    await ada.leave();
  });
});
