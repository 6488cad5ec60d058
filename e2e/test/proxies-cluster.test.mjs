// The files of docs/proxies for two nodes, with nginx and HAProxy in front of two real servers over one database.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, within } from "../lib/client.mjs";
import { Cluster } from "../lib/cluster.mjs";
import { Link } from "../lib/link.mjs";
import { Postgres } from "../lib/postgres.mjs";
import { CLUSTER_PROXIES, ReverseProxy } from "../lib/proxies.mjs";
import { request } from "../lib/request.mjs";
import { Log } from "../lib/server.mjs";
import { sleep } from "../lib/sleep.mjs";

/** Enough that a load balancer gives each node some of them. */
const CLIENTS = 6;

for (const kind of CLUSTER_PROXIES) {
  describe(`two nodes behind ${kind}`, () => {
    let postgres, link, cluster, proxy, ca, people, place;

    before(async () => {
      postgres = await Postgres.start();
      link = await Link.start(postgres.port);
      const of = (index) => (index === 1 ? { QUINTET_DATABASE_URL: postgres.url().replace(`:${postgres.port}`, `:${link.port}`) } : {});
      // What a node says while it is cut off is not shown.
      cluster = await Cluster.start({ url: postgres.url(), listen: ["127.0.0.1:0"], of, logged: new Log() });
      proxy = await ReverseProxy.start(kind, ...cluster.nodes.map((node) => node.port));
      ca = proxy.ca;
      people = [];
      for (let index = 0; index < CLIENTS; index += 1) people.push(await cluster.register(`p${index}`));
      const group = { kind: "group", name: "group", memberIds: people.slice(1).map((user) => user.id) };
      place = (await cluster.api(people[0].token, "POST", "/conversations", group)).body.id;
    });
    after(async () => {
      await proxy?.stop();
      await cluster?.stop();
      await link?.stop();
      await postgres?.remove();
    });

    const connect = (transports) => Promise.all(people.map(({ token }) => Client.connect(proxy.url, {
      ca, transports, auth: { token, dialect: "chat", recover: true },
      reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500, timeout: 5_000,
    })));

    /** Calls the API through the proxy, until a node has answered. */
    async function say(content) {
      const body = JSON.stringify({ content, clientMessageId: content.replaceAll(" ", "-") });
      const headers = { authorization: `Bearer ${people[0].token}`, "content-type": "application/json" };
      for (;;) {
        const answer = await request(`${proxy.url}/api/v1/conversations/${place}/messages`, { ca, method: "POST", headers, body }).catch(() => null);
        if (answer?.status === 200 || answer?.status === 201) return;
        await sleep(100);
      }
    }

    const hear = (clients, content) => Promise.all(clients.map((client) =>
      client.hear("message:new", (message) => message.content === content)));

    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      test(`everybody hears everybody over ${transports.join(", then ")}`, async () => {
        const clients = await connect(transports);
        for (const [index, client] of clients.entries()) {
          const content = `${index} over ${transports}`;
          const { success } = await client.call("message:send", { chatId: place, content });
          assert.equal(success, true);
          await hear(clients, content);
        }
        for (const client of clients) client.close();
      });
    }

    test("clients of a node that dies go on with the other one, and miss nothing", async () => {
      const clients = await connect(["websocket"]);
      const afresh = [];
      for (const [index, { socket }] of clients.entries()) {
        socket.on("connect", () => { if (!socket.recovered) afresh.push(index); });
      }
      for (const [round, index] of [0, 1, 0].entries()) {
        await cluster.crash(index);
        await say(`while ${index} is away, round ${round}`);
        await hear(clients, `while ${index} is away, round ${round}`);
        await cluster.revive(index);
      }
      assert.deepEqual(afresh, []);
      for (const client of clients) client.close();
    });

    if (kind === "haproxy") {
      test("a node that is cut off from the database gets nothing new until it is back", async () => {
        const ready = async () => (await request(`${proxy.url}/readyz`, { ca })).status === 200;
        const inARow = async (wanted) => {
          for (let good = 0; good < 8;) good = (await ready()) === wanted ? good + 1 : 0;
        };
        link.cut();
        await within((async () => { while (await ready()) await sleep(50); })(), "the node to say that it is not ready");
        await within(inARow(true), "the proxy to know it");
        const clients = await connect(["websocket"]);
        await say("while one is cut off");
        await hear(clients, "while one is cut off");
        link.mend();
        await within((async () => {
          while ((await fetch(`${cluster.nodes[1].url}/readyz`)).status !== 200) await sleep(50);
        })(), "the node to be ready again");
        for (const client of clients) client.close();
      });
    }
  });
}
