// Two front ends on pages of other origins, in a real browser whose rules for cookies and for other origins are the browser's
// own. Each registers, logs in, loads its lists, sees pictures, talks, reloads and logs out.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { profile as ownProfile, Site } from "../lib/browser.mjs";
import { Client } from "../lib/client.mjs";
import { history } from "../lib/history.mjs";
import { PNG } from "../lib/people.mjs";
import { ReverseProxy } from "../lib/proxies.mjs";
import { Server } from "../lib/server.mjs";

const PAGES = fileURLToPath(new URL("../clients/pages/", import.meta.url));
const ADA = { username: "ada", email: "ada@example.org", password: "correct horse" };

/** The life of a front end: what its user does, with the few words that all its pages have in common. */
class Visitor {
  static async open(profile, site, name, server) {
    const visitor = new Visitor();
    visitor.complaints = [];
    visitor.page = await profile.newPage();
    visitor.page.on("pageerror", (error) => visitor.complaints.push(String(error)));
    visitor.page.on("console", (message) => { if (message.type() === "error") visitor.complaints.push(message.text()); });
    await visitor.page.goto(`${site.url}${name}.html?server=${encodeURIComponent(server)}`);
    await visitor.page.locator("body[data-ready]").waitFor();
    return visitor;
  }

  async logIn() {
    for (const [name, value] of Object.entries(ADA)) await this.page.fill(`[name=${name}]`, value);
    await this.page.click("[name=login]");
    await this.entered();
  }

  async register() {
    for (const [name, value] of Object.entries(ADA)) await this.page.fill(`[name=${name}]`, value);
    await this.page.click("[name=register]");
    await this.page.locator("#account[data-registered]").waitFor();
  }

  /** Waits until the page is loaded and its socket connected. */
  entered() {
    return this.page.locator("main[data-connected]").waitFor();
  }

  async openConversation(id) {
    await this.page.click(`#conversations [data-id="${id}"]`);
    await this.page.locator(`#messages[data-open="${id}"]`).waitFor({ state: "attached" });
  }

  async say(text) {
    await this.page.fill("#composer [name=text]", text);
    await this.page.press("#composer [name=text]", "Enter");
    await this.sees(text);
  }

  sees(text) {
    return this.page.locator("#messages li", { hasText: text }).waitFor();
  }

  /** Waits until all images are there, and checks that each was decoded. Returns their number. */
  async pictures() {
    await this.page.waitForFunction(() => [...document.images].every((image) => image.complete));
    const images = await this.page.evaluate(() => [...document.images].map(({ src, naturalWidth }) => ({ src, naturalWidth })));
    for (const { src, naturalWidth } of images) assert.ok(naturalWidth > 0, src);
    return images.length;
  }

  async messages() {
    const items = await this.page.locator("#messages li").evaluateAll((all) => all.map((one) => [one.dataset.id, one.textContent]));
    return items.map(([id, text]) => `${id}: ${text}`);
  }

  async logOut() {
    await this.page.click("#logout");
    await this.page.locator("body[data-ready]").waitFor();
    assert.equal(await this.page.locator("main").isVisible(), false);
  }
}

