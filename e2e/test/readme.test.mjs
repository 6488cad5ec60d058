// The JavaScript of README.md, as it stands but for the server's port.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { PATIENCE_MS } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const ADDRESS = "http://127.0.0.1:3000";

let server, folder;
before(async () => {
  server = await Server.start();
  folder = mkdtempSync(join(tmpdir(), "quintet-readme-"));
  symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

test("the example of README.md runs, from registration to a received message", async () => {
  const [[, code], ...others] = README.matchAll(/^```js\n(.*?)^```$/gms);
  assert.deepEqual(others, []);
  assert.equal(code.split(ADDRESS).length, 2, `one constant is ${ADDRESS}`);
  const file = join(folder, "hello.mjs");
  writeFileSync(file, code.replace(ADDRESS, server.url));
  // A second run finds the accounts of the first.
  for (const run of ["first", "second"]) {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: PATIENCE_MS });
    assert.equal(stdout, "alice: Hello\n", run);
    assert.equal(stderr, "", run);
  }
});
