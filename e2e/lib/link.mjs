// A way to a server that can be cut or fall silent, while the processes at both of its ends go on.

import { once } from "node:events";
import net from "node:net";

import { within } from "./client.mjs";

export class Link {
  #server;
  #pairs = new Set();
  /** `open`, `cut` or `silent`. */
  #state = "open";

  /** Starts to listen for connections to a port of the loopback. */
  static async start(port) {
    const link = new Link();
    link.#server = net.createServer((client) => link.#carry(client, port));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    link.port = link.#server.address().port;
    return link;
  }

  #carry(client, port) {
    const pair = { client, server: this.#state === "open" ? net.connect(port, "127.0.0.1") : null };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      pair.server?.destroy();
    };
    for (const socket of [client, pair.server]) socket?.on("error", () => {}).once("close", end);
    if (this.#state === "cut") end();
    else if (pair.server) client.pipe(pair.server).pipe(client);
  }

  #endAll() {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server?.destroy();
    }
  }

  /** Cuts all connections, and each new one, until it is mended. */
  cut() {
    this.#state = "cut";
    this.#endAll();
  }

  /** Lets nothing through until it is mended, and tells nobody. New connections are accepted, and hear nothing. */
  silence() {
    this.#state = "silent";
    for (const { client, server } of this.#pairs) {
      client.unpipe();
      server?.unpipe();
    }
  }

  /** Lets new connections through again. What was silent is cut, as by a router that has forgotten it. */
  mend() {
    this.#state = "open";
    this.#endAll();
  }

  async stop() {
    this.#server.close();
    this.cut();
    await within(once(this.#server, "close"), "the end of a link");
  }
}
