// Clients that are generated from the OpenAPI document are typed, and can be used through a whole life.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { Server } from "../lib/server.mjs";

const PYTHON = fileURLToPath(new URL("../../target/python/bin/", import.meta.url));
const COMPILER = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url));
const GENERATORS = fileURLToPath(new URL("../generators/", import.meta.url));

let server, folder;

before(async () => {
  server = await Server.start();
  folder = mkdtempSync(join(tmpdir(), "quintet-generated-"));
  const document = await (await fetch(`${server.url}/api/v1/openapi.json`)).json();
  // The calls of existing clients are left out: these have their own code for them.
  const own = Object.entries(document.paths).filter(([path]) => path.startsWith("/api/v1/") || path.startsWith("/files/"));
  writeFileSync(join(folder, "openapi.json"), JSON.stringify({ ...document, paths: Object.fromEntries(own) }));
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

/** Runs a program in the folder. Returns what it prints; an error has it as well. */
async function run(program, words, env) {
  const options = { cwd: folder, env: { ...process.env, ...env } };
  const { stdout, stderr } = await promisify(execFile)(program, words, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return stdout + stderr;
}

/** Registers somebody who lives, and another one. */
async function people(name) {
  await server.register(name);
  return [`${name}@example.org`, "correct horse", (await server.register(`${name}s-friend`)).id];
}

test("a client in TypeScript, of openapi-typescript and openapi-fetch", async () => {
  symlinkSync(join(GENERATORS, "node_modules"), join(folder, "node_modules"));
  copyFileSync(join(GENERATORS, "life.mjs"), join(folder, "life.mjs"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await run(join(GENERATORS, "node_modules/.bin/openapi-typescript"), ["openapi.json", "--output", "api.d.ts"]);
  writeFileSync(join(folder, "node.d.ts"), 'declare module "node:assert/strict" {\n  const assert: { ok(value: unknown): asserts value; equal(one: unknown, other: unknown): void; deepEqual(one: unknown, other: unknown): void };\n  export default assert;\n}\n');
  const options = ["--noEmit", "--strict", "--checkJs", "--allowJs", "--skipLibCheck", "--target", "es2023", "--lib", "es2023,dom,dom.iterable", "--module", "nodenext", "--types", ""];
  assert.equal(await run(COMPILER, [...options, "node.d.ts", "life.mjs"]), "");
  const { live } = await import(pathToFileURL(join(folder, "life.mjs")));
  await live(server.url, ...await people("tess"));
});

test("a client in Python, of openapi-python-client", async () => {
  copyFileSync(new URL("../python/generated.py", import.meta.url), join(folder, "life.py"));
  // What it cannot read of the document, it says and leaves out.
  writeFileSync(join(folder, "config.yml"), "post_hooks: []\n");
  const said = await run(join(PYTHON, "openapi-python-client"), ["generate", "--path", "openapi.json", "--config", "config.yml", "--meta", "none", "--output-path", "quintet_client", "--fail-on-warning"]);
  assert.doesNotMatch(said, /warning|unable|error/i);
  assert.equal(await run(join(PYTHON, "mypy"), ["--strict", "--no-error-summary", "life.py"]), "");
  const lived = await run(join(PYTHON, "python"), ["life.py", server.url, ...await people("perry")], { PYTHONPATH: folder });
  assert.equal(lived, "A life was lived.\n");
});
