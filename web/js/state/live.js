// Applies received events to the state, and loads data when a connection is established.

import { batch } from "@preact/signals";

import { worthTelling } from "../api.js";
import { isPresent } from "../lib/present.js";
import { conversationLink, route } from "../route.js";
import { me } from "../session.js";
import * as socket from "../socket.js";
import { t } from "../texts.js";
import { blocksChanged, forgetBlocks, isBlocked, loadBlocks } from "./blocks.js";
import * as conversations from "./conversations.js";
import { card, reported } from "./dialogs.js";
import { forgetDrafts, replying } from "./drafts.js";
import * as meetups from "./meetups.js";
import * as messages from "./messages.js";
import * as notices from "./notices.js";
import * as outbox from "./outbox.js";
import * as people from "./people.js";
import { renewPush } from "./push.js";
import * as reactions from "./reactions.js";
import { forgetRequests, loadRequests } from "./requests.js";
import { loadServerFacts } from "./serverfacts.js";
import * as settings from "./settings.js";
import { chime } from "./sound.js";
import { closeThread, renewThread } from "./thread.js";
import * as typing from "./typing.js";
import { forgetWriting, wrote } from "./writing.js";

/** @typedef {import("../types.js").Message} Message */

/** The conversation whose newest messages the user is looking at, set by the history view. */
export const looking = { at: "" };

/** Converts a message of the `chat` dialect to the format of the API. @param {any} said @returns {Message} */
function messageOf(said) {
  const { username, avatar_url: avatar, guest = false } = said.sender ?? {};
  const seen = people.people.value.get(said.sender_id);
  // The id may have belonged to a guest before it belonged to an account.
  const known = Boolean(seen?.guest) === guest ? seen : undefined;
  return {
    id: said.id,
    conversationId: said.chat_id,
    sequence: said.sequence,
    sender: { ...known, id: said.sender_id, username, name: known?.name ?? username, avatar: avatar ?? null, guest },
    type: said.message_type,
    content: said.content,
    file: said.fileUrl ? { url: said.fileUrl, name: said.fileName ?? null } : null,
    clientMessageId: said.clientMessageId ?? null,
    createdAt: said.created_at,
    editedAt: said.is_edited ? said.updated_at : null,
    deletedAt: said.is_deleted ? said.updated_at : null,
    files: said.files,
    replyTo: said.replyTo,
    threadId: said.threadId,
    thread: said.thread,
    mentions: said.mentions,
    mentionAll: said.mentionAll,
    reactions: said.reactions,
    pinned: said.pinned,
    metadata: said.metadata,
  };
}

/** How many of those who replied last the server names. */
const SENDERS_MAX = 5;

/** Counts a new reply at the first message of its thread. @param {Message} reply @param {string} threadId */
function threadGrew({ conversationId, createdAt, sender }, threadId) {
  messages.changeMessage(conversationId, threadId, ({ thread }) => {
    // The message was loaded after the reply was sent.
    if ((thread?.lastAt ?? "") >= createdAt) return {};
    const others = (thread?.lastSenderIds ?? []).filter((id) => id !== sender.id);
    return { thread: { count: (thread?.count ?? 0) + 1, lastAt: createdAt, lastSenderIds: [sender.id, ...others].slice(0, SENDERS_MAX) } };
  });
}

/**
 * Whether the user sees the newest messages of a conversation. A view is removed a frame after the address has led elsewhere.
 * @param {string} id
 */
const isSeen = (id) => looking.at === id && route.value.name === "c" && route.value.id === id && isPresent();

