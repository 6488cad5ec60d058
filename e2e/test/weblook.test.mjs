// The look of the web chat, as far as it can be measured: the stream, colours, pictures, files, shapes, motion and contrast.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Person, SIZES, settled, until } from "../lib/people.mjs";
import { png } from "../lib/png.mjs";
import { Teams } from "../lib/teams.mjs";

describe("the look of the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** Uploads a file as an account, and returns its link and its name. */
  async function upload({ token }, name, type, bytes) {
    const form = new FormData();
    form.append("file", new Blob([bytes], { type }), name);
    const response = await fetch(`${teams.server.url}/api/v1/files`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: form });
    return { url: (await response.json()).url, name };
  }

  const box = async (locator) => locator.evaluate((element) => {
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
    return { left, right, top, bottom, width, height };
  });
  const style = (locator, name) => locator.evaluate((element, wanted) => getComputedStyle(element)[wanted], name);

  test("messages of one person stand close together, each with its time in its last line, in a stream of 860 pixels", async () => {
    const { accounts: [one, two], id } = await teams.group("stream", ["ada", "bob"]);
    await teams.send(two, id, "First");
    await teams.send(two, id, "Second");
    await teams.send(one, id, "Mine");
    await teams.send(two, id, "long ".repeat(400).trim());
    const ada = await teams.enter(one, id, { viewport: { width: 1600, height: 900 } });
    const { page } = ada;
    await ada.hears("Mine");
    const [first, second] = [await box(ada.message("First")), await box(ada.message("Second"))];
    assert.equal(second.top - first.bottom, 2);
    for (const text of ["First", "Second", "Mine"]) {
      const [words, time] = [await box(ada.message(text).locator(".text p")), await box(ada.message(text).locator("time"))];
      assert.ok(time.left >= words.right && time.top < words.bottom && time.bottom > words.top, `the time of ${text} is beside it`);
    }
    // A text that fills its lines keeps its time below or beside, but inside the bubble.
    const [bubble, time] = [await box(ada.message("long long").locator(".bubble")), await box(ada.message("long long").locator("time"))];
    assert.ok(time.right <= bubble.right && time.bottom <= bubble.bottom);
    const [stream, history] = [await box(page.locator(".messages")), await box(page.locator(".history"))];
    assert.equal(stream.width, 860);
    assert.ok(Math.abs((stream.left - history.left) - (history.right - stream.right)) <= 20, "it is centred");
    assert.ok(bubble.width <= 640, `a line is not too long to read: ${bubble.width}`);
    // One's own are in the accent; names have the hue of the face; the text has its size.
    const fill = await page.evaluate(() => getComputedStyle(document.querySelector(".composer .primary")).backgroundColor);
    assert.equal(await style(ada.message("Mine").locator(".bubble"), "backgroundColor"), fill);
    const hues = await page.evaluate(() => {
      const item = document.querySelector("li.message:not(.own)");
      const of = (selector) => [...item.querySelector(selector).classList].find((name) => name.startsWith("hue-"));
      return [of(".who"), of(".avatar")];
    });
    assert.equal(hues[0], hues[1]);
    assert.equal(await style(ada.message("First").locator(".text"), "fontSize"), "15px");
    assert.equal(await style(ada.message("First").locator(".text"), "lineHeight"), "21.75px");
    // One ring around the composer, and none in it.
    await ada.composer().focus();
    assert.equal(await style(ada.composer(), "outlineStyle"), "none");
    assert.notEqual(await style(page.locator(".box"), "boxShadow"), "none");
    await ada.leave();
  });

  test("pictures keep their proportions, nothing moves when they arrive, and they open in full", async () => {
    const { accounts: [one, two], id } = await teams.group("pictures", ["ada", "bob"]);
    const wide = await upload(two, "wide.png", "image/png", png(800, 200));
    const tall = await upload(two, "tall.png", "image/png", png(100, 900, [35, 181, 116]));
    const small = await upload(two, "small.png", "image/png", png(120, 80, [226, 85, 82]));
    await teams.send(two, id, "", { type: "image", files: [wide] });
    await teams.send(two, id, "with words", { type: "image", files: [tall] });
    // The size of this one is told by nobody.
    await teams.send(two, id, "", { type: "image", fileUrl: small.url, fileName: small.name });
    for (let n = 0; n < 30; n += 1) await teams.send(two, id, `Filler ${n}`);
    const ada = await Person.open(teams.chromium, teams.server.url);
    // Pictures are late, so that what is seen before them is seen after them.
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await ada.page.route("**/files/**", async (route) => {
      await held;
      await route.continue();
    });
    await ada.logIn(one.name);
    await ada.open(/Team pictures/);
    await ada.hears("Filler 29");
    const { page } = ada;
    // She reads something below them.
    const place = (scrolls) => page.evaluate((first) => {
      const item = [...document.querySelectorAll("li.message")].find((one) => one.textContent.includes("Filler 2"));
      if (first) item.scrollIntoView({ block: "start" });
      return item.getBoundingClientRect().top;
    }, scrolls);
    await place(true);
    await page.getByRole("button", { name: "Go to the newest message" }).waitFor();
    const before = await place(false);
    release();
    await until(page, () => [...document.querySelectorAll(".picture img")].every((image) => image.complete && image.naturalWidth > 0));
    await until(page, () => [...document.querySelectorAll(".picture")].some((picture) => picture.offsetWidth === 120));
    assert.ok(Math.abs(await place(false) - before) < 2, "what is read stays in its place");
    const sizes = await page.evaluate(() => [...document.querySelectorAll(".picture")].map(({ offsetWidth, offsetHeight }) => [offsetWidth, offsetHeight]));
    assert.deepEqual(sizes, [[380, 95], [56, 340], [120, 80]]);
    // In full: the keys go through them, and Escape returns to where one was.
    await page.getByRole("img", { name: "Image tall.png" }).click();
    const full = page.getByRole("dialog");
    await full.getByRole("heading", { name: /tall\.png/ }).waitFor();
    await full.getByText(/Bobpictures Example/).waitFor();
    await page.keyboard.press("ArrowLeft");
    await full.getByRole("img", { name: "Image wide.png" }).waitFor();
    assert.equal(await full.getByRole("button", { name: "Picture before" }).count(), 0);
    await full.getByRole("button", { name: "Picture after" }).click();
    await page.keyboard.press("ArrowRight");
    await full.getByRole("img", { name: "Image small.png" }).waitFor();
    assert.equal(await full.getByRole("link", { name: "Download" }).getAttribute("href"), small.url);
    await page.keyboard.press("Escape");
    await full.waitFor({ state: "detached" });
    await until(page, () => document.activeElement?.classList.contains("picture"));
    await ada.leave();
  });

  test("files tell their type and size, and conversations their kind by a shape", async () => {
    const { accounts: [one, two], id } = await teams.group("kinds", ["ada", "bob"]);
    const notes = await upload(two, "meeting notes.txt", "text/plain", "x".repeat(12_345));
    await teams.send(two, id, "", { type: "file", files: [notes] });
    await teams.send(two, id, "", { type: "file", fileUrl: "https://example.org/plan.pdf", fileName: "plan.pdf" });
    await teams.call(two, "POST", "/conversations", { kind: "direct", memberIds: [one.id] });
    const room = await teams.call(two, "POST", "/conversations", { kind: "room", name: "The hall" });
    await teams.call(one, "POST", `/conversations/${room.id}/members`);
    await teams.call(one, "POST", "/meetups", { activity: "A walk", location: "The park", startsAt: "2099-07-04T12:00:00Z" });
    const ada = await teams.enter(one, id);
    const { page } = ada;
    await page.getByRole("link", { name: "meeting notes.txt TXT · 12 kB" }).waitFor();
    await page.getByRole("link", { name: "plan.pdf PDF · example.org" }).waitFor();
    await ada.entry("Team kinds").locator(".avatar.group").waitFor();
    await ada.entry("The hall").locator(".avatar.room").waitFor();
    await ada.entry("Bobkinds Example").locator(".avatar:not(.group, .room, .meetup)").waitFor();
    await ada.entry("A walk").locator(".leaf-day", { hasText: /^4$/ }).waitFor();
    await page.evaluate(() => { location.hash = "#/meetups"; });
    const card = page.getByRole("article", { name: "A walk" });
    await card.locator(".leaf-month", { hasText: "Jul" }).waitFor();
    await card.getByText("4 July 2099").waitFor();
    await ada.leave();
  });

  test("a message has a toolbar for the pointer, and a sheet on a phone", async () => {
    const { accounts: [one, two], id } = await teams.group("tools", ["ada", "bob"]);
    await teams.send(two, id, "Look here");
    const ada = await teams.enter(one, id, { permissions: ["clipboard-read", "clipboard-write"] });
    await ada.hears("Look here");
    const toolbar = ada.message("Look here").locator(".toolbar");
    await ada.page.mouse.move(5, 5);
    await until(ada.page, () => getComputedStyle(document.querySelector(".message-actions")).opacity === "0");
    await ada.message("Look here").hover();
    await until(ada.page, () => getComputedStyle(document.querySelector(".message-actions")).opacity === "1");
    await toolbar.getByTitle("React with 👍").click();
    await ada.message("Look here").getByRole("button", { name: "👍 1 by you" }).waitFor();
    await toolbar.getByTitle("Reply", { exact: true }).click();
    await ada.page.locator(".editing").getByText(/Reply to Bobtools/).waitFor();
    await ada.page.keyboard.press("Escape");
    await ada.menu("Look here", "Copy text");
    await ada.page.getByText("Copied.").waitFor();
    assert.equal(await ada.page.evaluate(() => navigator.clipboard.readText()), "Look here");
    await ada.leave();

    const bob = await teams.enter(two, id, SIZES.phone);
    await bob.message("Look here").getByRole("button", { name: /^Actions/ }).tap();
    const sheet = bob.page.locator("dialog.sheet");
    await sheet.getByRole("button", { name: "Edit" }).waitFor();
    await settled(sheet);
    const { bottom, width } = await box(sheet);
    assert.deepEqual([Math.round(bottom), width], [844, 390]);
    for (const button of await sheet.getByRole("button").all()) assert.ok((await box(button)).height >= 44, "a finger hits it");
    // A tap outside closes it and does nothing else.
    await bob.page.touchscreen.tap(100, 100);
    await sheet.waitFor({ state: "detached" });
    await bob.leave();
  });

  /** What short messages cover of what is read last and of what is pressed, by name; as far as it is to be seen. */
  const covered = ({ page }) => page.evaluate(() => {
    const shown = (element) => {
      let { left, top, right, bottom } = element.getBoundingClientRect();
      for (let [isFixed, around] = [false, element]; around; around = around.parentElement) {
        // Nothing around cuts off what is fixed to the window.
        if (isFixed) break;
        isFixed = getComputedStyle(around).position === "fixed";
        if (around === element || getComputedStyle(around).overflowY === "visible") continue;
        const edge = around.getBoundingClientRect();
        [left, top, right, bottom] = [Math.max(left, edge.left), Math.max(top, edge.top), Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
      }
      return { left, top, right: Math.min(right, innerWidth), bottom: Math.min(bottom, innerHeight) };
    };
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    const lines = [...document.querySelectorAll(".lines p")].filter((line) => line.checkVisibility());
    // Beside a dialog, nothing else can be pressed or is read.
    const around = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
    const all = [...around.querySelectorAll("button, a, input, textarea, select, h1, h2, .bar, .composer, li.message")];
    const those = all.filter((one) => !one.closest(".lines") && one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    const boxes = lines.map(shown);
    const faults = boxes.length === 0 ? ["there is none"] : [];
    for (const { left, top, right, bottom } of boxes) if (left < 0 || top < 0 || right - left < 100 || bottom - top < 30) faults.push("one is not to be seen");
    return [...faults, ...those.filter((one) => boxes.some((box) => meet(box, shown(one)))).map((one) => one.outerHTML.slice(0, 120))];
  });

  for (const size of ["desk", "phone"]) {
    test(`short messages cover nothing that is read or pressed (${size})`, async () => {
      const { accounts: [one, two], id } = await teams.group(`tell${size}`, ["ada", "bob"]);
      for (let n = 0; n < 40; n += 1) await teams.send(two, id, `Filler ${n}`);
      await teams.send(two, id, "The last one");
      const ada = await teams.enter(one, id, { ...SIZES[size], reducedMotion: "reduce" });
      const { page } = ada;
      await ada.newest();
      const at = () => page.evaluate(() => ["li.message:last-child .bubble", ".composer [type=submit]"].map((what) => document.querySelector(what).getBoundingClientRect().bottom));
      const before = await at();
      // On a phone with its keyboard, which leaves half of the screen.
      for (const height of size === "phone" ? [844, 430] : [800]) {
        await page.setViewportSize({ ...page.viewportSize(), height });
        await page.evaluate(() => document.querySelectorAll(".lines button").forEach((button) => button.click()));
        await until(page, () => !document.querySelector(".lines p"));
        for (const text of ["/mute", "/unmute"]) await ada.say(text);
        // Both, unless the first was there for as long as it stays.
        await page.getByText("No longer muted.").waitFor();
        assert.deepEqual(await covered(ada), [], `${height} pixels`);
        // The last message is to be seen.
        await until(page, () => {
          const [history, message] = [".history", "li.message:last-child .bubble"].map((what) => document.querySelector(what).getBoundingClientRect());
          return message.bottom <= history.bottom && message.top >= history.top;
        });
      }
      if (size === "desk") assert.deepEqual(await at(), before, "and nothing has moved");
      // Beside a dialog, in which it is read out.
      await page.getByRole("button", { name: "Details" }).click();
      const dialog = page.getByRole("dialog", { name: `Team tell${size}` });
      await dialog.getByRole("button", { name: "Invitation links" }).click();
      await page.getByRole("button", { name: "Make a link" }).click();
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.locator("dialog[open] [role=status] p", { hasText: /^(Copied|This browser)/ }).waitFor();
      await settled(page.locator("dialog[open] > .lines p").last());
      assert.deepEqual(await covered(ada), [], "beside a dialog");
      await ada.leave();
    });
  }

  test("the door has two halves, and what moves respects the system", async () => {
    for (const [reducedMotion, moves] of [["no-preference", true], ["reduce", false]]) {
      const someone = await Person.open(teams.chromium, teams.server.url, { reducedMotion });
      await someone.page.getByLabel("Password").waitFor();
      const [talk, form] = [await box(someone.page.locator(".door-talk")), await box(someone.page.locator("form"))];
      assert.ok(talk.width > 500 && talk.right <= form.left, "the form is beside the conversation");
      assert.equal(await someone.page.locator(".voice").count(), 5);
      const running = await someone.page.evaluate(() => document.getAnimations().length > 0);
      assert.equal(running, moves);
      await someone.leave();
    }
    const phone = await Person.open(teams.chromium, teams.server.url, SIZES.phone);
    await phone.page.getByLabel("Password").waitFor();
    assert.equal(await phone.page.locator(".door-talk").isVisible(), false);
    assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 390);
    await phone.leave();
  });

  test("more contrast comes by the system's wish or by the user's", async () => {
    const { accounts: [one], id } = await teams.group("contrast", ["ada", "bob"]);
    const ground = (person) => person.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const wished = await teams.enter(one, id, { contrast: "more", colorScheme: "dark" });
    assert.equal(await ground(wished), "rgb(0, 0, 0)");
    await wished.leave();
    const ada = await teams.enter(one, id, { colorScheme: "light" });
    assert.notEqual(await ground(ada), "rgb(255, 255, 255)");
    await ada.page.evaluate(() => { location.hash = "#/settings/look"; });
    await ada.page.getByRole("switch", { name: "More contrast" }).check();
    assert.equal(await ground(ada), "rgb(255, 255, 255)");
    await ada.page.reload();
    await ada.page.getByRole("switch", { name: "More contrast" }).waitFor();
    assert.equal(await ground(ada), "rgb(255, 255, 255)");
    await ada.leave();
  });

  /**
   * What a view may take: compressed bytes and requests of its page, milliseconds of its thread's CPU (which what else the
   * machine does hardly changes), and how far what is shown may move by itself, as browsers measure it (0.1 is called good).
   */
  const BUDGETS = {
    "the door": { bytes: 180_000, requests: 110, cpuMs: 200, shift: 0.02 },
    "a conversation with pictures": { bytes: 250_000, requests: 130, cpuMs: 500, shift: 0.02 },
  };

  for (const size of ["desk", "phone"]) {
    test(`views are light, and nothing in them moves by itself (${size})`, async (context) => {
      const { accounts: [one, two], id } = await teams.group(`light${size}`, ["ada", "bob"]);
      for (let n = 0; n < 30; n += 1) await teams.send(two, id, `Number ${n} ${"and some more words ".repeat(n % 7)}`);
      const picture = await upload(two, "sky.png", "image/png", png(800, 400));
      await teams.send(two, id, "The sky", { type: "image", files: [picture] });
      await teams.send(two, id, "Everything is here");
      const ada = await Person.open(teams.chromium, teams.server.url, SIZES[size]);
      const { page } = ada;
      const cpu = await ada.threadTime();
      /** Checks what the page has taken since it was loaded. */
      const check = async (view, before) => {
        const cpuMs = await cpu() - before;
        const took = await page.evaluate(() => {
          const shifts = new PerformanceObserver(() => {});
          shifts.observe({ type: "layout-shift", buffered: true });
          const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
          return {
            bytes: entries.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
            requests: entries.length,
            shift: shifts.takeRecords().filter((shift) => !shift.hadRecentInput).reduce((sum, { value }) => sum + value, 0),
          };
        });
        const found = { ...took, cpuMs };
        context.diagnostic(`${view}: ${Object.entries(found).map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ")}`);
        for (const [name, most] of Object.entries(BUDGETS[view])) assert.ok(found[name] <= most, `${name} of ${view}: ${found[name]} of ${most}`);
        assert.ok(found.requests > 5 && found.bytes > 50_000, "something was measured");
      };
      await page.getByRole("button", { name: "Log in" }).waitFor();
      await check("the door", 0);
      await ada.logIn(one.name);
      await page.goto(`${teams.server.url}/#/c/${encodeURIComponent(id)}`);
      const before = await cpu();
      await page.reload();
      await ada.newest();
      await ada.message("The sky").getByRole("img", { name: "Image sky.png" }).evaluate((image) => image.decode());
      await check("a conversation with pictures", before);
      await ada.leave();
    });
  }
});
