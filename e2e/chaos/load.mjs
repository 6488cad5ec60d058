// Load for a cluster: people who send and people who listen, over every transport and in every dialect. Senders repeat what
// was not acknowledged; listeners recover their connections.

import { performance } from "node:perf_hooks";

import { Client, PATIENCE_MS, within } from "../lib/client.mjs";
import { DIALECTS, NAMES } from "../lib/dialects.mjs";
import { history } from "../lib/history.mjs";
import { random } from "../lib/random.mjs";
import { sleep } from "../lib/sleep.mjs";
import { KINDS, violations } from "./checker.mjs";

const SENDERS = 4;
const LANES = 4;
const RECEIVERS = 10;
const CONVERSATIONS = 3;
/** The longest pause of a lane between two messages, unless a scenario says otherwise. */
const PAUSE_MS = 40;
/** How long a sender waits for an acknowledgement before it sends again, in milliseconds. */
const ACK_MS = 15_000;
const TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]];

/** A connection that comes back by itself, whatever ended it, and resumes where it was. */
async function connect(url, user, dialect, transports) {
  const options = {
    auth: { token: user.token, dialect, recover: true }, transports, reconnection: true,
    reconnectionDelay: 50, reconnectionDelayMax: 500, timeout: 5_000,
  };
  const { socket } = await Client.connect(url, options);
  // Where the server itself refuses or ends a connection, the client leaves it to the page to try again.
  const again = () => setTimeout(() => { if (!socket.active) socket.connect(); }, 200);
  socket.on("connect_error", again);
  socket.on("disconnect", again);
  return socket;
}

export class Load {
  #cluster;
  #random;
  #pauseMs;
  #stopped = false;
  #waiting = [];
  #lanes = [];
  #lastAck = 0;

