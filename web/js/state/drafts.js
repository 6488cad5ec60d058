// Drafts: text, attachments and edits that were not sent yet. Text is kept in the browser's storage, for each user and each
// conversation under a key of its own, so that tabs do not overwrite each other's; the rest is removed on log-out.

import { computed, signal } from "@preact/signals";

import { me } from "../session.js";

/** @typedef {import("../types.js").Message} Message */
/**
 * @typedef {{ id: number, file: File, part: number, done: import("../types.js").Upload | null, abort: AbortController }} Attachment
 */

/** The message that is being edited. @type {import("@preact/signals").Signal<Message | null>} */
export const editing = signal(null);
/** The message that the next message replies to. @type {import("@preact/signals").Signal<Message | null>} */
export const replying = signal(null);
/** The thread in whose composer is edited and replied; empty in that of the conversation. */
export const writing = signal("");

/** Begins to edit a message, in the composer of a thread or of its conversation. @param {Message} message @param {string} [thread] */
export function beginEdit(message, thread = "") {
  writing.value = thread;
  replying.value = null;
  editing.value = message;
}

/** Begins a reply to a message, in the composer of a thread or of its conversation. @param {Message} message @param {string} [thread] */
export function beginReply(message, thread = "") {
  writing.value = thread;
  editing.value = null;
  replying.value = message;
}

/** Attachments of the next message, by conversation. @type {import("@preact/signals").Signal<Map<string, Attachment[]>>} */
export const attached = signal(new Map());
const KEPT = "quintet.draft/";

/** @param {string | undefined} userId */
const prefixOf = (userId) => `${KEPT}${encodeURIComponent(userId ?? "")}/`;

/** Counts changes of what is kept. */
const changes = signal(0);

/** Unsent text, by conversation, or by conversation and thread. */
export const drafts = computed(() => {
  const prefix = changes.value >= 0 && me.value ? prefixOf(me.value.id) : null;
  const keys = prefix === null ? [] : Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return new Map(keys.map((key) => [decodeURIComponent(key.slice(prefix?.length)), localStorage.getItem(key) ?? ""]));
});

/** Keeps the unsent text of a conversation; an empty one is forgotten. @param {string} id @param {string} text */
export function keepDraft(id, text) {
  const key = prefixOf(me.value?.id) + encodeURIComponent(id);
  try {
    if (text.trim()) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // The browser's storage is full: the text is kept while the conversation is open.
  }
  changes.value += 1;
}

// Another tab.
window.addEventListener("storage", ({ key }) => { if (key === null || key.startsWith(KEPT)) changes.value += 1; });

export function forgetDrafts() {
  for (const files of attached.value.values()) {
    for (const one of files) one.abort.abort();
  }
  attached.value = new Map();
  editing.value = null;
  replying.value = null;
}
