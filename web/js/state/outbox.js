// Messages that were not acknowledged yet. They survive a reload. Each entry has its own id, so that the server stores it
// once however often it is sent, and its own key in the browser's storage, so that tabs do not overwrite each other's
// entries.

import { signal } from "@preact/signals";

import { randomHex } from "../lib/random.js";
import { me } from "../session.js";
import { link, say } from "../socket.js";
import { inWords, t } from "../texts.js";
import { tell } from "./notices.js";

/**
 * @typedef {{ id: string, conversationId: string, content: string, type: string,
 *   files?: import("../types.js").AttachedFile[], fileUrl?: string, fileName?: string | null, replyTo?: string, threadId?: string, metadata?: object,
 *   at: string, n: number, failed: string }} Entry `fileUrl` and `fileName`: of an entry of an earlier version of this page
 */

/** @type {import("@preact/signals").Signal<Entry[]>} */
export const outbox = signal([]);

/** Error codes after which another attempt can succeed. */
const PASSING = ["ERR_RATE_LIMITED", "ERR_BUSY", "ERR_STORAGE_FULL", "ERR_INTERNAL"];
/** Error codes that end the session. The message is sent in the next session. */
const OVER = ["ERR_TOKEN_EXPIRED", "ERR_UNAUTHENTICATED"];
const AGAIN_MS = 2_000;
/** The longest time that a message is kept waiting by the server, such as by slow mode, because others wait behind it, in milliseconds. */
const LONGEST_MS = 15_000;

/** @type {(answer: any) => void} */
let onSent = () => {};
/** @type {(conversationId: string) => void} */
let onRefused = () => {};
let sending = false;

let count = 0;

function prefix() {
  return `quintet.outbox/${encodeURIComponent(me.value?.id ?? "")}/`;
}

/** @param {Entry[]} entries */
function keep(entries) {
  const before = outbox.value;
  outbox.value = entries;
  if (!me.value) return;
  for (const entry of before) if (!entries.some((one) => one.id === entry.id)) localStorage.removeItem(prefix() + entry.id);
  for (const entry of entries) if (!before.includes(entry)) store(entry);
}

/** @param {Entry} entry */
function store(entry) {
  try {
    localStorage.setItem(prefix() + entry.id, JSON.stringify(entry));
  } catch {
    // The browser's storage is full: the entry is kept while the page is open.
  }
}

/**
 * Loads the entries of an earlier page.
 * @param {(answer: any) => void} sent called with each message that was stored
 * @param {(conversationId: string) => void} refused called where the user may not write
 */
export function loadOutbox(sent, refused) {
  onSent = sent;
  onRefused = refused;
  /** @type {Entry[]} */
  const found = [];
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(prefix()))) {
    try {
      found.push(JSON.parse(localStorage.getItem(key) ?? ""));
    } catch {
      localStorage.removeItem(key);
    }
  }
  outbox.value = found.sort((a, b) => (a.at === b.at ? a.n - b.n : a.at < b.at ? -1 : 1));
}

/**
 * Sends a message to a conversation, now or when there is a connection.
 * @param {string} conversationId
 * @param {{ content: string, type?: string, files?: import("../types.js").AttachedFile[], replyTo?: string, threadId?: string, metadata?: object }} what
 */
export function post(conversationId, what) {
  keep([...outbox.value, {
    id: randomHex(16), conversationId, type: "text", ...what, at: new Date().toISOString(), n: ++count, failed: "",
  }]);
  void flush();
}

/** @param {string} id */
export function discard(id) {
  keep(outbox.value.filter((entry) => entry.id !== id));
}

/** @param {string} id */
export function tryAgain(id) {
  keep(outbox.value.map((entry) => (entry.id === id ? { ...entry, failed: "" } : entry)));
  void flush();
}

/** @param {Entry} entry */
function deliver({ id, conversationId, content, type, files, fileUrl, fileName, replyTo, threadId, metadata }) {
  return say("message:send", {
    chatId: conversationId, content, messageType: type, clientMessageId: id, ...(fileUrl ? { fileUrl, fileName } : {}),
    ...(files ? { files: files.map(({ url, name }) => ({ url, name })) } : {}),
    ...(replyTo ? { replyTo } : {}), ...(threadId ? { threadId } : {}), ...(metadata ? { metadata } : {}),
  });
}

/** @type {number | undefined} */
let timer;

/** @param {number} ms */
function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(flush, ms);
}

/** Sends the pending messages one by one, in the order in which they were written. */
export async function flush() {
  if (sending) return;
  sending = true;
  try {
    for (;;) {
      const entry = outbox.value.find(({ failed }) => !failed);
      if (!entry) return;
      let answer;
      try {
        answer = await deliver(entry);
      } catch {
        // Without a connection, it is sent again after the next connect; after a timeout, in a moment.
        if (link.value === "online") later(AGAIN_MS);
        return;
      }
      if (answer?.success) {
        onSent(answer.message);
        discard(entry.id);
      } else if (OVER.includes(answer?.code)) {
        return;
      } else if (PASSING.includes(answer?.code) && (answer.retryAfterMs ?? 0) <= LONGEST_MS) {
        later(Math.max(answer.retryAfterMs ?? 0, AGAIN_MS));
        return;
      } else {
        if (answer?.code === "ERR_FORBIDDEN") onRefused(entry.conversationId);
        const failed = inWords(answer?.code, answer?.message ?? t("errorUnknown"));
        // The conversation may no longer be shown, so show the text here.
        tell(t("failedText", { why: failed, text: entry.content || entry.files?.[0]?.name || entry.fileName || "" }));
        keep(outbox.value.map((waiting) => (waiting.id === entry.id ? { ...waiting, failed } : waiting)));
      }
    }
  } finally {
    sending = false;
  }
}

export function forgetOutbox() {
  clearTimeout(timer);
  outbox.value = [];
}
