// Plays the golden transcripts in crates/server/tests/stories with official clients. Their format is described in
// crates/server/tests/support/story.rs.

import assert from "node:assert/strict";

import { Client } from "./client.mjs";
import { start } from "./launch.mjs";

const cut = (text, at = " ") => {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + at.length).trim()];
};

class Stage {
  known = new Map();
  clients = new Map();

  constructor(server, transports) {
    this.server = server;
    this.transports = transports;
  }

  fill(text) {
    const names = [...this.known.keys()].sort((a, b) => b.length - a.length);
    return names.reduce((filled, name) => filled.replaceAll(`$${name}`, this.known.get(name)), text);
  }

  place(text) {
    const [user, where] = cut(text);
    const auth = {};
    if (user.startsWith("guest:")) auth.userId = this.fill(user.slice("guest:".length));
    else if (this.known.has(`${user}.token`)) auth.token = this.known.get(`${user}.token`);
    if (where.startsWith("/")) return { url: this.server.url + where, auth };
    if (where !== "auto") auth.dialect = where;
    return { url: this.server.url, auth };
  }

  connect(text) {
    const { url, auth } = this.place(text);
    return Client.connect(url, { auth, transports: this.transports });
  }

  /** Waits until all nodes know that a user is online: the next step may come to any of them. */
  async agree(user) {
    const id = user.startsWith("guest:") ? this.fill(user.slice("guest:".length)) : this.known.get(user);
    const token = [...this.known].find(([name]) => name.endsWith(".token"))?.[1];
    if (id && token) await this.server.agree?.(token, id, true);
  }

  async step(line) {
    const [word, rest] = cut(line);
    if (word.endsWith(">")) {
      const [event, said] = cut(rest);
      const [payload, pattern] = cut(said, " => ");
      const value = JSON.parse(this.fill(payload));
      const client = this.clients.get(word.slice(0, -1));
      if (pattern) this.check(pattern, await client.call(event, value));
      else client.emit(event, value);
    } else if (word.endsWith("<")) {
      const [event, pattern] = cut(rest);
      const heard = await this.clients.get(word.slice(0, -1)).next();
      assert.equal(heard.name, event, JSON.stringify(heard.payload));
      this.check(pattern, heard.payload);
    } else if (word === "register") {
      const user = await this.server.register(rest);
      this.known.set(rest, user.id).set(`${rest}.token`, user.token);
    } else if (word === "connect") {
      const [name, where] = cut(rest);
      this.clients.set(name, await this.connect(where));
      await this.agree(cut(where)[0]);
    } else if (word === "refused") {
      const [where, pattern] = cut(rest, " => ");
      const error = await this.connect(where).then(
        () => assert.fail("the connection was accepted"),
        (error) => error,
      );
      this.check(pattern, error.data ? { message: error.message, data: error.data } : { message: error.message });
    } else if (word === "rest") {
      const [call, expected] = cut(rest, " => ");
      const [user, request] = cut(call);
      const [method, target] = cut(request);
      const [path, body] = cut(target);
      const [status, pattern] = cut(expected);
      const value = body ? JSON.parse(this.fill(body)) : undefined;
      const answer = await this.server.api(this.known.get(`${user}.token`), method, this.fill(path), value);
      assert.equal(String(answer.status), status, JSON.stringify(answer.body));
      if (pattern) this.check(pattern, answer.body);
    } else if (word === "close") {
      this.clients.get(rest).close();
      this.clients.delete(rest);
    } else {
      assert.fail("unknown step");
    }
  }

  check(pattern, found) {
    this.match(JSON.parse(this.fill(pattern)), found, "");
  }

  match(pattern, found, path) {
    if (pattern === "~") return;
    if (pattern === "~time") return assert.match(found, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, path);
    if (pattern === "~picture") return assert.match(found, /^http:\/\/[^/]+\/avatars\/[^/?]+\?i=[^&]+$/, path);
    if (typeof pattern === "string" && pattern.startsWith("=")) return void this.known.set(pattern.slice(1), found);
    if (typeof pattern === "string" && pattern.startsWith("$")) {
      return assert.equal(found, this.known.get(pattern.slice(1)), path);
    }
    if (pattern === null || typeof pattern !== "object") return assert.equal(found, pattern, path);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(pattern).sort(), path);
    for (const key of Object.keys(pattern)) this.match(pattern[key], found[key], `${path}.${key}`);
  }

  async silence() {
    for (let round = 0; round < 2; round += 1) {
      for (const [name, client] of this.clients) {
        await client.call("no such event", null);
        assert.deepEqual(client.unheard, [], `${name} received more events`);
      }
    }
  }
}

/** Plays a story on a new server. */
export async function play(story, transports) {
  // What a server notes by itself has no place in a story, in which every event has one.
  const env = { QUINTET_PRESENCE_DELIVERED: "false" };
  for (const [, name, value] of story.matchAll(/^set (\S+) (.+)$/gm)) env[name] = value;
  const server = await start({ env });
  const stage = new Stage(server, transports);
  try {
    for (const [index, line] of story.split("\n").entries()) {
      const step = line.trim();
      if (!step || step.startsWith("#") || step.startsWith("set ")) continue;
      try {
        await stage.step(step);
      } catch (error) {
        error.message = `line ${index + 1}: ${step}\n${error.message}`;
        throw error;
      }
    }
    await stage.silence();
  } finally {
    for (const client of stage.clients.values()) client.close();
    await server.stop();
  }
}
