// Emojis that are offered while a name is typed after ":".

import { html } from "../lib/html.js";
import { emojisFor, loadEmojis } from "../state/emojis.js";

/** How many are offered. */
const OFFERED = 6;

/** @type {import("./suggestions.js").Source} */
export const EMOJIS = {
  label: "emojiFound",
  // Two letters at least, because ":D" and ":p" are written as they are.
  started: /(?:^|[\s(])(:[\p{L}\p{N}_]{2,32})$/u,
  offer: (typed) => emojisFor(typed.slice(1)).slice(0, OFFERED).map(({ emoji, name }) => ({
    key: emoji, insert: emoji, face: html`<span class="suggested-emoji">${emoji}</span>`, title: name,
  })),
  prepare: () => void loadEmojis().catch(() => {
    // Without a connection nothing is offered, and the next letter asks again.
  }),
};
