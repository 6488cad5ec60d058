// A proxy that simulates a bad network: it delays bytes and cuts connections at arbitrary positions, some of them after a
// silence. A seed makes it repeatable.

import net from "node:net";
import { once } from "node:events";

import { within } from "./client.mjs";
import { random } from "./random.mjs";
import { sleep } from "./sleep.mjs";

export class Proxy {
  #server;
  #open = new Set();
  #random;

  /** Starts to listen. `target` returns the server's port, and is called for each connection. */
  static async start(target, { seed, bytesUntilCut = [200, 20_000], delayMs = 5 }) {
    const proxy = new Proxy();
    proxy.#random = random(seed);
    proxy.cuts = 0;
    proxy.calm = false;
    proxy.#server = net.createServer((client) => proxy.#carry(client, target(), bytesUntilCut, delayMs));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  #between([low, high]) {
    return low + Math.floor(this.#random() * (high - low));
  }

  #carry(client, port, bytesUntilCut, delayMs) {
    const server = net.connect(port, "127.0.0.1");
    const pair = { client, server };
    this.#open.add(pair);
    let left = this.calm ? Infinity : this.#between(bytesUntilCut);
    // A third of the connections goes silent before it is closed, so that neither side notices at once.
    const silent = this.#random() < 0.33;
    const end = () => {
      this.#open.delete(pair);
      client.destroy();
      server.destroy();
    };
    const pass = (from, to) => {
      let queue = Promise.resolve();
      from.on("data", (chunk) => {
        if (left <= 0) return;
        const part = chunk.subarray(0, left);
        left -= part.length;
        const wait = this.calm ? 0 : this.#random() * delayMs;
        queue = queue.then(() => sleep(wait)).then(() => {
          to.write(part);
          if (left > 0) return;
          this.cuts += 1;
          if (silent) setTimeout(end, 50);
          else end();
        });
      });
      // Bytes that arrived before the end are still forwarded.
      from.on("close", () => queue.then(end));
      from.on("error", () => {});
    };
    pass(client, server);
    pass(server, client);
  }

  /** Cuts all open connections, and none that are opened later. */
  settle() {
    this.calm = true;
    this.cutAll();
  }

  cutAll() {
    for (const { client, server } of this.#open) {
      client.destroy();
      server.destroy();
    }
  }

  async stop() {
    this.cutAll();
    this.#server.close();
    await within(once(this.#server, "close"), "the end of the proxy");
  }
}
