// A real browser: Debian's Chromium, headless, with an empty profile; and a web page on another origin.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { chromium } from "playwright-core";

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // Lets tests measure the heap after a garbage collection.
  "--enable-precise-memory-info", "--js-flags=--expose-gc",
];

/** Starts the browser. `close` ends it. */
export function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: ARGS });
}

/** A web site on its own origin, like the front end of an app: an empty page with the official client. */
export class Site {
  #server;

  static async start() {
    const client = join(dirname(createRequire(import.meta.url).resolve("socket.io-client")), "../../dist/socket.io.min.js");
    const script = readFileSync(client);
    const site = new Site();
    site.#server = createServer((request, response) => {
      const isScript = request.url === "/socket.io.min.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
      response.end(isScript ? script : '<!doctype html><title>An app</title><script src="/socket.io.min.js"></script>');
    });
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    site.url = `http://127.0.0.1:${site.#server.address().port}/`;
    return site;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
