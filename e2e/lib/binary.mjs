// The server's binary.

import { fileURLToPath } from "node:url";

export const BINARY = process.env.E2E_BINARY ?? fileURLToPath(new URL("../../target/debug/quintet", import.meta.url));
