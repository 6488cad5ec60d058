// What keeps the user from writing in a conversation: a silence, slow mode, that only admins write, or a block.

import { computed, signal } from "@preact/signals";

import { me } from "../session.js";
import { isBlocked } from "./blocks.js";
import { otherOf } from "./conversations.js";
import { view } from "./messages.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {{ kind: "free" } | { kind: "blocked", userId: string } | { kind: "silenced", until: string } | { kind: "admins" }
 *   | { kind: "slow", until: number }} Hindrance `slow`: until when, in milliseconds since 1970; the text can be written meanwhile */

/** When the user last wrote, by conversation, in milliseconds since 1970. @type {import("@preact/signals").Signal<Map<string, number>>} */
const wroteAt = signal(new Map());

/** Notes a message of the user. @param {import("../types.js").Message} message */
export function wrote({ conversationId, createdAt }) {
  const at = Date.parse(createdAt);
  if (at > (wroteAt.value.get(conversationId) ?? 0)) wroteAt.value = new Map(wroteAt.value).set(conversationId, at);
}

/** When the user last wrote in the open conversation, as far as its messages are loaded. */
const lastLoaded = computed(() => {
  const own = view.value?.items.findLast(({ sender }) => sender.id === me.value?.id);
  return { id: view.value?.id ?? "", at: own ? Date.parse(own.createdAt) : 0 };
});

/** Whether the user leads a conversation, and so is not limited. @param {Conversation} conversation */
export function leadsIn({ members }) {
  const role = members.find(({ user }) => user.id === me.value?.id)?.role;
  return role === "owner" || role === "admin";
}

/** What keeps the user from writing now. @param {Conversation} conversation @param {number} now @returns {Hindrance} */
export function hindranceIn(conversation, now) {
  const other = otherOf(conversation);
  if (other && isBlocked(other.id)) return { kind: "blocked", userId: other.id };
  const { slowModeS = 0, onlyAdminsWrite = false, silencedUntil = "" } = conversation.moderation ?? {};
  if (silencedUntil && Date.parse(silencedUntil) > now) return { kind: "silenced", until: silencedUntil };
  if (leadsIn(conversation)) return { kind: "free" };
  if (onlyAdminsWrite) return { kind: "admins" };
  if (slowModeS === 0) return { kind: "free" };
  const loaded = lastLoaded.value.id === conversation.id ? lastLoaded.value.at : 0;
  const until = Math.max(loaded, wroteAt.value.get(conversation.id) ?? 0) + slowModeS * 1_000;
  return until > now ? { kind: "slow", until } : { kind: "free" };
}

/** The seconds of slow mode in a conversation for the user; 0 for none. @param {Conversation} conversation */
export function slowModeIn(conversation) {
  return leadsIn(conversation) ? 0 : conversation.moderation?.slowModeS ?? 0;
}

export function forgetWriting() {
  wroteAt.value = new Map();
}
