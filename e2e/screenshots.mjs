// Takes the screenshots for the documentation with the real binary: `cargo xtask screenshots`.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { browser } from "./lib/browser.mjs";
import { Person, SIZES, until } from "./lib/people.mjs";
import { png } from "./lib/png.mjs";
import { Server } from "./lib/server.mjs";

const FOLDER = fileURLToPath(new URL("../docs/screenshots", import.meta.url));
mkdirSync(FOLDER, { recursive: true });
const shot = (page, name) => page.screenshot({ path: join(FOLDER, `${name}.png`) });

const server = await Server.start();
const chromium = await browser({ whole: true });
try {
  await playground();
  await chat();
} finally {
  await chromium.close();
  await server.stop();
}

async function playground() {
  const someone = await Person.open(chromium, `${server.url}/playground`, { viewport: { width: 1440, height: 820 } });
  const { page } = someone;
  await page.getByRole("button", { name: "Start" }).click();
  const names = ["Ada", "Ben", "Cleo", "Dan", "Eve"];
  for (const name of names) {
    await page.getByRole("region", { name: new RegExp(`^${name}, dialect `) }).getByRole("img", { name: "online" }).waitFor();
  }
  const lines = [
    ["Ada", "Is everyone here?"], ["Cleo", "Yes, in rooms."], ["Ben", "My client speaks messenger."],
    ["Eve", "And mine speaks chat."], ["Dan", "Then let us start."],
  ];
  for (const [index, [name, text]] of lines.entries()) {
    const pane = page.getByRole("region", { name: new RegExp(`^${name}, dialect `) });
    await pane.getByRole("textbox", { name: `Message as ${name}` }).fill(text);
    await pane.getByRole("button", { name: "Send", exact: true }).click();
    await until(page, (count) => [...document.querySelectorAll(".said")].every((list) => list.children.length === count), index + 1);
  }
  await page.mouse.click(720, 20);
  await shot(page, "playground");
  await page.getByRole("button", { name: "Finish and delete accounts" }).click();
  await page.getByRole("button", { name: "Start" }).waitFor();
  await someone.leave();
}

async function chat() {
  const people = {};
  for (const [username, name] of [["grace", "Grace Hopper"], ["alan", "Alan Turing"], ["mary", "Mary Shelley"]]) {
    people[username] = await server.register(username);
    await server.api(people[username].token, "PATCH", "/me", { name });
  }
  const { grace, alan, mary } = people;
  // Without motion, so that all five speak at once.
  const ada = await Person.open(chromium, server.url, { viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  await ada.page.getByLabel("Password").waitFor();
  await shot(ada.page, "door-desk-light");
  await ada.register("ada", "Ada Lovelace");
  const me = await ada.page.evaluate(() => JSON.parse(localStorage.getItem("quintet.session")));
  const make = async (who, body) => (await server.api(who.token, "POST", "/conversations", body)).body.id;
  const say = (who, place, content) => server.api(who.token, "POST", `/conversations/${place}/messages`, { content });
  const team = await make(grace, { kind: "group", name: "Compiler team", memberIds: [alan.id, mary.id, me.user.id] });
  const hall = await make(mary, { kind: "room", name: "The reading room" });
  await server.api(me.token, "POST", `/conversations/${hall}/members`);
  const direct = await make(alan, { kind: "direct", memberIds: [me.user.id] });
  await say(mary, hall, "Chapter five is up. It was a dreary night of November…");
  await say(alan, direct, "Can machines think? I have a draft.");
  await say(grace, team, "The nightly build is green again: it really was a moth.");
  await say(alan, team, "I would still like to see the tape.");
  await say(me, team, "It is in the logbook: https://example.org/logbook/1947");
  await say(mary, team, "May I have the moth for a story?");
  await say(grace, team, "It is yours. We meet at noon to look at the loop optimiser.");
  const form = new FormData();
  form.append("file", new Blob([png(640, 240, [31, 147, 236])], { type: "image/png" }), "cover.png");
  const response = await fetch(`${server.url}/api/v1/files`, { method: "POST", headers: { authorization: `Bearer ${mary.token}` }, body: form });
  const files = [{ url: (await response.json()).url, name: "cover.png" }];
  await server.api(mary.token, "POST", `/conversations/${team}/messages`, { content: "For the cover I thought of this blue.", type: "image", files });
  const soon = new Date(Date.now() + 3 * 86_400_000);
  soon.setUTCHours(12, 0, 0, 0);
  const { body: meetup } = await server.api(grace.token, "POST", "/meetups", {
    activity: "Loop optimiser, with lunch", location: "Room 101", startsAt: soon.toISOString(), capacity: 6,
  });
  await server.api(alan.token, "POST", `/meetups/${meetup.id}/requests`);
  await server.api(grace.token, "POST", `/meetups/${meetup.id}/requests/${alan.id}/accept`);
  await ada.open(/Compiler team/);
  await ada.say("I bring the notes on Bernoulli numbers.");
  await ada.page.getByRole("img", { name: /^(Sent|Delivered)/ }).last().waitFor();
  await server.api(alan.token, "GET", "/me");
  await shot(ada.page, "chat-desk-light");
  // A thread beside its conversation.
  const { items } = (await server.api(alan.token, "GET", `/conversations/${team}/messages`)).body;
  const root = items.find(({ content }) => content.includes("see the tape"));
  await server.api(grace.token, "POST", `/conversations/${team}/messages`, { content: "It is in the cupboard, behind the relays.", threadId: root.id });
  await server.api(mary.token, "POST", `/conversations/${team}/messages`, { content: "And I have the key.", threadId: root.id });
  await ada.page.goto(`${server.url}/#/c/${team}/${root.id}/thread`);
  await ada.page.locator(".thread-panel").getByText("And I have the key.").waitFor();
  await ada.page.mouse.move(5, 5);
  await shot(ada.page, "thread-desk-light");
  await ada.page.goto(`${server.url}/#/meetups`);
  await ada.page.getByRole("article").first().waitFor();
  await shot(ada.page, "meetups");
  await ada.leave();

  const phone = await Person.open(chromium, server.url, { ...SIZES.phone, colorScheme: "dark" });
  await phone.logIn("ada");
  await phone.page.getByRole("link", { name: /Compiler team/ }).waitFor();
  await shot(phone.page, "list-phone-dark");
  await phone.open(/Compiler team/);
  await phone.hears("Bernoulli");
  await shot(phone.page, "chat-phone-dark");
  await phone.page.goto(`${server.url}/#/settings/look`);
  await phone.page.getByRole("switch", { name: "More contrast" }).waitFor();
  await shot(phone.page, "settings-phone-dark");
  await phone.leave();
}
