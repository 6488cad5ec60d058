// The official client, with everything that it hears in a queue.

import { io } from "socket.io-client";

/** How long anything may take, on a slow and busy machine; a test waits for what happens, never for this. */
export const PATIENCE_MS = 90_000;

/** Rejects after a while, with a sentence; `what` may be a function that says it then. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${typeof what === "function" ? what() : what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Client {
  #heard = [];
  #waiting = [];

  /** Connects; rejects with the client's own error when refused. */
  static async connect(url, { transports, ...options } = {}) {
    const client = new Client();
    client.socket = io(url, { transports, forceNew: true, reconnection: false, ...options });
    client.socket.onAny((name, payload) => client.#hear({ name, payload }));
    await within(
      new Promise((resolve, reject) => {
        const refused = (error) => {
          client.socket.close();
          reject(error);
        };
        client.socket.once("connect_error", refused);
        client.socket.once("connect", () => {
          // Whether it comes back after that is up to the options.
          client.socket.off("connect_error", refused);
          resolve();
        });
      }),
      "the connection",
    );
    return client;
  }

  #hear(event) {
    const at = this.#waiting.findIndex((waiting) => waiting.wants(event));
    if (at < 0) this.#heard.push(event);
    else this.#waiting.splice(at, 1)[0].resolve(event);
  }

  /** Events that nobody has asked for yet. */
  get unheard() {
    return this.#heard;
  }

  #take(wants, what) {
    const at = this.#heard.findIndex(wants);
    if (at >= 0) return Promise.resolve(this.#heard.splice(at, 1)[0]);
    return within(new Promise((resolve) => this.#waiting.push({ wants, resolve })), what);
  }

  /** The next event, whatever it is. */
  next() {
    return this.#take(() => true, "an event");
  }

  /** The payload of the next event of that name, and perhaps only one that fits; others stay. */
  async hear(name, fits = () => true) {
    return (await this.#take((event) => event.name === name && fits(event.payload), name)).payload;
  }

  emit(name, payload) {
    this.socket.emit(name, payload);
  }

  call(name, payload) {
    return within(this.socket.emitWithAck(name, payload), `the acknowledgement of ${name}`);
  }

  close() {
    this.socket.close();
  }
}
