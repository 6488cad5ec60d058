// The golden transcripts, played by socket.io-client over each transport.

import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { play } from "../lib/story.mjs";

const FOLDER = new URL("../../crates/server/tests/stories/", import.meta.url);
const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], upgrading: ["polling", "websocket"] };

for (const file of readdirSync(FOLDER)) {
  const story = readFileSync(new URL(file, FOLDER), "utf8");
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`${file} over ${name}`, () => play(story, transports));
  }
}
