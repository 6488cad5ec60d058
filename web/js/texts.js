// Translations: the texts of the page in the user's language.

import { signal } from "@preact/signals";

import { SENTENCES } from "./refusals.js";
import { en } from "./texts/en.js";

/** @typedef {keyof typeof en} TextName */

/** The texts of the languages that are loaded: English, which stands in for others, and the one that is used. @type {Record<string, Record<TextName, string>>} */
const TEXTS = { en };
/** What loads the others. @type {Record<string, () => Promise<Record<TextName, string>>>} */
const LOADERS = { de: async () => (await import("./texts/de.js")).de };
const KEPT = "quintet.language";

/** The languages, by their tags. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/** The language that the user chose; `auto` for that of the browser. */
export const chosenLanguage = signal(localStorage.getItem(KEPT) ?? "auto");

function current() {
  const wanted = [chosenLanguage.value, ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

/** Loads the texts of a language, and returns whether they are there. @param {string} tag */
async function load(tag) {
  try {
    TEXTS[tag] ??= (await LOADERS[tag]?.()) ?? en;
    return true;
  } catch {
    // Without a connection.
    return false;
  }
}

const first = current();

/** The language of the page. */
export const language = signal(await load(first) ? first : "en");

/** @param {string} tag or `auto` */
export async function setLanguage(tag) {
  if (tag === "auto") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, tag);
  chosenLanguage.value = tag;
  const wanted = current();
  // Another one may have been chosen meanwhile.
  if (!await load(wanted) || wanted !== current()) return;
  language.value = wanted;
  showLanguage();
}

/** Tells the browser the language: of the page, and of what it installs as an app. */
export function showLanguage() {
  document.documentElement.lang = language.value;
  document.querySelector("link[rel=manifest]")?.setAttribute("href", language.value === "en" ? "/app.webmanifest" : `/app.${language.value}.webmanifest`);
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
  startsAt: "errorStartsAt", username: "errorUsername", email: "errorEmail", password: "errorPassword", newPassword: "errorPassword", currentPassword: "errorCurrentPassword", name: "errorName",
  capacity: "errorCapacity", file: "errorFile", content: "errorContent",
};

/** A part of a sentence of the server as the page shows it. @param {string} part @param {string} text */
function partOf(part, text) {
  if (part === "when") return new Date(text).toLocaleString(language.value, { dateStyle: "medium", timeStyle: "short" });
  return part === "count" ? Number(text) : text;
}

/** An error of the server in words of the page: its own are for programmers. @param {string | undefined} code @param {string} text */
export function inWords(code, text) {
  for (const [sentence, name, parts] of SENTENCES) {
    const found = sentence.exec(text);
    if (found) return t(name, Object.fromEntries(parts.map((part, at) => [part, partOf(part, found[at + 1] ?? "")])));
  }
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
