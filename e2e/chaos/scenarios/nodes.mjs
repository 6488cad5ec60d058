// What happens to nodes: they are killed, stand still, and are cut off from the database.

import { existsSync, readdirSync } from "node:fs";

import { Cluster } from "../../lib/cluster.mjs";
import { within } from "../../lib/client.mjs";
import { Link } from "../../lib/link.mjs";
import { Postgres } from "../../lib/postgres.mjs";
import { sleep } from "../../lib/sleep.mjs";

/** How long a node stands still, in milliseconds: longer than it may keep the lock of the order. */
const STANDS_STILL_MS = [2_500, 5_000];

/** The library of Debian's package `libfaketime` that gives a process another time. */
function fakeTime() {
  const found = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`).find((path) => existsSync(path));
  if (!found) throw new Error("the package libfaketime is not installed");
  return found;
}

export const kills = {
  name: "kills",
  what: "a node is killed (`SIGKILL`) at a random moment, and started again",
  count: { full: 200, short: 5 },
  afresh: false,
  async run(stage, count) {
    const cluster = await stage.open(Cluster.start(stage.options));
    return stage.play(cluster, async (load) => {
      for (let kill = 0; kill < count; kill += 1) {
        await load.progress(load.between(5, 100));
        await sleep(load.between(0, 30));
        const index = load.between(0, 1);
        await cluster.crash(index);
        await load.progress(load.between(1, 50));
        await cluster.revive(index);
        stage.tell(kill + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const stills = {
  name: "stills",
  what: "a node stands still (`SIGSTOP`) for 2.5 to 5 seconds, whatever it was doing",
  count: { full: 30, short: 2 },
  afresh: false,
  async run(stage, count) {
    const cluster = await stage.open(Cluster.start(stage.options));
    return stage.play(cluster, async (load) => {
      for (let still = 0; still < count; still += 1) {
        await load.progress(load.between(5, 100));
        await sleep(load.between(0, 30));
        const node = cluster.nodes[load.between(0, 1)];
        node.signal("SIGSTOP");
        await sleep(load.between(...STANDS_STILL_MS));
        node.signal("SIGCONT");
        stage.tell(still + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const cuts = {
  name: "cuts",
  what: "one node is cut off from PostgreSQL until it says that it is not ready, in turns by an end of its connections and by silence",
  count: { full: 10, short: 2 },
  afresh: true,
  async run(stage, count) {
    const postgres = await stage.open(Postgres.start(), (one) => one.remove());
    const link = await stage.open(Link.start(postgres.port), (one) => one.stop());
    const of = (index) => (index === 1 ? { QUINTET_DATABASE_URL: postgres.url().replace(`:${postgres.port}`, `:${link.port}`) } : {});
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: postgres.url(), of }));
    const node = cluster.nodes[1];
    const ready = async (wanted) => {
      const status = () => fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then((answer) => answer.status, () => 0);
      while (((await status()) === 200) !== wanted) await sleep(100);
    };
    return stage.play(cluster, async (load) => {
      for (let cut = 0; cut < count; cut += 1) {
        await load.progress(load.between(5, 100));
        if (cut % 2 === 0) link.cut();
        else link.silence();
        await within(ready(false), "the node that is cut off to say so");
        // As a load balancer that asks whether nodes are ready.
        node.out = true;
        await load.progress(100);
        link.mend();
        await within(ready(true), "the node to be ready again");
        node.out = false;
        stage.tell(cut + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const clocks = {
  name: "clocks",
  what: "the clock of one node is five minutes ahead of the other's, while this many times 500 messages are sent; their times must not fall",
  count: { full: 20, short: 1 },
  afresh: false,
  async run(stage, count) {
    const ahead = { LD_PRELOAD: fakeTime(), FAKETIME: "+5m", DONT_FAKE_MONOTONIC: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    const cluster = await stage.open(Cluster.start({ ...stage.options, of: (index) => (index === 1 ? ahead : {}) }));
    return stage.play(cluster, async (load) => {
      for (let round = 0; round < count; round += 1) {
        await load.progress(500);
        stage.tell(round + 1, count);
      }
    });
  },
};
