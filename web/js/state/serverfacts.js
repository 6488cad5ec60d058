// Facts about the server that the page needs: who may write to whom.

import { signal } from "@preact/signals";

import { call } from "../api.js";
import { me } from "../session.js";
import { conversations, otherOf } from "./conversations.js";
import { view } from "./messages.js";
import { online, people } from "./people.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** Who may begin a direct conversation with somebody. @type {import("@preact/signals").Signal<"everyone" | "shared" | "requests">} */
export const contact = signal("everyone");

export async function loadServerFacts() {
  ({ contact: contact.value = "everyone" } = await call("GET", "/server"));
}

/** Whether the user shares a closed group or a meetup with somebody, so that both are no strangers. @param {string} userId */
function sharesWith(userId) {
  return [...conversations.value.values()].some(({ kind, open, members }) =>
    ((kind === "group" && !open) || kind === "meetup") && members.some(({ user }) => user.id === userId));
}

/**
 * Whether what the user wrote first in a direct conversation waits until the other one accepts it. The server does not say
 * so of a single conversation: but until then, nothing of a stranger is shown, not even that it was ever here.
 * @param {Conversation} conversation
 */
export function waitsForAnswer(conversation) {
  const other = otherOf(conversation);
  const held = view.value;
  if (contact.value !== "requests" || !other || other.service || held?.id !== conversation.id || held.before !== null || sharesWith(other.id)) return false;
  const isHere = online.value.has(other.id) || Boolean(people.value.get(other.id)?.lastSeen);
  const member = conversation.members.find(({ user }) => user.id === other.id);
  const hasRead = (member?.readSequence ?? 0) > 0 || (member?.deliveredSequence ?? 0) > 0;
  const own = held.items.filter(({ sender, deletedAt }) => sender.id === me.value?.id && !deletedAt);
  return own.length > 0 && own.length === held.items.filter(({ deletedAt }) => !deletedAt).length && !isHere && !hasRead;
}
