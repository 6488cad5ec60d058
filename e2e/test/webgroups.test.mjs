// Groups in the chat: their roles, links, rules, bans and silences, and what the composer says to those whom these limit.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { crowd } from "../lib/crowd.mjs";
import { Person, SIZES, until } from "../lib/people.mjs";
import { png } from "../lib/png.mjs";
import { Server } from "../lib/server.mjs";
import { Teams } from "../lib/teams.mjs";

describe("groups in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  for (const size of ["desk", "phone"]) {
    test(`whoever leads a group manages its members (${size})`, async () => {
      const { accounts: [one, two, three], id } = await teams.group(`lead${size}`, ["ada", "bob", "cleo"]);
      const dan = await teams.server.register(`dan${size}`);
      const options = { ...SIZES[size], reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] };
      const ada = await teams.enter(one, id, options);
      const bob = await teams.enter(two, id, options);
      const cleo = await teams.enter(three, id, options);
      const { page } = ada;
      const role = async (user) => (await teams.call(one, "GET", `/conversations/${id}`)).members.find((member) => member.user.id === user.id)?.role;
      const row = (account) => page.getByRole("listitem").filter({ hasText: `@${account.name}` });
      const manage = async (account, action) => {
        if (await row(account).getByRole("button", { name: action, exact: true }).count() === 0) await row(account).getByRole("button", { name: /^Manage/ }).click();
        await row(account).getByRole("button", { name: action, exact: true }).click();
      };
      await page.getByRole("button", { name: "Details" }).click();
      // A description, for all to see.
      await page.getByRole("button", { name: "Change name and description" }).click();
      await page.getByLabel("Name", { exact: true }).fill(`Builders ${size}`);
      await page.getByLabel("Description").fill("Where we talk about the bridge.\n<b>Nothing else.</b>");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("<b>Nothing else.</b>", { exact: false }).waitFor();
      await bob.page.getByRole("heading", { name: `Builders ${size}` }).waitFor();
      // A picture, of which others see a square, and no link that leads elsewhere.
      await page.locator(".about input[type=file]").setInputFiles({ name: "words.txt", mimeType: "image/png", buffer: Buffer.from("no picture") });
      await page.getByText("words.txt is not a picture.").waitFor();
      await page.locator(".about input[type=file]").setInputFiles({ name: "team.png", mimeType: "image/png", buffer: png(300, 200) });
      const seen = bob.page.locator(".bar .avatar.group img");
      const isSquare = () => document.querySelector(".bar .avatar.group img")?.naturalWidth === 256;
      await until(bob.page, isSquare);
      const { picture: link, metadata } = await teams.call(one, "GET", `/conversations/${id}`);
      assert.equal(await seen.getAttribute("src"), link);
      assert.match(link, /^\/files\//);
      await teams.call(one, "PATCH", `/conversations/${id}`, { picture: "https://example.org/a.png" });
      await seen.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Remove picture" }).click();
      await page.getByRole("button", { name: "Remove picture" }).waitFor({ state: "detached" });
      assert.equal((await teams.call(one, "GET", `/conversations/${id}`)).picture, undefined);
      // One that an earlier version of the page has put into the custom data is shown, and nothing else that it may say.
      const old = `data:image/png;base64,${png(96, 96).toString("base64")}`;
      for (const picture of ["data:image/svg+xml;base64,PHN2Zy8+", "https://example.org/a.png", "javascript:1", 7]) {
        await teams.call(one, "PATCH", `/conversations/${id}`, { metadata: { ...metadata, picture: old } });
        await seen.waitFor();
        assert.match(await seen.getAttribute("src"), /^blob:/);
        await teams.call(one, "PATCH", `/conversations/${id}`, { metadata: { ...metadata, picture } });
        await seen.waitFor({ state: "detached" });
      }
      // A new one replaces it.
      await page.locator(".about input[type=file]").setInputFiles({ name: "team.png", mimeType: "image/png", buffer: png(300, 200) });
      await until(bob.page, isSquare);
      assert.deepEqual((await teams.call(one, "GET", `/conversations/${id}`)).metadata, metadata);
      // Bob leads for a while.
      await manage(two, "Make admin");
      await row(two).getByText(`@${two.name}, admin`).waitFor();
      assert.equal(await role(two), "admin");
      await manage(two, "Remove as admin");
      await row(two).getByText(`@${two.name}`, { exact: true }).waitFor();
      assert.equal(await role(two), "member");
      await faults(page, "the details of a group");

      // A link, once.
      await page.getByRole("button", { name: "Invitation links" }).click();
      await page.getByText("There is no link.").waitFor();
      await page.getByLabel("Good for").selectOption({ label: "One day" });
      await page.getByLabel("Can be used").selectOption({ label: "Once" });
      await page.getByRole("button", { name: "Make a link" }).click();
      await page.getByText("Used 0 of 1 times", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.getByText("Copied.").waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      const code = decodeURIComponent(new URL(copied).hash.split("/")[2]);
      await faults(page, "invitation links");
      await teams.call(dan, "POST", `/invitations/${code}/accept`);
      await page.getByRole("button", { name: "Make a link" }).click();
      await until(page, () => document.querySelectorAll(".restricted li").length === 2);
      await page.getByRole("button", { name: "Cancel link" }).first().click();
      await page.getByRole("alertdialog").getByRole("button", { name: "Cancel link" }).click();
      await until(page, () => document.querySelectorAll(".restricted li").length === 1);
      await page.getByRole("button", { name: "Back", exact: true }).click();

      // Cleo is banned, with a reason for all; Bob is silenced, and sees until when as soon as he writes.
      await manage(three, "Ban");
      const ban = page.getByRole("dialog", { name: /^Ban Cleo/ });
      await ban.getByLabel("For how long?").selectOption({ label: "One week" });
      await ban.getByLabel("Reason").fill("Advertising");
      await faults(page, "banning somebody");
      await ban.getByRole("button", { name: "Ban", exact: true }).click();
      await row(three).waitFor({ state: "detached" });
      await cleo.page.getByText(`You were banned from “Builders ${size}”. Advertising`).waitFor();
      await manage(two, "Silence");
      await page.getByRole("dialog", { name: /^Silence Bob/ }).getByRole("button", { name: "Silence", exact: true }).click();
      await page.getByText(/^Bob.* is silenced\.$/).waitFor();
      await bob.say("Can you hear me?");
      await bob.page.locator(".no-composer").getByText(/^You can read here, but not write until/).waitFor();
      await faults(bob.page, "a conversation in which one is silenced");
      await page.getByRole("button", { name: "Banned and silenced" }).click();
      await page.getByText("Advertising").waitFor();
      await faults(page, "bans and silences");
      for (const account of [three, two]) await page.getByRole("button", { name: new RegExp(`^Lift it for ${account.name[0].toUpperCase()}`) }).click();
      await page.getByText("Nobody is banned.").waitFor();
      await page.getByText("Nobody is silenced.").waitFor();
      for (const kind of ["bans", "silences"]) assert.deepEqual((await teams.call(one, "GET", `/conversations/${id}/${kind}`)).items, []);
      for (const person of [ada, bob, cleo]) await person.leave();
    });
  }

  test("rules are followed by what the composer says", async () => {
    const { accounts: [one, two], id } = await teams.group("rules", ["ada", "bob"]);
    const ada = await teams.enter(one, id, { reducedMotion: "reduce" });
    const bob = await teams.enter(two, id, { ...SIZES.phone, reducedMotion: "reduce" });
    const { page } = ada;
    await page.getByRole("button", { name: "Details" }).click();
    await page.getByRole("button", { name: "Rules", exact: true }).click();
    await page.getByLabel("Slow mode").selectOption({ label: "1 hour" });
    await bob.page.getByText("Slow mode: one message every 1:00:00.").waitFor();
    await bob.say("My only word");
    await bob.page.getByText(/^Slow mode: you can write again in (1:00:00|0:59:\d\d|59:\d\d)\.$/).waitFor();
    await bob.composer().fill("And another");
    assert.equal(await bob.page.getByRole("button", { name: "Send", exact: true }).isDisabled(), true);
    await bob.page.keyboard.press("Enter");
    assert.equal(await bob.composer().inputValue(), "And another");
    await faults(bob.page, "slow mode");
    // Edits do not count, and neither does a reload end it.
    await bob.page.reload();
    await bob.page.getByText(/^Slow mode: you can write again in/).waitFor();
    await page.getByLabel("Slow mode").selectOption({ label: "Off" });
    await bob.page.getByRole("button", { name: "Send", exact: true }).click();
    await bob.hears("And another");
    await page.getByRole("switch", { name: "Only the owner and admins write" }).check();
    await bob.page.getByText("Only the owner and admins write here.").waitFor();
    assert.equal(await bob.composer().count(), 0);
    await page.getByLabel("Keep messages for").selectOption({ label: "30 days" });
    await page.getByRole("alertdialog").getByText("Messages older than 30 days are removed for everybody", { exact: false }).waitFor();
    await page.getByRole("alertdialog").getByRole("button", { name: "Change" }).click();
    await page.getByText("At present, messages are removed after 30 days.", { exact: false }).waitFor();
    assert.deepEqual(await teams.call(one, "GET", `/conversations/${id}/retention`), { keptDays: 30, days: 30, byServer: false });
    await faults(page, "the rules of a group");
    await page.getByRole("switch", { name: "Only the owner and admins write" }).uncheck();
    await bob.composer().waitFor();
    for (const person of [ada, bob]) await person.leave();
  });

  /** What a step may take of the page's thread, in milliseconds of CPU, which what else the machine does hardly changes. */
  const STEP_MS = 1_000;
  const FIRST_MS = 2_000;
  const NODES_MAX = 20_000;

  test("a group of 10,000 people among 1,000 conversations is searched, read and written in without a wait", async () => {
    let server = await Server.start();
    const [one, two] = [await server.register("ada"), await server.register("bob")];
    const { body: { id } } = await server.api(one.token, "POST", "/conversations", { kind: "group", name: "Everybody", memberIds: [two.id] });
    await server.kill("SIGTERM");
    await crowd(server.folder, { group: id, owner: one.id, users: 10_000, rooms: 1_000 });
    server = await Server.start({ folder: server.folder });
    const say = (content) => server.api(two.token, "POST", `/conversations/${encodeURIComponent(id)}/messages`, { content });
    for (let n = 0; n < 20; n += 1) await say(`Hello ${n}`);
    const ada = await Person.open(teams.chromium, server.url, { reducedMotion: "reduce" });
    const { page } = ada;
    const spent = await ada.threadTime();
    /** Does something, and checks what it has taken, and how much the page holds. Roles would be asked of every element. */
    const step = async (name, work, most = STEP_MS) => {
      const before = await spent();
      await work();
      const took = await spent() - before;
      assert.ok(took < most, `${name} took ${Math.round(took)} ms`);
      const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
      assert.ok(nodes < NODES_MAX, `the page holds ${nodes} elements: ${name}`);
    };
    const field = page.locator(".search input");
    await step("the list", async () => {
      await ada.logIn("ada");
      await until(page, () => document.querySelectorAll(".entry").length === 1_001);
    }, FIRST_MS);
    await step("a search for people", async () => {
      await field.pressSequentially("user0777");
      await page.locator(".list .item", { hasText: "user07770" }).waitFor();
    });
    await step("the list again", () => field.fill(""));
    await step("the switcher", async () => {
      await page.keyboard.press("Control+k");
      await page.locator(".switcher input").pressSequentially("hopper 77");
      await page.locator(".switcher-entry", { hasText: "Hopper 77" }).first().waitFor();
      await page.keyboard.press("Escape");
    });
    await step("opening it", async () => {
      await page.locator(".entry a", { hasText: "Everybody" }).click();
      await page.locator("li.message", { hasText: "Hello 19" }).waitFor();
    });
    // Somebody whom the server does not name among its members.
    await step("mentioning somebody", async () => {
      await page.locator(".composer textarea").pressSequentially("Hi @user0999");
      await page.locator(".suggestions li", { hasText: "@user09990" }).click();
      await page.keyboard.press("Enter");
      await page.locator("li.message.own", { hasText: "Hi @user09990" }).locator(".meta .mark:not(.pending)").waitFor();
    });
    const { body: { items } } = await server.api(two.token, "GET", `/conversations/${encodeURIComponent(id)}/messages?limit=1`);
    assert.deepEqual(items[0].mentions.map(({ username }) => username), ["user09990"]);
    await step("ten messages", async () => {
      for (let n = 0; n < 10; n += 1) await say(`More ${n}`);
      await page.locator("li.message", { hasText: "More 9" }).waitFor();
    });
    await step("its members", async () => {
      await page.locator(".bar button[aria-label=Details]").click();
      await page.locator("dialog h3", { hasText: "10002 members" }).waitFor();
      await page.locator(".members + button", { hasText: "Show more" }).click();
      await until(page, () => document.querySelectorAll(".members li").length === 100);
      await page.locator("dialog input[type=search]").first().fill("hopper 7");
      await page.locator(".members li", { hasText: "Hopper 70" }).waitFor();
      // Somebody whom the server does not name among its members.
      await page.locator("dialog input[type=search]").first().fill("jansen 9990");
      await page.locator(".members li", { hasText: "@user09990" }).waitFor();
      await page.keyboard.press("Escape");
    });
    await step("adding somebody elsewhere", async () => {
      await page.evaluate(() => { location.hash = "#/new"; });
      await page.locator("#choose").pressSequentially("hopper 7");
      await page.locator(".people li").first().waitFor();
    });
    await ada.leave();
    await server.stop();
  });
});
