// Reading in the web chat: a conversation opens at the first message that its user has not read, and only what was on the
// screen of somebody who was there counts as read.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PATIENCE_MS } from "../lib/client.mjs";
import { SIZES, until } from "../lib/people.mjs";
import { Teams } from "../lib/teams.mjs";

/** In the page: the texts of the messages that are in view, from top to bottom. */
function textsInView() {
  const box = document.querySelector(".history").getBoundingClientRect();
  const isInView = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= box.top && bottom <= box.bottom + 12;
  };
  return [...document.querySelectorAll("li.message")].filter(isInView).map((element) => element.querySelector(".text")?.textContent);
}

describe("reading in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** What the server knows of a conversation for an account: how many messages are unread, and how far it has read. */
  async function state(account, id) {
    const { unreadCount, members } = await teams.call(account, "GET", `/conversations/${id}`);
    return { unread: unreadCount, read: members.find(({ user }) => user.id === account.id).readSequence };
  }

  /** Asks until the server knows that an account has read a message, and returns how many are unread then. */
  async function hasRead(account, id, sequence) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const { unread, read } = await state(account, id);
      if (read === sequence) return unread;
      assert.ok(Date.now() < end, `has read up to ${read}, not ${sequence}`);
    }
  }

  /** Makes the window of a page lose or get the focus. */
  const focus = (person, has) => person.page.evaluate((focused) => {
    document.hasFocus = () => focused;
    window.dispatchEvent(new Event(focused ? "focus" : "blur"));
  }, has);

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`a busy conversation opens at the first unread message, and what was not seen stays unread (${size}, ${scheme})`, async () => {
      const { accounts: [one, two], id } = await teams.group(`busy${size}`, ["ada", "bob"]);
      for (let n = 0; n < 60; n += 1) await teams.send(two, id, `Old ${n}`);
      const last = await teams.send(two, id, "The last that she has read");
      await teams.call(one, "PUT", `/conversations/${id}/read`, { messageId: last.id });
      const fresh = [];
      for (let n = 0; n < 120; n += 1) fresh.push(await teams.send(two, id, `Fresh ${n}`));
      const ada = await teams.enter(one, id, { ...SIZES[size], colorScheme: scheme });
      const { page } = ada;
      const line = page.locator(".new-line", { hasText: "New" });
      await line.waitFor();
      const view = await page.evaluate(textsInView);
      assert.ok(view.includes("The last that she has read") && view.includes("Fresh 0"), `${view}`);
      assert.ok(!view.includes("Fresh 119"));
      const follows = await line.evaluate((element) => element.nextElementSibling.querySelector(".text").textContent);
      assert.equal(follows, "Fresh 0");
      // What is on the screen is read, and no more.
      const seen = Number(view.at(-1).split(" ")[1]);
      assert.equal(await hasRead(one, id, fresh[seen].sequence), 120 - seen - 1);
      await page.getByRole("button", { name: "Go to the newest message" }).getByText(`${120 - seen - 1} new`).waitFor();
      // Further down, more is.
      await page.evaluate(() => { document.querySelector(".history").scrollTop += 300; });
      await until(page, (before) => {
        const item = [...document.querySelectorAll(".to-end span")].at(-1);
        return item && Number.parseInt(item.textContent, 10) < before;
      }, 120 - seen - 1);
      assert.ok((await state(one, id)).unread > 0);
      // At the end, all is; and the next time, it opens there without a line.
      await ada.newest();
      assert.equal(await hasRead(one, id, fresh.at(-1).sequence), 0);
      await ada.home();
      await ada.open(new RegExp(`Team busy${size}`));
      await ada.hears("Fresh 119");
      assert.equal(await line.count(), 0);
      assert.ok((await page.evaluate(textsInView)).includes("Fresh 119"));
      await ada.leave();
    });
  }

  test("a few unread messages are shown with the line above them, in German as well, and end with an answer", async () => {
    const { accounts: [one, two], id } = await teams.group("few", ["ada", "bob"]);
    const first = await teams.send(two, id, "Known");
    await teams.call(one, "PUT", `/conversations/${id}/read`, { messageId: first.id });
    await teams.send(two, id, "Unknown");
    const ada = await teams.enter(one, id);
    await ada.page.locator(".new-line", { hasText: "New" }).waitFor();
    await ada.page.evaluate(() => localStorage.setItem("quintet.language", "de"));
    await teams.send(two, id, "More");
    await ada.page.getByText("More", { exact: true }).waitFor();
    await ada.say("I see");
    await ada.page.locator(".new-line").waitFor({ state: "detached" });
    await ada.home();
    const next = await teams.send(two, id, "And in German");
    await ada.page.reload();
    await ada.page.getByRole("link", { name: /Team few/ }).click();
    await ada.page.locator(".new-line", { hasText: "Neu" }).waitFor();
    assert.equal(await hasRead(one, id, next.sequence), 0);
    await ada.leave();
  });

  test("nothing is read in a window without the focus, and the browser tells of what comes", async () => {
    const { accounts: [one, two], id } = await teams.group("away", ["ada", "bob"]);
    const first = await teams.send(two, id, "Are you there?");
    const ada = await teams.enter(one, id, { permissions: ["notifications"] });
    const { page } = ada;
    assert.equal(await hasRead(one, id, first.sequence), 0);
    await page.evaluate(() => {
      window.told = [];
      window.Notification = class {
        constructor(title, { body, tag }) { window.told.push({ body, tag, notification: this }); }

        close() {}
      };
    });
    await focus(ada, false);
    const sent = [];
    for (let n = 0; n < 40; n += 1) sent.push(await teams.send(two, id, `While away ${n}`));
    await ada.message("While away 39").waitFor({ state: "attached" });
    // The first new one stays in view, unread.
    await page.locator(".new-line").waitFor();
    const view = await page.evaluate(textsInView);
    assert.ok(view.includes("While away 0") && !view.includes("While away 39"), `${view}`);
    assert.deepEqual(await state(one, id), { unread: 40, read: first.sequence });
    await ada.entry("Team away").locator(".badge", { hasText: "40 unread" }).waitFor();
    await until(page, () => window.told.length === 40);
    // A click on a notification leads to its conversation.
    await page.evaluate(() => {
      location.hash = "#/meetups";
      window.told[0].notification.onclick();
    });
    await ada.composer().waitFor();
    await page.locator(".new-line").waitFor();
    // She is back: what she sees is read.
    await focus(ada, true);
    const shown = await page.evaluate(textsInView);
    const seen = Number(shown.at(-1).split(" ")[2]);
    assert.ok(seen > 0 && seen < 39, `${shown}`);
    assert.equal(await hasRead(one, id, sent[seen].sequence), 40 - seen - 1);
    await ada.leave();
  });
});
