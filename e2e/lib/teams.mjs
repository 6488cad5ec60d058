// Groups of users of the web chat: their accounts, their messages, and browsers in which some of them are.

import assert from "node:assert/strict";

import { browser } from "./browser.mjs";
import { start } from "./launch.mjs";
import { Person, until } from "./people.mjs";

/** A server, a browser, and what the tests of the chat do with both. */
export class Teams {
  #whole;

  /** Starts both. The options are those of `Server.start`. */
  static async start(options) {
    const teams = new Teams();
    teams.server = await start(options);
    teams.chromium = await browser();
    return teams;
  }

  async stop() {
    await this.chromium?.close();
    await (await this.#whole)?.close();
    await this.server?.stop();
  }

  /** Creates accounts, whose usernames end in `mark`, and a group of theirs, the first being its owner. */
  async group(mark, names) {
    const accounts = [];
    for (const name of names) accounts.push(await this.server.register(`${name}${mark}`));
    const [owner, ...others] = accounts;
    const group = await this.call(owner, "POST", "/conversations", { kind: "group", name: `Team ${mark}`, memberIds: others.map(({ id }) => id) });
    return { accounts, id: group.id };
  }

  /** Opens the chat, logged in. Who may be shown notifications gets a browser that can show them. */
  async open(account, options) {
    const isTold = options?.permissions?.includes("notifications");
    if (isTold) this.#whole ??= browser({ whole: true });
    const person = await Person.open(isTold ? await this.#whole : this.chromium, this.server.url, options);
    await person.logIn(account.name);
    return person;
  }

  /** Opens a conversation in a browser of the account's own. */
  async enter(account, id, options) {
    const person = await this.open(account, options);
    await person.page.evaluate((to) => { location.hash = `#/c/${encodeURIComponent(to)}`; }, id);
    await person.composer().waitFor();
    return person;
  }

  /** Calls the API as an account, and returns the body. */
  async call({ token }, method, path, body) {
    const answer = await this.server.api(token, method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Sends a message, and returns it. */
  send(account, id, content, more = {}) {
    return this.call(account, "POST", `/conversations/${id}/messages`, { content, ...more });
  }

  /** Reacts to a message with an emoji. */
  react(account, message, emoji) {
    return this.call(account, "PUT", `/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`);
  }
}

/** The reactions to a message with one emoji, by the name of their button. */
export const reaction = (person, text, name) => person.message(text).getByRole("list").getByRole("button", { name });

/** A button as far as it is pressed. */
export const pressed = (locator) => locator.and(locator.page().locator("[aria-pressed=true]"));

/** Waits until a message is in view and has the focus. */
export const inView = (page, text) => until(page, (wanted) => {
  const box = document.querySelector(".history")?.getBoundingClientRect();
  const element = [...document.querySelectorAll("li.message")].find((item) => item.querySelector(".text")?.textContent === wanted);
  const at = element?.getBoundingClientRect();
  return box && at && at.top >= box.top && at.bottom <= box.bottom && element === document.activeElement;
}, text);
