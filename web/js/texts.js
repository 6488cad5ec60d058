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

/** What the page says for each error code of the server. @type {Record<string, TextName>} */
const REFUSALS = {
  ERR_UNAUTHENTICATED: "errorLogin",
  ERR_TOKEN_EXPIRED: "sessionEnded",
  ERR_FORBIDDEN: "errorForbidden",
  ERR_NOT_FOUND: "errorNotFound",
  ERR_INVALID_PAYLOAD: "errorInvalid",
  ERR_TOO_LARGE: "errorTooLarge",
  ERR_RATE_LIMITED: "errorRate",
  ERR_CONFLICT: "errorConflict",
  ERR_BUSY: "errorBusy",
  ERR_STORAGE_FULL: "errorStorage",
  ERR_INTERNAL: "errorUnknown",
};

/** Inputs whose refusal the page explains, by the name that begins the server's sentence. @type {Record<string, TextName>} */
const INPUTS = {
  startsAt: "errorStartsAt", username: "errorUsername", email: "errorEmail", password: "errorPassword", name: "errorName",
  capacity: "errorCapacity", file: "errorFile", content: "errorContent",
};

/** An error of the server in words of the page: its own are for programmers. @param {string | undefined} code @param {string} text */
export function inWords(code, text) {
  const input = code === "ERR_INVALID_PAYLOAD" ? INPUTS[/^`(\w+)`/.exec(text)?.[1] ?? ""] : undefined;
  return t(input ?? REFUSALS[code ?? ""] ?? "errorUnknown");
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
