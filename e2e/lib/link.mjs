// A way to a server that can be cut or fall silent, while the processes at both of its ends go on.

import { Relay } from "./relay.mjs";

export class Link extends Relay {
  /** `open`, `cut` or `silent`. */
  #state = "open";

  /** Starts to listen for connections to a port of the loopback. */
  static start(port) {
    const link = new Link();
    return link.listen((client) => link.#carry(client, port));
  }

  #carry(client, port) {
    const server = this.connect(client, this.#state === "open" ? port : null);
    if (this.#state === "cut") client.destroy();
    else if (server) client.pipe(server).pipe(client);
  }

  /** Cuts all connections, and each new one, until it is mended. */
  cut() {
    this.#state = "cut";
    this.cutAll();
  }

  /** Lets nothing through until it is mended, and tells nobody. New connections are accepted, and hear nothing. */
  silence() {
    this.#state = "silent";
    for (const { client, server } of this.pairs) {
      client.unpipe();
      server?.unpipe();
    }
  }

  /** Lets new connections through again. What was silent is cut, as by a router that has forgotten it. */
  mend() {
    this.#state = "open";
    this.cutAll();
  }

  async stop() {
    this.#state = "cut";
    await this.end("a link");
  }
}
