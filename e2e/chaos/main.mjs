// `cargo xtask chaos`: plays faults against two nodes, and checks that nothing acknowledged was lost, doubled or reordered.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { counted } from "../lib/tally.mjs";
import { page } from "./report.mjs";
import { connections, failovers, lagged, oldTransactions, stops } from "./scenarios/database.mjs";
import { clocks, cuts, kills, stills } from "./scenarios/nodes.mjs";
import { locks, points } from "./scenarios/points.mjs";
import { REDIS } from "./scenarios/redis.mjs";
import { run } from "./stage.mjs";

const SCENARIOS = [
  kills, points, stills, locks, cuts, clocks, stops, connections, failovers, lagged, oldTransactions, ...REDIS,
];
const FOLDER = fileURLToPath(new URL("../../target/chaos", import.meta.url));

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    page: { type: "string" },
    /** Files of results of earlier runs, whose scenarios count as played unless they are played again. */
    earlier: { type: "string", multiple: true, default: [] },
    /** The file with the numbers of tests that have passed on two nodes. */
    tests: { type: "string" },
  },
});
const wanted = values.only?.split(",") ?? SCENARIOS.map(({ name }) => name);
for (const name of wanted) {
  if (!SCENARIOS.some((scenario) => scenario.name === name)) {
    console.error(`there is no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
    process.exit(2);
  }
}
const seed = Number(values.seed);
const earlier = values.earlier.flatMap((file) => JSON.parse(readFileSync(file, "utf8")));
const played = new Map(earlier.map(({ name, figures, wrong }) => [name, { figures, wrong }]));
for (const scenario of SCENARIOS.filter(({ name }) => wanted.includes(name))) {
  const count = Number(values.count ?? scenario.count[values.short ? "short" : "full"]);
  // Some are too long for a short run.
  if (count === 0) continue;
  const { figures, wrong } = await run(scenario, { count, seed, folder: FOLDER, long: !values.short });
  for (const sentence of wrong) console.error(`  ${scenario.name}: ${sentence}`);
  played.set(scenario.name, { figures, wrong });
}
const results = SCENARIOS.flatMap((scenario) => {
  const result = played.get(scenario.name);
  return result ? [{ scenario, ...result }] : [];
});
mkdirSync(FOLDER, { recursive: true });
const found = results.map(({ scenario, figures, wrong }) => ({ name: scenario.name, figures, wrong }));
writeFileSync(`${FOLDER}/results.json`, `${JSON.stringify(found, null, 2)}\n`);
const failed = results.filter(({ wrong }) => wrong.length > 0).map(({ scenario }) => scenario.name);
const tests = values.tests ? counted(readFileSync(values.tests, "utf8")) : {};
const written = () => page(results, { seed, nodes: 2, tests });
writeFileSync(`${FOLDER}/reliability.md`, failed.length === 0 ? written() : "");
// A scenario of an earlier run counts if it was played as often as in a full one.
const missing = SCENARIOS.filter(({ name, count }) => played.get(name)?.figures?.count !== count.full).map(({ name }) => name);
if (values.page && failed.length === 0 && missing.length === 0) writeFileSync(values.page, written());
if (values.page && missing.length > 0) console.error(`the page is not renewed without ${missing.join(", ")}`);
if (failed.length > 0) console.error(`violated by: ${failed.join(", ")}; the logs of the nodes are in ${FOLDER}`);
process.exit(failed.length > 0 ? 1 : 0);
