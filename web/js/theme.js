// The colour theme: light, dark, or the system's; and more contrast, if the user or the system wishes it.

import { signal } from "@preact/signals";

const KEPT = "quintet.theme";

const KEPT_CONTRAST = "quintet.contrast";
/** Whether the system asks for more contrast. */
const wished = matchMedia("(prefers-contrast: more)");

export const theme = signal(localStorage.getItem(KEPT) ?? "auto");
/** Whether the user chose more contrast. */
export const contrast = signal(localStorage.getItem(KEPT_CONTRAST) === "more");

/** @param {string} next */
export function setTheme(next) {
  localStorage.setItem(KEPT, next);
  theme.value = next;
  apply();
}

/** @param {boolean} more */
export function setContrast(more) {
  if (more) localStorage.setItem(KEPT_CONTRAST, "more");
  else localStorage.removeItem(KEPT_CONTRAST);
  contrast.value = more;
  apply();
}

export function apply() {
  const { dataset } = document.documentElement;
  dataset.theme = theme.value;
  dataset.contrast = contrast.value || wished.matches ? "more" : "normal";
}

wished.addEventListener("change", apply);
