// What `cargo xtask chaos` relies on: the comparison finds every kind of violation, the load balancer deals requests out,
// the proxy before Redis does to messages what it is told, that before PostgreSQL knows where a transaction is, and servers
// end with the process that started them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import { violations } from "../chaos/checker.mjs";
import { Dealer } from "../lib/dealer.mjs";
import { Session } from "../lib/postgres-proxy.mjs";
import { LOCKS, WRITES } from "../lib/postgres.mjs";
import { Fates, isPublished, isPublishing, valueEnd } from "../lib/redis.mjs";

describe("the comparison", () => {
  const IDS = ["a", "b", "c", "d"];
  /** Four messages of one lane, all acknowledged and heard, with some things changed. */
  const seen = (change) => {
    const world = {
      stored: new Map([["p", IDS.map((id, at) => ({ id, content: `0.0 ${at}`, sequence: at + 2, createdAt: `2026-01-01T00:00:0${at}.000Z` }))]]),
      acked: new Map(IDS.map((id, at) => [`0.0 ${at}`, { id, place: "p" }])),
      receivers: [{ name: "bob", segments: [new Map([["p", [...IDS]]])] }],
    };
    change?.(world, world.receivers[0].segments);
    return violations(world).map(({ kind }) => kind);
  };
  const segment = (...ids) => new Map([["p", ids]]);

  test("is content with what is right", () => {
    assert.deepEqual(seen(), []);
    assert.deepEqual(seen((_, segments) => segments.splice(0, 1, segment("a"), segment("c", "d"))), [], "a session that began afresh");
    assert.deepEqual(seen((_, segments) => segments.splice(0, 1, segment("a", "b"), new Map(), segment("d"))), []);
    assert.deepEqual(seen((_, segments) => segments.splice(0, 1, segment("a"), new Map())), [], "committed before it began");
  });

  const cases = {
    "an acknowledged message that is not stored": ["lost", ({ stored, receivers }) => {
      stored.get("p").pop();
      receivers[0].segments[0].get("p").pop();
    }],
    "a message that is stored twice": ["doubled", ({ stored, receivers }) => {
      stored.get("p").push({ id: "e", content: "0.0 3", sequence: 6 });
      receivers[0].segments[0].get("p").push("e");
    }],
    "a message that was acknowledged as another one": ["doubled", ({ acked }) => acked.set("0.0 1", { id: "x", place: "p" })],
    "a message that no answer told of": ["doubled", ({ acked }) => acked.delete("0.0 2")],
    "a number that is missing": ["out of order", ({ stored }) => { stored.get("p")[3].sequence = 9; }],
    "a time that falls": ["out of order", ({ stored }) => { stored.get("p")[3].createdAt = "2026-01-01T00:00:01.999Z"; }],
    "a lane's messages in another order": ["out of order", ({ stored }) => {
      [stored.get("p")[1].content, stored.get("p")[2].content] = ["0.0 2", "0.0 1"];
    }],
    "another order than the stored one": ["out of order", (_, segments) => segments.splice(0, 1, segment("a", "c", "b", "d"))],
    "a message that was heard twice in a row": ["out of order", (_, segments) => segments.splice(0, 1, segment("a", "b", "b", "c", "d"))],
    "a message that was heard again after a fresh start": ["doubled", (_, segments) => segments.splice(0, 1, segment("a", "b"), segment("b", "c", "d"))],
    "a gap": ["out of order", (_, segments) => segments.splice(0, 1, segment("a", "c", "d"))],
    "a beginning that is missing": ["not delivered", (_, segments) => segments.splice(0, 1, segment("b", "c", "d"))],
    "an end that is missing": ["not delivered", (_, segments) => segments.splice(0, 1, segment("a", "b", "c"))],
    "an end that is missing after a fresh start": ["not delivered", (_, segments) => segments.splice(0, 1, segment("a"), segment("b"))],
    "somebody who heard nothing": ["not delivered", (_, segments) => segments.splice(0, 1, new Map())],
  };
  for (const [what, [kind, change]] of Object.entries(cases)) {
    test(`finds ${what}`, () => assert.ok(seen(change).includes(kind), JSON.stringify(seen(change))));
  }
});

test("the load balancer deals requests out, and passes over a node that is away", async () => {
  const asked = new Map();
  const nodes = await Promise.all([0, 1].map(async (index) => {
    const node = http.createServer((request, response) => {
      asked.set(index, (asked.get(index) ?? 0) + 1);
      response.end(JSON.stringify({ index, by: request.headers["x-forwarded-for"], length: request.headers["content-length"] }));
    });
    await once(node.listen(0, "127.0.0.1"), "listening");
    return node;
  }));
  const ports = nodes.map((node) => node.address().port);
  const dealer = await Dealer.start(() => ports, { seed: 1 });
  const ask = async () => {
    const headers = { "x-forwarded-for": "203.0.113.7" };
    return (await fetch(`${dealer.url}/x`, { method: "POST", body: "four", headers })).json();
  };
  for (let at = 0; at < 20; at += 1) {
    const { by, length } = await ask();
    assert.deepEqual([by, length], ["127.0.0.1", "4"]);
  }
  assert.ok(asked.get(0) > 3 && asked.get(1) > 3, JSON.stringify([...asked]));
  nodes[0].close();
  nodes[0].closeAllConnections();
  await once(nodes[0], "close");
  for (let at = 0; at < 10; at += 1) assert.equal((await ask()).index, 1);
  nodes[1].closeAllConnections();
  nodes[1].close();
  await once(nodes[1], "close");
  const { status } = await fetch(dealer.url);
  assert.equal(status, 502);
  await dealer.stop();
});

