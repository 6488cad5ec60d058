// Threads in the web chat: beside the conversation on a desk, in its place on a phone.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { SIZES, until } from "../lib/people.mjs";
import { Teams } from "../lib/teams.mjs";

describe("threads in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  const panelOf = ({ page }) => page.getByRole("region", { name: "Thread", exact: true });
  const said = (panel, text) => panel.locator("li.message", { has: panel.page().locator(".text", { hasText: text }) });

  async function reply(panel, text) {
    const field = panel.getByRole("textbox", { name: "Reply in the thread" });
    await field.fill(text);
    await field.press("Enter");
  }

  test("a thread is begun, answered and left beside the conversation, and everybody sees how far it is", async () => {
    const { accounts: [one, two, three], id } = await teams.group("desk", ["ada", "bob", "cleo"]);
    await teams.send(two, id, "Shall we paint the fence?");
    await teams.send(two, id, "And who brings the ladder?");
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id, { colorScheme: "dark" })];
    await ada.hears("Shall we paint the fence?");
    await ada.menu("Shall we paint the fence?", "Reply in thread");
    const hers = panelOf(ada);
    await said(hers, "Shall we paint the fence?").waitFor();
    await reply(hers, "Green, I think");
    await said(hers, "Green, I think").getByRole("img", { name: /^(Sent|Delivered|Read)/ }).waitFor();
    // In the stream it is one line, which opens the thread; the first message counts it.
    const line = bob.message("Green, I think").getByRole("button", { name: /^Adadesk Example in a thread: Green, I think/ });
    await line.waitFor();
    await bob.message("Shall we paint the fence?").getByRole("button", { name: /^1 reply.*last/ }).waitFor();
    await line.click();
    const his = panelOf(bob);
    await said(his, "Green, I think").waitFor();
    await faults(bob.page, "a thread beside its conversation, dark");
    // Live on both sides: replies, reactions, edits.
    await reply(his, "<img src=x> ".repeat(30));
    await said(hers, "<img src=x>").waitFor();
    assert.equal(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    const { items } = await teams.call(three, "GET", `/conversations/${id}/messages`);
    const green = items.find(({ content }) => content === "Green, I think");
    await teams.react(three, green, "🎉");
    await said(hers, "Green, I think").getByRole("button", { name: /^🎉 1/ }).waitFor();
    await said(his, "Green, I think").getByRole("button", { name: /^🎉 1/ }).click();
    await said(hers, "Green, I think").getByRole("button", { name: /^🎉 2/ }).waitFor();
    await hers.getByRole("textbox", { name: "Reply in the thread" }).press("ArrowUp");
    await reply(hers, "Blue, I think");
    await said(his, "Blue, I think").waitFor();
    // A quoting reply in the thread stays there; one to the conversation stays in the conversation.
    await said(hers, "Blue, I think").hover();
    await said(hers, "Blue, I think").getByRole("button", { name: /^Actions/ }).click();
    assert.equal(await hers.getByRole("button", { name: "Reply in thread" }).count(), 0);
    await hers.getByRole("button", { name: "Reply", exact: true }).click();
    await reply(hers, "Or sky blue");
    await said(his, "Or sky blue").locator(".quote", { hasText: "Blue, I think" }).waitFor();
    await ada.composer().fill("I have a ladder");
    await ada.composer().press("Enter");
    await bob.hears("I have a ladder");
    const { root, items: replies } = await teams.call(three, "GET", `/messages/${green.id}/thread`);
    assert.equal(root.thread.count, 3);
    assert.deepEqual(replies.map(({ content }) => content).filter((text) => !text.startsWith("<")), ["Blue, I think", "Or sky blue"]);
    // What was missed while the page had no connection is there afterwards.
    await ada.context.setOffline(true);
    await until(ada.page, () => document.querySelector(".link.shown"));
    await teams.send(three, id, "Said meanwhile", { threadId: green.id });
    await ada.context.setOffline(false);
    await said(hers, "Said meanwhile").waitFor();
    // Escape leaves it, as does the way back.
    await hers.getByRole("textbox", { name: "Reply in the thread" }).press("Escape");
    await hers.waitFor({ state: "detached" });
    await ada.page.goBack();
    await said(hers, "Said meanwhile").waitFor();
    await ada.leave();
    await bob.leave();
  });

  test("on a phone a thread takes the whole page, older replies come when asked for, and what it covers stays unread", async () => {
    const { accounts: [one, two], id } = await teams.group("phone", ["ada", "bob"]);
    const first = await teams.send(two, id, "The long discussion");
    for (let n = 0; n < 60; n += 1) await teams.send(n % 2 ? one : two, id, `Argument ${n}`, { threadId: first.id });
    const ada = await teams.enter(one, id, { ...SIZES.phone, reducedMotion: "reduce" });
    const { page } = ada;
    await ada.newest();
    await page.getByRole("button", { name: /in a thread: Argument 58 / }).tap();
    const panel = panelOf(ada);
    await said(panel, "Argument 59").waitFor();
    assert.equal(await panel.locator("li.message", { hasText: "Argument 5" }).count(), 10, "the newest fifty");
    const box = await panel.boundingBox();
    assert.deepEqual([box.width, box.height], [390, 844]);
    await faults(page, "a thread on a phone");
    await panel.getByRole("button", { name: "Earlier replies" }).tap();
    await said(panel, "Argument 0").waitFor();
    // Nobody has seen what is said in the conversation meanwhile.
    await teams.send(two, id, "Unseen behind the thread");
    await said(panel, "Argument 59").waitFor();
    await ada.message("Unseen behind the thread").waitFor({ state: "attached" });
    const unread = async () => (await teams.call(one, "GET", `/conversations/${id}`)).unreadCount;
    assert.equal(await unread(), 1);
    await panel.getByRole("button", { name: "Back to the conversation" }).tap();
    await ada.message("Unseen behind the thread").waitFor();
    const end = Date.now() + 20_000;
    while (await unread() > 0) assert.ok(Date.now() < end, "it is read once it is on the screen");
    await ada.leave();
  });
});
