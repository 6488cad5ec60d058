// Accessibility of what a page shows, as axe-core sees it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Checks that axe finds no violations in the current view. */
export async function faults(page, where) {
  // The content security policy allows no foreign scripts, so run it through the debugger.
  await page.evaluate(AXE);
  const found = await page.evaluate(async (rules) => {
    const { violations, passes } = await window.axe.run(document, { runOnly: rules });
    const brief = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
    return { brief, passed: passes.length };
  }, RULES);
  assert.ok(found.passed > 10, `${where}: axe checked something`);
  assert.deepEqual(found.brief, [], where);
}
