// The messages of the conversation that is open: a window of its history, that moves as one scrolls.
//
// What must stay true: what is held is one run of the history without a gap, by ascending number; nothing is in it
// twice; it never grows beyond its bound.

import { signal } from "@preact/signals";

import { call } from "../api.js";

/** @typedef {import("../types.js").Message} Message */
/**
 * @typedef {object} View
 * @property {string} id the conversation
 * @property {Message[]} items
 * @property {number | null} before what older messages are before; null at the beginning
 * @property {number | null} after what newer messages are after; null at the live end
 * @property {"" | "first" | "older" | "newer"} loading
 * @property {string} error
 */

const PAGE = 50;
/** Messages that are held at most. */
const HELD_MAX = 300;

/** @type {import("@preact/signals").Signal<View | null>} */
export const view = signal(null);

/** @param {string} id @param {string} query @returns {Promise<{ items: Message[], next: number | null }>} */
function page(id, query) {
  return call("GET", `/conversations/${encodeURIComponent(id)}/messages?limit=${PAGE}${query}`);
}

/** The later state of a message. @param {Message} a @param {Message} b */
function later(a, b) {
  const at = (/** @type {Message} */ message) => message.deletedAt ?? message.editedAt ?? "";
  return at(a) > at(b) ? a : b;
}

/** Both lists as one, by number. @param {Message[]} a @param {Message[]} b */
function merged(a, b) {
  const found = new Map(a.map((message) => [message.id, message]));
  for (const message of b) {
    const known = found.get(message.id);
    found.set(message.id, known ? later(known, message) : message);
  }
  return [...found.values()].sort((one, other) => one.sequence - other.sequence);
}

/** @param {Partial<View>} change */
function set(change) {
  if (view.value) view.value = { ...view.value, ...change };
}

/** Opens a conversation at its newest messages. @param {string} id */
export async function openMessages(id) {
  view.value = { id, items: [], before: null, after: null, loading: "first", error: "" };
  const opened = () => view.value?.id === id && view.value.loading === "first";
  try {
    const { items, next } = await page(id, "");
    if (opened() && view.value) set({ items: merged(items, view.value.items), before: next, loading: "" });
  } catch (error) {
    if (opened()) set({ loading: "", error: error instanceof Error ? error.message : "" });
  }
}

export function closeMessages() {
  view.value = null;
}

/** Loads what was said before what is held. */
export async function loadOlder() {
  const now = view.value;
  if (!now || now.loading || now.before === null) return;
  set({ loading: "older" });
  try {
    const { items, next } = await page(now.id, `&before=${now.before}`);
    if (view.value?.id !== now.id) return;
    const held = merged(items, view.value.items);
    const kept = held.slice(0, HELD_MAX);
    const cut = kept.length < held.length;
    set({ items: kept, before: next, after: cut ? kept.at(-1)?.sequence ?? null : view.value.after, loading: "" });
  } catch {
    if (view.value?.id === now.id) set({ loading: "" });
  }
}

/** Loads what was said after what is held. */
export async function loadNewer() {
  const now = view.value;
  if (!now || now.loading || now.after === null) return;
  set({ loading: "newer" });
  try {
    const { items, next } = await page(now.id, `&after=${now.after}`);
    if (view.value?.id !== now.id) return;
    const held = merged(view.value.items, items);
    const kept = held.slice(-HELD_MAX);
    const cut = kept.length < held.length;
    set({ items: kept, after: next, before: cut ? kept[0]?.sequence ?? null : view.value.before, loading: "" });
  } catch {
    if (view.value?.id === now.id) set({ loading: "" });
  }
}

/** A message was said. @param {Message} message */
export function heard(message) {
  const now = view.value;
  if (now?.id !== message.conversationId || now.after !== null) return;
  const items = merged(now.items, [message]);
  const kept = items.slice(-HELD_MAX);
  const cut = kept.length < items.length;
  set({ items: kept, before: cut ? kept[0]?.sequence ?? null : now.before });
}

/** A message was edited or deleted. @param {Partial<Message> & { id: string, conversationId: string }} message */
export function replaced(message) {
  const now = view.value;
  if (now?.id !== message.conversationId) return;
  set({ items: now.items.map((held) => (held.id === message.id ? { ...held, ...message } : held)) });
}
