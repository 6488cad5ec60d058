// The user's own settings of conversations: which are muted, pinned, archived and marked as unread, and what the user is
// notified of.
//
// What must stay true: settings change by the server's events alone, which all devices of the user receive in the same
// order as messages, so that a response that is late restores nothing.

import { computed, effect, signal } from "@preact/signals";

import { route } from "../route.js";
import { me } from "../session.js";
import { attempt } from "./attempt.js";
import { conversations, ordered, patch, read } from "./conversations.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Settings} Settings */

/** Handles changed settings. @param {any} said */
export function configured({ chatId, muted, pinned, archived, notify, markedUnread }) {
  patch(chatId, () => ({ settings: { muted, pinned, archived, notify, markedUnread } }));
}

/** Handles a message, which ends the archive of its conversation without an event of its own. @param {Message} message */
export function broughtBack({ conversationId }) {
  patch(conversationId, ({ settings }) => (settings?.archived ? { settings: { ...settings, archived: false } } : {}));
}

/** Changes some settings of a conversation, and returns whether it succeeded. @param {string} id @param {Settings} change */
export function configure(id, change) {
  return attempt("chat:configure", { chatId: id, ...change });
}

/** Marks all messages of a conversation as read, which ends a mark as unread as well. @param {Conversation} conversation */
export async function readAll({ id, lastMessage, unreadCount, settings }) {
  if (unreadCount === 0 && settings?.markedUnread) return configure(id, { markedUnread: false });
  const done = await attempt("message:read", { chatId: id });
  if (done) read(id, me.value?.id ?? "", lastMessage?.sequence ?? 0);
  return done;
}

/** The time at which the last mute ended, so that views follow. */
const unmutedAt = signal(0);
/** The longest time that a timer of a browser can take, in milliseconds. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The end of a mute in milliseconds since 1970; 0 if the conversation is not muted. @param {Conversation} conversation */
function mutedUntil({ settings }) {
  const muted = settings?.muted ?? false;
  if (typeof muted === "boolean") return muted ? Infinity : 0;
  return Date.parse(muted);
}

/** Returns whether the user has muted a conversation. @param {Conversation} conversation */
export function isMuted(conversation) {
  return mutedUntil(conversation) > Math.max(Date.now(), unmutedAt.value);
}

effect(() => {
  const ends = [...conversations.value.values()].map(mutedUntil).filter((end) => end > unmutedAt.value && end < Infinity);
  if (ends.length === 0) return undefined;
  const ms = Math.min(Math.max(Math.min(...ends) - Date.now(), 0), TIMER_MAX_MS);
  const timer = setTimeout(() => { unmutedAt.value = Date.now(); }, ms);
  return () => clearTimeout(timer);
});

/** Returns whether the user does not want to be notified of a message. @param {Message} message */
export function isQuiet({ conversationId, mentions = [], mentionAll = false }) {
  const conversation = conversations.value.get(conversationId);
  if (!conversation) return false;
  const mentioned = mentionAll || mentions.some(({ id }) => id === me.value?.id);
  const { notify = "all" } = conversation.settings ?? {};
  return isMuted(conversation) || notify === "none" || (notify === "mentions" && !mentioned);
}

/** Returns whether the user has archived a conversation, and no message has come since. @param {Conversation} conversation */
export function isArchived({ settings }) {
  return settings?.archived ?? false;
}

/** All conversations in the order of the list: the pinned ones first, then by latest activity. */
export const listed = computed(() => {
  const isPinned = (/** @type {Conversation} */ { settings }) => settings?.pinned ?? false;
  return [...ordered.value.filter(isPinned), ...ordered.value.filter((one) => !isPinned(one))];
});

/** Returns whether a conversation has something that its user has not read and wants to know of. @param {Conversation} conversation */
export function isUnread(conversation) {
  const { unreadCount, settings } = conversation;
  return (unreadCount > 0 || settings?.markedUnread === true) && !isMuted(conversation);
}

/** The open conversation, if it was unread: it stays where it is in the list until another one is opened. */
const lingering = signal("");

effect(() => {
  const open = route.value.name === "c" ? route.value.id : "";
  const conversation = conversations.value.get(open);
  if (conversation && isUnread(conversation)) lingering.value = open;
  else if (lingering.peek() !== open) lingering.value = "";
});

/** The conversation whose menu is open, and its section, in which it stays until the menu closes. @type {import("@preact/signals").Signal<{ id: string, section: Section["title"] } | null>} */
const held = signal(null);

/** Keeps a conversation in its section of the list, so that the menu that is open there stays. @param {Conversation} conversation */
export function hold(conversation) {
  held.value = { id: conversation.id, section: sectionOf(conversation) };
}

/** Lets a conversation go to the section to which it belongs. @param {string} id */
export function letGo(id) {
  if (held.peek()?.id === id) held.value = null;
}

/** @typedef {{ title: "sectionUnread" | "sectionPinned" | "sectionDirect" | "sectionGroups" | "meetups", items: Conversation[] }} Section */

/** The section of the list to which a conversation belongs. @param {Conversation} conversation @returns {Section["title"]} */
function sectionOf(conversation) {
  if (held.value?.id === conversation.id) return held.value.section;
  if (isUnread(conversation) || conversation.id === lingering.value) return "sectionUnread";
  if (conversation.settings?.pinned) return "sectionPinned";
  switch (conversation.kind) {
    case "direct": return "sectionDirect";
    case "meetup": return "meetups";
    case "group": case "room": return "sectionGroups";
  }
}

/** The list in its sections, without those that are empty and without what is archived. */
export const sections = computed(() => {
  /** @type {Section[]} */
  const all = [
    { title: "sectionUnread", items: [] }, { title: "sectionPinned", items: [] }, { title: "sectionDirect", items: [] },
    { title: "sectionGroups", items: [] }, { title: "meetups", items: [] },
  ];
  for (const conversation of listed.value) {
    if (!isArchived(conversation)) all.find(({ title }) => title === sectionOf(conversation))?.items.push(conversation);
  }
  return all.filter(({ items }) => items.length > 0);
});

/** The conversations of the sections, from top to bottom. */
export const inSight = computed(() => sections.value.flatMap(({ items }) => items));

/** The number of unread messages in the conversations that are neither muted nor archived. */
export const unreadInAll = computed(() =>
  ordered.value.reduce((sum, one) => sum + (isMuted(one) || isArchived(one) ? 0 : one.unreadCount), 0));
