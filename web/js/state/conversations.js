// The conversations that one is in: what the list shows of each.

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

/** Those that are asked for already. @type {Map<string, Promise<Conversation | null>>} */
const asked = new Map();
/** Those of which more was heard since. @type {Set<string>} */
const again = new Set();

/** The newest activity first. */
export const ordered = computed(() =>
  [...conversations.value.values()].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)));

export const unreadInAll = computed(() => ordered.value.reduce((sum, one) => sum + one.unreadCount, 0));

/** The other one of a direct conversation. @param {Conversation} conversation */
export function otherOf(conversation) {
  if (conversation.kind !== "direct") return null;
  const other = conversation.members.find((member) => member.user.id !== me.value?.id)?.user;
  return other ? { ...other, ...people.value.get(other.id) } : null;
}

/** What a conversation is called. @param {Conversation} conversation */
export function titleOf(conversation) {
  if (conversation.kind === "direct") return nameOf(otherOf(conversation)?.id ?? "");
  return conversation.name ?? t(conversation.kind);
}

/** What a message says, where there is room for a line. @param {Message} message */
export function inALine({ content, file, type }) {
  return content || file?.name || t(type === "image" ? "image" : "file");
}

/** @param {Conversation} conversation */
export function someoneOnline(conversation) {
  return conversation.members.some(({ user }) => user.id !== me.value?.id && online.value.has(user.id));
}

/**
 * A conversation as it was found, with what is known to have been read since it was asked for, and of whom of a large
 * one more is known than a list has.
 * @param {Conversation} found
 */
function withReads(found) {
  const known = conversations.value.get(found.id);
  if (!known) return found;
  const was = new Map(known.members.map((member) => [member.user.id, member.readSequence]));
  const own = found.members.find((member) => member.user.id === me.value?.id);
  const behind = own !== undefined && (was.get(own.user.id) ?? 0) > own.readSequence;
  const isFuller = known.sequence === found.sequence && known.members.length > found.members.length;
  const { memberCount } = isFuller ? known : found;
  const members = (isFuller ? known : found).members.map((member) =>
    ({ ...member, readSequence: Math.max(member.readSequence, was.get(member.user.id) ?? 0) }));
  return { ...found, members, memberCount, unreadCount: behind ? known.unreadCount : found.unreadCount };
}

/** @param {Conversation} found */
export function put(found) {
  const conversation = withReads(found);
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
  const next = new Map(found.map((conversation) => [conversation.id, withReads(conversation)]));
  // What went while this was on its way does not come back by it.
  for (const id of before.keys()) if (!conversations.value.has(id)) next.delete(id);
  // What came while this was on its way is not in it, or newer than it.
  const newer = [...conversations.value.values()].filter(({ id, sequence }) => {
    const listed = next.get(id);
    return listed ? listed.sequence < sequence : !before.has(id);
  });
  for (const conversation of newer) next.set(conversation.id, conversation);
  conversations.value = next;
  loaded.value = true;
  for (const { id } of newer) void fetchConversation(id);
}

/** Conversations whose newest state is asked for from time to time. */
const NEWEST = 20;

/** Looks at the newest: no vocabulary tells of a conversation that begins without a word, or of a new name. */
export async function loadNewest() {
  /** @type {{ items: Conversation[] }} */
  const { items } = await call("GET", `/conversations?limit=${NEWEST}`);
  for (const found of items) {
    const known = conversations.value.get(found.id);
    if (!known || known.sequence <= found.sequence) put(found);
  }
}

/** How often a conversation is looked up where more is heard of it each time. */
const ATTEMPTS = 3;

/** @param {string} id @param {number} [attempt] @returns {Promise<Conversation>} */
async function look(id, attempt = 1) {
  const found = await call("GET", `/conversations/${encodeURIComponent(id)}`);
  const heard = conversations.value.get(id);
  if (!heard || heard.sequence <= found.sequence) return put(found);
  if (attempt < ATTEMPTS) return look(id, attempt + 1);
  // More is said all the time: what was heard is newer.
  const { lastMessage, updatedAt, sequence, unreadCount } = heard;
  return put({ ...found, lastMessage, updatedAt, sequence, unreadCount });
}

/** Looks a conversation up anew; null where one is not in it. @param {string} id @returns {Promise<Conversation | null>} */
export function fetchConversation(id) {
  const under = asked.get(id);
  if (under) return under;
  const asking = look(id).catch((error) => {
    if (error.status === 403 || error.status === 404) drop(id);
    return null;
  }).finally(() => {
    if (asked.get(id) !== asking) return;
    asked.delete(id);
    // What was asked for may be older than what made others ask.
    if (again.delete(id)) void fetchConversation(id);
  });
  asked.set(id, asking);
  return asking;
}

/** The direct conversation with somebody, made where there is none. @param {string} userId */
export async function directWith(userId) {
  return put(await call("POST", "/conversations", { kind: "direct", memberIds: [userId] }));
}

/** A message was said. @param {Message} message @param {boolean} seen whether it is read as it comes */
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

/** A message was edited or deleted. @param {Message} message */
export function changed(message) {
  patch(message.conversationId, ({ lastMessage }) => ({
    lastMessage: lastMessage?.id === message.id ? { ...lastMessage, ...message } : lastMessage,
  }));
}

/**
 * Somebody has read up to a number.
 * @param {string} id @param {string} userId @param {number} sequence
 * @param {boolean} [asks] whether the server is asked how many are left
 */
export function read(id, userId, sequence, asks = true) {
  // How many are left unread, the server knows.
  const last = conversations.value.get(id)?.lastMessage;
  if (asks && userId === me.value?.id && last && sequence < last.sequence) void fetchConversation(id);
  patch(id, (conversation) => ({
    unreadCount: userId === me.value?.id && sequence >= (conversation.lastMessage?.sequence ?? 0) ? 0 : conversation.unreadCount,
    members: conversation.members.map((member) =>
      member.user.id === userId ? { ...member, readSequence: Math.max(member.readSequence, sequence) } : member),
  }));
}

/** @param {{ chatId: string, user: import("../types.js").User }} said */
export function memberJoined({ chatId }) {
  lookAnew(chatId);
}

/** Looks a conversation up as it is from now on. @param {string} id */
function lookAnew(id) {
  if (asked.has(id)) again.add(id);
  else void fetchConversation(id);
}

/** @param {{ chatId: string, userId: string }} said */
export function memberLeft({ chatId, userId }) {
  if (userId === me.value?.id) drop(chatId);
  else {
    patch(chatId, ({ members }) => ({ members: members.filter((member) => member.user.id !== userId) }));
    // Of a large conversation some of the members are known, and how many there are is asked.
    if (conversations.value.get(chatId)?.memberCount !== undefined) lookAnew(chatId);
  }
}

export function forgetConversations() {
  asked.clear();
  again.clear();
  conversations.value = new Map();
  loaded.value = false;
}
