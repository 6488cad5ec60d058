// What is said but not acknowledged yet. It survives a reload; each entry has an id of its own, by which the server
// stores it once however often it is sent.

import { signal } from "@preact/signals";

import { me } from "../session.js";
import { say } from "../socket.js";
import { t } from "../texts.js";
import { tell } from "./notices.js";

/**
 * @typedef {{ id: string, conversationId: string, content: string, type: "text" | "image" | "file",
 *   fileUrl?: string, fileName?: string | null, at: string, failed: string }} Entry
 */

/** @type {import("@preact/signals").Signal<Entry[]>} */
export const outbox = signal([]);

/** Refusals that another attempt may overcome. */
const PASSING = ["ERR_RATE_LIMITED", "ERR_INTERNAL"];
const AGAIN_MS = 2_000;

/** @type {(answer: any) => void} */
let onSent = () => {};
let sending = false;

function key() {
  return `quintet.outbox.${me.value?.id}`;
}

/** @param {Entry[]} entries */
function keep(entries) {
  outbox.value = entries;
  if (!me.value) return;
  if (entries.length > 0) localStorage.setItem(key(), JSON.stringify(entries));
  else localStorage.removeItem(key());
}

/** Takes up what was left by an earlier page. @param {(answer: any) => void} sent told of each message as it is stored */
export function loadOutbox(sent) {
  onSent = sent;
  try {
    outbox.value = JSON.parse(localStorage.getItem(key()) ?? "[]");
  } catch {
    outbox.value = [];
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Says something in a conversation, now or when there is a connection.
 * @param {string} conversationId
 * @param {{ content: string, type?: "text" | "image" | "file", fileUrl?: string, fileName?: string | null }} what
 */
export function post(conversationId, what) {
  keep([...outbox.value, {
    id: newId(), conversationId, type: "text", ...what, at: new Date().toISOString(), failed: "",
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
function deliver({ id, conversationId, content, type, fileUrl, fileName }) {
  return say("message:send", {
    chatId: conversationId, content, messageType: type, clientMessageId: id, ...(fileUrl ? { fileUrl, fileName } : {}),
  });
}

/** Sends what waits, one after the other, in the order in which it was written. */
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
        // No connection, or no answer in time: it is sent again with the next connection.
        return;
      }
      if (answer?.success) {
        onSent(answer.message);
        discard(entry.id);
      } else if (PASSING.includes(answer?.code)) {
        setTimeout(flush, Math.max(answer.retryAfterMs ?? 0, AGAIN_MS));
        return;
      } else {
        const failed = answer?.message ?? t("errorUnknown");
        // Its conversation may be gone from the page: what was written is shown here at least.
        tell(t("failedText", { why: failed, text: entry.content || entry.fileName || "" }));
        keep(outbox.value.map((waiting) => (waiting.id === entry.id ? { ...waiting, failed } : waiting)));
      }
    }
  } finally {
    sending = false;
  }
}

export function forgetOutbox() {
  outbox.value = [];
}
