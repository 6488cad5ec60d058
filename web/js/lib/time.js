// Dates and times for display.

import { language } from "../texts.js";

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} name @param {Intl.DateTimeFormatOptions} options */
function format(name, options) {
  const key = `${language.value} ${name}`;
  let found = formats.get(key);
  if (!found) {
    // The format of the user's region, in the chosen language.
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

/** The date, as the heading of the messages of that day. @param {string} moment */
export function day(moment) {
  return format("day", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(moment));
}

/** The date and the time of day. @param {string} moment */
export function dayAndClock(moment) {
  return format("both", { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** The time of day for today, otherwise a short date. @param {string} moment */
export function brief(moment) {
  const date = new Date(moment);
  if (date.toDateString() === new Date().toDateString()) return clock(moment);
  return format("brief", { day: "numeric", month: "short" }).format(date);
}

/** A key that is equal for times on the same day. @param {string} moment */
export function dayKey(moment) {
  return new Date(moment).toDateString();
}
