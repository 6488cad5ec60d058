// People in the chat: their cards, blocks, reports of what they wrote, and requests of strangers; on a desktop and on a phone.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { Person, SIZES, until } from "../lib/people.mjs";
import { Server } from "../lib/server.mjs";
import { Teams } from "../lib/teams.mjs";

describe("people in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  test("a card tells who somebody is and blocks, and what the blocked one writes is folded", async () => {
    const { accounts: [one, two, three], id } = await teams.group("card", ["ada", "bob", "cleo"]);
    const direct = await teams.call(one, "POST", "/conversations", { kind: "direct", memberIds: [three.id] });
    await teams.send(three, direct.id, "Just for you");
    await teams.send(two, id, "Good morning");
    await teams.send(three, id, "Cheap tickets");
    const ada = await teams.enter(one, id, { ...SIZES.desk, reducedMotion: "reduce" });
    const { page } = ada;
    const card = page.getByRole("dialog", { name: "Cleocard Example" });
    await ada.message("Cheap tickets").getByRole("button", { name: "Cleocard Example" }).click();
    await card.getByText("@cleocard").waitFor();
    await card.getByRole("link", { name: "Team card" }).waitFor();
    await faults(page, "the card of a person");
    await card.getByRole("button", { name: "Block", exact: true }).click();
    const question = page.getByRole("alertdialog", { name: "Block Cleocard Example" });
    await question.getByText("cleocard", { exact: false }).first().waitFor();
    await question.getByRole("button", { name: "Block", exact: true }).click();
    await card.getByText("You have blocked Cleocard Example.").waitFor();
    await page.keyboard.press("Escape");
    // Folded, also what comes from now on; and shown for those who want to see it. Nobody is told of it by the list.
    await page.getByRole("button", { name: "Message of someone you blocked · Show" }).waitFor();
    assert.equal(await page.getByText("Cheap tickets").count(), 0);
    await teams.send(three, id, "Cheaper tickets", { mentions: [one.id] });
    await until(page, () => document.querySelectorAll(".folded").length === 2);
    await ada.entry("Team card").getByText("Message of someone you blocked").waitFor();
    await faults(page, "folded messages");
    await page.locator(".folded button").first().click();
    await ada.hears("Cheap tickets");
    assert.deepEqual((await teams.call(one, "GET", "/me/blocks")).items.map(({ user }) => user.id), [three.id]);

    // In their direct conversation there is no composer; the menu ends the block as well.
    await page.evaluate((to) => { location.hash = `#/c/${to}`; }, direct.id);
    await page.getByText("You have blocked Cleocard Example.").waitFor();
    assert.equal(await ada.composer().count(), 0);
    await faults(page, "a conversation with a blocked person");
    await ada.choose("Cleocard Example", "Unblock");
    await ada.composer().waitFor();
    await ada.choose("Cleocard Example", "Block");
    await page.getByRole("alertdialog").getByRole("button", { name: "Block", exact: true }).click();
    await page.getByRole("button", { name: "Unblock", exact: true }).waitFor();

    // The other one may read, and is told plainly that it cannot write, without who has blocked whom.
    const other = await teams.enter(three, direct.id, SIZES.phone);
    await other.say("Why?");
    await other.page.locator(".pending .wrong").getByText("Not sent: You cannot write to this person.").waitFor();
    await other.page.getByRole("button", { name: "About Adacard Example" }).click();
    await other.page.getByRole("dialog", { name: "Adacard Example" }).getByText("offline").waitFor();
    await other.leave();

    // The settings list whom one has blocked.
    await page.evaluate(() => { location.hash = "#/settings/privacy"; });
    await page.getByRole("button", { name: "Unblock Cleocard Example" }).click();
    await page.getByText("You have blocked nobody.").waitFor();
    assert.deepEqual((await teams.call(one, "GET", "/me/blocks")).items, []);
    await ada.leave();
  });

  for (const size of ["desk", "phone"]) {
    test(`a message is reported with a reason (${size})`, async () => {
      const { accounts: [one, two], id } = await teams.group(`report${size}`, ["ada", "bob"]);
      await teams.send(two, id, "You are all fools");
      await teams.send(one, id, "Please calm down");
      const ada = await teams.enter(one, id, { ...SIZES[size], reducedMotion: "reduce" });
      const { page } = ada;
      await ada.menu("You are all fools", "Report");
      const dialog = page.getByRole("dialog", { name: "Report message" });
      await dialog.getByText("You are all fools").waitFor();
      assert.equal(await dialog.getByRole("button", { name: "Send report" }).isDisabled(), true);
      await dialog.getByLabel("Insult or harassment").check();
      await dialog.getByLabel("More about it").fill("ß".repeat(900));
      await faults(page, "reporting a message");
      await dialog.getByRole("button", { name: "Send report" }).click();
      await page.getByText("Thank you. The message was reported.").waitFor();
      const key = await teams.server.key(`desk${size}`);
      const { body: { items: [report] } } = await teams.server.api(key, "GET", "/reports");
      assert.equal(report.reporter?.id ?? report.by?.id ?? report.by, one.id, JSON.stringify(report));
      assert.ok(report.reason.startsWith("Insult or harassment: ßß") && Buffer.byteLength(report.reason) <= 1_024, report.reason);
      // Nobody reports what is one's own.
      const message = ada.message("Please calm down").last();
      await message.hover();
      await message.getByRole("button", { name: /^Actions/ }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Report", exact: true }).count(), 0);
      await ada.leave();
    });
  }
});

