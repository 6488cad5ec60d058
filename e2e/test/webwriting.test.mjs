// What helps to write in the web chat: emojis, commands, and forwarding.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { PNG, SIZES, until } from "../lib/people.mjs";
import { Teams, pressed, reaction } from "../lib/teams.mjs";

describe("writing in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  const value = (person) => person.composer().inputValue();

  test("emojis are found by their names in both languages, by keyboard, and the last ones come first", async () => {
    const { accounts: [one, two], id } = await teams.group("emoji", ["ada", "bob"]);
    await teams.send(two, id, "The bees are back");
    const ada = await teams.enter(one, id);
    const { page } = ada;
    const dialog = page.getByRole("dialog", { name: "Choose an emoji" });
    const field = dialog.getByLabel("Search emojis");
    // Into the text, where the caret is.
    await ada.composer().fill("Honey  for all");
    await ada.composer().evaluate((area) => area.setSelectionRange(6, 6));
    await page.getByRole("button", { name: "Choose an emoji" }).click();
    await dialog.getByRole("button", { name: "grinning face", exact: true }).waitFor();
    await faults(page, "the emojis");
    await field.fill("honey pot");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await value(ada), "Honey 🍯 for all");
    await page.keyboard.type("!");
    assert.equal(await value(ada), "Honey 🍯! for all", "one goes on writing behind it");
    // By its German name, and with the arrows.
    await page.getByRole("button", { name: "Choose an emoji" }).click();
    await dialog.getByRole("heading", { name: "Used last" }).waitFor();
    await field.fill("Blumenstrauß");
    await dialog.getByRole("button", { name: "bouquet", exact: true }).waitFor();
    await field.fill("");
    await page.keyboard.press("ArrowDown");
    await until(page, () => document.activeElement?.dataset.emoji === "🍯");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    const second = await page.evaluate(() => document.activeElement.dataset.emoji);
    assert.notEqual(second, "🍯");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowUp");
    await until(page, () => document.activeElement?.dataset.emoji === "🍯");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.type("no such thing");
    await dialog.getByText("No results for “no such thing”.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    // As a name between the words.
    await ada.composer().fill("");
    await ada.composer().pressSequentially("Thanks :honey");
    await page.getByRole("option", { name: /honeybee/ }).waitFor();
    await page.keyboard.press("Escape");
    await ada.composer().pressSequentially("b");
    await page.getByRole("option", { name: /honeybee/ }).waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await value(ada), "Thanks 🐝 ");
    await page.keyboard.press("Enter");
    await ada.hears("Thanks 🐝");
    // To react with, beyond the frequent ones.
    await ada.menu("The bees are back", "React with another emoji");
    await field.fill("sunflower");
    await dialog.getByRole("button", { name: "sunflower", exact: true }).click();
    await pressed(reaction(ada, "The bees are back", /🌻/)).waitFor();
    // In a tone of skin, which is kept for her; what has none stays as it is.
    await ada.menu("The bees are back", "React with another emoji");
    await dialog.getByTitle("Medium", { exact: true }).click();
    assert.equal(await dialog.getByRole("radio", { name: "Medium", exact: true }).isChecked(), true);
    await faults(page, "the emojis in a tone");
    await field.fill("waving hand");
    await dialog.getByRole("button", { name: "waving hand", exact: true }).click();
    await pressed(reaction(ada, "The bees are back", /👋🏽/u)).waitFor();
    await page.reload();
    await ada.composer().pressSequentially("Hello :waving");
    await page.getByRole("option", { name: /waving hand/ }).waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await value(ada), "Hello 👋🏽 ");
    await page.getByRole("button", { name: "Choose an emoji" }).click();
    await dialog.getByRole("region", { name: "Used last" }).getByRole("button", { name: "waving hand" }).waitFor();
    assert.deepEqual(await dialog.getByRole("button", { name: /^(honey pot|family)$/ }).evaluateAll((all) => all.filter((one) => /[\u{1F3FB}-\u{1F3FF}]/u.test(one.textContent)).length), 0);
    assert.deepEqual(await page.evaluate(() => Object.keys(JSON.parse(localStorage.getItem("quintet.tones")))), [one.id]);
    await page.keyboard.press("Escape");
    await ada.leave();
  });

  test("on a phone in German, an emoji is chosen by a finger", async () => {
    const { accounts: [one, two], id } = await teams.group("emojiphone", ["ada", "bob"]);
    await teams.send(two, id, "Die Bienen sind zurück");
    const ada = await teams.enter(one, id, { colorScheme: "dark" });
    await ada.context.close();
    const phone = await teams.chromium.newContext({ ...SIZES.phone, locale: "de-DE", colorScheme: "dark", reducedMotion: "reduce" });
    const page = await phone.newPage();
    await page.goto(`${teams.server.url}/#/c/${id}`);
    await page.getByLabel("Benutzername oder E-Mail").fill(one.name);
    await page.getByLabel("Passwort").fill("correct horse");
    await page.getByRole("button", { name: "Anmelden" }).click();
    await page.locator("li.message", { hasText: "Die Bienen sind zurück" }).getByRole("button", { name: /^Aktionen/ }).tap();
    await page.getByRole("button", { name: "Mit einem anderen Emoji reagieren" }).tap();
    const dialog = page.getByRole("dialog", { name: "Emoji auswählen" });
    await dialog.getByRole("button", { name: "grinsendes Gesicht", exact: true }).waitFor();
    await faults(page, "the emojis on a phone");
    await dialog.getByLabel("Emojis suchen").fill("biene");
    await dialog.getByRole("button", { name: "Biene", exact: true }).tap();
    await page.getByRole("button", { name: /^🐝 1/ }).waitFor();
    await phone.close();
  });

  test("commands are offered, run, and explained where they are not possible", async () => {
    const { accounts: [one, two], id } = await teams.group("command", ["ada", "bob"]);
    const cleo = await teams.server.register("cleocommand");
    const ada = await teams.enter(one, id, { permissions: ["clipboard-read", "clipboard-write"] });
    const bob = await teams.enter(two, id);
    const { page } = ada;
    await ada.composer().pressSequentially("/");
    const offered = page.getByRole("listbox", { name: "Commands" }).getByRole("option");
    await offered.nth(4).waitFor();
    await faults(page, "the list of commands");
    await ada.composer().pressSequentially("ren");
    await until(page, () => document.querySelectorAll(".suggestions [role=option]").length === 1);
    await page.keyboard.press("Enter");
    assert.equal(await value(ada), "/rename ");
    await page.keyboard.press("Enter");
    await page.getByText("/rename needs something behind it: Name").waitFor();
    await ada.composer().pressSequentially("The <b>bee</b> keepers");
    await page.keyboard.press("Enter");
    await bob.page.getByRole("heading", { name: "The <b>bee</b> keepers" }).waitFor();
    // A member may not do what only its owner may, and is told so; the text can be sent all the same.
    await bob.composer().fill("/rename Mine");
    await bob.page.keyboard.press("Enter");
    await bob.page.getByText("/rename is not possible here.").waitFor();
    await bob.composer().fill("/hug everybody");
    await bob.page.keyboard.press("Enter");
    await bob.page.getByText("There is no command /hug.").waitFor();
    await bob.page.getByRole("button", { name: "Send as text" }).click();
    await ada.hears("/hug everybody");
    // A path is no command.
    await bob.say("/etc/hosts is empty");
    await ada.hears("/etc/hosts is empty");
    await bob.say("/me wears a_hat");
    await until(page, () => [...document.querySelectorAll(".text em")].some(({ textContent }) => textContent === "wears a_hat"));
    // Somebody by name, and a link for others.
    await ada.say("/invite @nobodyatall");
    await page.getByText("There is nobody called @nobodyatall.").waitFor();
    await ada.say(`/invite @${cleo.name}`);
    await page.getByText("Group · 3 members").waitFor();
    await ada.say("/invite");
    await page.getByText(/^An invitation link was copied/).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const { invitedBy } = await teams.call(one, "GET", `/invitations/${link.split("/").at(-1)}/accept`);
    assert.equal(invitedBy, one.name);
    await bob.say("/mute");
    await bob.page.getByText("Muted.", { exact: true }).waitFor();
    assert.equal((await teams.call(two, "GET", `/conversations/${id}`)).settings.muted, true);
    await bob.say("/leave");
    await bob.page.getByRole("alertdialog", { name: "Leave" }).getByRole("button", { name: "Leave" }).click();
    await page.getByText("Group · 2 members").waitFor();
    await ada.leave();
    await bob.leave();
  });

  for (const size of ["desk", "phone"]) {
    test(`a message is sent on with its files, and says that it was (${size})`, async () => {
      const { accounts: [one, two, three], id } = await teams.group(`fwd${size}`, ["ada", "bob", "cleo"]);
      const other = await teams.call(one, "POST", "/conversations", { kind: "direct", memberIds: [three.id] });
      const form = new FormData();
      form.append("file", new Blob([PNG], { type: "image/png" }), "bee.png");
      const response = await fetch(`${teams.server.url}/api/v1/files`, { method: "POST", headers: { authorization: `Bearer ${two.token}` }, body: form });
      const { url } = await response.json();
      await teams.send(two, id, "Look at this one", { type: "image", files: [{ url, name: "bee.png" }] });
      const [ada, cleo] = [await teams.enter(one, id, { ...SIZES[size], reducedMotion: "reduce" }), await teams.enter(three, other.id)];
      await ada.hears("Look at this one");
      await ada.menu("Look at this one", "Forward");
      const dialog = ada.page.getByRole("dialog", { name: "Forward" });
      await dialog.getByLabel("To", { exact: true }).fill("cleo");
      await faults(ada.page, "forwarding");
      await dialog.getByRole("button", { name: `Send: Cleofwd${size} Example` }).click();
      await dialog.getByRole("button", { name: `Forwarded: Cleofwd${size} Example` }).waitFor();
      await cleo.hears("Look at this one");
      await cleo.message("Look at this one").getByText("Forwarded", { exact: true }).waitFor();
      await cleo.message("Look at this one").getByRole("img", { name: "Image bee.png" }).waitFor();
      await until(cleo.page, () => document.querySelector(".picture img")?.naturalWidth === 1);
      await ada.leave();
      await cleo.leave();
    });
  }
});
