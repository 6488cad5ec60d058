// What happens to Redis, when it is the wire: it loses, doubles and reorders messages, and goes away. Nothing but the time of
// delivery may depend on it.

import { Cluster } from "../../lib/cluster.mjs";
import { Redis, RedisProxy } from "../../lib/redis.mjs";
import { sleep } from "../../lib/sleep.mjs";

/** Much longer than the second after which each node looks for what it has not heard of, on a machine that is busy. */
const LAG_MS_MAX = 10_000;

/** Lets people use a cluster whose wire is Redis. `happens` gets the load, Redis and the proxy before it. */
async function play(stage, shares, happens) {
  const redis = await stage.open(Redis.start(), (one) => one.remove());
  const proxy = await stage.open(RedisProxy.start(redis.port, stage.options.seed, shares));
  const env = { QUINTET_CLUSTER_BUS: `redis://127.0.0.1:${proxy.port}` };
  const cluster = await stage.open(Cluster.start({ ...stage.options, env }));
  return stage.play(cluster, (load) => happens(load, redis, proxy));
}

/** A scenario in which something is done to Redis again and again. */
function scenario(name, what, count, shares, each) {
  return {
    name,
    what,
    count,
    afresh: false,
    lagMsMax: LAG_MS_MAX,
    run: (stage, times) => play(stage, shares, async (load, redis, proxy) => {
      for (let time = 0; time < times; time += 1) {
        await load.progress(load.between(20, 100));
        await each({ load, redis, proxy });
        stage.tell(time + 1, times);
      }
      await load.progress(100);
      const { dropped, doubled, reordered } = proxy.totals;
      if (dropped + doubled + reordered > 0) return { note: `${dropped} dropped, ${doubled} doubled, ${reordered} reordered` };
      return {};
    }),
  };
}

/** How long nodes are watched while Redis is away and nobody does anything, in milliseconds. */
const QUIET_MS = 5_000;
/** The share of a core that each node may take then; one that spins takes a whole one. */
const QUIET_SHARE_MAX = 0.4;

const away = {
  name: "redis-away",
  what: "Redis is killed and stays away, while this many times 500 messages are sent, and then nobody does anything",
  count: { full: 20, short: 1 },
  afresh: false,
  lagMsMax: LAG_MS_MAX,
  async run(stage, count) {
    const redis = await stage.open(Redis.start(), (one) => one.remove());
    const env = { QUINTET_CLUSTER_BUS: `redis://127.0.0.1:${redis.port}` };
    const cluster = await stage.open(Cluster.start({ ...stage.options, env }));
    const figures = await stage.play(cluster, async (load) => {
      await load.progress(50);
      await redis.kill();
      for (let time = 0; time < count; time += 1) {
        await load.progress(500);
        stage.tell(time + 1, count);
      }
    });
    const before = cluster.nodes.map((node) => node.cpuMs());
    await sleep(QUIET_MS);
    const shares = cluster.nodes.map((node, index) => (node.cpuMs() - before[index]) / QUIET_MS);
    const most = Math.max(...shares);
    return {
      ...figures,
      note: `a node then took ${(100 * most).toFixed(0)} % of a core`,
      wrong: most > QUIET_SHARE_MAX ? [`a node took ${(100 * most).toFixed(0)} % of a core for nothing`] : [],
    };
  },
};

const FAULTY = { drop: 0.1, double: 0.1, reorder: 0.1 };

export const REDIS = [
  away,
  scenario("redis-faults", "Redis drops, doubles and reorders a tenth of all messages each, while this many times 500 are sent",
    { full: 50, short: 2 }, FAULTY, ({ load }) => load.progress(500)),
  scenario("redis-cuts", "all connections to Redis are cut", { full: 100, short: 5 }, {}, ({ proxy }) => proxy.cutAll()),
  scenario("redis-stills", "Redis stands still (`SIGSTOP`) for one to four seconds", { full: 30, short: 2 }, {}, async ({ load, redis }) => {
    redis.signal("SIGSTOP");
    await sleep(load.between(1_000, 4_000));
    redis.signal("SIGCONT");
  }),
  scenario("redis-kills", "Redis is killed (`SIGKILL`), and started again up to two seconds later", { full: 30, short: 2 }, {}, async ({ load, redis }) => {
    await redis.kill();
    await sleep(load.between(0, 2_000));
    await redis.start();
  }),
];
