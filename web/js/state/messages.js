// The messages of the open conversation: a window of its history that moves as the user scrolls.
//
// What must stay true: the window is one contiguous run of the history, in ascending sequence, without duplicates, and
// never larger than its limit.

import { signal } from "@preact/signals";

import { call, why, worthTelling } from "../api.js";
import { me } from "../session.js";
import { conversations, fetchConversation } from "./conversations.js";
import { keepOwn } from "./mine.js";
import { tell } from "./notices.js";
import { alterThread, repliedIn } from "./thread.js";

/** @typedef {import("../types.js").Message} Message */
/**
 * @typedef {object} View
 * @property {string} id the id of the conversation
 * @property {Message[]} items
 * @property {number | null} before cursor for older messages; null at the start of the history
 * @property {number | null} after cursor for newer messages; null at the live end
 * @property {"" | "first" | "older" | "newer"} loading
 * @property {string} error
 * @property {number} opening the number of the opening that loaded it
 * @property {number | null} newAfter the sequence after which the messages of others are new; null without new ones
 */

const PAGE = 50;
/** The largest page that the server returns, in messages. */
const PAGE_MAX = 200;
/** The largest window, in messages. */
const HELD_MAX = 300;
/** With more messages than these since the last one that was read, the page around that one is loaded, and not the newest page. */
const BEHIND_MAX = 40;

/** @type {import("@preact/signals").Signal<View | null>} */
export const view = signal(null);

/** Counts openings, so that responses to requests of an earlier one are dropped. */
let opening = 0;
/** The message at which the conversation is being opened, until it is there. @type {{ id: string, sequence: number } | null} */
let sought = null;
/** The sequence of the newest message received while the window was not at the live end. */
let passed = 0;

/** @typedef {(items: Message[]) => Message[]} Change a change of some messages; repeating it makes no difference */

/** For each request in progress, the changes since it was sent, because its response may lack them. @type {Set<Change[]>} */
const missed = new Set();

/** Loads messages, and applies the changes that were received in the meantime. @param {() => Promise<Message[]>} load */
async function upToDate(load) {
  /** @type {Change[]} */
  const changes = [];
  missed.add(changes);
  try {
    const items = await load();
    return changes.reduce((changed, change) => change(changed), items);
  } finally {
    missed.delete(changes);
  }
}

/** Changes messages of the window, and of the thread beside it. @param {string} id the id of the conversation @param {Change} change */
function alter(id, change) {
  alterThread(id, change);
  const now = view.value;
  if (now?.id !== id) return;
  for (const changes of missed) changes.push(change);
  set({ items: change(now.items) });
}

/**
 * Loads a page. `next` is the cursor in the direction of the request (for a page around a message, the cursor for older
 * messages), and `newer` is the cursor for newer messages of a page around a message.
 * @param {string} id @param {string} query @param {number} [limit]
 * @returns {Promise<{ items: Message[], next: number | null, newer?: number }>}
 */
async function page(id, query, limit = PAGE) {
  /** @type {any} */
  let found;
  const items = await upToDate(async () => {
    found = await call("GET", `/conversations/${encodeURIComponent(id)}/messages?limit=${limit}${query}`);
    return found.items;
  });
  return { ...found, items };
}

/** Returns the newer version of a message, with what an event lacks of it. @param {Message} a @param {Message} b */
function later(a, b) {
  const at = (/** @type {Message} */ message) => message.deletedAt ?? message.editedAt ?? "";
  const [older, newer] = at(a) > at(b) ? [b, a] : [a, b];
  return { ...newer, reactions: keepOwn(older.reactions, newer.reactions) };
}

/** Merges two lists by sequence. @param {Message[]} a @param {Message[]} b */
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

/** Begins to open a conversation, and returns the number of the opening. @param {string} id @param {number | null} newAfter */
function begin(id, newAfter) {
  opening += 1;
  passed = 0;
  sought = null;
  view.value = { id, items: [], before: null, after: null, loading: "first", error: "", opening, newAfter };
  return opening;
}

