// The session of the logged-in user. It survives a reload and is synchronised between tabs.

import { computed, signal } from "@preact/signals";

/** @typedef {import("./types.js").Session} Session */

const KEPT = "quintet.session";

/** @returns {Session | null} */
function kept() {
  try {
    const session = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return session && Date.parse(session.expiresAt) > Date.now() ? session : null;
  } catch {
    return null;
  }
}

/** @type {import("@preact/signals").Signal<Session | null>} */
export const session = signal(kept());

/** The logged-in user, or null. */
export const me = computed(() => session.value?.user ?? null);

/** The message that the login form shows after a session ended. */
export const farewell = signal("");

/** @param {Session | null} next @param {string} [why] the message to show after the session ended */
export function setSession(next, why = "") {
  farewell.value = why;
  if (next) localStorage.setItem(KEPT, JSON.stringify(next));
  else localStorage.removeItem(KEPT);
  session.value = next;
}

/** The turns in this tab, where the browser keeps none for all tabs (a page without TLS). */
let turns = Promise.resolve();

/**
 * Runs work on the session when earlier work is done, in all tabs of this browser.
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export function inTurn(work) {
  if (navigator.locks) return navigator.locks.request(KEPT, work);
  const result = turns.then(work);
  turns = result.then(() => {}, () => {});
  return result;
}

/**
 * Ends the session whose token the server refuses, unless the token is replaced: a call that replaces it, in this tab or
 * in another, may have ended the old one at the server before its answer arrives.
 * @param {string} token
 * @param {string} why the message to show after the session ended
 * @returns {Promise<Session | null>} the session that goes on
 */
export function tokenRefused(token, why) {
  return inTurn(() => {
    // The event that tells of another tab's session may be under way.
    const stored = kept();
    if (session.value?.token === token && stored?.token !== token) session.value = stored;
    if (session.value?.token === token) setSession(null, why);
    return session.value;
  });
}

// Another tab logged in or out.
window.addEventListener("storage", (event) => {
  if (event.key === KEPT) session.value = kept();
});
