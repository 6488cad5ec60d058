// What only several nodes have: the playground's five people spread over two of them, one of which is killed; and a first
// start of several nodes at once on an empty database.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { Client } from "../lib/client.mjs";
import { Cluster } from "../lib/cluster.mjs";
import { migrations } from "../lib/postgres.mjs";
import { Playground } from "../lib/playground.mjs";

describe("two nodes", () => {
  let cluster, chromium;
  before(async () => {
    cluster = await Cluster.start();
    chromium = await browser();
  });
  after(async () => {
    await chromium?.close();
    await cluster?.stop();
  });

  test("five people in five dialects notice nothing but a reconnect when a node is killed", async () => {
    const playground = await Playground.open(chromium, cluster.url);
    await playground.online();
    await playground.everybodySays("before");
    for (const [index, text] of [[0, "without the first node"], [1, "without the second one"]]) {
      await cluster.crash(index);
      await playground.everybodySays(text);
      await playground.online();
      await cluster.revive(index);
    }
    await playground.finish();
  });

  test("who is online is known on both, and ends when the node with the connection is killed", async () => {
    const [ada, bob] = [await cluster.register("ada"), await cluster.register("bob")];
    const [here, there] = cluster.nodes;
    const connect = (node, { token }) => Client.connect(node.url, { auth: { token, dialect: "chat" }, transports: ["websocket"] });
    const hears = await connect(here, ada);
    const client = await connect(there, bob);
    const told = (status) => hears.hear("user:status", (user) => user.userId === bob.id && user.status === status);
    await told("online");
    await cluster.agree(ada.token, bob.id, true);
    // A second connection on the other node, after whose end the first one counts.
    const second = await connect(here, bob);
    second.close();
    client.close();
    await told("offline");
    await cluster.agree(ada.token, bob.id, false);
    await connect(there, bob);
    await told("online");
    await cluster.crash(1);
    await told("offline");
    await cluster.revive(1);
    await cluster.agree(ada.token, ada.id, true);
    assert.deepEqual(hears.unheard.filter((event) => event.name === "user:status" && event.payload.userId === bob.id), []);
    hears.close();
  });
});

test("of three nodes that start at once on an empty database one migrates, and all serve", async (context) => {
  const cluster = await Cluster.start({ nodes: 3 });
  context.after(() => cluster.stop());
  const run = await migrations(cluster.database);
  assert.ok(run.length > 0);
  assert.deepEqual(run, run.map((_, index) => [index + 1, 1]), "each migration once");
  const people = [];
  for (const [index, node] of cluster.nodes.entries()) {
    assert.equal((await fetch(`${node.url}/readyz`)).status, 200);
    people.push(await node.register(`of${index}`));
  }
  // What one has made, all know.
  for (const node of cluster.nodes) {
    for (const { id } of people) assert.equal((await node.api(people[0].token, "GET", `/users/${id}`)).status, 200);
  }
});
