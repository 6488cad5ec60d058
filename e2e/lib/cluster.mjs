// Several servers over one PostgreSQL database, behind a load balancer that deals requests out to them at random. Tests use
// them as they use one server.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { within } from "./client.mjs";
import { Dealer } from "./dealer.mjs";
import { freePort } from "./ports.mjs";
import { database } from "./postgres.mjs";
import { Api, BINARY, Server } from "./server.mjs";
import { sleep } from "./sleep.mjs";

/** `[ADDR:]PORT[=DIALECT[,trust]]`, as `--listen` takes it. */
const PLACE = /^(.*:)?(\d+)(=.*)?$/;

/** What every node is told. Where it listens for other nodes, it finds a free port by itself. */
const SETTINGS = {
  QUINTET_CLUSTER_ADVERTISE: "127.0.0.1:0",
  QUINTET_CLUSTER_SECRET: "a secret that all nodes of the tests share",
  QUINTET_FILES_SHARED: "true",
  QUINTET_LIMITS_TRUSTED_PROXIES: "127.0.0.1",
};

/** What is kept in the folder of a cluster, so that another one can continue with its data. */
const KEPT = "cluster.json";

/** How to remove the databases of clusters, by their folders: a cluster that is continued removes it in the end. */
const DROPS = new Map();

export class Cluster extends Api {
  #options;
  #drop;
  #dealers = [];
  /** The ports of each node. */
  #ports = [];
  #told;

  /**
   * Starts servers, all at once, on an empty database unless `url` names one. `seed` decides how requests are dealt out;
   * `sticky` keeps a polling session on one node. The other options are those of `Server.start`, for each node; `of(index)`
   * returns further variables of one node.
   */
  static async start({ nodes = 2, seed = 1, sticky = false, url, listen = ["0"], args = [], env = {}, of, folder, logged, logs } = {}) {
    const cluster = new Cluster();
    const kept = folder && JSON.parse(readFileSync(join(folder, KEPT), "utf8"));
    cluster.folder = folder ?? mkdtempSync(join(tmpdir(), "quintet-cluster-"));
    const made = !url && !kept && await database();
    cluster.database = url ?? kept?.database ?? made.url;
    if (made) cluster.#drop = made.drop;
    if (kept) cluster.#drop = DROPS.get(cluster.folder);
    if (cluster.#drop) DROPS.set(cluster.folder, cluster.#drop);
    writeFileSync(join(cluster.folder, KEPT), JSON.stringify({ database: cluster.database }));
    cluster.#options = { listen, args, env, of, logged, logs };
    if (!kept) cluster.#prepare(nodes);
    cluster.ended = new Promise((resolve) => { cluster.#told = resolve; });
    const started = await Promise.allSettled(Array.from({ length: nodes }, (_, index) => cluster.#node(index)));
    const failed = started.find(({ status }) => status === "rejected");
    cluster.nodes = started.map(({ value }) => value);
    if (failed) {
      await Promise.all(cluster.nodes.map((node) => node?.kill()));
      throw failed.reason;
    }
    for (const [at, place] of listen.entries()) {
      const ports = () => cluster.nodes.filter((node) => !node.out).map((node) => Number(new URL(node.urls[at]).port));
      cluster.#dealers.push(await Dealer.start(ports, { seed: seed + at, port: Number(PLACE.exec(place)[2]), sticky }));
    }
    cluster.urls = cluster.#dealers.map((dealer) => dealer.url);
    return cluster;
  }

  #place(index) {
    return join(this.folder, `node-${index + 1}`);
  }

  /** Makes the folders of the nodes, with one folder for files. */
  #prepare(nodes) {
    const files = join(this.folder, "files");
    mkdirSync(files, { mode: 0o700 });
    for (let index = 0; index < nodes; index += 1) {
      const data = join(this.#place(index), "data");
      mkdirSync(data, { recursive: true, mode: 0o700 });
      symlinkSync(files, join(data, "files"));
    }
  }

  async #node(index) {
    const { args, env, of, logged, logs } = this.#options;
    const folder = this.#place(index);
    // A node that is started again has the ports that it had.
    this.#ports[index] ??= await Promise.all(this.#options.listen.map(freePort));
    const listen = this.#options.listen.map((place, at) =>
      place.replace(PLACE, (_, address = "", port, dialect = "") => `${address}${this.#ports[index][at]}${dialect}`));
    const node = await Server.start({
      listen, args, folder, logged, logFile: logs && join(logs, `node-${index + 1}.log`),
      env: { ...SETTINGS, QUINTET_DATABASE_URL: this.database, ...env, ...of?.(index) },
    });
    node.ended.then((how) => { if (this.nodes?.[index] === node && !node.out) this.#told(how); });
    return node;
  }

  /** Lets a node get no requests any more, and lets nothing that it says arrive. It goes on. */
  isolate(index) {
    const node = this.nodes[index];
    node.out = true;
    for (const [at, dealer] of this.#dealers.entries()) dealer.cut(Number(new URL(node.urls[at]).port));
  }

  /** Kills a node, which is not missed until it is revived. */
  async crash(index, signal = "SIGKILL") {
    const node = this.nodes[index];
    node.out = true;
    await node.kill(signal);
  }

  /** Starts a node again that was killed. */
  async revive(index) {
    this.nodes[index] = await this.#node(index);
  }

  /** Waits until every node that is not out says of a user that it is online, or that it is not. */
  async agree(token, user, online) {
    const agreed = async (node) => {
      for (;;) {
        const { status, body } = await node.api(token, "GET", `/users/${user}`);
        if (status === 200 && body.online === online) return;
        await sleep(10);
      }
    };
    await within(Promise.all(this.nodes.filter((node) => !node.out).map(agreed)), `all nodes to know that ${user} is ${online ? "online" : "offline"}`);
  }

  /** Ends all nodes, and the load balancer with them. */
  async kill(signal = "SIGKILL") {
    await Promise.all(this.#dealers.splice(0).map((dealer) => dealer.stop()));
    const ends = await Promise.all(this.nodes.map((node) => node.kill(signal)));
    return ends[0];
  }

  /** Ends all nodes, and removes their folders and their database. */
  async stop() {
    await this.kill();
    await this.#drop?.();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Creates an API key for another backend. */
  async key(name) {
    const words = ["--database", this.database, "--data", join(this.#place(0), "data"), "key", "add", name];
    // The keys in the database are encrypted under the secret.
    const env = { ...process.env, ...SETTINGS };
    const { stdout } = await promisify(execFile)(BINARY, words, { cwd: this.#place(0), env });
    return stdout.trim();
  }
}
