// What the five apps of this folder have in common: axios, a socket, and what they show. Each app keeps the habits of its kind
// in its own file: old versions, other names of fields, ids alone.

import axios from "axios";

import { within } from "../lib/client.mjs";

export const PASSWORD = "correct horse";

export class App {
  #waits = new Set();

  /** `url` is the only thing that is changed in an app when it moves to Quintet. */
  constructor(url) {
    this.url = url;
    this.http = axios.create({ baseURL: `${url}/api`, proxy: false });
    this.#clear();
  }

  #clear() {
    /** The shown messages `{id, text, by}` in their order. */
    this.screen = [];
    /** The ids of users that are shown as online, and of the chats in the list. */
    this.online = new Set();
    this.chats = new Set();
    this.notices = [];
    /** What the app would have shown as an error. */
    this.errors = [];
  }

  /** Keeps the token as apps do. */
  signedIn(token) {
    this.token = token;
    this.http.defaults.headers.common.Authorization = `Bearer ${token}`;
  }

  /** Handles an event of the socket. */
  on(name, handle) {
    this.socket.on(name, (...payload) => {
      handle(...payload);
      for (const check of this.#waits) check();
    });
  }

  /** Waits until something holds in what the app shows. */
  async until(holds, what) {
    let check;
    const held = new Promise((resolve) => {
      check = () => { if (holds()) resolve(); };
      this.#waits.add(check);
      check();
    });
    const shown = () => `${what}; shown: ${JSON.stringify({ errors: this.errors, screen: this.screen })}`;
    await within(held, shown).finally(() => this.#waits.delete(check));
  }

  /** Connects, with the events that every app handles. */
  async connected(socket) {
    this.socket = socket;
    for (const name of ["connect_error", "error"]) this.on(name, (error) => this.errors.push(error));
    this.on("connect", () => {});
    this.listen();
    await this.until(() => this.socket.connected || this.errors.length > 0, "the connection");
    if (!this.socket.connected) throw new Error(`not connected: ${this.errors[0].message ?? this.errors[0]}`);
  }

  /** Shows a message once, whether it comes by an acknowledgement, as an event or with the history. */
  show(id, text, by) {
    if (!this.screen.some((shown) => shown.id === id)) this.screen.push({ id, text, by });
  }

  shows(text) {
    return this.until(() => this.screen.some((shown) => shown.text === text), `"${text}" on the screen`);
  }

  /** Emits an event and waits for its acknowledgement, with the callback that every version of the client knows. */
  ask(name, payload) {
    return within(new Promise((resolve) => { this.socket.emit(name, payload, resolve); }), `the answer to ${name}`);
  }

  /** Loads the page anew: only the token is left. */
  async reload() {
    this.leave();
    this.#clear();
    await this.connect();
  }

  leave() {
    this.socket?.close();
  }
}
