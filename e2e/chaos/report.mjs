// Writes what a run has found: docs/reliability.md.

import { cpus } from "node:os";

import { KINDS } from "./checker.mjs";

const number = (value) => value.toLocaleString("en-US");
const seconds = (ms) => (ms / 1_000).toFixed(1);

const HEAD = `# Reliability

\`cargo xtask chaos\` plays faults against two nodes over one PostgreSQL database while people use them, and has written this
page. \`cargo xtask chaos --short\` does the same with fewer faults, and is a part of CI.

Two nodes stand behind a load balancer that deals requests out at random. Four people send, one of them over HTTP; each sends
in four lanes, one message after the other in each, and repeats what was not acknowledged under the same id. Ten people listen,
over WebSocket, polling and both, in all five dialects; when a connection ends they resume it. At the end everything that was
stored is read, and compared with each acknowledgement and with what each listener has heard:

- *lost*: an acknowledged message that is not stored, but for those that a promoted standby lacked, whose number stands
  beside the fault; all listeners must begin afresh then, and what they hear from there on is checked;
- *doubled*: a message that is stored twice, or that a listener has heard twice;
- *out of order*: a listener has heard another order than the stored one, or a lane's messages are stored in another order
  than they were sent in;
- *not delivered*: a listener has missed a message between two others, or at the end.

`;

const TAIL = `
*Afresh* counts sessions that could not be resumed, because the database did not answer at that moment or had lost commits;
a client then loads the history, and what it hears after that is checked. *Silence* is the longest time in which nobody got
an acknowledgement; *delivery* is the time from an acknowledgement to a listener whose connection was up: the median and the longest.

The code is in \`e2e/chaos\`. Node logs of the last run are in \`target/chaos\`.
`;

/** What else is said of a scenario. */
const note = ({ note, lostByStandby }) => note ?? (lostByStandby && `${number(lostByStandby)} messages`);

/** What was played beside the faults, if it was. `tests` has the number of tests that passed, by their file. */
function played(tests) {
  const names = Object.keys(tests);
  if (names.length === 0) return "";
  const total = names.reduce((sum, name) => sum + tests[name], 0);
  const each = names.map((name) => `\`${name}\` (${number(tests[name])})`).join(", ");
  return `
Before the faults, these tests with official clients and a browser were played on two nodes behind the same load balancer,
and passed, ${number(total)} in all: ${each}. CI plays \`stories\`, \`order\` and \`recovery\` on two nodes.
`;
}

/** The page for a run. `results` are the scenarios with their figures, `tests` the tests that were played before. */
export function page(results, { seed, nodes, tests }) {
  const about = `Run with seed ${seed} on a machine with ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), which the ${nodes} nodes, PostgreSQL and all clients share; a debug build, whose assertions are checked.\n\n`;
  const columns = ["fault", "times", "minutes", "acknowledged", "heard", ...KINDS, "afresh", "silence, s", "delivery, ms"];
  const rows = results.map(({ scenario, figures }) => [
    note(figures) ? `${scenario.what}: ${note(figures)}` : scenario.what,
    number(figures.count),
    (figures.seconds / 60).toFixed(1),
    number(figures.acknowledged),
    number(figures.heard),
    ...KINDS.map((kind) => number(figures[kind])),
    number(figures.afresh),
    seconds(figures.longestSilenceMs),
    `${number(figures.lagMs.median)}; ${number(figures.lagMs.longest)}`,
  ]);
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const table = [columns, columns.map((_, at) => (at === 0 ? "---" : "---:")), ...rows].map(line).join("");
  return HEAD + about + table + played(tests) + TAIL;
}
