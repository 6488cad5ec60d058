// The user's conversations, as the list shows them.

import { computed, signal } from "@preact/signals";

import { all, call } from "../api.js";
import { me } from "../session.js";
import { t } from "../texts.js";
import { know, nameOf, online, people } from "./people.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Message} Message */

/** @type {import("@preact/signals").Signal<Map<string, Conversation>>} */
export const conversations = signal(new Map());
export const loaded = signal(false);

/** Requests in progress, by conversation. @type {Map<string, Promise<Conversation | null>>} */
const asked = new Map();
/** Conversations that changed while their request was in progress. @type {Set<string>} */
const again = new Set();

/** All conversations, ordered by latest activity. */
export const ordered = computed(() =>
  [...conversations.value.values()].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)));

/** The other member of a direct conversation, or null. @param {Conversation} conversation */
export function otherOf(conversation) {
  if (conversation.kind !== "direct") return null;
  const other = conversation.members.find((member) => member.user.id !== me.value?.id)?.user;
  return other ? { ...other, ...people.value.get(other.id) } : null;
}

/** The title of a conversation. @param {Conversation} conversation */
export function titleOf(conversation) {
  if (conversation.kind === "direct") return nameOf(otherOf(conversation)?.id ?? "");
  return conversation.name ?? t(conversation.kind);
}

/** The text for a message without content, by its kind. @param {string} type @returns {import("../texts.js").TextName} */
export function nameOfKind(type) {
  if (type === "image" || type === "audio" || type === "video" || type === "location") return type;
  return type === "custom" || type === "text" ? "message" : "file";
}

/** A message in one line. @param {Message} message */
export function inALine({ content, file, type }) {
  return content || file?.name || t(nameOfKind(type));
}

/** Whether the user is the owner or an admin of a conversation. @param {Conversation} conversation */
export function leadsIn({ members }) {
  const role = members.find(({ user }) => user.id === me.value?.id)?.role;
  return role === "owner" || role === "admin";
}

/** Whether a user is known to be in a conversation. @param {Conversation} conversation @param {string} userId */
export function isIn({ members }, userId) {
  return members.some(({ user }) => user.id === userId);
}

/** What the user may do with the messages of others. @param {Conversation} conversation */
export function rightsIn(conversation) {
  const { kind } = conversation;
  const leads = leadsIn(conversation);
  return { mayPin: kind === "direct" || leads, mayDelete: kind !== "direct" && leads };
}

/** @param {Conversation} conversation */
export function someoneOnline(conversation) {
  return conversation.members.some(({ user }) => user.id !== me.value?.id && online.value.has(user.id));
}

/**
 * Merges a loaded conversation with what is known locally: read cursors and settings that changed since the request was
 * sent, and, for a large conversation, members that a list does not include.
 * @param {Conversation} found
 * @param {Conversation} [before] what was known when the request was sent
 */
function merged(found, before) {
  const known = conversations.value.get(found.id);
  if (!known) return found;
  const was = new Map(known.members.map((member) => [member.user.id, member.readSequence]));
  const own = found.members.find((member) => member.user.id === me.value?.id);
  const behind = own !== undefined && (was.get(own.user.id) ?? 0) > own.readSequence;
  const isFuller = known.sequence === found.sequence && known.members.length > found.members.length;
  const { memberCount } = isFuller ? known : found;
  const arrived = new Map(known.members.map((member) => [member.user.id, member.deliveredSequence ?? 0]));
  const members = (isFuller ? known : found).members.map((member) => ({
    ...member,
    readSequence: Math.max(member.readSequence, was.get(member.user.id) ?? 0),
    deliveredSequence: arrived.get(member.user.id) ?? 0,
  }));
  // Settings are replaced as a whole by each event. They have no number by which the newer ones could be told.
  // The answer to a change of something else may be older than an event that has told them since.
  const settings = before && known.settings === before.settings ? found.settings : (known.settings ?? found.settings);
  return { ...found, members, memberCount, settings, unreadCount: behind ? known.unreadCount : found.unreadCount };
}

/** @param {Conversation} found @param {Conversation} [before] what was known when the request was sent */
export function put(found, before) {
  const conversation = merged(found, before);
  know(conversation.members.map((member) => member.user));
  conversations.value = new Map(conversations.value).set(conversation.id, conversation);
  return conversation;
}

/** @param {string} id @param {(conversation: Conversation) => Partial<Conversation>} change */
export function patch(id, change) {
  const conversation = conversations.value.get(id);
  if (!conversation) return;
  conversations.value = new Map(conversations.value).set(id, { ...conversation, ...change(conversation) });
}

/** @param {string} id */
export function drop(id) {
  const rest = new Map(conversations.value);
  rest.delete(id);
  conversations.value = rest;
}

export async function loadConversations() {
  const before = conversations.value;
  /** @type {Conversation[]} */
  const found = await all("/conversations");
  know(found.flatMap((conversation) => conversation.members.map((member) => member.user)));
  const next = new Map(found.map((conversation) => [conversation.id, merged(conversation, before.get(conversation.id))]));
  // Do not restore conversations that were removed while the request was in progress.
  for (const id of before.keys()) if (!conversations.value.has(id)) next.delete(id);
  // Conversations that were added or changed in the meantime are newer than the response.
  const newer = [...conversations.value.values()].filter(({ id, sequence }) => {
    const listed = next.get(id);
    return listed ? listed.sequence < sequence : !before.has(id);
  });
  for (const conversation of newer) next.set(conversation.id, conversation);
  conversations.value = next;
  loaded.value = true;
  for (const { id } of newer) void fetchConversation(id);
}

