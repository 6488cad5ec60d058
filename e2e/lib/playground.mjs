// The playground: one page with five people, each in a dialect of their own.

import { Person, until } from "./people.mjs";

const NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eve"];

export class Playground {
  #said = 0;

  /** Opens the page, and starts the five. */
  static async open(chromium, url, options) {
    const playground = new Playground();
    playground.person = await Person.open(chromium, `${url}/playground`, { viewport: { width: 1440, height: 820 }, ...options });
    playground.page = playground.person.page;
    await playground.page.getByRole("button", { name: "Start" }).click();
    return playground;
  }

  #pane(name) {
    return this.page.getByRole("region", { name: new RegExp(`^${name}, dialect `) });
  }

  /** Waits until all five are online. */
  async online() {
    await Promise.all(NAMES.map((name) => this.#pane(name).getByRole("img", { name: "online" }).waitFor()));
  }

  /** Lets one after the other say something. All have to show it, and nothing that was said before is lost or doubled. */
  async everybodySays(text) {
    for (const name of NAMES) {
      await this.#pane(name).getByRole("textbox", { name: `Message as ${name}` }).fill(`${name} ${text}`);
      await this.#pane(name).getByRole("button", { name: "Send", exact: true }).click();
      this.#said += 1;
      await until(this.page, (count) => [...document.querySelectorAll(".said")].every((list) => list.children.length === count), this.#said);
    }
  }

  /** Deletes the accounts, and checks that the page has logged no error. */
  async finish() {
    await this.page.getByRole("button", { name: "Finish and delete accounts" }).click();
    await this.page.getByRole("button", { name: "Start" }).waitFor();
    await this.person.leave();
  }
}
