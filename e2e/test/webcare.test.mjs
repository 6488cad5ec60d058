// What the web chat spares its users: destroying something by a slip, losing what they have begun to write, waiting for uploads,
// and words for programmers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { faults } from "../lib/axe.mjs";
import { Person, SIZES, until } from "../lib/people.mjs";
import { png } from "../lib/png.mjs";
import { Teams } from "../lib/teams.mjs";

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("the care of the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  test("what cannot be undone asks first, and names what goes", async () => {
    const { accounts: [one, two, three], id } = await teams.group("ask", ["ada", "bob", "cleo"]);
    const ada = await teams.enter(one, id);
    const { page } = ada;
    const question = page.getByRole("alertdialog");
    await page.getByRole("button", { name: "Details" }).click();
    const members = async () => (await teams.call(one, "GET", `/conversations/${id}`)).members.length;
    // No is no, by the button and by Escape.
    const remove = async (name) => {
      await page.getByRole("button", { name: `Manage ${name}` }).click();
      await page.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: "Remove", exact: true }).click();
    };
    await remove("Bobask Example");
    await question.getByText("Bobask Example will no longer be in “Team ask”.").waitFor();
    await question.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete for everyone" }).click();
    await question.getByText("“Team ask” and all its messages will be gone, for all 3 members.").waitFor();
    await page.keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    assert.equal(await members(), 3);
    // Yes is yes.
    await remove("Cleoask Example");
    await question.getByText("Cleoask Example will no longer be in “Team ask”.").waitFor();
    await question.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("heading", { name: "2 members" }).waitFor();
    await page.getByRole("button", { name: "Delete for everyone" }).click();
    await question.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("Select a conversation").waitFor();
    assert.ok([403, 404].includes((await teams.server.api(two.token, "GET", `/conversations/${id}`)).status));
    // A meetup is cancelled for all who come.
    const meetup = await teams.call(one, "POST", "/meetups", { activity: "A swim", location: "The lake", startsAt: "2099-07-01T12:00:00Z" });
    await teams.call(three, "POST", `/meetups/${meetup.id}/requests`);
    await page.evaluate(() => { location.hash = "#/meetups"; });
    const card = page.getByRole("article", { name: "A swim" });
    await card.getByRole("button", { name: "Cancel meetup" }).click();
    await question.getByText("“A swim” will be cancelled for everybody who comes.").waitFor();
    await question.getByRole("button", { name: "Cancel meetup" }).click();
    await card.getByText("cancelled").waitFor();
    await ada.leave();
  });

  test("a text that was begun is kept for its user, in the list, after a reload and after a log-out", async () => {
    const { accounts: [one, two], id } = await teams.group("drafts", ["ada", "bob"]);
    await teams.send(two, id, "What do you think?");
    const ada = await teams.enter(one, id);
    const { page } = ada;
    await ada.composer().fill("I think that");
    await page.reload();
    await ada.composer().waitFor();
    assert.equal(await ada.composer().inputValue(), "I think that");
    await ada.home();
    await ada.entry("Team drafts").getByText("Draft: I think that").waitFor();
    // Another user of the same browser does not see it, and it is there when she is back.
    await page.evaluate(() => { localStorage.removeItem("quintet.session"); location.reload(); });
    await ada.logIn(two.name);
    await ada.entry("Team drafts").getByText("You: What do you think?").waitFor();
    await page.evaluate(() => { localStorage.removeItem("quintet.session"); location.reload(); });
    await ada.logIn(one.name);
    await ada.open(/Team drafts/);
    assert.equal(await ada.composer().inputValue(), "I think that");
    // Sent, it is no draft any more.
    await ada.composer().press("Enter");
    await ada.hears("I think that");
    await ada.home();
    await ada.entry("Team drafts").getByText("You: I think that").waitFor();
    await ada.leave();
  });

  test("Enter during an upload sends when the upload is done", async () => {
    const { accounts: [one, two], id } = await teams.group("upload", ["ada", "bob"]);
    const [ada, bob] = [await teams.enter(one, id), await teams.enter(two, id)];
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await ada.page.route("**/api/v1/files", async (route) => {
      await held;
      await route.continue();
    });
    await ada.page.locator(".composer input[type=file]").setInputFiles({ name: "sky.png", mimeType: "image/png", buffer: png(40, 20) });
    await ada.composer().fill("The sky");
    await ada.composer().press("Enter");
    await ada.page.getByText("This is sent as soon as the upload is done.").waitFor();
    assert.equal(await ada.composer().inputValue(), "The sky");
    release();
    await bob.message("The sky").getByRole("img", { name: "Image sky.png" }).waitFor();
    await until(ada.page, () => document.querySelector(".composer textarea").value === "" && !document.querySelector(".waits"));
    await ada.leave();
    await bob.leave();
  });

  for (const [size, scheme] of [["desk", "light"], ["phone", "dark"]]) {
    test(`a text that is too long for a message is kept whole, and can be sent as a file (${size}, ${scheme})`, async () => {
      const { accounts: [one, two], id } = await teams.group(`long${size}`, ["ada", "bob"]);
      const ada = await teams.enter(one, id, { ...SIZES[size], colorScheme: scheme, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] });
      const { page } = ada;
      const text = `${"Wörter und Worte. ".repeat(400)}Ende`;
      await page.evaluate((words) => navigator.clipboard.writeText(words), text);
      await ada.composer().focus();
      await page.keyboard.press("Control+v");
      await page.getByRole("alert").getByText("Too long for one message: 7,604 of at most 5,120 bytes.").waitFor();
      assert.equal(await ada.composer().inputValue(), text);
      await faults(page, "a text that is too long");
      // Enter sends nothing of it.
      await ada.composer().press("Enter");
      assert.equal(await ada.composer().inputValue(), text);
      await page.getByRole("button", { name: "Send as a file" }).click();
      await page.locator(".attachments").getByText("Message.txt").waitFor();
      assert.equal(await ada.composer().inputValue(), "");
      await ada.say("Here it is");
      const link = ada.message("Here it is").getByRole("link", { name: /^Message\.txt TXT · 8 kB/ });
      const href = await link.getAttribute("href");
      assert.equal(await (await fetch(teams.server.url + href)).text(), text);
      // A shorter one is a message.
      await ada.composer().fill("x".repeat(5_121));
      await page.getByRole("button", { name: "Send as a file" }).waitFor();
      await ada.composer().press("Backspace");
      await page.getByRole("button", { name: "Send as a file" }).waitFor({ state: "detached" });
      await ada.composer().press("Enter");
      await ada.message("x".repeat(5_120)).and(page.locator(":not(.pending)")).waitFor();
      assert.equal((await teams.call(two, "GET", `/conversations/${id}`)).unreadCount, 2);
      await ada.leave();
    });
  }

  test("files are checked before they are uploaded, and a picture is shown before it is sent", async () => {
    const { accounts: [one], id } = await teams.group("check", ["ada", "bob"]);
    const ada = await teams.enter(one, id);
    const { page } = ada;
    let uploads = 0;
    await page.route("**/api/v1/files", (route) => {
      uploads += 1;
      return route.continue();
    });
    const choose = (...files) => page.locator(".composer input[type=file]").setInputFiles(files);
    const file = (name, mimeType, buffer) => ({ name, mimeType, buffer });
    await choose(file("film.mp4", "video/mp4", Buffer.alloc(26_000_000)), file("nothing.txt", "text/plain", Buffer.alloc(0)));
    await page.getByText("film.mp4 is too large: 26 MB, and at most 25 MB can be sent.").waitFor();
    await page.getByText("nothing.txt is empty.").waitFor();
    assert.deepEqual([uploads, await page.locator(".attachments li").count()], [0, 0]);
    // What has the name of a picture and is none is a file.
    await choose(file("sky.png", "image/png", png(40, 20)), file("words.png", "image/png", Buffer.from("only words")));
    const sky = page.locator(".attachments li", { hasText: "sky.png" });
    await until(page, () => document.querySelector(".attachments img")?.naturalWidth === 40);
    await sky.getByText("PNG · ").waitFor();
    await page.locator(".attachments li", { hasText: "words.png" }).locator(".file-icon").waitFor();
    await ada.say("Look");
    await page.getByRole("img", { name: "Image sky.png" }).waitFor();
    await page.getByRole("link", { name: /^words\.png/ }).waitFor();
    assert.equal(uploads, 2);
    // A picture of oneself is a picture.
    await page.evaluate(() => { location.hash = "#/profile"; });
    await page.locator("#main input[type=file]").setInputFiles(file("me.txt", "text/plain", Buffer.from("me")));
    await page.getByText("me.txt is not a picture.").waitFor();
    assert.equal(uploads, 2);
    await page.locator("#main input[type=file]").setInputFiles(file("me.png", "image/png", Buffer.from("me")));
    await page.getByText("me.png is not a picture.").waitFor();
    await ada.leave();
  });

  test("every error code has words of the page in every language, and people see no field names", async () => {
    const codes = [...source("crates/domain/src/error.rs").matchAll(/=> "(ERR_[A-Z_]+)"/g)].map(([, code]) => code);
    assert.ok(codes.length >= 11, `${codes}`);
    const texts = source("web/js/texts.js");
    const languages = ["en", "de"].map((tag) => ["", "-people"].map((part) => source(`web/js/texts/${tag}${part}.js`)).join("\n"));
    const keys = (text) => new Map([...text.matchAll(/^ {2}(\w+): (".*"),$/gm)].map(([, name, value]) => [name, [...value.matchAll(/\{(\w+)\}/g)].map(([, key]) => key).sort()]));
    const [english, german] = languages.map(keys);
    for (const code of codes) {
      const name = new RegExp(`${code}: "(\\w+)"`).exec(texts)?.[1];
      assert.ok(name && english.has(name) && german.has(name), `${code} has no words`);
    }
    assert.ok(english.size > 150);
    assert.deepEqual(german, english, "all languages have the same texts with the same placeholders");
    const ada = await Person.open(teams.chromium, teams.server.url, { locale: "de-DE" });
    const { page } = ada;
    await teams.server.register("adawords");
    await page.getByLabel("Benutzername oder E-Mail").fill("adawords");
    await page.getByLabel("Passwort").fill("correct horse");
    await page.getByRole("button", { name: "Anmelden", exact: true }).click();
    await page.getByRole("navigation", { name: "Unterhaltungen" }).waitFor();
    await page.evaluate(() => { location.hash = "#/meetups"; });
    await page.getByRole("button", { name: "Treffen vorschlagen" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Aktivität").fill("Gestern");
    await form.getByLabel("Ort").fill("Nirgends");
    await form.getByLabel("Datum und Uhrzeit").fill("2001-01-01T12:00");
    await form.getByRole("button", { name: "Treffen vorschlagen" }).click();
    await form.getByText("Der Zeitpunkt muss in der Zukunft liegen.").waitFor();
    await ada.leave();
  });
});
