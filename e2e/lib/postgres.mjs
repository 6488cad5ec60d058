// PostgreSQL for tests: databases of a server that is there already or that `xtask/postgres.sh` starts, and servers of their
// own, which can be stopped, started again, followed by a standby and replaced by it.
//
// All SQL of the tests with official clients stands here.

import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { within } from "./client.mjs";
import { atExit } from "./exit.mjs";
import { freePort } from "./ports.mjs";
import { sleep } from "./sleep.mjs";

const SCRIPT = fileURLToPath(new URL("../../xtask/postgres.sh", import.meta.url));
const DEBIAN = "/usr/lib/postgresql";
const ROOT = process.getuid() === 0;

/** The folder of the newest PostgreSQL that is installed, as Debian has it; empty if its programs are in the path. */
export const BIN = (existsSync(DEBIAN) ? readdirSync(DEBIAN) : [])
  .map(Number)
  .filter((version) => existsSync(join(DEBIAN, String(version), "bin/postgres")))
  .sort((a, b) => a - b)
  .map((version) => join(DEBIAN, String(version), "bin"))
  .at(-1) ?? "";

/** A program of PostgreSQL, run by the user that its servers run as: never by root, which they refuse. */
function command(program, words) {
  const path = BIN ? join(BIN, program) : program;
  return ROOT ? ["runuser", ["-u", "postgres", "--", path, ...words]] : [path, words];
}

const run = (program, words, options) => promisify(execFile)(...command(program, words), { cwd: "/", ...options });

/** Runs a statement in the database of a URL. Returns what it prints, without decoration. */
export async function sql(url, statement) {
  const words = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--command", statement, url];
  return (await run("psql", words)).stdout.trim();
}

/** How the statements begin by which the writer of a node locks the order, and writes messages. */
export const LOCKS = "SELECT epoch, incarnation, history FROM part WHERE id = 1 FOR UPDATE";
export const WRITES = "INSERT INTO message (";

/** How often each migration of a database was run, by its version. */
export async function migrations(url) {
  const rows = await sql(url, "SELECT version, count(*) FROM refinery_schema_history GROUP BY version ORDER BY version");
  return rows.split("\n").map((row) => row.split("|").map(Number));
}

let shared;

