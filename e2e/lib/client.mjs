// The official client, with all received events in a queue. What is received is checked against the schemas of its dialect.

import { io } from "socket.io-client";

import { NAMES } from "./dialects.mjs";
import { checkAcknowledgement, checkEvent } from "./schemas.mjs";

/** The longest wait for anything, in milliseconds, on a slow and busy machine. Tests wait for events, never for this time. */
export const PATIENCE_MS = 90_000;

/** Rejects if a promise takes too long. `what` is named in the error; it can be a function that is called then. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${typeof what === "function" ? what() : what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The dialect that a connection asks for; none if its first event decides. */
function dialectOf(url, { auth, query }) {
  const namespace = new URL(url).pathname.slice(1);
  return [namespace, auth?.dialect, query?.dialect].find((name) => NAMES.includes(name));
}

export class Client {
  #dialect;
  #heard = [];
  #waiting = [];

  /** Connects. Rejects with the client's own error if the connection is refused. */
  static async connect(url, { transports, ...options } = {}) {
    const client = new Client();
    client.socket = io(url, { transports, forceNew: true, reconnection: false, ...options });
    client.#dialect = dialectOf(url, options);
    const isService = new URL(url).pathname === "/services";
    client.socket.onAny((name, payload) => {
      if (!isService) checkEvent(client.#dialect, name, payload);
      client.#hear({ name, payload });
    });
    await within(
      new Promise((resolve, reject) => {
        const refused = (error) => {
          client.socket.close();
          reject(error);
        };
        client.socket.once("connect_error", refused);
        client.socket.once("connect", () => {
          // The options decide whether the client reconnects after this.
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

  /** Received events that no test has taken yet. */
  get unheard() {
    return this.#heard;
  }

  #take(wants, what) {
    const at = this.#heard.findIndex(wants);
    if (at >= 0) return Promise.resolve(this.#heard.splice(at, 1)[0]);
    return within(new Promise((resolve) => this.#waiting.push({ wants, resolve })), what);
  }

  /** Takes the next event, whatever it is. */
  next() {
    return this.#take(() => true, "an event");
  }

  /** Takes the next event with this name for which `fits` holds, and returns its payload. Other events stay queued. */
  async hear(name, fits = () => true) {
    return (await this.#take((event) => event.name === name && fits(event.payload), name)).payload;
  }

  emit(name, payload) {
    this.socket.emit(name, payload);
  }

  async call(name, payload) {
    const answer = await within(this.socket.emitWithAck(name, payload), `the acknowledgement of ${name}`);
    checkAcknowledgement(this.#dialect, name, answer);
    return answer;
  }

  /** Emits an event as a text of one's own, for what JavaScript would write differently. */
  write(text) {
    this.socket.io.engine.write(`2${text}`);
  }

  /** The packets that come from now on, as the server wrote them. */
  texts() {
    const texts = [];
    this.socket.io.engine.on("packet", ({ type, data }) => type === "message" && texts.push(data));
    return texts;
  }

  close() {
    this.socket.close();
  }
}
