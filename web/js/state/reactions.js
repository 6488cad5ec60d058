// Reactions to messages and pinned messages: events of the server applied to messages, and the user's own actions.

import { call } from "../api.js";
import { me } from "../session.js";
import { attempt } from "./attempt.js";
import * as conversations from "./conversations.js";
import * as messages from "./messages.js";
import { isMine, own } from "./mine.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Reaction} Reaction */

/** How many users of a reaction the server names. */
const USERS_SHOWN = 20;

/** Asks the server which reactions to a message are the user's own. @param {Message} message */
export async function clarify({ id, conversationId }) {
  /** @type {{ items: Reaction[] }} */
  const { items } = await call("GET", `/messages/${encodeURIComponent(id)}/reactions`);
  const mine = new Map(items.map((reaction) => [reaction.emoji, reaction.mine]));
  messages.changeMessage(conversationId, id, ({ reactions = [] }) => ({
    reactions: reactions.map((reaction) => ({ ...reaction, mine: own(reaction) ?? mine.get(reaction.emoji) })),
  }));
}

/**
 * Applies a change of the reactions with one emoji.
 * @param {Reaction[]} reactions
 * @param {{ emoji: string, count: number, changes: { userId: string, active: boolean }[] }} change
 */
function changed(reactions, { emoji, count, changes }) {
  const known = reactions.find((reaction) => reaction.emoji === emoji) ?? { emoji, count: 0, userIds: [] };
  let { userIds } = known;
  let mine = own(known);
  for (const { userId, active } of changes) {
    userIds = userIds.filter((id) => id !== userId);
    if (active && userIds.length < USERS_SHOWN) userIds = [...userIds, userId];
    if (userId === me.value?.id) mine = active;
  }
  const next = { emoji, count, userIds, mine };
  if (count === 0) return reactions.filter((reaction) => reaction.emoji !== emoji);
  return reactions.includes(known) ? reactions.map((reaction) => (reaction === known ? next : reaction)) : [...reactions, next];
}

/** Handles a reaction. @param {any} said */
export function reacted({ messageId, chatId, userId, emoji, active, count, changes = [{ userId, active }] }) {
  messages.changeMessage(chatId, messageId, ({ reactions = [] }) => ({ reactions: changed(reactions, { emoji, count, changes }) }));
}

/** Handles a message that was pinned or unpinned. @param {any} said */
export function pinned({ messageId, chatId, userId, pinned: isPinned }) {
  messages.changeMessage(chatId, messageId, () => ({ pinned: isPinned ? { by: userId, at: new Date().toISOString() } : undefined }));
  conversations.pinsChanged(chatId);
}

/** Adds the user's reaction with an emoji, or removes it. @param {Message} message @param {string} emoji */
export function toggle(message, emoji) {
  const has = (message.reactions ?? []).some((reaction) => reaction.emoji === emoji && isMine(reaction));
  return attempt(has ? "message:unreact" : "message:react", { messageId: message.id, emoji });
}

/** Pins a message, or unpins it. @param {Message} message */
export function togglePin(message) {
  return attempt(message.pinned ? "message:unpin" : "message:pin", { messageId: message.id });
}
