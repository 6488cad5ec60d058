// The requests of others to reach the user: messages that wait, and groups to become a member of.

import { signal } from "@preact/signals";

import { call } from "../api.js";
import { put } from "./conversations.js";
import { know } from "./people.js";

/** @typedef {import("../types.js").ContactRequest} ContactRequest */

/** @type {import("@preact/signals").Signal<ContactRequest[]>} */
export const requests = signal([]);

/** Counts loads and decisions, so that an older response does not bring back what was decided. */
let changes = 0;

export async function loadRequests() {
  const mine = ++changes;
  /** @type {{ items: ContactRequest[] }} */
  const { items } = await call("GET", "/me/requests");
  know(items.map(({ from }) => from));
  if (mine === changes) requests.value = items;
}

/** @param {string} id */
function settled(id) {
  changes += 1;
  requests.value = requests.value.filter((request) => request.id !== id);
}

/** @param {ContactRequest} request @param {string} decision */
async function decide({ id }, decision) {
  try {
    const answer = await call("POST", `/me/requests/${encodeURIComponent(id)}/${decision}`);
    settled(id);
    return answer;
  } catch (/** @type {any} */ error) {
    // It is over, or was decided on another device.
    if (error.status === 404) settled(id);
    throw error;
  }
}

/** Accepts a request, and returns its conversation. @param {ContactRequest} request */
export async function acceptRequest(request) {
  return put(await decide(request, "accept"));
}

/** Declines a request, of which whoever asked is not told. @param {ContactRequest} request */
export async function declineRequest(request) {
  await decide(request, "decline");
}

export function forgetRequests() {
  changes += 1;
  requests.value = [];
}