/** Loads the first page of an opening, and returns whether it still counts. @param {number} mine @param {string} id @param {string} query */
async function fill(mine, id, query) {
  const { items, next, newer = null } = await page(id, query);
  if (mine !== opening || !view.value) return false;
  // Messages received in the meantime adjoin the page only if it reaches the newest one.
  const heardSince = view.value.items;
  if (newer !== null) passed = heardSince.at(-1)?.sequence ?? 0;
  set({ items: newer === null ? merged(items, heardSince) : items, before: next, after: newer, loading: "" });
  return true;
}

/**
 * The sequence up to which the user has read a conversation, and whether the messages since then fit a page; null if nothing
 * is unread.
 * @param {string} id @param {boolean} anew whether what is known of the conversation may be old
 */
async function lastRead(id, anew) {
  const found = anew ? await fetchConversation(id) : null;
  const conversation = found ?? conversations.value.get(id) ?? await fetchConversation(id);
  const own = conversation?.members.find(({ user }) => user.id === me.value?.id);
  if (!conversation || !own || conversation.unreadCount === 0) return null;
  const last = conversation.lastMessage?.sequence ?? conversation.sequence;
  return { sequence: own.readSequence, isNear: last - own.readSequence <= BEHIND_MAX };
}

/**
 * Opens a conversation: at the first message that the user has not read, or at the newest ones.
 * @param {string} id
 * @param {{ atEnd?: boolean, anew?: boolean }} [how] `anew`: what is known of the conversation may be old
 */
export async function openMessages(id, { atEnd = false, anew = false } = {}) {
  const mine = begin(id, atEnd && view.value?.id === id ? view.value.newAfter : null);
  try {
    const read = atEnd ? null : await lastRead(id, anew);
    if (mine !== opening) return;
    if (read) set({ newAfter: read.sequence });
    await fill(mine, id, read && !read.isNear ? `&around=${read.sequence}` : "");
  } catch (error) {
    if (mine === opening) set({ items: [], loading: "", error: why(error) });
  }
}

/** Ends the mark of what is new. */
export function forgetNew() {
  if (view.value && view.value.newAfter !== null) set({ newAfter: null });
}

export function closeMessages() {
  opening += 1;
  sought = null;
  view.value = null;
  shown.value = null;
}

/** Time before a failed request may be repeated, in milliseconds. */
const PAUSE_MS = 2_000;

/** Ends loading after a delay, because views request more as soon as nothing is loading. @param {number} mine */
function pause(mine) {
  setTimeout(() => { if (mine === opening) set({ loading: "" }); }, PAUSE_MS);
}

/** Loads older messages. */
export async function loadOlder() {
  const now = view.value;
  if (!now || now.loading || now.before === null) return;
  const mine = opening;
  set({ loading: "older" });
  try {
    const { items, next } = await page(now.id, `&before=${now.before}`);
    if (mine !== opening || !view.value) return;
    // The start of the window moved in the meantime, so this page is no longer adjacent.
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

/** Loads newer messages. */
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
    // Messages received in the meantime may be missing from the response.
    const after = next ?? (passed > end ? end : null);
    set({ items: kept, after, before: cut ? kept[0]?.sequence ?? null : view.value.before, loading: "" });
  } catch {
    pause(mine);
  }
}

/**
 * Catches up after events were missed: reloads the newest messages if the user is looking at the end, and otherwise
 * reloads the window, because its messages may have changed.
 * @param {boolean} atEnd
 */
