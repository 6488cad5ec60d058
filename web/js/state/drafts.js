// Drafts: text, attachments and edits that were not sent yet. They are removed on log-out.

import { signal } from "@preact/signals";

/** @typedef {import("../types.js").Message} Message */
/**
 * @typedef {{ id: number, file: File, part: number, done: import("../types.js").Upload | null, abort: AbortController }} Attachment
 */

/** The message that is being edited. @type {import("@preact/signals").Signal<Message | null>} */
export const editing = signal(null);
/** The message that the next message replies to. @type {import("@preact/signals").Signal<Message | null>} */
export const replying = signal(null);
/** Attachments of the next message, by conversation. @type {import("@preact/signals").Signal<Map<string, Attachment[]>>} */
export const attached = signal(new Map());
/** Unsent text, by conversation. @type {Map<string, string>} */
export const drafts = new Map();

export function forgetDrafts() {
  for (const files of attached.value.values()) {
    for (const one of files) one.abort.abort();
  }
  attached.value = new Map();
  drafts.clear();
  editing.value = null;
  replying.value = null;
}