describe("the proxy before Redis", () => {
  const told = (payload) => Buffer.from(`*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$${payload.length}\r\n${payload}\r\n`);

  test("finds the ends of values", () => {
    for (const text of ["+OK\r\n", ":1\r\n", "$-1\r\n", "$4\r\na\r\nb\r\n", "*0\r\n", "*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", "%1\r\n+a\r\n:1\r\n", ">3\r\n+message\r\n+c\r\n+x\r\n"]) {
      assert.equal(valueEnd(Buffer.from(`${text}+more\r\n`)), text.length, JSON.stringify(text));
      for (let cut = 0; cut < text.length; cut += 1) assert.equal(valueEnd(Buffer.from(text.slice(0, cut))), 0, JSON.stringify(text.slice(0, cut)));
    }
  });

  test("knows what was published", () => {
    assert.ok(isPublished(told("x")));
    assert.ok(!isPublished(Buffer.from("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")));
  });

  test("drops, doubles and reorders", () => {
    const fates = new Fates(1, { drop: 0.1, double: 0.1, reorder: 0.1 });
    const passed = [];
    for (let n = 0; n < 1_000; n += 1) passed.push(...fates.of(n));
    const { dropped, doubled, reordered } = fates;
    for (const count of [dropped, doubled, reordered]) assert.ok(count > 50 && count < 150, `${count}`);
    assert.ok(Math.abs(passed.length - (1_000 - dropped + doubled)) <= 1);
    assert.ok(passed.some((n, at) => n < passed[at - 1]));
  });
});

test("whatever many servers a process has started ends with it, without a warning", async () => {
  const code = `
    import { atExit } from ${JSON.stringify(new URL("../lib/exit.mjs", import.meta.url))};
    for (let number = 0; number < 20; number += 1) {
      const forget = atExit(() => console.log(number));
      if (number % 2 === 0) forget();
    }
    throw new Error("a failed test");
  `;
  const words = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words).catch((error) => error);
  assert.deepEqual(stdout.trim().split("\n").map(Number), Array.from({ length: 10 }, (_, index) => 2 * index + 1));
  assert.match(stderr, /a failed test/);
  assert.doesNotMatch(stderr, /Warning/);
});

describe("the proxy before PostgreSQL", () => {
  const text = (...parts) => Buffer.from(parts.map((part) => `${part}\0`).join(""));
  const message = (kind, body = Buffer.alloc(0)) => {
    const head = Buffer.alloc(kind.length + 4);
    head.write(kind, "latin1");
    head.writeUInt32BE(4 + body.length, kind.length);
    return Buffer.concat([head, body]);
  };
  const asks = (code) => {
    const body = Buffer.alloc(4);
    body.writeUInt32BE(code);
    return message("", body);
  };

  /** Plays a transaction, cut into chunks of some bytes. Returns the points, and whether everything was passed on. */
  function play({ statement, bytes, answer = "COMMIT", stopsAt }) {
    const points = [];
    const session = new Session((point) => points.push(point) && point !== stopsAt);
    const through = (how, sent) => {
      const passed = [];
      for (let at = 0; at < sent.length; at += bytes) passed.push(...session[how](sent.subarray(at, at + bytes)));
      return Buffer.concat(passed).equals(sent);
    };
    const all = [
      // The session begins after a question about encryption, which is answered with one byte.
      through("sent", asks(80_877_103)),
      through("answered", Buffer.from("N")),
      through("sent", Buffer.concat([asks(196_608), message("P", text("s1", LOCKS)), message("P", text("s2", statement))])),
      through("sent", Buffer.concat([message("Q", text("BEGIN")), message("B", text("", "s1")), message("S")])),
      through("answered", Buffer.concat([message("C", text("BEGIN")), message("D"), message("C", text("ROWS 1"))])),
      through("sent", Buffer.concat([message("B", text("", "s2")), message("Q", text("COMMIT"))])),
      through("answered", Buffer.concat([message("C", text("INSERT 0 1")), message("C", text(answer)), message("Z")])),
    ];
    return { points, whole: all.every(Boolean) };
  }

  for (const bytes of [1, 7, 1_000]) {
    test(`knows where a transaction is, in chunks of ${bytes} bytes`, () => {
      assert.deepEqual(play({ statement: WRITES, bytes }), { points: ["with the lock", "before COMMIT", "after COMMIT"], whole: true });
      assert.deepEqual(play({ statement: "another one", bytes }), { points: ["with the lock"], whole: true });
      assert.deepEqual(play({ statement: WRITES, bytes, answer: "ROLLBACK" }), { points: ["with the lock", "before COMMIT"], whole: true });
    });
  }

  test("keeps back what is not to be passed on", () => {
    for (const stopsAt of ["with the lock", "before COMMIT", "after COMMIT"]) {
      assert.equal(play({ statement: WRITES, bytes: 1_000, stopsAt }).whole, false);
    }
  });

  test("a publication is recognised", () => {
    assert.ok(isPublishing(Buffer.from("*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$1\r\nm\r\n")));
    assert.ok(!isPublishing(Buffer.from("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n")));
  });
});
