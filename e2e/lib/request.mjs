// Requests with options that `fetch` does not have: an authority of one's own, an address, an agent.

import http from "node:http";
import https from "node:https";

import { PATIENCE_MS, within } from "./client.mjs";

/** Sends a request. Returns the status, the headers and the body of the response. */
export async function request(url, { body, ...options } = {}) {
  const { request: send } = url.startsWith("https") ? https : http;
  const asked = send(url, { agent: false, family: 4, timeout: PATIENCE_MS, ...options });
  const answer = new Promise((resolve, reject) => asked.once("response", resolve).once("error", reject));
  asked.end(body);
  const response = await within(answer, `an answer of ${url}`);
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}
