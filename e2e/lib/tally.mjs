// A reporter of Node's test runner: it writes a line of JSON for each test that has passed, with the file that it is in, to the
// file that the variable E2E_TALLY names. `cargo xtask chaos` counts them for docs/reliability.md.

import { appendFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

export default async function tally(source) {
  writeFileSync(process.env.E2E_TALLY, "");
  for await (const { type, data } of source) {
    // Suites are counted by their tests.
    if (type !== "test:pass" || data.details?.type === "suite" || !data.file) continue;
    // At once: the runner ends without waiting for what reporters have not written yet.
    appendFileSync(process.env.E2E_TALLY, `${JSON.stringify(basename(data.file, ".test.mjs"))}\n`);
  }
}

/** The number of tests by their files, from the lines. */
export function counted(lines) {
  const tests = {};
  for (const line of lines.split("\n").filter(Boolean)) tests[JSON.parse(line)] = (tests[JSON.parse(line)] ?? 0) + 1;
  return tests;
}
