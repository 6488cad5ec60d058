// Messages that are pushed to the web chat: the switch, the service worker, and what a log-out ends. A browser of a test
// reaches no push service, so its push manager is a stand-in, and the browser is handed what the server has sent.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { browser } from "../lib/browser.mjs";
import { within } from "../lib/client.mjs";
import { start } from "../lib/launch.mjs";
import { Person, becomes, until } from "../lib/people.mjs";
import { PushService } from "../lib/pushservice.mjs";
import { Teams } from "../lib/teams.mjs";

/** In the page: a push manager that subscribes at the push service of the test. */
function standIn(subscription) {
  const KEPT = "test.subscription";
  const subscribed = () => {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return kept && {
      endpoint: subscription.endpoint,
      options: { applicationServerKey: Uint8Array.from(kept).buffer, userVisibleOnly: true },
      toJSON: () => subscription,
      unsubscribe: async () => { localStorage.removeItem(KEPT); return true; },
    };
  };
  PushManager.prototype.getSubscription = async () => subscribed();
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new Error("a browser asks for this");
    localStorage.setItem(KEPT, JSON.stringify([...applicationServerKey]));
    return subscribed();
  };
}

describe("messages while the page is closed", () => {
  let teams, push;

  before(async () => {
    teams = new Teams();
    teams.server = await start({ env: { QUINTET_OUTBOUND_ALLOW: "127.0.0.1" } });
    teams.chromium = await browser({ whole: true });
    push = await PushService.start();
  });
  after(async () => {
    push?.stop();
    await teams?.stop();
  });

  /** Opens the profile in a browser of the account's own, which may show notifications. */
  async function profile(account, options) {
    const person = await Person.open(teams.chromium, teams.server.url, options);
    await person.context.grantPermissions(["notifications"], { origin: new URL(teams.server.url).origin });
    await person.context.addInitScript(standIn, push.subscription());
    await person.page.reload();
    await person.logIn(account.name);
    await person.page.evaluate(() => { location.hash = "#/settings/notifications"; });
    return person;
  }

  const subscribed = async (account) => (await teams.call(account, "GET", "/me/push")).items.map(({ endpoint }) => endpoint);
  const shown = (person) => person.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
  });

  /** Waits until these notifications are shown, and no others. */
  async function shows(person, wanted) {
    const there = async () => {
      while (!isDeepStrictEqual(await shown(person), wanted)) await pause(50);
    };
    await within(there(), () => `the notifications ${JSON.stringify(wanted)}`);
  }

  /** Hands the browser what its push service was sent. */
  async function deliver(person, data) {
    const client = await person.context.newCDPSession(person.page);
    const registered = new Promise((resolve) => {
      client.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const ours = registrations.find(({ isDeleted }) => !isDeleted);
        if (ours) resolve(ours.registrationId);
      });
    });
    await client.send("ServiceWorker.enable");
    const registrationId = await within(registered, () => "a service worker");
    await client.send("ServiceWorker.deliverPushMessage", { origin: new URL(teams.server.url).origin, registrationId, data });
    await client.detach();
  }

  test("a message is shown by the service worker, and a click leads to its conversation", async () => {
    const { accounts: [alice, bob], id } = await teams.group("push", ["alice", "bob"]);
    const person = await profile(bob);
    const toggle = person.page.getByRole("switch", { name: "Notify me when the page is closed" });
    assert.equal(await toggle.isChecked(), false);
    await toggle.click();
    await until(person.page, () => document.querySelector("[aria-describedby=push-hint]").checked && !document.querySelector("[aria-describedby=push-hint]").disabled);
    assert.deepEqual(await subscribed(bob), [push.subscription().endpoint]);

    const message = await teams.send(alice, id, "Lunch?");
    const said = await within(push.next(), () => "a push message");
    assert.deepEqual(JSON.parse(said), {
      type: "message", conversationId: id, messageId: message.id, kind: "text", sender: "Alicepush Example", title: "Team push",
      body: "Lunch?", tag: `#/c/${id}`,
    });
    await deliver(person, said);
    const notification = { title: "Team push", body: "Alicepush Example: Lunch?", tag: `#/c/${id}` };
    await shows(person, [notification]);

    // A newer message of the conversation takes its place; the page has the words for one without a text.
    await deliver(person, JSON.stringify({ ...JSON.parse(said), body: "", kind: "image" }));
    await shows(person, [{ ...notification, body: "Alicepush Example: Image" }]);
    const [worker] = person.context.serviceWorkers();
    await worker.evaluate(async () => {
      const [notification] = await self.registration.getNotifications();
      self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    });
    await person.hears("Lunch?");
    assert.equal(await person.page.evaluate(() => location.hash), `#/c/${id}`);
    await becomes(person.page, async () => (await (await navigator.serviceWorker.ready).getNotifications()).length === 0);

    // Opening the page renews the subscription.
    const before = (await teams.call(bob, "GET", "/me/push")).items[0].renewedAt;
    const renewed = person.page.waitForResponse((response) => response.url().endsWith("/me/push") && response.request().method() === "POST");
    await person.page.reload();
    await renewed;
    assert.ok((await teams.call(bob, "GET", "/me/push")).items[0].renewedAt > before);

    // A log-out ends it.
    await person.page.evaluate(() => { location.hash = "#/settings/notifications"; });
    await person.page.getByRole("button", { name: "Log out" }).click();
    await person.page.getByLabel("Username or email").waitFor();
    assert.deepEqual(await subscribed(bob), []);
    assert.equal(await person.page.evaluate(() => localStorage.getItem("test.subscription")), null);
    await person.leave();
  });

  test("the switch turns it off again, in German too", async () => {
    const { accounts: [eve] } = await teams.group("aus", ["eve", "fay"]);
    const person = await profile(eve);
    await person.page.evaluate(() => { location.hash = "#/settings/look"; });
    await person.page.getByLabel("Language").selectOption("de");
    await person.page.evaluate(() => { location.hash = "#/settings/notifications"; });
    const toggle = person.page.getByRole("switch", { name: "Benachrichtigen, wenn die Seite geschlossen ist" });
    await toggle.click();
    await until(person.page, () => document.querySelector("[aria-describedby=push-hint]").checked && !document.querySelector("[aria-describedby=push-hint]").disabled);
    assert.equal((await subscribed(eve)).length, 1);
    const script = await person.page.evaluate(async () => (await navigator.serviceWorker.ready).active.scriptURL);
    assert.equal(JSON.parse(new URL(script).searchParams.get("words")).image, "Bild");
    await toggle.click();
    await until(person.page, () => !document.querySelector("[aria-describedby=push-hint]").checked && !document.querySelector("[aria-describedby=push-hint]").disabled);
    assert.deepEqual(await subscribed(eve), []);
    await person.leave();
  });

  test("a browser that does not allow notifications says so", async () => {
    const { accounts: [gil] } = await teams.group("denied", ["gil", "hal"]);
    const person = await profile(gil);
    await person.context.clearPermissions();
    await person.page.getByRole("switch", { name: "Notify me when the page is closed" }).click();
    await person.page.getByRole("alert").getByText("This browser does not allow notifications from this page.").waitFor();
    assert.deepEqual(await subscribed(gil), []);
    await person.leave();
  });
});
