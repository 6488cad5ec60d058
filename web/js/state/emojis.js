// Emojis: what they are called, which were used last, and who is asked to choose one.

import { signal } from "@preact/signals";

import { folded } from "../lib/fold.js";
import { language } from "../texts.js";

/** @typedef {{ emoji: string, group: number, name: string, words: string }} Emoji `words`: all by which it is found, folded, each after a space */

/** How many that were used last are kept. */
const RECENT_MAX = 16;
const KEPT = "quintet.emojis";

/** The emojis, once they are loaded. @type {import("@preact/signals").Signal<Emoji[]>} */
export const emojis = signal([]);

/** What is asked to be chosen, and who is told. @type {import("@preact/signals").Signal<{ choose: (emoji: string) => void } | null>} */
export const picking = signal(null);

/** @returns {string[]} */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string").slice(0, RECENT_MAX) : [];
  } catch {
    return [];
  }
}

/** The emojis that were used last, the newest first. */
export const recent = signal(kept());

/** Notes that an emoji was used. @param {string} emoji */
export function used(emoji) {
  recent.value = [emoji, ...recent.value.filter((one) => one !== emoji)].slice(0, RECENT_MAX);
  try {
    localStorage.setItem(KEPT, JSON.stringify(recent.value));
  } catch {
    // The browser's storage is full: they are kept while the page is open.
  }
}

/** The language in which the loaded emojis are called. */
let loadedIn = "";

/** Loads the emojis with their names, which are found in both languages. */
export async function loadEmojis() {
  const wanted = language.value;
  if (loadedIn === wanted) return;
  const [{ groups }, english, german] = await Promise.all([import("emojis"), import("emojis/en"), import("emojis/de")]);
  const [en, de] = [english.names.split("\n"), german.names.split("\n")];
  const own = wanted === "de" ? de : en;
  /** @type {Emoji[]} */
  const found = [];
  groups.split("\n").forEach((those, group) => {
    for (const emoji of those.split(" ")) {
      const at = found.length;
      const words = folded(`${en[at]} ${de[at]}`).split(/[\s:,]+/).join(" ");
      found.push({ emoji, group, name: (own[at] ?? "").split(":")[0] ?? "", words: ` ${words}` });
    }
  });
  loadedIn = wanted;
  emojis.value = found;
}

/** The emojis that have all words of a text, each at least by its beginning; those first whose name begins with it. @param {string} text */
export function emojisFor(text) {
  const wanted = folded(text).split(/[\s_]+/).filter(Boolean);
  const found = emojis.value.filter(({ words }) => wanted.every((word) => words.includes(` ${word}`)));
  const isFirst = (/** @type {Emoji} */ { name }) => folded(name).startsWith(wanted[0] ?? "");
  return [...found.filter(isFirst), ...found.filter((one) => !isFirst(one))];
}
