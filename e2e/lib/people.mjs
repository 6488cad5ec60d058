// Users of the web chat, each in their own browser context.

import assert from "node:assert/strict";

export const PASSWORD = "correct horse";

export const SIZES = {
  desk: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

/** A user of the page. */
export class Person {
  /** Opens the page in a new browser context, and records its errors. */
  static async open(chromium, url, options = {}) {
    const person = new Person();
    person.context = await chromium.newContext({ locale: "en-GB", ...SIZES.desk, ...options });
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(30_000);
    person.complaints = [];
    person.page.on("pageerror", (error) => person.complaints.push(String(error)));
    person.page.on("console", (message) => {
      // Network errors are expected; the page shows them itself.
      if (message.type() === "error" && !/ERR_|Failed to load resource|WebSocket|when fetching the script/.test(message.text())) person.complaints.push(message.text());
    });
    person.url = url;
    await person.page.goto(url);
    return person;
  }

  async register(username, name) {
    this.name = name;
    await this.page.getByRole("button", { name: "No account yet?" }).click();
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Email").fill(`${username}@example.org`);
    await this.page.getByLabel("Full name").fill(name);
    await this.page.getByLabel("Password").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Sign up", exact: true }).click();
    await this.page.getByRole("navigation", { name: "Conversations" }).waitFor();
  }

  async logIn(username) {
    await this.page.getByLabel("Username or email").fill(username);
    await this.page.getByLabel("Password").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Log in" }).click();
    await this.page.getByRole("navigation", { name: "Conversations" }).waitFor();
  }

  /** Goes back to the list, because a phone shows one view at a time. */
  async home() {
    await this.page.evaluate(() => { location.hash = "#/"; });
    await this.page.getByLabel("Search people, conversations, rooms and messages").waitFor();
  }

  /** Searches for a user or a room, and opens it. */
  async find(text, name) {
    await this.home();
    await this.page.getByLabel("Search people, conversations, rooms and messages").fill(text);
    const { page } = this;
    await page.getByRole("button", { name }).or(page.getByRole("link", { name })).and(page.locator(".item")).click();
    await this.composer().waitFor();
  }

  async open(name) {
    await this.home();
    await this.page.getByRole("navigation").getByRole("link", { name }).click();
    await this.composer().waitFor();
  }

  /** Goes to the newest message of a conversation that has opened at an older one. */
  async newest() {
    const button = this.page.getByRole("button", { name: "Go to the newest message" });
    await button.click();
    await button.waitFor({ state: "detached" });
  }

  composer() {
    return this.page.getByRole("textbox", { name: /^Write to/ });
  }

  async say(text) {
    await this.composer().fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** A message of the open conversation, by its text, and not by what it quotes. */
  message(text) {
    return this.page.locator("li.message", { has: this.page.locator(".text", { hasText: text }) });
  }

  async hears(text) {
    await this.message(text).first().waitFor();
  }

  async menu(text, action) {
    const message = this.message(text).last();
    await message.hover();
    await message.getByRole("button", { name: /^Actions/ }).click();
    await message.getByRole("button", { name: action, exact: true }).click();
  }

  /** The entry of a conversation in the list, by its title. */
  entry(title) {
    return this.page.locator(".entry", { has: this.page.locator(".item-title", { hasText: title }) });
  }

  /** Opens the menu of a conversation in the list, and returns it. */
  async options(title) {
    await this.entry(title).hover();
    await this.entry(title).getByRole("button", { name: /^Options/ }).click();
    const menu = this.page.locator(".menu:popover-open");
    await menu.getByRole("button").first().waitFor();
    return menu;
  }

  /** Chooses something in the menu of a conversation in the list. */
  async choose(title, action) {
    await (await this.options(title)).getByRole("button", { name: action, exact: true }).click();
  }

  /**
   * Searches until something is shown. The index of messages follows them by up to a second, and a list of results does not
   * change by itself, so that the text is typed again as long as the results lack something.
   */
  async search(text, ...wanted) {
    const field = this.page.getByLabel("Search people, conversations, rooms and messages");
    const end = Date.now() + 60_000;
    for (;;) {
      const listed = this.page.waitForResponse(/\/search\/messages\?/);
      await field.fill("");
      await field.fill(text);
      const { items } = await (await listed).json();
      if (items.length > 0) await this.page.getByRole("heading", { name: "Messages" }).waitFor();
      const counts = await Promise.all(wanted.map((locator) => locator.count()));
      if (counts.every((count) => count > 0)) return;
      assert.ok(Date.now() < end, `a search for ${text} lacks something`);
    }
  }

  /**
   * Returns what asks for the milliseconds of CPU that the page's thread has taken, once all that was caused is done. What else
   * the machine does hardly changes them.
   */
  async threadTime() {
    const debug = await this.context.newCDPSession(this.page);
    await debug.send("Performance.enable", { timeDomain: "threadTicks" });
    return async () => {
      await this.page.evaluate(() => new Promise((resolve) => { requestIdleCallback(resolve); }));
      const { metrics } = await debug.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
    };
  }

  /** Presses Tab until an element has the focus. */
  async tabTo(role, name) {
    const wanted = this.page.getByRole(role, { name }).first();
    for (let n = 0; n < 60; n += 1) {
      await this.page.keyboard.press("Tab");
      if (await wanted.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    }
    assert.fail(`the Tab key does not reach ${name}`);
  }

  /** Checks that the page logged no errors, and closes it. */
  async leave() {
    assert.deepEqual(this.complaints, [], this.name);
    await this.context.close();
  }
}

/** Waits until a condition holds in the page. */
export async function until(page, what, ...args) {
  assert.notEqual(what.constructor.name, "AsyncFunction", "a promise counts as yes: use becomes()");
  await page.waitForFunction(what, args.length > 1 ? args : args[0], { polling: 50, timeout: 60_000 });
}

/** Waits until a question to the browser, whose answer takes time, is answered by yes. */
export async function becomes(page, what, arg) {
  const end = Date.now() + 60_000;
  while (!await page.evaluate(what, arg)) assert.ok(Date.now() < end, String(what));
}

/** Waits until an element is shown and nothing in the page moves it, so that its place can be measured. */
export async function settled(element) {
  await element.waitFor();
  await element.evaluate((shown) => {
    const moving = document.getAnimations().filter(({ effect }) => effect.target.contains(shown) || shown.contains(effect.target));
    return Promise.all(moving.map((animation) => animation.finished.catch(() => undefined)));
  });
}

/** A valid PNG of one pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64",
);

