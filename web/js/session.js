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

// Another tab logged in or out.
window.addEventListener("storage", (event) => {
  if (event.key === KEPT) session.value = kept();
});