export async function catchUp(atEnd) {
  const now = view.value;
  if (!now) return;
  const [first] = now.items;
  if (sought) {
    await openAround(now.id, sought.id, sought.sequence);
    return;
  }
  if (atEnd || now.error || now.loading === "first" || !first) {
    await openMessages(now.id, { anew: true });
    return;
  }
  const mine = ++opening;
  const end = now.items.at(-1)?.sequence ?? 0;
  // New messages are not added to the window from here on; they are loaded when the user scrolls near them.
  set({ after: now.after ?? end, loading: "" });
  let from = first.sequence - 1;
  const again = await upToDate(async () => {
    /** @type {Message[]} */
    const found = [];
    while (from < end) {
      const { items, next } = await page(now.id, `&after=${from}`, PAGE_MAX);
      found.push(...items.filter((message) => message.sequence <= end));
      if (next === null) break;
      from = next;
    }
    return found;
  });
  if (mine !== opening || !view.value) return;
  set({ items: merged(view.value.items, again) });
  if (now.after === null) await loadNewer();
}

/** Handles a new message. @param {Message} message @param {boolean} [isFirstNew] whether it is the first that the user has not seen */
export function heard(message, isFirstNew = false) {
  repliedIn(message);
  const now = view.value;
  if (now?.id !== message.conversationId || now.error) return;
  if (isFirstNew) set({ newAfter: message.sequence - 1 });
  if (now.after !== null) {
    passed = Math.max(passed, message.sequence);
    return;
  }
  const items = merged(now.items, [message]);
  const kept = items.slice(-HELD_MAX);
  const cut = kept.length < items.length;
  set({ items: kept, before: cut ? kept[0]?.sequence ?? null : now.before });
}

/** The message that the history scrolls to and marks; each choice is an object of its own. @type {import("@preact/signals").Signal<{ id: string } | null>} */
export const shown = signal(null);

/**
 * Shows a message in the history of its conversation.
 * @param {string} id the id of the conversation
 * @param {string} messageId
 * @param {number} [sequence] its sequence number, if it is known
 */
export async function showMessage(id, messageId, sequence) {
  if (view.value?.id === id && view.value.items.some((message) => message.id === messageId)) {
    shown.value = { id: messageId };
    return;
  }
  const asked = opening;
  try {
    const at = sequence ?? (await call("GET", `/messages/${encodeURIComponent(messageId)}`)).sequence;
    // The user has gone elsewhere in the meantime.
    if (sequence === undefined && asked !== opening) return;
    await openAround(id, messageId, at);
  } catch (error) {
    if (asked !== opening) return;
    const told = worthTelling(error);
    if (told) tell(told);
    // A link may lead to a message that is gone.
    if (view.value?.id !== id) await openMessages(id);
  }
}

/** Opens a conversation at a message. @param {string} id @param {string} messageId @param {number} sequence */
async function openAround(id, messageId, sequence) {
  const mine = begin(id, view.value?.id === id ? view.value.newAfter : null);
  sought = { id: messageId, sequence };
  try {
    if (await fill(mine, id, `&around=${sequence}`)) shown.value = { id: messageId };
  } catch (error) {
    if (mine === opening) set({ items: [], loading: "", error: why(error) });
  } finally {
    if (mine === opening) sought = null;
  }
}

/** Changes a message of the window. @param {string} id @param {string} messageId @param {(message: Message) => Partial<Message>} change */
export function changeMessage(id, messageId, change) {
  alter(id, (items) => items.map((held) => (held.id === messageId ? { ...held, ...change(held) } : held)));
}

/** The number of characters of its original that a reply shows. */
const QUOTED_MAX = 200;

/** Changes what replies show of their original. @param {string} id @param {string} messageId @param {Partial<import("../types.js").Quote>} change */
export function quotesChanged(id, messageId, change) {
  const { content } = change;
  const quoted = content === undefined ? change : { ...change, content: [...content].slice(0, QUOTED_MAX).join("") };
  alter(id, (items) => items.map((held) =>
    (held.replyTo?.id === messageId ? { ...held, replyTo: { ...held.replyTo, ...quoted } } : held)));
}

/** Handles an edited or deleted message. @param {Partial<Message> & { id: string, conversationId: string }} message */
export function replaced(message) {
  changeMessage(message.conversationId, message.id, (held) => ({ ...message, reactions: keepOwn(held.reactions, message.reactions) }));
}