  /** Lets people connect and send. `pauseMs` is the longest pause of a lane between two messages, in milliseconds. */
  static async start(cluster, seed, { pauseMs = PAUSE_MS } = {}) {
    const load = new Load();
    load.#pauseMs = pauseMs;
    load.#cluster = cluster;
    load.#random = random(seed);
    /** By content: the id, the conversation, and when it was acknowledged. */
    load.acked = new Map();
    load.refusals = new Map();
    load.resends = 0;
    load.longestSilenceMs = 0;
    load.began = performance.now();
    const people = await Promise.all(Array.from({ length: SENDERS + RECEIVERS }, (_, index) => cluster.register(`p${index}`)));
    load.owner = people[0];
    load.places = [];
    for (let index = 0; index < CONVERSATIONS; index += 1) {
      const group = { kind: "group", name: `g${index}`, memberIds: people.slice(1).map((user) => user.id) };
      load.places.push((await cluster.api(load.owner.token, "POST", "/conversations", group)).body.id);
    }
    load.receivers = await Promise.all(people.slice(SENDERS).map((user, index) => load.#receiver(user, index)));
    load.#lastAck = performance.now();
    for (const [sender, user] of people.slice(0, SENDERS).entries()) {
      // A part of them sends over HTTP.
      const socket = sender % 4 === 3 ? null : await connect(cluster.url, user, "chat", TRANSPORTS[sender % 3]);
      for (let lane = 0; lane < LANES; lane += 1) load.#lanes.push(load.#lane(`${sender}.${lane}`, user, socket));
      if (socket) load.sockets.push(socket);
    }
    return load;
  }

  sockets = [];

  async #receiver(user, index) {
    const dialect = NAMES[index % NAMES.length];
    const socket = await connect(this.#cluster.url, user, dialect, TRANSPORTS[index % TRANSPORTS.length]);
    const receiver = { name: `${user.name} (${dialect})`, segments: [new Map()], since: performance.now(), reconnects: 0, lagsMs: [], socket };
    const [event, read] = DIALECTS[dialect].heard(user, { id: null }, null);
    socket.on("connect", () => {
      receiver.reconnects += 1;
      receiver.since = performance.now();
      if (!socket.recovered) receiver.segments.push(new Map());
    });
    socket.on(event, (payload) => {
      const { id, place, text } = read(payload);
      const segment = receiver.segments.at(-1);
      if (!segment.has(place)) segment.set(place, []);
      segment.get(place).push(id);
      const at = this.acked.get(text)?.at;
      // How long it takes while nothing has to be recovered.
      if (at > receiver.since) receiver.lagsMs.push(performance.now() - at);
    });
    this.sockets.push(socket);
    return receiver;
  }

  /** Sends one message after the other, each until it is acknowledged. */
  async #lane(name, user, socket) {
    for (let number = 0; !this.#stopped; number += 1) {
      const content = `${name} ${number}`;
      const place = this.places[Math.floor(this.#random() * this.places.length)];
      const message = { content, clientMessageId: content.replace(" ", "-") };
      let id;
      for (let attempt = 0; !id; attempt += 1) {
        if (attempt > 0) this.resends += 1;
        id = await (socket ? this.#overSocket(socket, { chatId: place, ...message }) : this.#overHttp(user, place, message));
        if (!id) await sleep(50);
      }
      const at = performance.now();
      this.longestSilenceMs = Math.max(this.longestSilenceMs, at - this.#lastAck);
      this.#lastAck = at;
      this.acked.set(content, { id, place, at });
      this.#waiting = this.#waiting.filter(({ acks, resolve }) => this.acked.size < acks || resolve());
      await sleep(this.#random() * this.#pauseMs);
    }
  }

  /** Sends a message. Returns its id, or nothing where it is not known to be stored. */
  async #overSocket(socket, message) {
    if (!socket.connected) return null;
    const ack = await socket.timeout(ACK_MS).emitWithAck("message:send", message).catch(() => null);
    if (ack && !ack.success) this.#refused(ack.code);
    return ack?.message?.id;
  }

  async #overHttp(user, place, message) {
    const answer = await this.#cluster.api(user.token, "POST", `/conversations/${place}/messages`, message).catch(() => null);
    if (answer?.status === 200 || answer?.status === 201) return answer.body.id;
    if (answer) this.#refused(answer.body?.code);
    return null;
  }

  #refused(code) {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  /** Waits for a number of further acknowledgements. */
  progress(count) {
    const acks = this.acked.size + count;
    const done = new Promise((resolve) => { this.#waiting.push({ acks, resolve }); });
    return within(done, () => `${acks} acknowledgements, of which there are ${this.acked.size}; ${JSON.stringify([...this.refusals])}`);
  }

  /**
   * Notes that the database is about to lose what was acknowledged last: from here on listeners must begin afresh. `promote`
   * makes it lose that. Returns once all of them have begun afresh.
   */
  async losing(promote) {
    const cuts = this.receivers.map(({ segments }) => segments.length);
    this.lostBefore = performance.now();
    await promote();
    const afresh = () => this.receivers.every(({ segments }, index) => segments.length > cuts[index]);
    const all = async () => { while (!afresh()) await sleep(20); };
    await within(all(), () => `all sessions to begin afresh; ${this.receivers.filter(({ segments }, index) => segments.length <= cuts[index]).map(({ name }) => name)}`);
    for (const [index, receiver] of this.receivers.entries()) receiver.cut = cuts[index];
  }

  /** Forgets what a promoted standby lacked, and what listeners had heard until then. Returns the number of lost messages. */
  #forgetLost(stored) {
    const kept = new Set([...stored.values()].flat().map(({ content }) => content));
    const lost = [...this.acked].filter(([content, { at }]) => at < this.lostBefore && !kept.has(content));
    for (const [content] of lost) this.acked.delete(content);
    for (const receiver of this.receivers) {
      if (receiver.cut) receiver.segments.splice(0, receiver.cut, new Map());
    }
    return lost.length;
  }

  /** A random number from `low` to `high`. */
  between(low, high) {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  /** Lets everything come to rest, and compares. Returns the figures and the violations. */
  async finish() {
    this.#stopped = true;
    await within(Promise.all(this.#lanes), () => `the last acknowledgements; ${JSON.stringify([...this.refusals])}`);
    const stored = new Map();
    for (const place of this.places) stored.set(place, await history(this.#cluster, this.owner.token, place));
    // A client whose upgrade is cut at the wrong moment notices only by its heartbeat, which takes too long here.
    for (const { socket } of this.receivers) if (socket.connected) socket.io.engine._onClose("transport close");
    const until = performance.now() + PATIENCE_MS;
    const complete = ({ segments }) => [...stored].every(([place, messages]) => {
      const newest = segments.findLast((segment) => segment.get(place)?.length);
      return messages.length === 0 || newest?.get(place).at(-1) === messages.at(-1).id;
    });
    while (!this.receivers.every(complete) && performance.now() < until) await sleep(50);
    for (const socket of this.sockets) {
      socket.off();
      socket.close();
    }
    const begunAfresh = this.receivers.reduce((total, { segments }) => total + segments.length - 1, 0);
    const lostByStandby = this.lostBefore ? { lostByStandby: this.#forgetLost(stored) } : {};
    const found = violations({ stored, acked: this.acked, receivers: this.receivers });
    const of = (kind) => found.filter((violation) => violation.kind === kind).length;
    const sum = (what) => this.receivers.reduce((total, receiver) => total + what(receiver), 0);
    const lagsMs = this.receivers.flatMap((receiver) => receiver.lagsMs).sort((a, b) => a - b);
    return {
      seconds: Math.round((performance.now() - this.began) / 1_000),
      acknowledged: this.acked.size,
      heard: sum(({ segments }) => segments.reduce((total, segment) => total + [...segment.values()].flat().length, 0)),
      resends: this.resends,
      reconnects: sum(({ reconnects }) => reconnects),
      afresh: begunAfresh,
      ...lostByStandby,
      longestSilenceMs: Math.round(this.longestSilenceMs),
      lagMs: { median: Math.round(lagsMs[Math.floor(lagsMs.length / 2)] ?? 0), longest: Math.round(lagsMs.at(-1) ?? 0) },
      ...Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])),
      violations: found,
    };
  }
}
