// Redis for tests: a server of its own, and a proxy before it that drops, doubles and reorders what is published.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "./client.mjs";
import { atExit } from "./exit.mjs";
import { freePort, reachable } from "./ports.mjs";
import { random } from "./random.mjs";
import { Relay } from "./relay.mjs";

/** A Redis server of its own, at a port of the loopback. It keeps nothing. */
export class Redis {
  #child;
  #forget;

  static async start() {
    const redis = new Redis();
    redis.folder = mkdtempSync(join(tmpdir(), "quintet-redis-"));
    redis.port = await freePort();
    redis.#forget = atExit(() => redis.#child.kill("SIGKILL"));
    await redis.start();
    return redis;
  }

  /** Starts the process, at the same port as before. */
  async start() {
    const words = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", this.folder];
    this.#child = spawn("redis-server", words, { stdio: ["ignore", "ignore", "inherit"] });
    this.ended = once(this.#child, "exit");
    this.ended.catch(() => {});
    await within(Promise.race([reachable(this.port), this.ended.then(() => { throw new Error("redis-server ended"); })]), "redis-server");
  }

  /** Sends a signal: `SIGSTOP` makes it silent, and `SIGCONT` ends that. */
  signal(signal) {
    this.#child.kill(signal);
  }

  async kill() {
    this.#child.kill("SIGKILL");
    await within(this.ended, "the end of redis-server");
  }

  async remove() {
    await this.kill();
    this.#forget();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Where the line that begins at `from` ends, with its line break; 0 if it is not all there. */
function lineEnd(bytes, from) {
  const at = bytes.indexOf("\r\n", from, "latin1");
  return at < 0 ? 0 : at + 2;
}

/** Where the value of the protocol of Redis that begins at `from` ends; 0 if it is not all there. */
export function valueEnd(bytes, from = 0) {
  let at = lineEnd(bytes, from);
  if (at === 0) return 0;
  const kind = String.fromCharCode(bytes[from]);
  const length = Number(bytes.toString("latin1", from + 1, at - 2));
  if ("$!=".includes(kind)) {
    if (length < 0) return at;
    at += length + 2;
    return at <= bytes.length ? at : 0;
  }
  if (!"*%~>|".includes(kind)) return at;
  // A map and an attribute have two values for each entry; an attribute is followed by what it belongs to.
  const values = "%|".includes(kind) ? 2 * length + (kind === "|" ? 1 : 0) : length;
  for (let value = 0; value < values; value += 1) {
    at = valueEnd(bytes, at);
    if (at === 0) return 0;
  }
  return at;
}

/** Whether a value is something that was published. */
export function isPublished(value) {
  return /^[*>]3\r\n\$7\r\nmessage\r\n/.test(value.toString("latin1", 0, 20));
}

/** What becomes of published values, which share their order: each is passed on, dropped, doubled, or told after the next one. */
export class Fates {
  #random;
  #shares;
  #held = [];

  /** `shares` are between 0 and 1: `drop`, `double` and `reorder`. */
  constructor(seed, shares) {
    this.#random = random(seed);
    this.#shares = shares;
    this.dropped = 0;
    this.doubled = 0;
    this.reordered = 0;
  }

  /** The values to pass on in place of a published one. */
  of(value) {
    const { drop = 0, double = 0, reorder = 0 } = this.#shares;
    const drawn = this.#random();
    const held = this.#held.splice(0);
    if (drawn < drop) {
      this.dropped += 1;
      return held;
    }
    if (drawn < drop + double) {
      this.doubled += 1;
      return [value, value, ...held];
    }
    if (drawn < drop + double + reorder && held.length === 0) {
      this.reordered += 1;
      this.#held.push(value);
      return [];
    }
    return [value, ...held];
  }
}

/** Whether a value publishes something. */
export function isPublishing(value) {
  return /^\*3\r\n\$7\r\npublish\r\n/i.test(value.toString("latin1", 0, 20));
}

/** Calls `take` with each whole value of a stream of Redis. */
function eachValue(socket, take) {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = valueEnd(rest); end > 0; end = valueEnd(rest)) {
      const value = rest.subarray(0, end);
      rest = rest.subarray(end);
      take(value);
    }
  });
}

/** A proxy before Redis. `shares` can be changed while it runs; `cutAll` cuts all connections. */
export class RedisProxy extends Relay {
  static start(port, seed, shares) {
    const proxy = new RedisProxy();
    Object.assign(proxy, { seed, shares, fates: [] });
    return proxy.listen((client) => proxy.#carry(client, port));
  }

  #carry(client, port) {
    const server = this.connect(client, port);
    eachValue(client, (value) => { if (!isPublishing(value) || this.passes(value)) server.write(value); });
    const fates = new Fates(this.seed + this.fates.length, this.shares);
    this.fates.push(fates);
    eachValue(server, (value) => {
      for (const passed of isPublished(value) ? fates.of(value) : [value]) client.write(passed);
    });
  }

  /** Waits until something that `wants` it is about to be published. Then `happens` returns whether it is. */
  atPublication(wants, happens) {
    return this.meets(wants, happens, "a publication");
  }

  /** How many published values were dropped, doubled and reordered. */
  get totals() {
    const sum = (name) => this.fates.reduce((total, fates) => total + fates[name], 0);
    return { dropped: sum("dropped"), doubled: sum("doubled"), reordered: sum("reordered") };
  }

  async stop() {
    await this.end("the proxy before Redis");
  }
}
