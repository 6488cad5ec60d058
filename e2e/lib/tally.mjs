// A reporter of Node's test runner: how many tests of each file have passed, as JSON. `cargo xtask chaos` writes it into
// docs/reliability.md.

import { basename } from "node:path";

export default async function* tally(source) {
  const files = new Map();
  for await (const { type, data } of source) {
    // Suites are counted by their tests.
    if (!/^test:(pass|fail)$/.test(type) || data.details?.type === "suite" || !data.file) continue;
    const name = basename(data.file, ".test.mjs");
    const counts = files.get(name) ?? { passed: 0, failed: 0 };
    counts[type === "test:pass" ? "passed" : "failed"] += 1;
    files.set(name, counts);
  }
  yield `${JSON.stringify(Object.fromEntries(files), null, 2)}\n`;
}
