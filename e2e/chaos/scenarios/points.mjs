// What happens to nodes at exact points of a write: they are killed before COMMIT, after it, before they publish what was
// committed and before they acknowledge it, and stand still while they have the lock of the order.

import { performance } from "node:perf_hooks";

import { Client } from "../../lib/client.mjs";
import { Cluster } from "../../lib/cluster.mjs";
import { PostgresProxy } from "../../lib/postgres-proxy.mjs";
import { Postgres } from "../../lib/postgres.mjs";
import { Redis, RedisProxy } from "../../lib/redis.mjs";
import { sleep } from "../../lib/sleep.mjs";

/** How long the users of a node that was killed may count as online, in milliseconds. */
const ONLINE_MS_MAX = 15_000;
/** Longer than the second after which a node looks for what it was not told of, on a machine that is busy. */
const LAG_MS_MAX = 10_000;
/** How long PostgreSQL lets a node keep the lock that does nothing, and what a busy machine may add, in milliseconds. */
const SILENCE_MS_MAX = 2_000 + 2_000;
/** How long a node with the lock stands still, in milliseconds. */
const STANDS_STILL_MS = [2_500, 4_000];

/** A message of the load: `LANE NUMBER`. */
const SAID = /\d\.\d \d+/;

/**
 * The points at which a node is killed. Each waits for it and kills the node there, by `kill`. What a session is not told
 * directly it must not be told by way of another node either: sessions stay on their nodes.
 */
const POINTS = {
  "before COMMIT": ({ database, kill }) => database.at("before COMMIT", kill),
  "after COMMIT": ({ database, kill }) => database.at("after COMMIT", kill),
  "before publishing": async ({ database, wire, kill }) => {
    let killed;
    await database.at("after COMMIT", () => {
      killed = wire.atPublication((value) => SAID.test(value.toString("latin1")), kill);
      return true;
    });
    await killed;
  },
  "before the acknowledgement": async ({ database, wire, isolate, kill }) => {
    let killed;
    await database.at("after COMMIT", () => {
      isolate();
      killed = wire.atPublication((value) => SAID.test(value.toString("latin1")), () => {
        // What the node has published reaches the other one; no acknowledgement reaches anybody.
        setImmediate(kill);
        return true;
      });
      return true;
    });
    await killed;
  },
};

/** Two nodes, each with a proxy of its own before PostgreSQL and before Redis. */
async function cluster(stage) {
  const postgres = await stage.open(Postgres.start(), (one) => one.remove());
  const redis = await stage.open(Redis.start(), (one) => one.remove());
  const [databases, wires] = [[], []];
  for (let index = 0; index < 2; index += 1) {
    databases.push(await stage.open(PostgresProxy.start(postgres.port)));
    wires.push(await stage.open(RedisProxy.start(redis.port, stage.options.seed + index, {})));
  }
  const of = (index) => ({
    QUINTET_DATABASE_URL: postgres.url().replace(`:${postgres.port}`, `:${databases[index].port}`),
    QUINTET_CLUSTER_BUS: `redis://127.0.0.1:${wires[index].port}`,
  });
  const nodes = await stage.open(Cluster.start({ ...stage.options, url: postgres.url(), sticky: true, of }));
  return { nodes, databases, wires };
}

export const points = {
  name: "points",
  what: "a node is killed (`SIGKILL`) at an exact point of a write: before COMMIT, after it, before publishing, before the acknowledgement, this many times each",
  count: { full: 15, short: 1 },
  afresh: false,
  lagMsMax: LAG_MS_MAX,
  async run(stage, count) {
    const { nodes, databases, wires } = await cluster(stage);
    return stage.play(nodes, async (load) => {
      const watcher = await nodes.register("watcher");
      const onlineMs = [];
      for (let round = 0; round < count; round += 1) {
        for (const [at, [, kill]] of Object.entries(POINTS).entries()) {
          const index = (round + at) % 2;
          // Somebody who is connected to that node, and comes back to no other one. To wait for that takes long.
          const watched = round === 0 && (stage.long || at === 0);
          const name = `alone${at}`;
          const alone = watched && await nodes.register(name);
          const client = alone && await Client.connect(nodes.nodes[index].url, { auth: { token: alone.token, dialect: "chat" } });
          if (alone) await nodes.agree(watcher.token, alone.id, true);
          await load.progress(load.between(5, 40));
          let dead;
          await kill({
            database: databases[index],
            wire: wires[index],
            isolate: () => nodes.isolate(index),
            kill: () => {
              dead = nodes.crash(index);
              return false;
            },
          });
          const killedAt = performance.now();
          await dead;
          await load.progress(50);
          if (alone) {
            await nodes.agree(watcher.token, alone.id, false);
            onlineMs.push(performance.now() - killedAt);
            client.close();
          }
          await nodes.revive(index);
        }
        stage.tell(round + 1, count);
      }
      await load.progress(100);
      const longest = Math.max(...onlineMs);
      const wrong = longest > ONLINE_MS_MAX ? [`a user of a dead node counted as online for ${Math.round(longest)} ms`] : [];
      return { note: `its users counted as online for up to ${(longest / 1_000).toFixed(1)} s`, wrong };
    });
  },
};

export const locks = {
  name: "locks",
  what: "a node that has just got the lock of the order stands still (`SIGSTOP`) for 2.5 to 4 seconds",
  count: { full: 30, short: 2 },
  afresh: false,
  silenceMsMax: SILENCE_MS_MAX,
  async run(stage, count) {
    const { nodes, databases } = await cluster(stage);
    return stage.play(nodes, async (load) => {
      for (let still = 0; still < count; still += 1) {
        await load.progress(load.between(5, 100));
        const index = still % 2;
        await databases[index].at("with the lock", () => {
          nodes.nodes[index].signal("SIGSTOP");
          return true;
        });
        await sleep(load.between(...STANDS_STILL_MS));
        nodes.nodes[index].signal("SIGCONT");
        stage.tell(still + 1, count);
      }
      await load.progress(100);
    });
  },
};
