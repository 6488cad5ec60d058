// The messages of the conversation that is open: a window of its history, that moves as one scrolls.
//
// What must stay true: what is held is one run of the history without a gap, by ascending number; nothing is in it
// twice; it never grows beyond its bound.

import { signal } from "@preact/signals";

import { call, why } from "../api.js";

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

/** Counts openings: an answer to what an earlier one asked is nobody's. */
let opening = 0;
/** The newest message that was heard of while the window stood elsewhere. */
let passed = 0;

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
  const mine = ++opening;
  passed = 0;
  view.value = { id, items: [], before: null, after: null, loading: "first", error: "" };
  try {
    const { items, next } = await page(id, "");
    if (mine === opening && view.value) set({ items: merged(items, view.value.items), before: next, loading: "" });
  } catch (error) {
    if (mine === opening) set({ items: [], loading: "", error: why(error) });
  }
}

export function closeMessages() {
  opening += 1;
  view.value = null;
}

/** Loads what was said before what is held. */
export async function loadOlder() {
  const now = view.value;
  if (!now || now.loading || now.before === null) return;
  const mine = opening;
  set({ loading: "older" });
  try {
    const { items, next } = await page(now.id, `&before=${now.before}`);
    if (mine !== opening || !view.value) return;
    // The window's beginning moved meanwhile: this page no longer joins it.
    if (view.value.before !== now.before) {
      set({ loading: "" });
      return;
    }
    const held = merged(items, view.value.items);
    const kept = held.slice(0, HELD_MAX);
    const cut = kept.length < held.length;
    if (cut && view.value.after === null) passed = held.at(-1)?.sequence ?? 0;
    set({ items: kept, before: next, after: cut ? kept.at(-1)?.sequence ?? null : view.value.after, loading: "" });
  } catch {
    if (mine === opening) set({ loading: "" });
  }
}

/** Loads what was said after what is held. */
export async function loadNewer() {
  const now = view.value;
  if (!now || now.loading || now.after === null) return;
  const mine = opening;
  set({ loading: "newer" });
  try {
    const { items, next } = await page(now.id, `&after=${now.after}`);
    if (mine !== opening || !view.value) return;
    const held = merged(view.value.items, items);
    const kept = held.slice(-HELD_MAX);
    const cut = kept.length < held.length;
    const end = kept.at(-1)?.sequence ?? 0;
    // What was heard of while this was on its way may not be in it.
    const after = next ?? (passed > end ? end : null);
    set({ items: kept, after, before: cut ? kept[0]?.sequence ?? null : view.value.before, loading: "" });
  } catch {
    if (mine === opening) set({ loading: "" });
  }
}

/** Goes on from what is held, where nothing was told of a while: at the end of it, or anew where one looks at the end. @param {boolean} atEnd */
export async function catchUp(atEnd) {
  const now = view.value;
  if (!now) return;
  const end = now.items.at(-1)?.sequence;
  if (atEnd || now.error || end === undefined) {
    await openMessages(now.id);
    return;
  }
  opening += 1;
  set({ after: end, loading: "" });
  await loadNewer();
}

/** A message was said. @param {Message} message */
export function heard(message) {
  const now = view.value;
  if (now?.id !== message.conversationId || now.error) return;
  if (now.after !== null) {
    passed = Math.max(passed, message.sequence);
    return;
  }
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