describe("strangers in the chat", () => {
  let teams;

  before(async () => {
    teams = await Teams.start();
    await teams.server.stop();
    teams.server = await Server.start({ env: { QUINTET_PEOPLE_CONTACT: "requests" } });
  });
  after(() => teams?.stop());

  for (const size of ["desk", "phone"]) {
    test(`a first message waits until it is accepted (${size})`, async () => {
      const [one, two, three] = await Promise.all(["ada", "bob", "eve"].map((name) => teams.server.register(`${name}${size}`)));
      const options = { ...SIZES[size], reducedMotion: "reduce" };
      const bob = await Person.open(teams.chromium, teams.server.url, options);
      await bob.logIn(two.name);
      const ada = await Person.open(teams.chromium, teams.server.url, options);
      await ada.logIn(one.name);
      await ada.find(two.name, new RegExp(`Bob${size}`));
      await ada.say("May I ask you something?");
      const waits = ada.page.getByText(`Bob${size} Example receives your message after accepting your request.`, { exact: false });
      await waits.waitFor();
      await faults(ada.page, "a message that waits");
      await ada.say("Are you there?");
      await ada.page.locator(".pending .wrong").getByText("Your first message waits until this person has accepted it.").waitFor();

      // Eve adds Bob to a group, and he declines; the message he accepts.
      await teams.call(three, "POST", "/conversations", { kind: "group", name: "Bargains", memberIds: [two.id] });
      await bob.home();
      await bob.page.getByRole("link", { name: "Notifications, 2 new" }).click();
      const request = (text) => bob.page.getByRole("listitem", { name: text });
      await request(`Ada${size} Example would like to write to you`).getByText("May I ask you something?").waitFor();
      await request(`Eve${size} Example would like to add you to “Bargains”`).waitFor();
      await faults(bob.page, "requests");
      await bob.page.getByRole("button", { name: `Decline Eve${size} Example` }).click();
      await until(bob.page, () => document.querySelectorAll(".request").length === 1);
      await bob.page.getByRole("button", { name: `Accept Ada${size} Example` }).click();
      await bob.hears("May I ask you something?");
      await bob.say("Of course");
      await ada.hears("Of course");
      await waits.waitFor({ state: "detached" });
      assert.deepEqual((await teams.call(two, "GET", "/me/requests")).items, []);
      await bob.home();
      assert.equal(await bob.entry("Bargains").count(), 0);
      for (const person of [ada, bob]) await person.leave();
    });
  }
});