/** @param {any} said */
function messageNew(said) {
  const message = messageOf(said);
  const mine = message.sender.id === me.value?.id;
  const seen = isSeen(message.conversationId);
  const nothingNew = conversations.conversations.value.get(message.conversationId)?.unreadCount === 0;
  batch(() => {
    messages.heard(message, !mine && !seen && nothingNew);
    if (message.threadId) threadGrew(message, message.threadId);
    settings.broughtBack(message);
    conversations.said(message, seen);
    typing.typingStopped(message.conversationId, message.sender.id);
    if (mine) wrote(message);
    // The event may arrive before the acknowledgement.
    if (mine && message.clientMessageId) outbox.discard(message.clientMessageId);
  });
  if (mine || isBlocked(message.sender.id)) return;
  const name = people.nameOf(message.sender.id, message.sender);
  const text = conversations.inALine(message);
  if (seen) notices.announce(t("newMessageFrom", { name, text }));
  else if (!settings.isQuiet(message)) {
    notices.tellBrowser(name, text, conversationLink(message.conversationId));
    chime();
  }
}

/** @param {any} said */
function messageEdited(said) {
  const message = messageOf(said);
  batch(() => {
    messages.replaced(message);
    messages.quotesChanged(message.conversationId, message.id, { content: message.content });
    if (replying.value?.id === message.id) replying.value = message;
    conversations.changed(message);
  });
}

/** @param {{ messageId: string, chatId: string, threadId?: string, thread?: import("../types.js").Thread }} said */
function messageDeleted({ messageId, chatId, threadId, thread }) {
  const gone = {
    id: messageId, conversationId: chatId, content: "", file: null, deletedAt: new Date().toISOString(), files: undefined,
    replyTo: undefined, mentions: undefined, mentionAll: undefined, reactions: undefined, pinned: undefined,
  };
  batch(() => {
    messages.replaced(gone);
    if (threadId) messages.changeMessage(chatId, threadId, () => ({ thread }));
    if (replying.value?.id === messageId) replying.value = null;
    conversations.pinsChanged(chatId);
    messages.quotesChanged(chatId, messageId, { content: "", deleted: true });
    conversations.patch(chatId, ({ lastMessage }) => ({
      lastMessage: lastMessage?.id === messageId ? { ...lastMessage, ...gone } : lastMessage,
    }));
  });
}

/** The largest sequence number of some messages, as far as they are known. @param {string} chatId @param {string[]} messageIds */
function newestOf(chatId, messageIds) {
  const wanted = new Set(messageIds);
  const held = messages.view.value?.id === chatId ? messages.view.value.items : [];
  const last = conversations.conversations.value.get(chatId)?.lastMessage;
  const known = last ? [...held, last] : held;
  return Math.max(0, ...known.filter((message) => wanted.has(message.id)).map((message) => message.sequence));
}

/** @param {{ messageIds: string[], userId: string, chatId: string }} said */
function messageDelivered({ messageIds, userId, chatId }) {
  conversations.delivered(chatId, userId, newestOf(chatId, messageIds));
}

/** @param {{ messageIds: string[], userId: string, chatId: string }} said */
function messageRead({ messageIds, userId, chatId }) {
  const sequence = newestOf(chatId, messageIds);
  if (sequence > 0) conversations.read(chatId, userId, sequence);
  else if (userId === me.value?.id) void conversations.fetchConversation(chatId);
}

/** @param {{ chatId: string, userId: string, banned?: boolean, reason?: string }} said */
function memberLeft(said) {
  const conversation = conversations.conversations.value.get(said.chatId);
  if (said.banned && said.userId === me.value?.id && conversation) {
    notices.tell([t("youWereBanned", { name: conversations.titleOf(conversation) }), said.reason].filter(Boolean).join(" "));
  }
  conversations.memberLeft(said);
}

/** @param {{ chatId: string }} said */
function gone({ chatId }) {
  conversations.drop(chatId);
}

/** Time before failed requests are repeated, in milliseconds. */
const AGAIN_MS = 5_000;
/** @type {number | undefined} */
let again;

/** Counts sessions and loads, so that pending work of an earlier one is dropped. */
let run = 0;

/** Loads everything, at start and when the server could not replay missed events. Failed requests are repeated. */
function load() {
  const at = looking.at === messages.view.value?.id;
  void attempt(++run, [
    () => messages.catchUp(at), conversations.loadConversations, notices.loadNotices, meetups.loadMeetups, loadBlocks, loadRequests, loadServerFacts, renewThread,
  ], true);
}

