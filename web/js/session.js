// Who uses the page: kept over a reload, and in step between tabs.

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

/** Oneself, while logged in. */
export const me = computed(() => session.value?.user ?? null);

/** Why one has to log in again. */
export const farewell = signal("");

/** @param {Session | null} next @param {string} [why] what is said where it ends */
export function setSession(next, why = "") {
  farewell.value = why;
  if (next) localStorage.setItem(KEPT, JSON.stringify(next));
  else localStorage.removeItem(KEPT);
  session.value = next;
}

// Another tab logs in or out.
window.addEventListener("storage", (event) => {
  if (event.key === KEPT) session.value = kept();
});
