// A front end of another origin in a real browser, with `withCredentials: true`, as axios and the official client have it:
// what it may read, the cookie that logs it in, and what pages of origins that are not listed are refused.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser, Site } from "../lib/browser.mjs";
import { Server } from "../lib/server.mjs";

const PASSWORD = "correct horse";

/** Calls the server from a page, with the browser's credentials. Returns the status and the body, or why it failed. */
function call(page, method, url, body) {
  return page.evaluate(async ([method, url, body]) => {
    const headers = body ? { "content-type": "application/json", "x-of-the-app": "1" } : {};
    try {
      const response = await fetch(url, { method, headers, credentials: "include", body: body && JSON.stringify(body) });
      return { status: response.status, body: await response.json() };
    } catch (error) {
      return { failed: error.name };
    }
  }, [method, url, body]);
}

/** Connects the official client from a page. Returns the name of its transport at the end, or why it failed. */
function connect(page, url, options) {
  return page.evaluate(([url, options]) => new Promise((resolve) => {
    const socket = window.io(url, { withCredentials: true, reconnection: false, forceNew: true, ...options });
    socket.once("connect_error", (error) => resolve({ failed: error.message }));
    socket.once("connect", () => {
      const { engine } = socket.io;
      const done = () => { resolve({ transport: engine.transport.name }); socket.close(); };
      const upgrades = (options.transports ?? ["polling", "websocket"]).length > 1;
      if (upgrades && engine.transport.name === "polling") engine.once("upgrade", done);
      else done();
    });
  }), [url, options]);
}

describe("a front end of another origin", () => {
  let chromium, site, other;

  before(async () => {
    [chromium, site, other] = [await browser(), await Site.start(), await Site.start()];
  });
  after(async () => {
    await chromium?.close();
    site?.stop();
    other?.stop();
  });

  /** Opens pages of two origins in one fresh browser, which share its cookies. */
  async function pages(context) {
    const profile = await chromium.newContext();
    context.after(() => profile.close());
    const [page, foreign] = [await profile.newPage(), await profile.newPage()];
    await page.goto(site.url);
    await foreign.goto(other.url);
    return { profile, page, foreign };
  }

  test("sends credentials and reads the answers", async (context) => {
    const server = await Server.start();
    context.after(() => server.stop());
    const { page } = await pages(context);
    const { status, body } = await call(page, "POST", `${server.url}/chat/api/auth/register`,
      { username: "ada", email: "ada@example.org", password: PASSWORD });
    assert.equal(status, 201, JSON.stringify(body));
    const wrong = { email: "ada@example.org", password: "wrong horse" };
    assert.equal((await call(page, "POST", `${server.url}/api/auth/login`, wrong)).status, 401, "refusals too");
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      const options = { auth: { token: body.token }, transports };
      assert.deepEqual(await connect(page, `${server.url}/chat`, options), { transport: transports.at(-1) });
    }
  });

  test("logs in by a cookie that no script sees", async (context) => {
    const env = { QUINTET_AUTH_COOKIE: "token", QUINTET_HTTP_ORIGINS: new URL(site.url).origin };
    const server = await Server.start({ env });
    context.after(() => server.stop());
    const { profile, page, foreign } = await pages(context);
    const me = () => call(page, "GET", `${server.url}/api/auth/me`);
    assert.equal((await me()).status, 401);
    const account = { username: "ada", email: "ada@example.org", password: PASSWORD };
    assert.equal((await call(page, "POST", `${server.url}/conversations/api/auth/register`, account)).status, 201);
    const [cookie] = await profile.cookies(server.url);
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["token", true, "Lax"]);
    // The site has the host of the server, but no script of it can read the token.
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal((await me()).body.user.username, "ada");
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      assert.deepEqual(await connect(page, `${server.url}/chat`, { transports }), { transport: transports.at(-1) });
    }

    // A page that is not listed has the same cookies, and they are of no use to it.
    assert.deepEqual(await call(foreign, "GET", `${server.url}/api/auth/me`), { failed: "TypeError" });
    const profileUrl = `${server.url}/conversations/api/users/profile`;
    assert.deepEqual(await call(foreign, "PUT", profileUrl, { username: "eve" }), { failed: "TypeError" });
    // A form needs nobody's permission to be sent.
    await foreign.evaluate((url) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include" }),
      `${server.url}/api/v1/auth/revoke`);
    for (const transports of [["polling"], ["websocket"]]) {
      assert.ok((await connect(foreign, `${server.url}/chat`, { transports })).failed, `refused over ${transports}`);
    }
    const plain = await foreign.evaluate((url) => new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    }), `${server.url.replace("http", "ws")}/ws?dialect=chat`);
    assert.equal(plain, "refused");
    assert.equal((await me()).body.user.username, "ada", "nothing was changed or revoked");

    assert.equal((await call(page, "POST", `${server.url}/api/auth/logout`, {})).status, 200);
    assert.deepEqual(await profile.cookies(server.url), []);
    assert.equal((await me()).status, 401);
    assert.ok((await connect(page, `${server.url}/chat`, {})).failed);
  });
});
