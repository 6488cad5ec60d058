// What packages ship: the unit of systemd, and the settings that it starts the server with; the rules of alerts and the
// dashboard for Prometheus and Grafana.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Client, within } from "../lib/client.mjs";
import { freePort } from "../lib/ports.mjs";
import { database } from "../lib/postgres.mjs";
import { BINARY, Server } from "../lib/server.mjs";

const packaging = fileURLToPath(new URL("../../packaging", import.meta.url));

describe("the unit of systemd", () => {
  const unit = readFileSync(join(packaging, "systemd/quintet.service"), "utf8");
  let folder;

  before(() => { folder = mkdtempSync(join(tmpdir(), "quintet-unit-")); });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Checks that `systemd-analyze` has nothing to say against the unit, with the binary of the test in it. */
  function analyze(...words) {
    const file = join(folder, "quintet.service");
    assert.ok(unit.includes("/usr/bin/quintet "), "the unit starts the binary");
    writeFileSync(file, unit.replace("/usr/bin/quintet ", `${BINARY} `));
    const env = { ...process.env, SYSTEMD_LOG_LEVEL: "warning" };
    const { status, stdout, stderr } = spawnSync("systemd-analyze", [...words, file], { encoding: "utf8", env });
    assert.deepEqual([status, stderr], [0, ""], stdout);
  }

  test("is understood, and leaves the process little", () => {
    analyze("verify", "--man=no", "--recursive-errors=no");
    // A unit without any protection has about 9.6.
    analyze("security", "--offline=true", "--threshold=20");
  });

  test("starts a server that those who were not invited cannot register at", async () => {
    const words = /^ExecStart=\S+ (.*)$/m.exec(unit)[1].split(" ");
    assert.deepEqual(words, ["serve", "--config", "/etc/quintet/quintet.toml", "--data", "/var/lib/quintet"]);
    const port = await freePort();
    const settings = readFileSync(join(packaging, "quintet.toml"), "utf8");
    const config = join(folder, "quintet.toml");
    writeFileSync(config, settings.replace("127.0.0.1:3000", `127.0.0.1:${port}`));
    const server = await Server.start({ listen: [], args: ["--config", config] });
    assert.equal(server.port, String(port));
    const newcomer = { username: "eve", email: "eve@example.org", password: "correct horse", name: "Eve" };
    assert.equal((await server.api(null, "POST", "/auth/register", newcomer)).status, 403);
    const code = await server.command(["invite", "add"]);
    assert.equal((await server.api(null, "POST", "/auth/register", { ...newcomer, invitation: code })).status, 201);
    await server.stop();
  });
});

/** Runs a program, which must succeed, in the folder of packaging. Returns what it prints. */
function run(program, words, options) {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8", cwd: packaging, ...options });
  assert.deepEqual([status, error], [0, undefined], `${program} ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

describe("alerts and the dashboard", () => {
  const dashboard = JSON.parse(readFileSync(join(packaging, "grafana/quintet.json"), "utf8"));
  const alerts = readFileSync(join(packaging, "prometheus/alerts.yml"), "utf8");
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  const expressions = [...panels.flatMap(({ targets }) => targets), ...dashboard.annotations.list].map(({ expr }) => expr);

  test("each alert fires at what it is for, and at nothing else", () => {
    run("promtool", ["check", "rules", "prometheus/alerts.yml"]);
    run("promtool", ["test", "rules", "prometheus/alerts.test.yml"]);
    const tried = readFileSync(join(packaging, "prometheus/alerts.test.yml"), "utf8");
    const named = [...alerts.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
    assert.ok(named.length > 15, "the rules are found");
    for (const name of named) {
      assert.ok(tried.includes(`alertname: ${name}, exp_alerts: []`), `${name} is shown where it is silent`);
      assert.match(tried, new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`), `${name} is shown where it fires`);
    }
  });

  test("the dashboard is one that Prometheus and Grafana understand", () => {
    const folder = mkdtempSync(join(tmpdir(), "quintet-rules-"));
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$job", "quintet").replaceAll("$instance", ".+"),
    }));
    const file = join(folder, "rules.yml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    run("promtool", ["check", "rules", file]);
    rmSync(folder, { recursive: true });
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, "each panel has an id of its own");
    const taken = new Set();
    for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
      assert.ok(x + w <= 24, `${title} is within the page`);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          assert.ok(!taken.has(`${row} ${column}`), `${title} covers another panel`);
          taken.add(`${row} ${column}`);
        }
      }
    }
  });

  test("every series that they name is one of a real server", async () => {
    const { url, drop } = await database();
    // Some series are there on PostgreSQL alone, others on SQLite, and some only with a hook.
    const texts = await Promise.all([
      { QUINTET_DATABASE_URL: url },
      { QUINTET_HOOKS_BEFORE_SEND: "https://hook.example.org/", QUINTET_HOOKS_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    ].map(scrape));
    await drop();
    const kinds = new Map([...texts.join("").matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]));
    const known = new Set([...kinds].flatMap(([name, kind]) => (
      kind === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name])));
    const rules = [...alerts.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*))$/gm)].map(([, lines, line]) => lines ?? line);
    const named = [...expressions, ...rules].flatMap((expr) => expr.match(/\b(?:quintet|process)_\w+/g) ?? []);
    assert.ok(new Set(named).size > 35, `only ${new Set(named).size} series are named`);
    assert.deepEqual([...new Set(named)].filter((name) => !known.has(name)), [], "series that no server has");
    // And every one that a server has is explained.
    const page = readFileSync(join(packaging, "../docs/operations.md"), "utf8");
    const unexplained = [...kinds.keys()].filter((name) => !page.includes(`\`${name}\``) && !page.includes(`\`${name}{`));
    assert.deepEqual(unexplained, [], "series that docs/operations.md does not explain");
  });

  /** What a server with some variables says of itself. */
  async function scrape(env) {
    const metrics = `127.0.0.1:${await freePort()}`;
    const server = await Server.start({ env: { ...env, QUINTET_METRICS_LISTEN: metrics } });
    // Counters by label are there from the first time on that something is counted.
    const { token } = await server.register("ada");
    const client = await Client.connect(server.url, { auth: { token, dialect: "chat" }, transports: ["websocket"] });
    client.emit("no:event", {});
    client.close();
    const look = async () => {
      for (;;) {
        const text = await (await fetch(`http://${metrics}/metrics`)).text();
        if (text.includes("quintet_closes_total{") && text.includes("quintet_unknown_events_total{")) return text;
      }
    };
    const text = await within(look(), "the event and the end of the connection to be counted");
    await server.stop();
    return text;
  }
});
