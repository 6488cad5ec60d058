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
/** The most that the server gives at once. */
const PAGE_MAX = 200;
/** Messages that are held at most. */
const HELD_MAX = 300;

/** @type {import("@preact/signals").Signal<View | null>} */
export const view = signal(null);

/** Counts openings: an answer to what an earlier one asked is nobody's. */
let opening = 0;
/** The newest message that was heard of while the window stood elsewhere. */
let passed = 0;

/** @param {string} id @param {string} query @param {number} [limit] @returns {Promise<{ items: Message[], next: number | null }>} */
function page(id, query, limit = PAGE) {
  return call("GET", `/conversations/${encodeURIComponent(id)}/messages?limit=${limit}${query}`);
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

/** Time after which what could not be loaded may be asked for again. */
const PAUSE_MS = 2_000;

/** Whoever asks for more asks again at once where it is let: not without end. @param {number} mine */
function pause(mine) {
  setTimeout(() => { if (mine === opening) set({ loading: "" }); }, PAUSE_MS);
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
    pause(mine);
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
    pause(mine);
  }
}

/**
 * Goes on from what is held, where nothing was told of a while: anew where one looks at the end, else what is held is
 * read again, for it may have been changed.
 * @param {boolean} atEnd
 */
export async function catchUp(atEnd) {
  const now = view.value;
  if (!now) return;
  const [first] = now.items;
  if (atEnd || now.error || now.loading === "first" || !first) {
    await openMessages(now.id);
    return;
  }
  const mine = ++opening;
  const end = now.items.at(-1)?.sequence ?? 0;
  // From here on what is heard counts as passed; what there is of it is loaded when one comes near.
  set({ after: now.after ?? end, loading: "" });
  let from = first.sequence - 1;
  /** @type {Message[]} */
  const again = [];
  while (from < end) {
    const { items, next } = await page(now.id, `&after=${from}`, PAGE_MAX);
    again.push(...items.filter((message) => message.sequence <= end));
    if (next === null) break;
    from = next;
  }
  if (mine !== opening || !view.value) return;
  set({ items: merged(view.value.items, again) });
  if (now.after === null) await loadNewer();
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
