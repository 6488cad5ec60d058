// A proxy before PostgreSQL that knows where in a transaction a node is, so that something can happen to the node at exactly
// that point.

import { LOCKS, WRITES } from "./postgres.mjs";
import { Relay } from "./relay.mjs";

/** Requests that a client may send before it begins a session; each is answered with one byte, or not at all. */
const SSL = 80_877_103;
const GSS = 80_877_104;

/** Where a text of the protocol ends that begins at `from`. */
const textEnd = (bytes, from) => bytes.indexOf(0, from);

/** Cuts a stream into messages: a type of one byte, unless `bare`, and a length. */
class Messages {
  #rest = Buffer.alloc(0);

  /** The next whole message, if it is all there. */
  next(bare) {
    const head = bare ? 0 : 1;
    if (this.#rest.length < head + 4) return null;
    const length = head + this.#rest.readUInt32BE(head);
    return this.#rest.length < length ? null : this.bytes(length);
  }

  /** A number of bytes, if they are there. */
  bytes(length) {
    if (this.#rest.length < length) return null;
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  add(chunk) {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }
}

/** What is known of a connection: which transaction it is in, and how far. */
export class Session {
  #fromClient = new Messages();
  #fromServer = new Messages();
  #begun = false;
  #answersByByte = false;
  /** The texts of prepared statements, by their names. */
  #statements = new Map();
  /** Whether the lock was asked for, whether a message was written, and whether COMMIT was sent, in this transaction. */
  #asked = false;
  #wrote = false;
  #commits = false;
  #reached;

  /** `reached` is called at each point of a transaction, before its message is passed on; it returns whether it is to be. */
  constructor(reached) {
    this.#reached = reached;
  }

  /** What is passed on of what a client sends. */
  sent(chunk) {
    this.#fromClient.add(chunk);
    const passed = [];
    for (let message; (message = this.#fromClient.next(!this.#begun));) {
      if (this.#passes(message)) passed.push(message);
    }
    return passed;
  }

  #passes(message) {
    if (!this.#begun) {
      const code = message.readUInt32BE(4);
      this.#answersByByte = code === SSL || code === GSS;
      this.#begun = !this.#answersByByte;
      return true;
    }
    switch (String.fromCharCode(message[0])) {
      // Parse: a name and a statement.
      case "P": {
        const end = textEnd(message, 5);
        this.#statements.set(message.toString("latin1", 5, end), message.toString("latin1", end + 1, textEnd(message, end + 1)));
        return true;
      }
      // Bind: a portal and the name of a statement.
      case "B": {
        const from = textEnd(message, 5) + 1;
        const statement = this.#statements.get(message.toString("latin1", from, textEnd(message, from))) ?? "";
        this.#asked ||= statement.startsWith(LOCKS);
        this.#wrote ||= statement.startsWith(WRITES);
        return true;
      }
      case "Q": {
        const statement = message.toString("latin1", 5, textEnd(message, 5));
        if (statement === "BEGIN" || statement === "ROLLBACK") this.#asked = this.#wrote = this.#commits = false;
        if (statement !== "COMMIT" || !this.#wrote) return true;
        this.#commits = true;
        return this.#reached("before COMMIT");
      }
      default:
        return true;
    }
  }

  /** What is passed on of what the server answers. */
  answered(chunk) {
    this.#fromServer.add(chunk);
    const passed = [];
    if (this.#answersByByte) {
      const answer = this.#fromServer.bytes(1);
      if (!answer) return passed;
      this.#answersByByte = false;
      passed.push(answer);
    }
    for (let message; (message = this.#fromServer.next(false));) {
      const kind = String.fromCharCode(message[0]);
      let passes = true;
      if (kind === "D" && this.#asked) {
        this.#asked = false;
        passes = this.#reached("with the lock");
      } else if (kind === "C" && this.#commits && message.toString("latin1", 5, textEnd(message, 5)) === "COMMIT") {
        this.#commits = this.#wrote = false;
        passes = this.#reached("after COMMIT");
      }
      if (passes) passed.push(message);
    }
    return passed;
  }
}

export class PostgresProxy extends Relay {
  /** Starts to listen before a PostgreSQL server at a port of the loopback. */
  static start(port) {
    const proxy = new PostgresProxy();
    return proxy.listen((client) => proxy.#carry(client, port));
  }

  #carry(client, port) {
    const server = this.connect(client, port);
    for (const socket of [client, server]) socket.setNoDelay(true);
    const session = new Session((point) => this.passes(point));
    client.on("data", (chunk) => { for (const message of session.sent(chunk)) server.write(message); });
    server.on("data", (chunk) => { for (const message of session.answered(chunk)) client.write(message); });
  }

  /**
   * Waits until a node is at a point for the first time from now on: `with the lock`, when PostgreSQL has given it the lock
   * of the order; `before COMMIT` of messages, when it has sent that; or `after COMMIT`, when PostgreSQL has confirmed it.
   * Then `happens` is called, and returns whether the message of that point is passed on.
   */
  at(point, happens) {
    return this.meets((reached) => reached === point, happens, `a node to be ${point}`);
  }

  async stop() {
    await this.end("the proxy before PostgreSQL");
  }
}
