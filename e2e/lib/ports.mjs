// Ports of the loopback.

import { randomInt } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

import { sleep } from "./sleep.mjs";

/** Ports that the system does not give to clients by itself, so that a server that is started again finds its port free. */
const PORTS = [10_000, 32_000];

/** A port of the loopback that is free now. */
export async function freePort() {
  for (;;) {
    const port = randomInt(...PORTS);
    const server = net.createServer().listen(port, "127.0.0.1");
    const free = await new Promise((resolve) => server.once("listening", () => resolve(true)).once("error", () => resolve(false)));
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Waits until a port accepts connections. */
export async function reachable(port) {
  for (;;) {
    const socket = net.connect(port, "127.0.0.1");
    const connected = await new Promise((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    socket.destroy();
    if (connected) return;
    await sleep(20);
  }
}
