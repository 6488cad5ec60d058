// The thread that is open beside its conversation: its first message and its replies.
//
// What must stay true: the replies are in ascending sequence, without duplicates; and a change that is told while they are
// loaded is not undone by the response.

import { signal } from "@preact/signals";

import { call, why } from "../api.js";
import { keepOwn } from "./mine.js";

/** @typedef {import("../types.js").Message} Message */
/**
 * @typedef {object} OpenThread
 * @property {string} conversationId
 * @property {string} rootId
 * @property {Message | null} root
 * @property {Message[]} items the newest replies
 * @property {number | null} before cursor for older replies; null if there are none
 * @property {boolean} loading
 * @property {string} error
 */

const PAGE = 50;

/** @type {import("@preact/signals").Signal<OpenThread | null>} */
export const thread = signal(null);

/** Counts openings, so that responses to requests of an earlier one are dropped. */
let opening = 0;
/** The changes since the request in progress was sent. @type {((messages: Message[]) => Message[])[]} */
let missed = [];
/** The replies that were sent since then. @type {Message[]} */
let heardSince = [];

/** @param {Partial<OpenThread>} change */
function set(change) {
  if (thread.value) thread.value = { ...thread.value, ...change };
}

/** @param {Message[]} a @param {Message[]} b the newer versions */
function merged(a, b) {
  const found = new Map(a.map((message) => [message.id, message]));
  for (const message of b) {
    const reactions = keepOwn(found.get(message.id)?.reactions, message.reactions);
    found.set(message.id, { ...message, reactions });
  }
  return [...found.values()].sort((one, other) => one.sequence - other.sequence);
}

/** Loads the newest replies, or those before a number. @param {number | null} before */
async function load(before) {
  const now = thread.value;
  if (!now) return;
  const mine = ++opening;
  missed = [];
  heardSince = [];
  set({ loading: true, error: "" });
  try {
    const cursor = before === null ? "" : `&before=${before}`;
    /** @type {{ root: Message, items: Message[], next: number | null }} */
    const { root, items, next } = await call("GET", `/messages/${encodeURIComponent(now.rootId)}/thread?limit=${PAGE}${cursor}`);
    if (mine !== opening || !thread.value) return;
    const upToDate = (/** @type {Message[]} */ messages) => missed.reduce((changed, change) => change(changed), messages);
    // A page that was loaded anew begins anew, because replies in between may have been missed.
    const known = before === null ? [] : thread.value.items;
    set({ root: upToDate([root])[0] ?? null, items: upToDate(merged(merged(items, known), heardSince)), before: next, loading: false });
  } catch (error) {
    if (mine === opening) set({ loading: false, error: why(error) });
  }
}

/** Opens a thread. @param {string} conversationId @param {string} rootId the id of its first message */
export function openThread(conversationId, rootId) {
  thread.value = { conversationId, rootId, root: null, items: [], before: null, loading: true, error: "" };
  return load(null);
}

export function closeThread() {
  opening += 1;
  thread.value = null;
}

/** Loads older replies. */
export async function loadReplies() {
  const now = thread.value;
  if (now && !now.loading && now.before !== null) await load(now.before);
}

/** Loads the open thread again, after events were missed. */
export async function renewThread() {
  await load(null);
}

/** Handles a new message. @param {Message} message */
export function repliedIn(message) {
  const now = thread.value;
  if (!now || message.threadId !== now.rootId) return;
  heardSince.push(message);
  set({ items: merged(now.items, [message]) });
}

/** Changes messages of the open thread. @param {string} conversationId @param {(messages: Message[]) => Message[]} change */
export function alterThread(conversationId, change) {
  const now = thread.value;
  if (!now || now.conversationId !== conversationId) return;
  missed.push(change);
  set({ items: change(now.items), root: now.root && (change([now.root])[0] ?? null) });
}
