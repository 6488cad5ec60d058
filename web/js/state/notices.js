// Notifications: the list, short messages, screen reader announcements, and the browser's own.

import { computed, signal } from "@preact/signals";

import { call } from "../api.js";
import { isPresent } from "../lib/present.js";

/** @typedef {import("../types.js").Notice} Notice */

const SHOWN = 50;
/** How long a short message is shown, in milliseconds. */
const LINE_MS = 6_000;
/** How many are shown at once: the newest. */
const LINES_MAX = 3;

/** @type {import("@preact/signals").Signal<Notice[]>} */
export const notices = signal([]);
export const newNotices = computed(() => notices.value.filter((notice) => !notice.readAt).length);

/** Whether a notification tells of a request to reach the user, which is shown by itself. @param {Notice} notice */
export const isOfRequest = ({ title }) => title === "New Message Request" || title === "New Group Invitation";

/** Short messages that are shown now. @type {import("@preact/signals").Signal<{ id: number, text: string }[]>} */
export const lines = signal([]);
/** The text that a screen reader announces next. */
export const announced = signal("");
let count = 0;

/** Shows a short message. @param {string} text */
export function tell(text) {
  const id = ++count;
  lines.value = [...lines.value, { id, text }].slice(-LINES_MAX);
  setTimeout(() => closeLine(id), LINE_MS);
}

/** @param {number} id */
export function closeLine(id) {
  lines.value = lines.value.filter((line) => line.id !== id);
}

/** Announces a text to screen readers only. @param {string} text */
export function announce(text) {
  // Make a repeated text differ, so that it is announced again.
  announced.value = announced.value === text ? `${text}\u00a0` : text;
}

export async function loadNotices() {
  const before = new Set(notices.value.map(({ id }) => id));
  /** @type {{ items: Notice[] }} */
  const { items } = await call("GET", `/notifications?limit=${SHOWN}`);
  // Keep notifications that arrived or were read while the request was in progress.
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

/** The browser's notification permission. */
export const allowed = signal("Notification" in window ? Notification.permission : "denied");

export async function askBrowser() {
  allowed.value = await Notification.requestPermission();
}

/** Shows a browser notification if it is permitted and the user is not at the page. @param {string} title @param {string} body @param {string} tag */
export function tellBrowser(title, body, tag) {
  if (allowed.value !== "granted" || isPresent()) return;
  try {
    const notification = new Notification(title, { body, tag });
    notification.onclick = () => {
      window.focus();
      location.hash = tag;
      notification.close();
    };
  } catch {
    // Some phones permit this only to service workers.
  }
}

export function forgetNotices() {
  notices.value = [];
  lines.value = [];
  announced.value = "";
}