describe("front ends of other origins", () => {
  /** Starts a site, a server that lists its origin or none, and somebody to talk to. */
  async function world(context, { host, listed, env }) {
    const site = await Site.start({ host, folder: PAGES });
    context.after(() => site.stop());
    const origins = listed ? { QUINTET_HTTP_ORIGINS: new URL(site.url).origin } : {};
    const server = await Server.start({ listen: ["127.0.0.1:0"], env: { ...env, ...origins } });
    context.after(() => server.stop());
    const { context: profile, stop } = await ownProfile({ ignoreHTTPSErrors: true });
    context.after(stop);
    profile.setDefaultTimeout(60_000);
    return { site, server, profile };
  }

  /** Lets somebody of another vocabulary enter. */
  async function peer(context, server, dialect) {
    const bob = await server.register("bob");
    bob.client = await Client.connect(server.url, { auth: { token: bob.token, dialect } });
    context.after(() => bob.client.close());
    return bob;
  }

  /** Checks that the page shows the stored history, now and after a reload. */
  async function seeTheSame(visitor, server, bob, place) {
    const stored = (await history(server, bob.token, place)).map(({ id, content }) => `${id}: ${content}`);
    assert.deepEqual(await visitor.messages(), stored);
    await visitor.page.reload();
    await visitor.entered();
    await visitor.openConversation(place);
    assert.deepEqual(await visitor.messages(), stored);
    assert.equal(await visitor.page.textContent("#errors"), "");
  }

  const places = {
    "another port": { host: "127.0.0.1" },
    "another site, with TLS by a proxy": { host: "127.0.0.1", tls: true },
  };
  for (const [name, { host, tls }] of Object.entries(places)) {
    test(`axios and a cookie from ${name}`, async (context) => {
      const env = { QUINTET_AUTH_COOKIE: "token", QUINTET_LIMITS_TRUSTED_PROXIES: "127.0.0.1" };
      const { site, server, profile } = await world(context, { host, listed: true, env });
      const proxy = tls && await ReverseProxy.start("nginx", server.port);
      if (proxy) context.after(() => proxy.stop());
      const address = proxy ? proxy.url : server.url;
      const visitor = await Visitor.open(profile, site, "cookie", address);
      await visitor.register();
      await profile.clearCookies();
      const bob = await peer(context, server, "chat");
      await visitor.logIn();
      const [cookie] = await profile.cookies(address);
      assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.secure], [true, tls ? "None" : "Lax", Boolean(tls)]);
      assert.equal(await visitor.page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie), "{}");
      const { page } = visitor;
      await page.locator(`#people [data-id="${bob.id}"][data-online=true]`).click();
      await page.locator("#conversations li").waitFor();
      const place = await page.locator("#conversations li").getAttribute("data-id");
      await visitor.openConversation(place);
      await visitor.say("from the page");
      await bob.client.hear("message:new", ({ content }) => content === "from the page");
      await bob.client.call("message:send", { chatId: place, content: "to the page" });
      await visitor.sees("to the page");
      await page.setInputFiles("[name=file]", { name: "dot.png", mimeType: "image/png", buffer: PNG });
      await page.locator("#messages img.file").waitFor();
      const { message_type: type, fileUrl } = await bob.client.hear("message:new", (message) => message.fileName === "dot.png");
      assert.equal(type, "image");
      assert.ok(fileUrl.startsWith(server.url), fileUrl);
      assert.ok(await visitor.pictures() >= 6, "avatars and the file");
      assert.ok((await page.getAttribute("img.file", "src")).startsWith(address));
      await seeTheSame(visitor, server, bob, place);
      assert.ok(await visitor.pictures() >= 6, "after the reload too");
      await visitor.logOut();
      assert.deepEqual(await profile.cookies(address), []);
      // The browser itself reports what the page asked before it knew who it is.
      const unexpected = visitor.complaints.filter((text) => !text.includes("401"));
      assert.deepEqual(unexpected, []);
    });
  }

  test("fetch and a token, where no origins are listed", async (context) => {
    const { site, server, profile } = await world(context, { host: "localhost", listed: false });
    const visitor = await Visitor.open(profile, site, "token", server.url);
    const bob = await peer(context, server, "conversations");
    await visitor.register();
    await visitor.logIn();
    const { page } = visitor;
    await page.locator(`main[data-online*="${bob.id}"]`).waitFor();
    await page.fill("#search", "bob");
    await page.press("#search", "Enter");
    await page.click(`#people [data-id="${bob.id}"]`);
    await page.locator("#conversations li").waitFor();
    const place = await page.locator("#conversations li").getAttribute("data-id");
    await visitor.openConversation(place);
    await visitor.say("from the page");
    await bob.client.hear("receive_message", ({ message }) => message.content === "from the page");
    const { fileUrl } = await bob.client.call("upload_file", { conversationId: place, fileName: "dot.png", data: PNG });
    const picture = { conversationId: place, content: "look", type: "image", fileUrl, fileName: "dot.png" };
    assert.ok((await bob.client.call("send_message", picture)).success);
    await page.locator("#messages img.file").waitFor();
    assert.ok(await visitor.pictures() >= 6, "avatars and the file");
    const ada = await page.evaluate(() => JSON.parse(atob(localStorage.token.split(".")[1])).sub);
    const group = { kind: "group", name: "begun by Bob", memberIds: [ada] };
    const begun = await server.api(bob.token, "POST", "/conversations", group);
    assert.equal(begun.status, 201, JSON.stringify(begun.body));
    await page.locator("#conversations li", { hasText: "begun by Bob" }).waitFor();
    await seeTheSame(visitor, server, bob, place);
    await visitor.logOut();
    assert.deepEqual(await profile.cookies(), []);
    assert.deepEqual(visitor.complaints, []);
  });
});
