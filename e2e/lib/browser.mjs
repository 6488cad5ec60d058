// A real browser: Debian's Chromium, headless, with an empty profile; and a web page on another origin.

import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";

import { chromium } from "playwright-core";

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // Lets tests measure the heap after a garbage collection.
  "--enable-precise-memory-info", "--js-flags=--expose-gc",
];

const HOW = { headless: true, args: ARGS };
/** Chromium as people have it. */
const WHOLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Chromium without what surrounds a page: it takes about a third less of the processor, and shows no notifications. */
const SHELL = process.env.CHROMIUM_SHELL ?? "/usr/bin/chromium-headless-shell";

/** Starts the browser, with more arguments if there are any. `close` ends it. With `whole`, it can show notifications. */
export function browser({ whole = false, args = [] } = {}) {
  return chromium.launch({ ...HOW, args: [...ARGS, ...args], executablePath: whole ? WHOLE : SHELL });
}

/**
 * Starts a browser with a profile of its own, whose user lets sites use cookies on pages of other sites, as most browsers do
 * unless told otherwise. The profiles that `browser` opens are private windows, and these do not. `stop` ends it.
 */
export async function profile(options) {
  const folder = mkdtempSync(join(tmpdir(), "quintet-profile-"));
  mkdirSync(join(folder, "Default"));
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify({ profile: { cookie_controls_mode: 0 } }));
  const context = await chromium.launchPersistentContext(folder, { ...HOW, executablePath: WHOLE, ...options });
  const stop = async () => {
    await context.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  return { context, stop };
}

const require = createRequire(import.meta.url);
const SCRIPTS = {
  "/socket.io.min.js": () => join(dirname(require.resolve("socket.io-client")), "../../dist/socket.io.min.js"),
  "/axios.min.js": () => join(dirname(require.resolve("axios/package.json")), "dist/axios.min.js"),
};
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };

/** A web site on its own origin, like the front end of an app: an empty page with the official client, or the pages of a folder. */
export class Site {
  #server;

  /** `host` is its name for the browser, which takes `localhost` and 127.0.0.1 for two sites. */
  static async start({ host = "127.0.0.1", folder } = {}) {
    const site = new Site();
    site.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url, "http://site");
      const file = SCRIPTS[pathname]?.() ?? (folder && join(folder, basename(pathname)));
      if (folder && !(file && existsSync(file) && extname(file) in TYPES)) {
        response.writeHead(404).end();
        return;
      }
      response.setHeader("content-type", file ? TYPES[extname(file)] : TYPES[".html"]);
      response.end(file ? readFileSync(file) : '<!doctype html><title>An app</title><script src="/socket.io.min.js"></script>');
    });
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    site.url = `http://${host}:${site.#server.address().port}/`;
    return site;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
