// Who types where; and telling others that one types.

import { signal } from "@preact/signals";

import { me } from "../session.js";
import { mention } from "../socket.js";

/** The server ends what lasts longer; should its word get lost, so does the page. */
const LASTS_MS = 32_000;
/** How often one's own typing is told again. */
const REPEAT_MS = 3_000;
/** Time without a key after which one no longer types. */
const PAUSE_MS = 4_000;

/** By conversation, the ids of those who type. @type {import("@preact/signals").Signal<Map<string, string[]>>} */
export const typing = signal(new Map());

/** @type {Map<string, number>} */
const timers = new Map();
let toldAt = 0;
let toldIn = "";
/** @type {number | undefined} */
let pause;

/** @param {string} chatId @param {string} userId */
export function typingStopped(chatId, userId) {
  clearTimeout(timers.get(`${chatId} ${userId}`));
  const those = (typing.value.get(chatId) ?? []).filter((id) => id !== userId);
  typing.value = new Map(typing.value).set(chatId, those);
}

/** @param {string} chatId @param {string} userId */
export function typingStarted(chatId, userId) {
  if (userId === me.value?.id) return;
  typingStopped(chatId, userId);
  typing.value = new Map(typing.value).set(chatId, [...(typing.value.get(chatId) ?? []), userId]);
  timers.set(`${chatId} ${userId}`, setTimeout(() => typingStopped(chatId, userId), LASTS_MS));
}

export function forgetTyping() {
  typing.value = new Map();
}

/** Tells that one no longer types. */
export function stopTyping() {
  clearTimeout(pause);
  if (toldIn) mention("typing:stop", { chatId: toldIn });
  toldIn = "";
}

/** Tells that one types, not too often. @param {string} chatId */
export function typeIn(chatId) {
  if (toldIn && toldIn !== chatId) stopTyping();
  if (toldIn !== chatId || Date.now() - toldAt > REPEAT_MS) {
    mention("typing:start", { chatId });
    toldIn = chatId;
    toldAt = Date.now();
  }
  clearTimeout(pause);
  pause = setTimeout(stopTyping, PAUSE_MS);
}
