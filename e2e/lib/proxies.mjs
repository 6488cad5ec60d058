// nginx, HAProxy and Caddy, run with the files of docs/proxies: only addresses, ports and paths of the machine are replaced.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { within } from "./client.mjs";
import { atExit } from "./exit.mjs";
import { freePort, reachable } from "./ports.mjs";

const FILES = fileURLToPath(new URL("../../docs/proxies/", import.meta.url));
const ROOT = process.getuid() === 0;
/** Debian keeps servers in folders that are not in the path of every user. */
const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

/** A certificate for `localhost` and 127.0.0.1, signed by itself. Returns its PEM. */
export function certificate(folder) {
  const [cert, key] = [join(folder, "fullchain.pem"), join(folder, "privkey.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", [...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "pipe" });
  const both = join(folder, "both.pem");
  writeFileSync(both, readFileSync(cert));
  appendFileSync(both, readFileSync(key));
  return readFileSync(cert, "utf8");
}

/**
 * What is replaced in the file of each proxy, and how the proxy is run in the foreground. Each text must be in the file.
 * What only root may do is left out for others.
 */
const KINDS = {
  nginx: {
    file: "nginx.conf",
    replaced: (place) => [
      ["listen 80;", `listen 127.0.0.1:${place.plain};`],
      ["listen [::]:80;", ""],
      ["listen 443 ssl", `listen 127.0.0.1:${place.secure} ssl`],
      ["listen [::]:443 ssl http2;", ""],
      ["https://$host$request_uri", `https://$host:${place.secure}$request_uri`],
      ["chat.example.org", "localhost"],
      ["/etc/ssl/quintet/", `${place.folder}/`],
      ["/run/nginx.pid", `${place.folder}/nginx.pid`],
      ["http {", ["http {", ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`)].join("\n")],
    ],
    command: (place) => ["nginx", "-p", place.folder, "-e", "stderr", "-c", place.file, "-g", "daemon off; error_log stderr;"],
  },
  haproxy: {
    file: "haproxy.cfg",
    replaced: (place) => [
      [":::80 v4v6", `127.0.0.1:${place.plain}`],
      [":::443 v4v6", `127.0.0.1:${place.secure}`],
      ["redirect scheme https", `redirect prefix https://localhost:${place.secure}`],
      ["/etc/haproxy/chat.example.org.pem", `${place.folder}/both.pem`],
      ...(ROOT ? [] : [["user haproxy", ""], ["group haproxy", ""], ["chroot /var/lib/haproxy", ""]]),
    ],
    command: (place) => ["haproxy", "-db", "-f", place.file],
  },
  caddy: {
    file: "Caddyfile",
    replaced: (place) => [
      ["http_port 80", `http_port ${place.plain}\ndefault_bind 127.0.0.1`],
      ["https_port 443", `https_port ${place.secure}`],
      ["admin 127.0.0.1:2019", `admin 127.0.0.1:${place.admin}`],
      ["chat.example.org {", "localhost {"],
      ["/etc/ssl/quintet/", `${place.folder}/`],
    ],
    command: (place) => ["caddy", "run", "--adapter", "caddyfile", "--config", place.file],
  },
};

export const PROXIES = Object.keys(KINDS);

/** The files for two nodes: what is replaced in each, and how it is run, is as for one. */
const CLUSTERS = { nginx: "nginx-cluster.conf", haproxy: "haproxy-cluster.cfg" };

export const CLUSTER_PROXIES = Object.keys(CLUSTERS);

/** The addresses of servers in the files. */
const SERVERS = { one: ["127.0.0.1:3000"], two: ["10.0.0.11:3000", "10.0.0.12:3000"] };

export class ReverseProxy {
  #child;
  #said = "";

  /** Starts a proxy in front of a port of 127.0.0.1, or of two of them. */
  static async start(kind, ...ports) {
    const { replaced, command } = KINDS[kind];
    const file = ports.length > 1 ? CLUSTERS[kind] : KINDS[kind].file;
    const servers = ports.length > 1 ? SERVERS.two : SERVERS.one;
    const proxy = new ReverseProxy();
    const folder = mkdtempSync(join(tmpdir(), `quintet-${kind}-`));
    proxy.folder = folder;
    proxy.ca = certificate(folder);
    const place = { folder, file: join(folder, file), plain: await freePort(), secure: await freePort(), admin: await freePort() };
    let text = readFileSync(join(FILES, file), "utf8");
    const addresses = servers.map((server, at) => [server, `127.0.0.1:${ports[at]}`]);
    for (const [from, to] of [...addresses, ...replaced(place)]) {
      if (!text.includes(from)) throw new Error(`docs/proxies/${file} does not contain ${from}`);
      text = text.replaceAll(from, () => to);
    }
    writeFileSync(place.file, text);
    // Run by root, nginx serves as another user, who has to reach its folders.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "logs"));
    proxy.url = `https://localhost:${place.secure}`;
    proxy.plain = `http://localhost:${place.plain}`;
    const [program, ...words] = command(place);
    const home = { HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), XDG_DATA_HOME: join(folder, "data") };
    proxy.#child = spawn(program, words, { cwd: folder, env: { ...process.env, PATH, ...home }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [proxy.#child.stdout, proxy.#child.stderr]) {
      stream.on("data", (bytes) => { proxy.#said = (proxy.#said + bytes).slice(-20_000); });
    }
    const failed = new Promise((_, reject) => proxy.#child.once("error", reject));
    proxy.ended = Promise.race([once(proxy.#child, "exit"), failed]);
    proxy.ended.catch(() => {});
    // SIGTERM also ends the workers of nginx.
    const forget = atExit(() => proxy.#child.kill("SIGTERM"));
    proxy.ended.finally(forget).catch(() => {});
    const early = proxy.ended.then(() => { throw new Error(`${kind} ended:\n${proxy.#said}`); });
    early.catch(() => {});
    try {
      for (const port of [place.plain, place.secure]) {
        await within(Promise.race([reachable(port), early]), () => `${kind} to listen:\n${proxy.#said}`);
      }
    } catch (error) {
      proxy.#child.kill("SIGTERM");
      throw error;
    }
    return proxy;
  }

  /** Ends the proxy and removes its folder. */
  async stop() {
    this.#child.kill("SIGTERM");
    await within(this.ended, () => `the end of a proxy:\n${this.#said}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
