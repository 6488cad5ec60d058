// The settings in the chat: the account, what is heard and seen, and their pages on a desktop and on a phone.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { PASSWORD, Person, SIZES, until } from "../lib/people.mjs";
import { Teams } from "../lib/teams.mjs";

/**
 * Lets the answer of one call reach the page only after this tab and another have heard that their token is refused: the
 * server ends the session, and the connections with it, before it answers.
 */
async function afterRefusal(page, tab, method, path) {
  await page.route(path, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    const refused = Promise.all([page, tab].map((one) => one.waitForResponse((response) => response.status() === 401)));
    const response = await route.fetch();
    for (const one of await refused) await one.finished();
    await route.fulfill({ response });
  });
}

describe("the settings", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  test("a phone shows one section at a time, and the way back", async () => {
    const account = await teams.server.register("adaphone");
    const ada = await Person.open(teams.chromium, teams.server.url, SIZES.phone);
    await ada.logIn(account.name);
    const { page } = ada;
    await page.getByRole("link", { name: "Settings" }).tap();
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Privacy" }).tap();
    await page.getByRole("heading", { name: "Privacy", level: 1 }).waitFor();
    await page.getByText("Everyone with an account on this server can write to you", { exact: false }).waitFor();
    await page.getByRole("link", { name: "Back to the settings" }).tap();
    await page.getByRole("navigation", { name: "Settings" }).waitFor();
    await page.getByRole("link", { name: "Back to the conversations" }).tap();
    await page.getByRole("navigation", { name: "Conversations" }).waitFor();
    // A link of an earlier version.
    await page.evaluate(() => { location.hash = "#/profile"; });
    await page.getByLabel("Full name").waitFor();
    await ada.leave();
  });

  test("the language follows the browser until one is chosen, and again", async () => {
    const account = await teams.server.register("adalanguage");
    const ada = await Person.open(teams.chromium, teams.server.url, {});
    await ada.logIn(account.name);
    const { page } = ada;
    await page.evaluate(() => { location.hash = "#/settings/look"; });
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", { name: "Einstellungen", level: 1 }).waitFor();
    await page.reload();
    await page.getByLabel("Sprache").selectOption({ label: "Wie im Browser" });
    await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
    assert.deepEqual(await page.evaluate(() => [localStorage.getItem("quintet.language"), document.documentElement.lang]), [null, "en"]);
    await ada.leave();
  });

  test("what is wrong is said at its field, in both languages", async () => {
    const account = await teams.server.register("adafield");
    const WORDS = {
      "en-GB": {
        username: "Username", email: "Email", password: "Password", signUp: "Sign up", start: "No account yet?", navigation: "Conversations",
        taken: "The name adafield is taken.", known: "This email address belongs to an account already.",
        propose: "Propose a meetup", activity: "Activity", place: "Location", when: "Date and time", past: "The time must be in the future.",
      },
      "de-DE": {
        username: "Benutzername", email: "E-Mail", password: "Passwort", signUp: "Registrieren", start: "Noch kein Konto?", navigation: "Unterhaltungen",
        taken: "Der Name adafield ist vergeben.", known: "Zu dieser E-Mail-Adresse gibt es schon ein Konto.",
        propose: "Treffen vorschlagen", activity: "Aktivität", place: "Ort", when: "Datum und Uhrzeit", past: "Der Zeitpunkt muss in der Zukunft liegen.",
      },
    };
    for (const [locale, words] of Object.entries(WORDS)) {
      const eve = await Person.open(teams.chromium, teams.server.url, { locale, reducedMotion: "reduce" });
      const { page } = eve;
      /** Waits until an input is marked as wrong, has the focus, and is described by a sentence. */
      const isWrong = async (label, sentence) => {
        const input = page.getByLabel(label, { exact: true });
        await until(page, () => document.activeElement.getAttribute("aria-invalid") === "true");
        assert.equal(await input.evaluate((element) => element === document.activeElement), true, label);
        const said = await input.evaluate((element) => document.getElementById(element.getAttribute("aria-describedby").split(" ")[0]).textContent);
        assert.equal(said, sentence);
        assert.equal(await page.getByText(sentence, { exact: true }).count(), 1, "and not a second time");
        return input;
      };
      await page.getByRole("button", { name: words.start }).click();
      await page.getByLabel(words.username).fill(account.name);
      await page.getByLabel(words.email).fill(`eve${locale}@example.org`);
      await page.getByLabel(words.password).fill(PASSWORD);
      await page.getByRole("button", { name: words.signUp, exact: true }).click();
      const username = await isWrong(words.username, words.taken);
      await faults(page, "a username that is taken");
      await username.fill(`eve${locale}`);
      assert.equal(await username.getAttribute("aria-invalid"), null, "a change ends it");
      await page.getByLabel(words.email).fill(`${account.name}@example.org`);
      await page.keyboard.press("Enter");
      await (await isWrong(words.email, words.known)).fill(`eve${locale}@example.org`);
      await page.keyboard.press("Enter");
      await page.getByRole("navigation", { name: words.navigation }).waitFor();
      // A dialog, whose field has a limit that only the server knows.
      await page.evaluate(() => { location.hash = "#/meetups"; });
      await page.getByRole("button", { name: words.propose }).click();
      const dialog = page.getByRole("dialog", { name: words.propose });
      await dialog.getByLabel(words.activity).fill("A walk");
      await dialog.getByLabel(words.place).fill("The park");
      await dialog.getByLabel(words.when).fill("2001-01-01T12:00");
      await page.keyboard.press("Enter");
      await isWrong(words.when, words.past);
      await eve.leave();
    }
  });

  test("a sound tells of messages while the window is elsewhere, if it is wished", async () => {
    const { accounts: [one, two], id } = await teams.group("sound", ["ada", "bob"]);
    const ada = await Person.open(teams.chromium, teams.server.url, {});
    await ada.context.addInitScript(() => {
      window.notes = 0;
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function begin(...args) {
        window.notes += 1;
        return start.apply(this, args);
      };
    });
    await ada.page.reload();
    await ada.logIn(one.name);
    const { page } = ada;
    await page.evaluate(() => { location.hash = "#/settings/notifications"; });
    const notes = () => page.evaluate(() => window.notes);
    const focus = (has) => page.evaluate((it) => {
      document.hasFocus = () => it;
      window.dispatchEvent(new Event(it ? "focus" : "blur"));
    }, has);
    await page.getByRole("button", { name: "Play the sound" }).click();
    assert.equal(await notes(), 2);
    const told = async (text) => {
      await teams.send(two, id, text);
      await ada.entry("Team sound").getByText(text).waitFor();
    };
    await focus(true);
    await told("While she is here");
    assert.equal(await notes(), 2);
    await focus(false);
    await told("While she is away");
    await until(page, () => window.notes === 4);
    // Also while she is here.
    await page.getByRole("switch", { name: "Also while I am at Quintet" }).check();
    await page.clock.install();
    await page.clock.fastForward(5_000);
    await focus(true);
    await told("Here again");
    await until(page, () => window.notes === 6);
    await page.getByRole("switch", { name: "Sound for new messages" }).uncheck();
    await page.clock.fastForward(5_000);
    await focus(false);
    await told("In silence");
    assert.equal(await notes(), 6);
    assert.equal(await page.evaluate(() => localStorage.getItem("quintet.sound")), "off");
    await ada.leave();
  });

  test("one sees where one is logged in, and logs out elsewhere", async () => {
    const account = await teams.server.register("adasessions");
    const logIn = async (agent) => {
      const body = JSON.stringify({ username: account.name, password: PASSWORD });
      const answer = await fetch(`${teams.server.url}/api/v1/auth/login`, { method: "POST", headers: { "content-type": "application/json", "user-agent": agent }, body });
      return (await answer.json()).token;
    };
    const isGood = async (token) => (await teams.server.api(token, "GET", "/me")).status === 200;
    const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
    const firefox = await logIn("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0");
    const phone = await Person.open(teams.chromium, teams.server.url, { ...SIZES.phone, userAgent: iphone });
    await phone.logIn(account.name);
    const ada = await Person.open(teams.chromium, teams.server.url, { reducedMotion: "reduce" });
    await ada.logIn(account.name);
    const { page } = ada;
    await page.evaluate(() => { location.hash = "#/settings/account"; });
    const list = page.getByRole("region", { name: "Where you are logged in" });
    await list.getByText("Firefox on Windows").waitFor();
    assert.equal(await list.getByText("This browser", { exact: false }).count(), 1);
    await faults(page, "where one is logged in");
    // The phone is logged out while it is open.
    await list.getByRole("button", { name: "Log out Safari on iPhone" }).click();
    await phone.page.getByText("Your session has ended. Please log in again.").waitFor();
    assert.equal(await isGood(firefox), true);
    await phone.leave();
    await list.getByRole("button", { name: "Log out Safari on iPhone" }).waitFor({ state: "detached" });
    await list.getByRole("button", { name: "Log out everywhere else" }).click();
    await page.getByRole("alertdialog").getByText("All other browsers and devices have to log in again.").waitFor();
    await page.getByRole("alertdialog").getByRole("button", { name: "Log out", exact: true }).click();
    await until(page, () => document.querySelectorAll(".restricted li").length === 1);
    assert.deepEqual(await Promise.all([isGood(firefox), isGood(account.token)]), [false, false]);
    // Whoever has kept the token of this browser has nothing once it is logged out.
    const kept = await page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")).token);
    assert.equal(await isGood(kept), true);
    const ended = page.waitForResponse("**/api/v1/auth/logout");
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    assert.equal((await ended).status(), 204);
    assert.equal(await isGood(kept), false);
    await ada.leave();
  });

  test("a new password ends other sessions, and a deleted account is gone", async () => {
    const account = await teams.server.register("adaends");
    const options = { ...SIZES.desk, reducedMotion: "reduce" };
    const [ada, elsewhere] = [await Person.open(teams.chromium, teams.server.url, options), await Person.open(teams.chromium, teams.server.url, options)];
    for (const person of [ada, elsewhere]) await person.logIn(account.name);
    const { page } = ada;
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await tab.getByRole("navigation", { name: "Conversations" }).waitFor();
    await page.evaluate(() => { location.hash = "#/settings/account"; });
    const form = page.locator("form", { has: page.getByLabel("New password") });
    const change = async (current, next) => {
      await form.getByLabel("Current password").fill(current);
      await form.getByLabel("New password").fill(next);
      await form.getByRole("button", { name: "Change password" }).click();
    };
    await change("not mine", "tremendous horse");
    await form.getByText("The current password is wrong.").waitFor();
    await change(PASSWORD, "x");
    await form.getByText("This password is too short, too long or too easy to guess.").waitFor();
    await afterRefusal(page, tab, "PUT", "**/api/v1/me/password");
    await change(PASSWORD, "tremendous horse");
    await form.getByText("Changed. You are logged out everywhere else.").waitFor();
    await elsewhere.page.getByText("Your session has ended. Please log in again.").waitFor();
    await elsewhere.leave();
    // This one goes on in all its tabs, also with its connections.
    const bob = await teams.server.register("bobends");
    const direct = await teams.call(bob, "POST", "/conversations", { kind: "direct", memberIds: [account.id] });
    await teams.send(bob, direct.id, "Still there?");
    await ada.entry("Bobends Example").getByText("Still there?").waitFor();
    await tab.getByRole("navigation", { name: "Conversations" }).getByText("Still there?").waitFor();

    await page.getByRole("button", { name: "Delete account" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete account" });
    const erase = dialog.getByRole("button", { name: "Delete account" });
    await dialog.getByLabel("Type adaends to confirm").fill("ada");
    assert.equal(await erase.isDisabled(), true);
    await dialog.getByLabel("Type adaends to confirm").fill("adaends");
    await dialog.getByLabel("Current password").fill(PASSWORD);
    await faults(page, "deleting the account");
    await erase.click();
    await dialog.getByText("The current password is wrong.").waitFor();
    await dialog.getByLabel("Current password").fill("tremendous horse");
    await afterRefusal(page, tab, "DELETE", "**/api/v1/me");
    await erase.click();
    await page.getByText("Your account is deleted.").waitFor();
    await tab.getByRole("button", { name: "Log in" }).waitFor();
    const { status } = await teams.server.api(null, "POST", "/auth/login", { username: "adaends", password: "tremendous horse" });
    assert.equal(status, 401);
    await ada.leave();
  });
});
