// A relay before a server at a port of the loopback: the connections that it carries, and what ends them. Its subclasses
// decide what becomes of the bytes.

import { once } from "node:events";
import net from "node:net";

import { within } from "./client.mjs";

export class Relay {
  #server;
  #waiting = null;
  /** The connections that are carried: each a client's, and the one to the server, if there is one. */
  pairs = new Set();

  /** Starts to listen. `carry` is called with each connection of a client. */
  async listen(carry) {
    this.#server = net.createServer(carry);
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = this.#server.address().port;
    return this;
  }

  /** Connects a client to the server, unless `port` is null. When one of the two connections ends, so does the other. */
  connect(client, port) {
    const pair = { client, server: port === null ? null : net.connect(port, "127.0.0.1") };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      pair.server?.destroy();
    };
    for (const socket of [client, pair.server]) socket?.on("error", () => {}).once("close", end);
    return pair.server;
  }

  /** Whether what has come so far is passed on. It is, unless somebody waits for it, and decides otherwise. */
  passes(what) {
    if (!this.#waiting?.wants(what)) return true;
    const { happens, resolve } = this.#waiting;
    this.#waiting = null;
    const passes = happens();
    resolve();
    return passes;
  }

  /** Waits until something that `wants` it has come. Then `happens` returns whether it is passed on. `name` says what it is. */
  meets(wants, happens, name) {
    const met = new Promise((resolve) => { this.#waiting = { wants, happens, resolve }; });
    return within(met, name);
  }

  cutAll() {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server?.destroy();
    }
  }

  /** Cuts all connections and accepts no more. `name` says what ends. */
  async end(name) {
    this.#server.close();
    this.cutAll();
    await within(once(this.#server, "close"), `the end of ${name}`);
  }
}
