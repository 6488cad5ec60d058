// What one is told: in the list of notifications, in a line at the edge of the page, and by the browser.

import { computed, signal } from "@preact/signals";

import { call } from "../api.js";

/** @typedef {import("../types.js").Notice} Notice */

const SHOWN = 50;
/** Time for which a line stays. */
const LINE_MS = 6_000;

/** @type {import("@preact/signals").Signal<Notice[]>} */
export const notices = signal([]);
export const newNotices = computed(() => notices.value.filter((notice) => !notice.readAt).length);

/** Lines that are shown now. @type {import("@preact/signals").Signal<{ id: number, text: string }[]>} */
export const lines = signal([]);
/** What a screen reader is told next. */
export const announced = signal("");
let count = 0;

/** Shows a line for a while. @param {string} text */
export function tell(text) {
  const id = ++count;
  lines.value = [...lines.value, { id, text }];
  setTimeout(() => closeLine(id), LINE_MS);
}

/** @param {number} id */
export function closeLine(id) {
  lines.value = lines.value.filter((line) => line.id !== id);
}

/** Says something to a screen reader alone. @param {string} text */
export function announce(text) {
  // The same text twice is said twice.
  announced.value = announced.value === text ? `${text}\u00a0` : text;
}

export async function loadNotices() {
  const before = new Set(notices.value.map(({ id }) => id));
  /** @type {{ items: Notice[] }} */
  const { items } = await call("GET", `/notifications?limit=${SHOWN}`);
  // What was heard or read meanwhile is not undone.
  const known = new Map(notices.value.map((notice) => [notice.id, notice]));
  const listed = new Set(items.map(({ id }) => id));
  const heard = notices.value.filter(({ id }) => !before.has(id) && !listed.has(id));
  const told = items.map((item) => ({ ...item, readAt: item.readAt ?? known.get(item.id)?.readAt ?? null }));
  notices.value = [...heard, ...told].slice(0, SHOWN);
}

/** @param {Notice} notice */
export function noticed(notice) {
  if (notices.value.some((known) => known.id === notice.id)) return;
  notices.value = [{ ...notice, readAt: null }, ...notices.value].slice(0, SHOWN);
}

export async function readNotices() {
  const seen = new Set(notices.value.filter((notice) => !notice.readAt).map(({ id }) => id));
  if (seen.size === 0) return;
  await call("PUT", "/notifications/read");
  const readAt = new Date().toISOString();
  notices.value = notices.value.map((notice) => (seen.has(notice.id) ? { ...notice, readAt } : notice));
}

/** What the browser allows. */
export const allowed = signal("Notification" in window ? Notification.permission : "denied");

export async function askBrowser() {
  allowed.value = await Notification.requestPermission();
}

/** Tells by the browser, where it is allowed and nobody looks at the page. @param {string} title @param {string} body @param {string} tag */
export function tellBrowser(title, body, tag) {
  if (allowed.value !== "granted" || !document.hidden) return;
  try {
    const notification = new Notification(title, { body, tag });
    notification.onclick = () => {
      window.focus();
      location.hash = tag;
      notification.close();
    };
  } catch {
    // Some phones allow this to service workers alone.
  }
}

export function forgetNotices() {
  notices.value = [];
  lines.value = [];
  announced.value = "";
}
