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

/** Refusals that the page has words of its own for, by the server's code. @type {Record<string, TextName>} */
const REFUSALS = {
  ERR_FORBIDDEN: "errorForbidden",
  ERR_NOT_FOUND: "errorNotFound",
  ERR_RATE_LIMITED: "errorRate",
  ERR_TOO_LARGE: "errorTooLarge",
  ERR_UNAUTHENTICATED: "errorLogin",
};

/** What the server says, in the language of the reader as far as the page knows how. @param {string | undefined} code @param {string} text */
export function inWords(code, text) {
  const name = REFUSALS[code ?? ""];
  return language.value === "en" || !name ? text : t(name);
}

/**
 * A text, with its `{names}` filled in.
 * @param {TextName} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const one = /** @type {TextName} */ (`${name}One`);
  const wanted = values.count === 1 && one in en ? one : name;
  const text = TEXTS[language.value]?.[wanted] ?? en[wanted];
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