/** @param {number} mine @param {(() => Promise<void>)[]} works @param {boolean} first */
async function attempt(mine, works, first) {
  clearTimeout(again);
  const done = await Promise.allSettled(works.map((work) => work()));
  if (mine !== run) return;
  const left = works.filter((_, index) => done[index]?.status === "rejected");
  if (left.length === 0) return;
  const failed = done.find((one) => one.status === "rejected");
  const told = failed?.status === "rejected" ? worthTelling(failed.reason) : "";
  // Show the error once, and not if the page already shows that there is no connection.
  if (told && first && socket.link.value === "online") notices.tell(told);
  again = setTimeout(() => void attempt(mine, left, false), AGAIN_MS);
}

/** Loads what a recovery does not replay (when people were last seen), and repeats what failed before. */
function refresh() {
  void conversations.loadConversations().catch(() => {});
  const open = messages.view.value;
  if (open?.error) void messages.openMessages(open.id);
}

/** @param {any} message */
function sent(message) {
  const stored = messageOf(message);
  batch(() => {
    messages.heard(stored);
    wrote(stored);
    conversations.said(stored, true);
  });
}

/** Connects, and keeps the state up to date. */
export function start() {
  let first = true;
  // No event tells of a silence.
  outbox.loadOutbox(sent, conversations.lookAnew);
  void renewPush();
  socket.open({
    chat: {
      "message:new": messageNew,
      "message:edited": messageEdited,
      "message:deleted": messageDeleted,
      "message:read": messageRead,
      "message:delivered": messageDelivered,
      "message:reaction": reactions.reacted,
      "message:pinned": reactions.pinned,
      "chat:configured": settings.configured,
      "typing:start": ({ chatId, userId }) => { if (!isBlocked(userId)) typing.typingStarted(chatId, userId); },
      "typing:stop": ({ chatId, userId }) => typing.typingStopped(chatId, userId),
      "user:status": people.presence,
      "users:online": people.present,
      "user:blocks": blocksChanged,
      "chat:created": ({ chat }) => conversations.lookAnew(chat.id),
      "chat:updated": ({ chat }) => conversations.lookAnew(chat.id),
      "chat:deleted": gone,
      "member:joined": conversations.memberJoined,
      "member:left": memberLeft,
      "chat:left": gone,
    },
    meetup: {
      // The `chat` dialect has no full names.
      userUpdated: ({ user }) => people.know([user]),
      meetupStatusUpdate: ({ meetupId }) => void meetups.refreshMeetup(meetupId),
      newNotification: ({ notification }) => {
        notices.noticed(notification);
        notices.tell(`${notification.title}: ${notification.message}`);
        notices.tellBrowser(notification.title, notification.message, "#/notifications");
        void meetups.loadMeetups().catch(() => {});
        void loadRequests().catch(() => {});
      },
    },
    meetupUp: (recovered) => {
      // On the first connect, the other namespace loads everything.
      const isFirst = first;
      first = false;
      if (recovered || isFirst) return;
      void meetups.loadMeetups().catch(() => {});
      void notices.loadNotices().catch(() => {});
      void loadRequests().catch(() => {});
    },
    up: (recovered) => {
      typing.forgetTyping();
      // All events are received from here on, so there is no gap between loaded data and events.
      if (recovered) refresh();
      else load();
      void outbox.flush();
    },
  });
}

/** Disconnects and clears the state after a log-out. */
export function stop() {
  run += 1;
  clearTimeout(again);
  socket.close();
  batch(() => {
    conversations.forgetConversations();
    messages.closeMessages();
    closeThread();
    notices.forgetNotices();
    outbox.forgetOutbox();
    people.forgetPeople();
    typing.forgetTyping();
    meetups.forgetMeetups();
    forgetDrafts();
    forgetBlocks();
    forgetRequests();
    forgetWriting();
    card.value = null;
    reported.value = null;
  });
}
