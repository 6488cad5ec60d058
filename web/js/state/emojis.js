// Emojis: what they are called, which were used last, and who is asked to choose one.

import { computed, signal } from "@preact/signals";

import { folded } from "../lib/fold.js";
import { me } from "../session.js";
import { language } from "../texts.js";

/** @typedef {{ emoji: string, group: number, name: string, words: string }} Emoji `words`: all by which it is found, folded, each after a space */

/** How many that were used last are kept. */
const RECENT_MAX = 16;
const KEPT = "quintet.emojis";

const KEPT_TONES = "quintet.tones";

/** The emojis without a tone of skin, once they are loaded. @type {import("@preact/signals").Signal<Emoji[]>} */
const plain = signal([]);

/** The tones of skin, as they follow an emoji: none, and from light to dark. */
export const TONES = ["", "\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];

/** The tones that the users of this browser have chosen, by their ids. @type {import("@preact/signals").Signal<Record<string, string>>} */
const tones = signal({});
try {
  tones.value = { ...JSON.parse(localStorage.getItem(KEPT_TONES) ?? "{}") };
} catch {
  // Nothing that can be read is kept.
}

/** The tone of the user's choice. */
export const tone = computed(() => TONES.find((one) => one === tones.value[me.value?.id ?? ""]) ?? "");

/** @param {string} next */
export function setTone(next) {
  tones.value = { ...tones.value, [me.value?.id ?? ""]: next };
  try {
    localStorage.setItem(KEPT_TONES, JSON.stringify(tones.value));
  } catch {
    // The browser's storage is full: it is kept while the page is open.
  }
}

/** What is an emoji, where the browser can tell. */
const IS_EMOJI = (() => {
  try {
    return new RegExp("^\\p{RGI_Emoji}$", "v");
  } catch {
    return null;
  }
})();

/** An emoji in a tone of skin, if it has one: of one person, or of a part of one. @param {string} emoji @param {string} wanted */
function toned(emoji, wanted) {
  if (!wanted || emoji.match(/\p{Emoji_Modifier_Base}/gu)?.length !== 1) return emoji;
  const made = emoji.replace(/(\p{Emoji_Modifier_Base})\uFE0F?/u, `$1${wanted}`);
  return IS_EMOJI && !IS_EMOJI.test(made) ? emoji : made;
}

/** The emojis in the user's tone, once they are loaded. */
export const emojis = computed(() => (tone.value ? plain.value.map((one) => ({ ...one, emoji: toned(one.emoji, tone.value) })) : plain.value));

/** An emoji without what only says how it is drawn. @param {string} emoji */
const bare = (emoji) => emoji.replace(/[\u{1F3FB}-\u{1F3FF}\uFE0F]/gu, "");

/** What is known of an emoji in any tone. @param {string} emoji @returns {Emoji} */
export function aboutEmoji(emoji) {
  const found = plain.value.find((one) => bare(one.emoji) === bare(emoji));
  return { group: 0, name: emoji, words: "", ...found, emoji };
}

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
  plain.value = found;
}

/** The emojis that have all words of a text, each at least by its beginning; those first whose name begins with it. @param {string} text */
export function emojisFor(text) {
  const wanted = folded(text).split(/[\s_]+/).filter(Boolean);
  const found = emojis.value.filter(({ words }) => wanted.every((word) => words.includes(` ${word}`)));
  const isFirst = (/** @type {Emoji} */ { name }) => folded(name).startsWith(wanted[0] ?? "");
  return [...found.filter(isFirst), ...found.filter((one) => !isFirst(one))];
}
