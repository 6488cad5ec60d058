// The real server binary, in its own directory and on its own ports, with its API.

import { execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { BINARY } from "./binary.mjs";
import { PATIENCE_MS, within } from "./client.mjs";
import { atExit } from "./exit.mjs";

export { BINARY };

/** The lines that a server logs. */
export class Log {
  #lines = [];
  #waiting = [];

  add(line) {
    this.#lines.push(line);
    this.#waiting = this.#waiting.filter(({ wanted, resolve }) => !line.includes(wanted) || resolve(line));
  }

  /** Waits for a line that contains a text, and returns it. */
  line(wanted) {
    const found = this.#lines.find((line) => line.includes(wanted));
    if (found) return Promise.resolve(found);
    const told = new Promise((resolve) => { this.#waiting.push({ wanted, resolve }); });
    return within(told, () => `a line with ${wanted} after\n${this.#lines.join("\n")}`);
  }
}

/** An address at which the API is answered: `url`. */
export class Api {
  get url() {
    return this.urls[0];
  }

  get port() {
    return new URL(this.url).port;
  }

  /** Calls the API with a body, which is sent as it is if it is a text. Returns the status and the body. */
  async api(token, method, path, body) {
    const headers = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method, headers, signal, body: typeof body === "string" ? body : body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  /** Registers a user like the stories do. Returns its id, name and token. */
  async register(name) {
    const { status, body } = await this.api(null, "POST", "/auth/register", {
      username: name,
      email: `${name}@example.org`,
      password: "correct horse",
      name: `${name[0].toUpperCase()}${name.slice(1)} Example`,
    });
    if (status !== 201) throw new Error(`cannot register ${name}: ${JSON.stringify(body)}`);
    return { id: body.user.id, name, token: body.token };
  }
}

export class Server extends Api {
  #child;

  /**
   * Starts a server. With `folder`, it continues with the data of an earlier one. With `logged`, its log is kept there; with
   * `logFile`, it is appended to that file.
   */
  static async start({ listen = ["0"], args = [], env = {}, folder, logged, logFile } = {}) {
    const server = new Server();
    server.folder = folder ?? mkdtempSync(join(tmpdir(), "quintet-e2e-"));
    const words = [...listen.flatMap((place) => ["--listen", place]), "--data", join(server.folder, "data"), ...args];
    const log = logFile && openSync(logFile, "a");
    server.#child = spawn(BINARY, words, {
      cwd: server.folder,
      env: { ...process.env, QUINTET_LIMITS_RATES: "false", QUINTET_METRICS_LISTEN: "off", ...env },
      stdio: ["ignore", "pipe", logged ? "pipe" : log ?? "inherit"],
    });
    if (log !== undefined) closeSync(log);
    if (logged) createInterface({ input: server.#child.stderr }).on("line", (line) => logged.add(line));
    server.urls = [];
    server.ended = new Promise((resolve) => server.#child.once("exit", (code, signal) => resolve({ code, signal })));
    server.ended.then(atExit(() => server.#child.kill("SIGKILL")));
    await within(server.#hello(), "the server's first lines");
    return server;
  }

  async #hello() {
    for await (const line of createInterface({ input: this.#child.stdout })) {
      const found = /listening on (https?:\/\/[^,]+),/.exec(line);
      if (found) this.urls.push(found[1]);
      if (line.trim().startsWith("guests are")) break;
    }
    if (this.urls.length === 0) throw new Error("the server did not report its addresses");
  }

  /** The time of CPU that the process has taken, in milliseconds, as Linux counts it: in hundredths of a second. */
  cpuMs() {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }

  /** Sends a signal, and does not wait for what it does. */
  signal(signal) {
    this.#child.kill(signal);
  }

  /** Ends the process, and waits until it has ended. */
  async kill(signal = "SIGKILL") {
    this.#child.kill(signal);
    return within(this.ended, `the end of the server after ${signal}`);
  }

  /** Kills the server and removes its directory. */
  async stop() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command of the operator on the server's data, such as `["key", "add", "shop"]`, and returns what it prints. */
  async command(words) {
    const { stdout } = await promisify(execFile)(BINARY, ["--data", join(this.folder, "data"), ...words], { cwd: this.folder });
    return stdout.trim();
  }

  /** Creates an API key for another backend. */
  key(name) {
    return this.command(["key", "add", name]);
  }
}
