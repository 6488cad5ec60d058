// What packages ship: the unit of systemd, and the settings that it starts the server with.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort } from "../lib/ports.mjs";
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
