// Typing: who is typing in which conversation, and sending the user's own typing events.

import { signal } from "@preact/signals";

import { me } from "../session.js";
import { mention } from "../socket.js";

/** Time after which typing ends even if the server's event for it was lost, in milliseconds. */
const LASTS_MS = 32_000;
/** How often the user's own typing is sent again, in milliseconds. */
const REPEAT_MS = 3_000;
/** Time without a key press after which the user no longer types, in milliseconds. */
const PAUSE_MS = 4_000;

/** The ids of typing users, by conversation. @type {import("@preact/signals").Signal<Map<string, string[]>>} */
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

/** Sends that the user stopped typing. */
export function stopTyping() {
  clearTimeout(pause);
  if (toldIn) mention("typing:stop", { chatId: toldIn });
  toldIn = "";
}

/** Sends that the user is typing, with limited frequency. @param {string} chatId */
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
