// Whether the user is at the page: it is visible, and its window has the focus. What is shown otherwise is not read.

import { signal } from "@preact/signals";

/** Asks the browser. */
export function isPresent() {
  return !document.hidden && document.hasFocus();
}

/** The answer when it last changed. */
export const present = signal(isPresent());

const look = () => { present.value = isPresent(); };
window.addEventListener("focus", look);
window.addEventListener("blur", look);
document.addEventListener("visibilitychange", look);
