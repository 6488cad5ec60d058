// Coming in: signing up, also by an invitation, in the web chat.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { PASSWORD, Person, SIZES } from "../lib/people.mjs";
import { Teams, inView, pressed, reaction } from "../lib/teams.mjs";

/** A month and a bit, in milliseconds. */
const MONTH_MS = 32 * 24 * 60 * 60 * 1_000;

describe("coming in", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** Makes a link into a group, and returns its address. */
  async function link(account, id, bounds = {}) {
    const { id: invitation, code } = await teams.call(account, "POST", `/conversations/${id}/invitations`, bounds);
    return { invitation, href: `${teams.server.url}/#/invite/${code}` };
  }

  /** Fills in the form of a new account, and sends it. */
  async function signUp({ page }, username, name) {
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Email").fill(`${username}@example.org`);
    await page.getByLabel("Full name").fill(name);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up", exact: true }).click();
  }

  test("without a manual: an invitation on a phone leads into a room, whose messages are found, answered and muted", async () => {
    const [ada, bob] = [await teams.server.register("adajoins"), await teams.server.register("bobjoins")];
    const room = await teams.call(ada, "POST", "/conversations", { kind: "group", name: "The allotment", memberIds: [bob.id] });
    await teams.send(bob, room.id, "The pump needs a new gasket, size 40");
    for (let n = 0; n < 70; n += 1) await teams.send(n % 2 ? ada : bob, room.id, `Turn ${n}`);
    await teams.send(ada, room.id, "Who waters on Sunday?");
    const { href } = await link(ada, room.id);
    const cleo = await Person.open(teams.chromium, "about:blank", { ...SIZES.phone, reducedMotion: "reduce" });
    const { page } = cleo;
    // She lives a month later, so that what the others have said is of last month.
    await page.clock.setSystemTime(Date.now() + MONTH_MS);
    await page.goto(href);
    await page.getByText("@adajoins invites you to").waitFor();
    await page.getByText("The allotment").waitFor();
    await faults(page, "an invitation at the door");
    await signUp(cleo, "cleojoins", "Cleo Newcomer");
    // She is in the room, where she reacts and replies.
    await cleo.composer().waitFor();
    await page.getByRole("heading", { name: "The allotment" }).waitFor();
    await cleo.hears("Who waters on Sunday?");
    await cleo.menu("Who waters on Sunday?", "React with 👍");
    await pressed(reaction(cleo, "Who waters on Sunday?", /👍/)).waitFor();
    await cleo.menu("Who waters on Sunday?", "Reply");
    await cleo.say("I do, and I bring tea");
    await cleo.message("I do, and I bring tea").locator(".quote", { hasText: "Who waters on Sunday?" }).waitFor();
    // A message of last month.
    await cleo.home();
    const found = page.getByRole("button", { name: /The pump needs a new gasket/ });
    await cleo.search("gasket", found);
    await found.click();
    await inView(page, "The pump needs a new gasket, size 40");
    assert.notEqual(await page.locator(".day").first().textContent(), "Today");
    // Muted, and the others see what she did.
    await page.getByRole("button", { name: /^Options/ }).click();
    await page.locator(".menu:popover-open").getByLabel("Mute").selectOption({ label: "Until I turn it off" });
    await cleo.home();
    await page.getByLabel(/^Search people/).fill("");
    await cleo.entry("The allotment").getByRole("img", { name: "muted" }).waitFor();
    const { items } = await teams.call(bob, "GET", `/conversations/${room.id}/messages?limit=10`);
    assert.equal(items.at(-1).content, "I do, and I bring tea");
    assert.equal(items.at(-1).replyTo.content, "Who waters on Sunday?");
    assert.deepEqual(items.find(({ content }) => content === "Who waters on Sunday?").reactions.map(({ emoji, count }) => [emoji, count]), [["👍", 1]]);
    await cleo.leave();
  });

  test("who has an account logs in at an invitation, or joins at once", async () => {
    const { accounts: [ada], id } = await teams.group("known", ["ada", "bob"]);
    const known = await teams.server.register("doraknown");
    const { href, invitation } = await link(ada, id);
    const dora = await Person.open(teams.chromium, href, { colorScheme: "dark" });
    await dora.page.getByText("Team known").waitFor();
    await dora.page.getByRole("button", { name: "Already have an account? Log in" }).click();
    await dora.logIn(known.name);
    await dora.composer().waitFor();
    await dora.page.getByRole("heading", { name: "Team known" }).waitFor();
    // Going back does not lead to the invitation again, and the link of another group asks her.
    const other = await teams.call(ada, "POST", "/conversations", { kind: "group", name: "<b>W".repeat(32), memberIds: [] });
    const second = await link(ada, other.id, { expiresAt: "2099-01-01T00:00:00Z" });
    await dora.page.goto(second.href);
    await dora.page.getByRole("heading", { name: "Invitation" }).waitFor();
    await dora.page.getByText(/^Valid until/).waitFor();
    await faults(dora.page, "an invitation inside");
    assert.equal(await dora.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "a long name fits");
    await dora.page.getByRole("button", { name: "Join", exact: true }).click();
    await dora.composer().waitFor();
    assert.match(await dora.page.evaluate(() => location.hash), /^#\/c\//);
    // One that was revoked says so, inside and at the door.
    await teams.call(ada, "DELETE", `/invitations/${invitation}`);
    await dora.page.goto("about:blank");
    await dora.page.goto(href);
    await dora.page.getByText("This invitation is no longer valid. Ask for a new one.").waitFor();
    const eve = await Person.open(teams.chromium, href);
    await eve.page.getByText("This invitation is no longer valid. Ask for a new one.").waitFor();
    await eve.page.getByLabel("Username or email").waitFor();
    await dora.leave();
    await eve.leave();
  });
});

describe("coming in where accounts need an invitation", () => {
  let teams;

  before(async () => {
    teams = await Teams.start({ env: { QUINTET_AUTH_REGISTRATION: "invite" } });
  });
  after(() => teams?.stop());

  test("the form asks for the invitation, takes a code or a link, and says if it is not good", async () => {
    const service = await teams.server.key("doorkeeper");
    const { body: hall } = await teams.server.api(service, "POST", "/conversations", { kind: "room", name: "The hall" });
    const code = (await teams.server.command(["invite", "add", "--room", hall.id])).match(/[A-Za-z0-9_-]{20,}/)[0];
    const fay = await Person.open(teams.chromium, `${teams.server.url}/#/signup`, SIZES.phone);
    const { page } = fay;
    await page.getByLabel("Invitation").fill("nonsense");
    await page.getByLabel("Username").fill("fay");
    await page.getByLabel("Email").fill("fay@example.org");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up", exact: true }).click();
    await page.getByText("This invitation is no longer valid. Ask for a new one.").waitFor();
    await faults(page, "a sign-up by invitation");
    // It leads into a room.
    await page.getByLabel("Invitation").fill(`${teams.server.url}/#/invite/${code}`);
    await page.getByRole("button", { name: "Sign up", exact: true }).click();
    await page.getByRole("heading", { name: "The hall" }).waitFor();
    await fay.say("Here I am");
    await fay.hears("Here I am");
    await fay.leave();
    // It is used up: its link offers no more than the form to log in.
    const gil = await Person.open(teams.chromium, `${teams.server.url}/#/invite/${code}`);
    await gil.page.getByText("This invitation is no longer valid. Ask for a new one.").waitFor();
    await gil.leave();
  });
});