/** The URL of a server for all tests of this process. */
async function server() {
  if (process.env.TEST_POSTGRES_URL) return process.env.TEST_POSTGRES_URL;
  // It ends when its input does: with this process, however that ends.
  const child = spawn(SCRIPT, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [url] = await within(once(lines, "line"), "xtask/postgres.sh to start PostgreSQL");
  lines.close();
  for (const one of [child, child.stdin, child.stdout]) one.unref();
  return url;
}

let count = 0;

/** An empty database of its own. `drop` removes it. */
export async function database() {
  shared ??= server();
  const url = await shared;
  count += 1;
  const name = `quintet_e2e_${process.pid}_${count}`;
  await sql(url, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const drop = () => sql(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return { url: url.replace(/\/[^/]*$/, `/${name}`), drop };
}

/** A PostgreSQL server of its own, at a port of the loopback. */
export class Postgres {
  #options;
  #forget;

  /** The place of a server that is not there yet. */
  static async #place() {
    const postgres = new Postgres();
    postgres.folder = mkdtempSync(join(tmpdir(), "quintet-postgres-"));
    if (ROOT) chownSync(postgres.folder, ...["-u", "-g"].map((what) => Number(execFileSync("id", [what, "postgres"]))));
    postgres.data = join(postgres.folder, "data");
    postgres.port = await freePort();
    postgres.#options = `-k ${postgres.folder} -p ${postgres.port} -c listen_addresses=127.0.0.1`;
    postgres.#forget = atExit(() => postgres.#left());
    return postgres;
  }

  /** Starts a server with a new, empty cluster. */
  static async start() {
    const postgres = await Postgres.#place();
    const words = [`--pgdata=${postgres.data}`, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
    await run("initdb", [...words, "--no-sync"]);
    const settings = ["fsync = on", "max_connections = 200", "shared_buffers = 64MB", "wal_level = replica", "max_wal_senders = 8"];
    appendFileSync(join(postgres.data, "postgresql.conf"), `${settings.join("\n")}\n`);
    await postgres.start();
    return postgres;
  }

  /** Starts a standby of this running server. */
  async standby() {
    const standby = await Postgres.#place();
    await standby.follow(this);
    return standby;
  }

  /** Makes this stopped server a standby of a running one, whose data replaces its own. */
  async follow(primary) {
    rmSync(this.data, { recursive: true, force: true });
    const from = `host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`;
    await run("pg_basebackup", [`--pgdata=${this.data}`, `--dbname=${from}`, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
    await this.start();
  }

  /** Starts the process of a server that was stopped. */
  async start() {
    const log = join(this.folder, "log");
    try {
      await run("pg_ctl", ["start", "--wait", "--silent", `--pgdata=${this.data}`, `--log=${log}`, `--options=${this.#options}`]);
    } catch (error) {
      throw new Error(`PostgreSQL does not start: ${error.message}\n${existsSync(log) ? readFileSync(log, "utf8").slice(-4_000) : ""}`);
    }
  }

  /** Stops the process: `immediate` is what a crash of the machine leaves, but for what the disk had not been told to keep. */
  async stop(mode = "immediate") {
    await run("pg_ctl", ["stop", `--mode=${mode}`, "--wait", "--silent", `--pgdata=${this.data}`]);
  }

  /** Makes a standby the primary. */
  async promote() {
    await run("pg_ctl", ["promote", "--wait", "--silent", `--pgdata=${this.data}`]);
  }

  /** Lets every commit wait for a standby, and waits until there is one that commits can wait for. */
  async waitForStandby() {
    await this.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await this.sql("SELECT pg_reload_conf()");
    const seen = async () => {
      while ((await this.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")) === "0") {
        await sleep(50);
      }
    };
    await within(seen(), "a synchronous standby");
  }

  /** Waits until a standby follows, for which no commit waits. */
  async waitForFollower() {
    const followed = async () => {
      while ((await this.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")) === "0") await sleep(50);
    };
    await within(followed(), "an asynchronous standby");
  }

  /** Ends a number of connections of servers of Quintet, chosen by PostgreSQL. Returns how many there were. */
  async cutConnections(most) {
    const found = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'quintet%' ORDER BY random() LIMIT ${most}`;
    return Number(await this.sql(`SELECT count(pg_terminate_backend(pid)) FROM (${found}) chosen`));
  }

  /** Begins a transaction that sees the database as it is now, and leaves it open. Returns how to end it. */
  async openTransaction() {
    const child = spawn(...command("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", this.url()]), { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
    const answered = once(child.stdout, "data");
    child.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT pg_current_xact_id();\n");
    await within(answered, "a transaction to begin");
    return async () => {
      child.stdin.end();
      await within(once(child, "exit"), "a transaction to end");
    };
  }

  /** Runs a statement in its first database. */
  sql(statement) {
    return sql(this.url(), statement);
  }

  /** The URL of its first database; with others, of whichever of them is the primary. */
  url(...others) {
    const places = [this, ...others].map(({ port }) => `127.0.0.1:${port}`);
    const which = others.length > 0 ? "?target_session_attrs=read-write" : "";
    return `postgres://postgres@${places.join(",")}/postgres${which}`;
  }

  /** Stops it and removes its folder. */
  async remove() {
    this.#left();
    this.#forget();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops it if it runs. Nothing is waited for, so that it can be called while the process exits. */
  #left() {
    if (!existsSync(join(this.data, "postmaster.pid"))) return;
    const [program, words] = command("pg_ctl", ["stop", "--mode=immediate", "--wait", "--silent", `--pgdata=${this.data}`]);
    try {
      execFileSync(program, words, { cwd: "/", stdio: "ignore" });
    } catch {
      // It has ended already.
    }
  }
}

/** The tables of a back end of the vocabulary `chat`, as docs/moving.md has them, with two people who have written to each other. */
export const oldBackEnd = (passwordHash) => `
  CREATE TABLE users (id uuid PRIMARY KEY, username text, email text, password_hash text, avatar_url text, created_at timestamptz);
  CREATE TABLE chats (id uuid PRIMARY KEY, name text, type text, created_by uuid, created_at timestamptz);
  CREATE TABLE chat_participants (chat_id uuid, user_id uuid, joined_at timestamptz);
  CREATE TABLE messages (id uuid PRIMARY KEY, chat_id uuid, sender_id uuid, content text, message_type text, file_url text,
    is_deleted boolean, created_at timestamptz);
  INSERT INTO users VALUES
    ('00000000-0000-4000-8000-00000000000a', 'alice', 'alice@example.org', '${passwordHash}', NULL, '2021-03-01T09:00:00Z'),
    ('00000000-0000-4000-8000-00000000000b', 'bob', 'bob@example.org', '${passwordHash}', '/faces/bob.txt', '2021-03-01T10:00:00Z');
  INSERT INTO chats VALUES
    ('00000000-0000-4000-8000-0000000000c1', NULL, 'direct', NULL, '2021-03-02T09:00:00Z'),
    ('00000000-0000-4000-8000-0000000000c2', 'Empty', 'group', '00000000-0000-4000-8000-00000000000a', '2021-03-02T10:00:00Z');
  INSERT INTO chat_participants SELECT '00000000-0000-4000-8000-0000000000c1', id, created_at FROM users;
  INSERT INTO messages SELECT ('00000000-0000-4000-8000-0000000001' || lpad(number::text, 2, '0'))::uuid,
    '00000000-0000-4000-8000-0000000000c1', id, 'Line ' || number || E'\\nof "' || username || '"', 'text', NULL, number = 3,
    timestamptz '2021-03-03T09:00:00Z' + number * interval '1 minute'
    FROM generate_series(1, 4) AS number JOIN users ON (number % 2 = 0) = (username = 'bob');`;
