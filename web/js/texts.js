// The texts of the page, in the language of the reader.

import { signal } from "@preact/signals";

import { de } from "./texts/de.js";
import { en } from "./texts/en.js";

/** @typedef {keyof typeof en} TextName */

/** @type {Record<string, Record<TextName, string>>} */
const TEXTS = { en, de };
const KEPT = "quintet.language";

export const LANGUAGES = { en: "English", de: "Deutsch" };

function chosen() {
  const wanted = [localStorage.getItem(KEPT) ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => tag in TEXTS) ?? "en";
}

export const language = signal(chosen());

/** @param {string} tag */
export function setLanguage(tag) {
  localStorage.setItem(KEPT, tag);
  language.value = tag;
  document.documentElement.lang = tag;
}

/**
 * A text, with its `{names}` filled in.
 * @param {TextName} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const text = TEXTS[language.value]?.[name] ?? en[name];
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
