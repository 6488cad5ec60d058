// The colour theme: light, dark, or the system's.

import { signal } from "@preact/signals";

const KEPT = "quintet.theme";

export const theme = signal(localStorage.getItem(KEPT) ?? "auto");

/** @param {string} next */
export function setTheme(next) {
  localStorage.setItem(KEPT, next);
  theme.value = next;
  apply();
}

export function apply() {
  document.documentElement.dataset.theme = theme.value;
}
