// Reactions to messages and pinned messages: events of the server applied to messages, and the user's own actions.

import { call, why } from "../api.js";
import { me } from "../session.js";
import { say } from "../socket.js";
import { inWords } from "../texts.js";
import * as conversations from "./conversations.js";
import * as messages from "./messages.js";
import { tell } from "./notices.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Reaction} Reaction */

/** How many users of a reaction the server names. */
const USERS_SHOWN = 20;

/** Returns whether a reaction is one of the user's own; undefined if it may be one of those that are only counted. @param {Reaction} reaction */
function own({ mine, userIds, count }) {
  if (mine !== undefined) return mine;
  return userIds.includes(me.value?.id ?? "") || (count > userIds.length ? undefined : false);
}

/** Returns whether a reaction is known to be one of the user's own. @param {Reaction} reaction */
export function isMine(reaction) {
  return own(reaction) === true;
}

/** Returns whether the server has to be asked which reactions are the user's own. @param {Reaction[]} reactions */
export function areUnclear(reactions) {
  return reactions.some((reaction) => own(reaction) === undefined);
}

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

/** Sends an event about a message, and shows why it failed. @param {string} event @param {object} payload */
async function attempt(event, payload) {
  try {
    const answer = await say(event, payload);
    if (!answer.success) tell(inWords(answer.code, answer.message));
  } catch (error) {
    tell(why(error));
  }
}

/** Adds the user's reaction with an emoji, or removes it. @param {Message} message @param {string} emoji */
export function toggle(message, emoji) {
  const own = (message.reactions ?? []).some((reaction) => reaction.emoji === emoji && isMine(reaction));
  return attempt(own ? "message:unreact" : "message:react", { messageId: message.id, emoji });
}

/** Pins a message, or unpins it. @param {Message} message */
export function togglePin(message) {
  return attempt(message.pinned ? "message:unpin" : "message:pin", { messageId: message.id });
}
