// Moments as people read them.

import { language } from "../texts.js";

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} name @param {Intl.DateTimeFormatOptions} options */
function format(name, options) {
  const key = `${language.value} ${name}`;
  let found = formats.get(key);
  if (!found) {
    // As it is written where the reader lives, in the language that was chosen.
    const local = navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value;
    found = new Intl.DateTimeFormat(local, options);
    formats.set(key, found);
  }
  return found;
}

/** The time of day. @param {string} moment */
export function clock(moment) {
  return format("clock", { hour: "2-digit", minute: "2-digit" }).format(new Date(moment));
}

/** The day, as it heads the messages of that day. @param {string} moment */
export function day(moment) {
  return format("day", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(moment));
}

/** Day and time. @param {string} moment */
export function dayAndClock(moment) {
  return format("both", { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** The time of day for today, else the day in short. @param {string} moment */
export function brief(moment) {
  const date = new Date(moment);
  if (date.toDateString() === new Date().toDateString()) return clock(moment);
  return format("brief", { day: "numeric", month: "short" }).format(date);
}

/** What tells days apart. @param {string} moment */
export function dayKey(moment) {
  return new Date(moment).toDateString();
}
