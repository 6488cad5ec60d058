// What the tests are played on: one server, or several over one PostgreSQL database behind a load balancer.

import { Cluster } from "./cluster.mjs";
import { Server } from "./server.mjs";

/** The number of nodes: one, unless the variable says otherwise. */
export const NODES = Number(process.env.E2E_NODES ?? 1);

/** Starts it. The options are those of `Server.start`. */
export function start(options = {}) {
  return NODES > 1 ? Cluster.start({ nodes: NODES, ...options }) : Server.start(options);
}
