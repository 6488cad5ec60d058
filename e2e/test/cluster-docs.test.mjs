// "Try it on one machine" of docs/cluster.md, as it stands but for ports and addresses: two nodes, PostgreSQL, Redis, nginx,
// and the playground's five people, spread over both nodes, one of which is killed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";

import { browser } from "../lib/browser.mjs";
import { within } from "../lib/client.mjs";
import { atExit } from "../lib/exit.mjs";
import { Playground } from "../lib/playground.mjs";
import { freePort } from "../lib/ports.mjs";
import { BIN, Postgres } from "../lib/postgres.mjs";
import { ReverseProxy } from "../lib/proxies.mjs";
import { Redis } from "../lib/redis.mjs";
import { BINARY } from "../lib/server.mjs";
import { sleep } from "../lib/sleep.mjs";

const PAGE = readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8");
const HEADING = "## Try it on one machine\n";

/** The ports in the text, and that of the metrics of the node for which it names none. */
const PORTS = { a: "3001", b: "3002", internalA: "7001", internalB: "7002", metricsB: "9465" };

/** The commands of the section, with other ports and addresses. Each of those must be in them. */
function commands(replaced) {
  assert.ok(PAGE.includes(HEADING));
  const section = PAGE.split(HEADING)[1].split("\n## ")[0];
  const [[, code], ...others] = section.matchAll(/^```sh\n(.*?)^```$/gms);
  assert.deepEqual(others, [], "one block of commands");
  for (const port of [PORTS.a, PORTS.b]) assert.ok(section.includes(`\`127.0.0.1:${port}\``), "what is put into nginx's file");
  return replaced.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replaceAll(from, to);
  }, code);
}

let postgres, redis, folder, shell, forget, pids, proxy, chromium;
const ports = {};
before(async () => {
  [postgres, redis, chromium] = await Promise.all([Postgres.start(), Redis.start(), browser()]);
  for (const name of [...Object.keys(PORTS), "metricsA"]) ports[name] = await freePort();
  const script = commands([
    ["postgres://localhost/quintet", postgres.url().replace(/postgres$/, "quintet")],
    ["redis://localhost", `redis://127.0.0.1:${redis.port}`],
    ...Object.entries(PORTS).map(([name, port]) => [port, String(ports[name])]),
  ]);
  folder = mkdtempSync(join(tmpdir(), "quintet-docs-"));
  const path = [dirname(BINARY), BIN, process.env.PATH].filter(Boolean).join(delimiter);
  const server = { PGHOST: "127.0.0.1", PGPORT: String(postgres.port), PGUSER: "postgres" };
  const env = { ...process.env, PATH: path, ...server, QUINTET_METRICS_LISTEN: `127.0.0.1:${ports.metricsA}` };
  shell = spawn("bash", ["-e", "-c", `${script}\njobs -p > pids\nwait`], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  const file = join(folder, "pids");
  const started = async () => {
    for (;;) {
      pids = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map(Number) : [];
      if (pids.length === 2) return;
      await sleep(20);
    }
  };
  const ended = once(shell, "exit").then(([code]) => { throw new Error(`the commands ended with ${code}`); });
  ended.catch(() => {});
  await within(Promise.race([started(), ended]), "two processes");
  forget = atExit(() => pids.forEach(kill));
  const ready = async (port) => {
    const status = () => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.status, () => 0);
    while ((await status()) !== 200) await sleep(50);
  };
  await within(Promise.all([ready(ports.a), ready(ports.b)]), "both nodes to be ready");
  proxy = await ReverseProxy.start("nginx", ports.a, ports.b);
});

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

after(async () => {
  pids?.forEach(kill);
  if (shell && shell.exitCode === null) await within(once(shell, "exit"), "the end of the shell");
  forget?.();
  await chromium?.close();
  await proxy?.stop();
  await redis?.remove();
  await postgres?.remove();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** How many connections a node has. */
async function connections(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.match(/^quintet_connections(\{[^}]*\})? \d+$/gm) ?? [];
  assert.notDeepEqual(lines, [], "the metric of connections");
  return lines.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

test("five people on two nodes notice nothing but a reconnect when one of these is killed", async () => {
  const playground = await Playground.open(chromium, proxy.url, { ignoreHTTPSErrors: true });
  await playground.online();
  await playground.everybodySays("before");
  const spread = [await connections(ports.metricsA), await connections(ports.metricsB)];
  assert.ok(spread.every((count) => count > 0), `connections of the nodes: ${spread}`);
  kill(pids[0]);
  await playground.everybodySays("afterwards");
  await playground.online();
  assert.ok(await connections(ports.metricsB) >= 5);
  await playground.finish();
});
