// Dates and times for display.

import { signal } from "@preact/signals";

import { language, t } from "../texts.js";

/** How often what is said to be some time ago is said anew, in milliseconds. */
const TICK_MS = 30_000;

const now = signal(Date.now());
setInterval(() => { now.value = Date.now(); }, TICK_MS);

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

/** Whether a date is in the current year. @param {Date} date */
const isThisYear = (date) => date.getFullYear() === new Date().getFullYear();

/** The day, as the heading of the messages of that day; the year only if it is another one. @param {string} moment */
export function day(moment) {
  const date = new Date(moment);
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return t("today");
  today.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return t("yesterday");
  return isThisYear(date)
    ? format("day", { weekday: "long", day: "numeric", month: "long" }).format(date)
    : format("day and year", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date);
}

/** The name of the month, in short. @param {string} moment */
export function month(moment) {
  return format("month", { month: "short" }).format(new Date(moment)).replace(".", "");
}

/** The number of the day in its month. @param {string} moment */
export function dayOfMonth(moment) {
  return String(new Date(moment).getDate());
}

/** The date and the time of day. @param {string} moment */
export function dayAndClock(moment) {
  return format("both", { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** The time of day for today, otherwise a short date, with its year if that is another one. @param {string} moment */
export function brief(moment) {
  const date = new Date(moment);
  if (date.toDateString() === new Date().toDateString()) return clock(moment);
  return isThisYear(date) ? format("brief", { day: "numeric", month: "short" }).format(date)
    : format("brief and year", { day: "numeric", month: "numeric", year: "2-digit" }).format(date);
}

/** The units of what was not long ago, and the seconds in each, from the smallest. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["minute", 60], ["hour", 3_600], ["day", 86_400]];

/** How long ago something was; a date if it is more than a week. @param {string} moment */
export function ago(moment) {
  const seconds = Math.max(0, (now.value - Date.parse(moment)) / 1_000);
  if (seconds > 7 * 86_400) return brief(moment);
  const [unit, length] = UNITS.findLast(([, size]) => seconds >= size) ?? [];
  if (!unit || !length) return t("justNow");
  return new Intl.RelativeTimeFormat(language.value, { numeric: "auto", style: "short" }).format(-Math.floor(seconds / length), unit);
}

/** A key that is equal for times on the same day. @param {string} moment */
export function dayKey(moment) {
  return new Date(moment).toDateString();
}
