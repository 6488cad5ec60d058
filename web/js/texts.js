// Translations: the texts of the page in the user's language.

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

/** Error codes of the server that the page translates. @type {Record<string, TextName>} */
const REFUSALS = {
  ERR_FORBIDDEN: "errorForbidden",
  ERR_NOT_FOUND: "errorNotFound",
  ERR_RATE_LIMITED: "errorRate",
  ERR_TOO_LARGE: "errorTooLarge",
  ERR_UNAUTHENTICATED: "errorLogin",
};

/** Translates an error of the server if possible; otherwise returns the server's text. @param {string | undefined} code @param {string} text */
export function inWords(code, text) {
  const name = REFUSALS[code ?? ""];
  return language.value === "en" || !name ? text : t(name);
}

/**
 * Returns a text in the current language, with its `{placeholders}` replaced.
 * @param {TextName} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const one = /** @type {TextName} */ (`${name}One`);
  const wanted = values.count === 1 && one in en ? one : name;
  const text = TEXTS[language.value]?.[wanted] ?? en[wanted];
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
