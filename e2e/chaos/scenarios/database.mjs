// What happens to the database: it is stopped, loses connections, and is replaced by its standby.

import { Cluster } from "../../lib/cluster.mjs";
import { Postgres } from "../../lib/postgres.mjs";
import { sleep } from "../../lib/sleep.mjs";

export const stops = {
  name: "stops",
  what: "PostgreSQL is stopped (`pg_ctl stop -m immediate`) and started again",
  count: { full: 50, short: 2 },
  afresh: true,
  async run(stage, count) {
    const postgres = await stage.open(Postgres.start(), (one) => one.remove());
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: postgres.url() }));
    return stage.play(cluster, async (load) => {
      for (let stop = 0; stop < count; stop += 1) {
        await load.progress(load.between(20, 200));
        await sleep(load.between(0, 50));
        await postgres.stop();
        await sleep(load.between(0, 1_000));
        await postgres.start();
        stage.tell(stop + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const failovers = {
  name: "failovers",
  what: "the primary is stopped at once, and its synchronous standby takes its place",
  count: { full: 20, short: 1 },
  afresh: true,
  async run(stage, count) {
    let primary = await stage.open(Postgres.start(), (one) => one.remove());
    let standby = await stage.open(primary.standby(), (one) => one.remove());
    await primary.waitForStandby();
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: primary.url(standby) }));
    return stage.play(cluster, async (load) => {
      for (let failover = 0; failover < count; failover += 1) {
        await load.progress(load.between(20, 200));
        await sleep(load.between(0, 50));
        await primary.stop();
        await standby.promote();
        await load.progress(20);
        // The old primary becomes the standby of the new one.
        [primary, standby] = [standby, primary];
        await standby.follow(primary);
        await primary.waitForStandby();
        stage.tell(failover + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const lagged = {
  name: "lagged",
  what: "the primary is stopped at once, and an asynchronous standby takes its place that lacks what was acknowledged last",
  count: { full: 10, short: 1 },
  afresh: true,
  async run(stage, count) {
    let primary = await stage.open(Postgres.start(), (one) => one.remove());
    let standby = await stage.open(primary.standby(), (one) => one.remove());
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: primary.url(standby) }));
    return stage.play(cluster, async (load) => {
      for (let failover = 0; failover < count; failover += 1) {
        await primary.waitForFollower();
        await load.progress(load.between(20, 200));
        await standby.stop("fast");
        await load.progress(load.between(5, 100));
        await primary.stop();
        // What the primary has confirmed is known to the senders by then.
        await sleep(500);
        await load.losing(async () => {
          await standby.start();
          await standby.promote();
        });
        await load.progress(100);
        [primary, standby] = [standby, primary];
        await standby.follow(primary);
        stage.tell(failover + 1, count);
      }
      await load.progress(100);
    });
  },
};

export const connections = {
  name: "connections",
  what: "PostgreSQL ends up to eight connections of the nodes (`pg_terminate_backend`), chosen at random",
  count: { full: 100, short: 5 },
  afresh: true,
  async run(stage, count) {
    const postgres = await stage.open(Postgres.start(), (one) => one.remove());
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: postgres.url() }));
    return stage.play(cluster, async (load) => {
      let ended = 0;
      for (let cut = 0; cut < count; cut += 1) {
        await load.progress(load.between(10, 60));
        ended += await postgres.cutConnections(load.between(1, 8));
        stage.tell(cut + 1, count);
      }
      await load.progress(100);
      return { note: `${ended} connections` };
    });
  },
};

export const oldTransactions = {
  name: "old-transactions",
  what: "a transaction of somebody else stays open for this many minutes, and people send as fast as they can",
  count: { full: 10, short: 0 },
  afresh: false,
  async run(stage, count) {
    const postgres = await stage.open(Postgres.start(), (one) => one.remove());
    const cluster = await stage.open(Cluster.start({ ...stage.options, url: postgres.url() }));
    return stage.play(cluster, async (load) => {
      /** The number of messages that are acknowledged in a minute. */
      const minute = async () => {
        const before = load.acked.size;
        await sleep(60_000);
        return load.acked.size - before;
      };
      await load.progress(500);
      const alone = await minute();
      const end = await postgres.openTransaction();
      let last = 0;
      for (let passed = 0; passed < count; passed += 1) {
        last = await minute();
        stage.tell(passed + 1, count);
      }
      await end();
      return { note: `${alone} messages in the minute before, ${last} in its last` };
    }, { pauseMs: 0 });
  },
};
