// Whether the screen is so narrow that it shows one view at a time, or has no room beside one. The stylesheets use the same
// widths.

import { signal } from "@preact/signals";

/** @param {string} wanted a media query */
function follows(wanted) {
  const query = matchMedia(wanted);
  const matches = signal(query.matches);
  query.addEventListener("change", () => { matches.value = query.matches; });
  return matches;
}

export const narrow = follows("(max-width: 48rem)");

/** Whether a thread covers its conversation. */
export const snug = follows("(max-width: 64rem)");
