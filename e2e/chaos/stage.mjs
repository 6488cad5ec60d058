// Runs scenarios: opens what they need, lets people use it, and closes it again.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { Load } from "./load.mjs";

/** How many violations are printed. */
const SHOWN_MAX = 20;

class Stage {
  #closing = [];
  #name;
  #seed;

  constructor(name, seed, folder, long) {
    this.#name = name;
    this.#seed = seed;
    /** Whether what takes long may be done. */
    this.long = long;
    const logs = join(folder, name);
    rmSync(logs, { recursive: true, force: true });
    mkdirSync(logs, { recursive: true });
    /** Options for each cluster. */
    this.options = { seed, logs };
  }

  /** Waits for something, and closes it in the end. */
  async open(opening, close = (one) => one.stop()) {
    const one = await opening;
    this.#closing.unshift(() => close(one));
    return one;
  }

  /** Lets people use a cluster while something happens to it. Returns the figures. */
  async play(cluster, happens, options) {
    const load = await Load.start(cluster, this.#seed, options);
    const facts = await happens(load);
    return { ...(await load.finish()), ...facts };
  }

  /** Says how far a scenario is. */
  tell(done, count) {
    if (done % Math.ceil(count / 10) === 0) console.log(`  ${this.#name}: ${done} of ${count}`);
  }

  async close() {
    for (const close of this.#closing) await close().catch((error) => console.error(`  ${this.#name}: ${error.message}`));
  }
}

/** Runs a scenario a number of times. Returns its figures, and the sentences that say what is wrong. */
export async function run(scenario, { count, seed, folder, long }) {
  console.log(`${scenario.name}: ${scenario.what} (${count} times, seed ${seed})`);
  const stage = new Stage(scenario.name, seed, folder, long);
  try {
    const figures = await scenario.run(stage, count);
    const wrong = figures.violations.slice(0, SHOWN_MAX).map(({ kind, text }) => `${kind}: ${text}`);
    if (figures.violations.length > SHOWN_MAX) wrong.push(`and ${figures.violations.length - SHOWN_MAX} more`);
    if (!scenario.afresh && figures.afresh > 0) wrong.push(`${figures.afresh} sessions began afresh, and none had to`);
    if (figures.lagMs.longest > (scenario.lagMsMax ?? Infinity)) wrong.push(`a message took ${figures.lagMs.longest} ms to a listener`);
    if (figures.longestSilenceMs > (scenario.silenceMsMax ?? Infinity)) wrong.push(`nobody got an acknowledgement for ${figures.longestSilenceMs} ms`);
    // What a scenario itself has found.
    wrong.push(...(figures.wrong ?? []));
    delete figures.wrong;
    delete figures.violations;
    console.log(`  ${JSON.stringify(figures)}`);
    return { figures: { ...figures, count }, wrong };
  } catch (error) {
    return { figures: null, wrong: [error.stack] };
  } finally {
    await stage.close();
  }
}
