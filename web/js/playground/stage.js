// The users of the playground: real accounts on this server, in one group, each connected with a dialect. They are kept
// while the tab is open, and erased when the visitor finishes.

import { signal } from "@preact/signals";
import { io } from "socket.io-client";

import { randomHex } from "../lib/random.js";
import { DIALECTS, VOICES, idIn, wentWell } from "./voices.js";

/** @typedef {{ id: string, name: string, token: string, password: string, dialect: string }} Person */
/** @typedef {{ at: string, out: boolean, text: string }} Frame */
/** @typedef {{ people: Person[], place: string }} Stage */

const KEPT = "quintet.playground";
const NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eve"];
/** How many frames a pane keeps. */
const FRAMES_MAX = 100;
const PATIENCE_MS = 10_000;
/** How often a message is sent whose acknowledgement does not come, because the connection is lost. */
const TRIES_MAX = 6;

/** @type {import("@preact/signals").Signal<Stage | null>} */
export const stage = signal(kept());
export const trouble = signal("");

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Stage | null} next */
function keep(next) {
  if (next) sessionStorage.setItem(KEPT, JSON.stringify(next));
  else sessionStorage.removeItem(KEPT);
  stage.value = next;
}

/** @param {string} method @param {string} path @param {string} [token] @param {unknown} [body] */
async function call(method, path, token, body) {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(answer?.detail ?? response.statusText);
  return answer;
}

/** Creates the users and their group. @param {number} count */
export async function begin(count) {
  trouble.value = "";
  const mark = randomHex(4);
  /** @type {Person[]} */
  const people = [];
  try {
    for (const [index, name] of NAMES.slice(0, count).entries()) {
      const username = `playground-${mark}-${name.toLowerCase()}`;
      const password = randomHex(8);
      const { token, user } = await call("POST", "/auth/register", undefined, {
        username, name, email: `${username}@example.invalid`, password,
      });
      people.push({ id: user.id, name, token, password, dialect: DIALECTS[index % DIALECTS.length] ?? "chat" });
    }
    const [first, ...others] = people;
    if (!first) return;
    const group = await call("POST", "/conversations", first.token, {
      kind: "group", name: "Playground", memberIds: others.map((person) => person.id),
    });
    keep({ people, place: group.id });
  } catch (error) {
    trouble.value = error instanceof Error ? error.message : String(error);
    await erase(people);
  }
}

/** @param {Person[]} people */
async function erase(people) {
  for (const { token, password } of people) await call("DELETE", "/me", token, { currentPassword: password }).catch(() => {});
}

/** Erases the users and their messages. */
export async function end() {
  const people = stage.value?.people ?? [];
  keep(null);
  await erase(people);
}

/** @param {string} id @param {string} dialect */
export function choose(id, dialect) {
  const now = stage.value;
  if (now) keep({ ...now, people: now.people.map((person) => (person.id === id ? { ...person, dialect } : person)) });
}

/** One user's connection, with its received messages and its frames. */
export class Line {
  /** @param {Person} person @param {string} place */
  constructor(person, place) {
    this.person = person;
    this.place = place;
    this.frames = signal(/** @type {Frame[]} */ ([]));
    this.heard = signal(/** @type {import("./voices.js").Heard[]} */ ([]));
    this.link = signal("connecting");
    const { token, dialect } = person;
    this.socket = io({ auth: { token, dialect, recover: true }, forceNew: true, transports: ["websocket"] });
    this.socket.io.on("open", () => this.#watch());
    this.socket.on("connect", () => { this.link.value = "online"; });
    this.socket.on("disconnect", () => { this.link.value = "offline"; });
    this.socket.on("connect_error", (error) => { this.link.value = error.message; });
    for (const [name, read] of Object.entries(VOICES[dialect]?.hears ?? {})) {
      this.socket.on(name, (/** @type {any} */ payload) => this.#hear(read(payload)));
    }
  }

  #watch() {
    const { engine } = this.socket.io;
    engine.on("packet", (/** @type {any} */ packet) => this.#frame(false, packet));
    engine.on("packetCreate", (/** @type {any} */ packet) => this.#frame(true, packet));
  }

  /** @param {boolean} out @param {{ type: string, data?: unknown }} packet */
  #frame(out, { type, data }) {
    // Leave out heartbeats, which are the same in all dialects.
    if (type !== "message" || typeof data !== "string") return;
    // Never show the token.
    const text = `4${data}`.replace(this.person.token, "…");
    this.frames.value = [...this.frames.value, { at: new Date().toISOString(), out, text }].slice(-FRAMES_MAX);
  }

  /** @param {import("./voices.js").Heard} said */
  #hear(said) {
    const known = this.heard.value.find((one) => one.id === said.id);
    this.heard.value = known
      ? this.heard.value.map((one) => (one.id === said.id ? { ...one, text: said.text, gone: said.gone ?? false } : one))
      : said.gone || !said.sender ? this.heard.value : [...this.heard.value, said];
  }

  /** Sends an event; its acknowledgement appears in the frames. @param {string} event @param {unknown} payload */
  async emit(event, payload) {
    return this.socket.timeout(PATIENCE_MS).emitWithAck(event, payload);
  }

  /**
   * Sends a message, again if the connection is lost before the acknowledgement; the server knows it by its id. Some
   * dialects have no echo, so the message is taken from the acknowledgement.
   * @param {string} text
   */
  async say(text) {
    const voice = VOICES[this.person.dialect];
    if (!voice) return;
    const payload = { ...voice.payload(this.place, text, this.person.id), clientMessageId: randomHex(8) };
    let answer = null;
    for (let left = TRIES_MAX; left > 0 && !answer; left -= 1) answer = await this.emit(voice.send, payload).catch(() => null);
    if (wentWell(answer)) this.#hear({ id: idIn(answer), sender: this.person.id, text });
  }

  type() {
    const said = VOICES[this.person.dialect]?.typing?.(this.place, this.person.id);
    if (said) this.socket.volatile.emit(...said);
  }

  close() {
    this.socket.disconnect();
  }
}