/** How often a conversation is loaded again if it changes during each request. */
const ATTEMPTS = 3;

/** @param {string} id @param {number} [attempt] @returns {Promise<Conversation>} */
async function look(id, attempt = 1) {
  const before = conversations.value.get(id);
  const found = await call("GET", `/conversations/${encodeURIComponent(id)}`);
  const heard = conversations.value.get(id);
  if (!heard || heard.sequence <= found.sequence) return put(found, before);
  if (attempt < ATTEMPTS) return look(id, attempt + 1);
  // It changes all the time: keep the newer values from events.
  const { lastMessage, updatedAt, sequence, unreadCount } = heard;
  return put({ ...found, lastMessage, updatedAt, sequence, unreadCount }, before);
}

/** Loads a conversation again; null if the user is not a member of it. @param {string} id @returns {Promise<Conversation | null>} */
export function fetchConversation(id) {
  const under = asked.get(id);
  if (under) return under;
  const asking = look(id).catch((error) => {
    if (error.status === 403 || error.status === 404) drop(id);
    return null;
  }).finally(() => {
    if (asked.get(id) !== asking) return;
    asked.delete(id);
    // The response may be older than the events that arrived in the meantime.
    if (again.delete(id)) void fetchConversation(id);
  });
  asked.set(id, asking);
  return asking;
}

/** Returns the direct conversation with a user, and creates it if there is none. @param {string} userId */
export async function directWith(userId) {
  return put(await call("POST", "/conversations", { kind: "direct", memberIds: [userId] }));
}

/** Counts changes of the pinned messages, by conversation. @type {import("@preact/signals").Signal<Map<string, number>>} */
export const pinChanges = signal(new Map());

/** @param {string} id */
export function pinsChanged(id) {
  pinChanges.value = new Map(pinChanges.value).set(id, (pinChanges.value.get(id) ?? 0) + 1);
}

/** Handles a new message. @param {Message} message @param {boolean} seen whether the user is looking at it */
export function said(message, seen) {
  const known = conversations.value.get(message.conversationId);
  if (!known) {
    void fetchConversation(message.conversationId).then((found) => { if (found) said(message, seen); });
    return;
  }
  if ((known.lastMessage?.sequence ?? 0) >= message.sequence) return;
  const others = message.sender.id !== me.value?.id;
  patch(message.conversationId, (conversation) => ({
    lastMessage: message,
    updatedAt: message.createdAt,
    sequence: Math.max(conversation.sequence, message.sequence),
    unreadCount: others && !seen ? conversation.unreadCount + 1 : conversation.unreadCount,
  }));
}

/** Handles an edited or deleted message. @param {Message} message */
export function changed(message) {
  patch(message.conversationId, ({ lastMessage }) => ({
    lastMessage: lastMessage?.id === message.id ? { ...lastMessage, ...message } : lastMessage,
  }));
}

/**
 * Advances the read cursor of a user to a sequence number.
 * @param {string} id @param {string} userId @param {number} sequence
 * @param {number} [count] how many messages it passes, if that is known
 */
export function read(id, userId, sequence, count) {
  const conversation = conversations.value.get(id);
  const known = conversation?.members.find((member) => member.user.id === userId);
  const own = userId === me.value?.id;
  const isLast = sequence >= (conversation?.lastMessage?.sequence ?? 0);
  // Only the server knows how many messages are still unread.
  if (own && !isLast && count === undefined && (known?.readSequence ?? 0) < sequence) void fetchConversation(id);
  patch(id, (conversation) => ({
    unreadCount: !own ? conversation.unreadCount : isLast ? 0 : Math.max(0, conversation.unreadCount - (count ?? 0)),
    members: conversation.members.map((member) =>
      member.user.id === userId ? { ...member, readSequence: Math.max(member.readSequence, sequence) } : member),
  }));
}

/** Advances what has reached a user's devices to a sequence number. @param {string} id @param {string} userId @param {number} sequence */
export function delivered(id, userId, sequence) {
  patch(id, ({ members }) => ({
    members: members.map((member) => (member.user.id === userId
      ? { ...member, deliveredSequence: Math.max(member.deliveredSequence ?? 0, sequence) } : member)),
  }));
}

/** @param {{ chatId: string, user: import("../types.js").User }} said */
export function memberJoined({ chatId }) {
  lookAnew(chatId);
}

/** Loads a conversation as it is now, or after the request in progress. @param {string} id */
export function lookAnew(id) {
  if (asked.has(id)) again.add(id);
  else void fetchConversation(id);
}

/** @param {{ chatId: string, userId: string }} said */
export function memberLeft({ chatId, userId }) {
  if (userId === me.value?.id) drop(chatId);
  else {
    patch(chatId, ({ members }) => ({ members: members.filter((member) => member.user.id !== userId) }));
    // Only some members of a large conversation are known, so load their number.
    if (conversations.value.get(chatId)?.memberCount !== undefined) lookAnew(chatId);
  }
}

export function forgetConversations() {
  asked.clear();
  again.clear();
  conversations.value = new Map();
  loaded.value = false;
}
