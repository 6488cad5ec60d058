// A message, and a message that is not stored yet.

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { ago, clock, dayAndClock } from "../lib/time.js";
import { go, threadLink } from "../route.js";
import { me } from "../session.js";
import { isBlocked } from "../state/blocks.js";
import { inALine } from "../state/conversations.js";
import { openCard } from "../state/dialogs.js";
import { shown } from "../state/messages.js";
import { discard, tryAgain } from "../state/outbox.js";
import { nameOf, online, people } from "../state/people.js";
import { filesOf, isPicture } from "../state/pictures.js";
import { t } from "../texts.js";
import { Actions } from "./actions.js";
import { Files } from "./files.js";
import * as icons from "./icons.js";
import { Avatar, hueOf } from "./parts.js";
import { QuoteButton } from "./quote.js";
import { Reactions } from "./reactions.js";
import { Text } from "./text.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */

/** How many readers are listed by name. */
const NAMES = 12;
/** How many of those who replied last stand below the first message of a thread. */
const THREAD_FACES = 3;
/** A message that is younger than this when it is first drawn has just come, in milliseconds. */
const FRESH_MS = 2_000;

/** The delivery state of the user's own message. @param {{ message: Message, conversation: Conversation }} props */
function Mark({ message, conversation }) {
  const others = conversation.members.filter(({ user }) => user.id !== me.value?.id);
  const readers = others.filter((member) => member.readSequence >= message.sequence);
  if (readers.length > 0) {
    const names = readers.slice(0, NAMES).map(({ user }) => nameOf(user.id)).join(", ");
    const label = t("readBy", { names: readers.length > NAMES ? `${names}, …` : names });
    return html`<span class="mark read" role="img" aria-label=${label} title=${label}><${icons.checks} /></span>`;
  }
  const arrived = others.some(({ deliveredSequence = 0 }) => deliveredSequence >= message.sequence);
  // A member that has been online since has received the message, although this page may not have been told.
  const since = others.some(({ user }) =>
    online.value.has(user.id) || (people.value.get(user.id)?.lastSeen ?? "") > message.createdAt);
  const label = t(arrived ? "arrived" : since ? "delivered" : "sent");
  return html`<span class="mark" role="img" aria-label=${label} title=${label}>${arrived || since ? html`<${icons.checks} />` : html`<${icons.check} />`}</span>`;
}

/** The thread that begins with a message: how many have replied, who did last, and when. @param {{ message: Message }} props */
function ThreadLine({ message: { id, conversationId, thread } }) {
  if (!thread || thread.count === 0) return null;
  const { count, lastAt, lastSenderIds = [] } = thread;
  return html`<button class="thread" onClick=${() => go(threadLink(conversationId, id))}>
    <span class="faces" aria-hidden="true">${lastSenderIds.slice(0, THREAD_FACES).map((user) => html`<${Avatar} key=${user} id=${user} name=${nameOf(user)} avatar=${people.value.get(user)?.avatar} size="tiny" />`)}</span>
    <span>${t("threadCount", { count })}</span>${lastAt && html`<small>${t("threadLast", { when: ago(lastAt) })}</small>`}</button>`;
}

/** A reply of a thread in the stream: one line, which opens the thread. @param {{ message: Message, isShown: boolean, forMe: boolean, own: boolean }} props */
function ThreadReply({ message, isShown, forMe, own }) {
  const { id, sender, conversationId, threadId = "", createdAt, deletedAt } = message;
  const known = people.value.get(sender.id) ?? sender;
  const left = () => { if (isShown) shown.value = null; };
  const text = deletedAt ? t("deleted") : !own && isBlocked(sender.id) ? t("blockedMessage") : inALine(message);
  return html`<li class=${["message in-thread", isShown && "shown", forMe && "for-me"].filter(Boolean).join(" ")} data-id=${id} tabindex="-1" onBlur=${left}>
    <button class="thread-reply" onClick=${() => go(threadLink(conversationId, threadId))}>
      <${icons.thread} /><${Avatar} id=${sender.id} name=${known.name || known.username} avatar=${known.avatar ?? sender.avatar} size="tiny" />
      <span class=${`thread-who line ${hueOf(sender.id)}`} dir="auto">${own ? t("you") : nameOf(sender.id, sender)}</span>
      <span class="hidden">${t("threadReply")}</span>
      <span class=${deletedAt ? "text line gone" : "text line"} dir="auto">${text}</span>
      <time datetime=${createdAt}>${clock(createdAt)}</time></button></li>`;
}

/** The time of a message, and what else is to say about it. @param {{ message: Message, conversation: Conversation }} props */
function Meta({ message, conversation }) {
  const { sender, createdAt, deletedAt, editedAt, pinned } = message;
  return html`<p class="meta">
    ${pinned && !deletedAt && html`<span class="pinned-mark"><${icons.pin} />${t("pinnedOne")}</span>`}
    ${editedAt && !deletedAt && html`<span>${t("edited")}</span>`}
    <time datetime=${createdAt} title=${dayAndClock(createdAt)}>${clock(createdAt)}</time>
    ${sender.id === me.value?.id && !deletedAt && html`<${Mark} message=${message} conversation=${conversation} />`}</p>`;
}

/**
 * @param {{ message: Message, conversation: Conversation, continues: boolean, goesOn: boolean, mayDelete: boolean, mayPin: boolean,
 *   isShown: boolean, thread?: string }} props `continues`: the message before it is of the same group; `goesOn`: the one after
 *   it is; `thread`: the thread in which it is shown
 */
export function MessageItem({ message, conversation, continues, goesOn, mayDelete, mayPin, isShown, thread = "" }) {
  const { sender, createdAt, deletedAt, replyTo, content, type, mentions = [], mentionAll, reactions = [] } = message;
  const [isFresh] = useState(() => Date.now() - Date.parse(createdAt) < FRESH_MS);
  const own = sender.id === me.value?.id;
  const forMe = !own && !deletedAt && (mentionAll || mentions.some(({ id }) => id === me.value?.id));
  if (message.threadId && !thread) return html`<${ThreadReply} message=${message} isShown=${isShown} forMe=${forMe} own=${own} />`;
  const known = people.value.get(sender.id) ?? sender;
  const name = known.name || known.username;
  const isDirect = conversation.kind === "direct";
  const files = deletedAt ? [] : filesOf(message);
  // Nothing but pictures: they fill the bubble.
  const isBare = files.length > 0 && files.every((file) => isPicture(file, type)) && !content && !replyTo && message.metadata?.forwarded !== true
    && !message.thread && reactions.length === 0 && (own || continues || isDirect);
  const kinds = ["message", own && "own", continues && "continues", goesOn && "goes-on", isShown && "shown", forMe && "for-me",
    isFresh && !own && "fresh"].filter(Boolean).join(" ");
  // The mark of a chosen message ends when the focus leaves it.
  const left = () => { if (isShown) shown.value = null; };
  const [reveals, setReveals] = useState(false);
  if (!own && !isDirect && !reveals && !deletedAt && isBlocked(sender.id)) {
    return html`<li class=${isShown ? "message folded shown" : "message folded"} data-id=${message.id} tabindex="-1" onBlur=${left}>
      <button class="quiet" onClick=${() => setReveals(true)}><${icons.fold} />${t("blockedMessage")} · ${t("show")}</button></li>`;
  }
  const about = () => openCard(known, message);
  return html`<li class=${kinds} data-id=${message.id} tabindex="-1" onBlur=${left}>
    ${!own && !isDirect && html`<span class="message-face">${!continues && html`<button class="face-button" tabindex="-1" aria-hidden="true" onClick=${about}><${Avatar} id=${sender.id} name=${name} avatar=${known.avatar ?? sender.avatar} size="small" /></button>`}</span>`}
    <div class=${isBare ? "bubble bare" : "bubble"}>
      <p class=${continues || own || isDirect ? "hidden" : `who ${hueOf(sender.id)}`} dir="auto">${own ? t("you") : continues || isDirect ? name : html`<button class="name-button" aria-haspopup="dialog" onClick=${about}>${name}</button>`}${sender.guest && html` <span class="tag">${t("guest")}</span>`}</p>
      ${forMe && html`<p class="hidden">${t("mentionsYou")}</p>`}
      ${replyTo && !deletedAt && html`<${QuoteButton} quote=${replyTo} conversationId=${message.conversationId} />`}
      ${message.metadata?.forwarded === true && !deletedAt && html`<p class="forwarded-mark"><${icons.forward} />${t("forwarded")}</p>`}
      <${Files} files=${files} type=${type} />
      <div class="said" dir="auto">
        ${deletedAt ? html`<div class="text gone">${t("deleted")}</div>` : content && html`<${Text} content=${content} mentions=${mentions} />`}
        <${Meta} message=${message} conversation=${conversation} />
      </div>
      ${!deletedAt && html`<${Reactions} message=${message} />`}
      ${!thread && html`<${ThreadLine} message=${message} />`}
      <${Actions} message=${message} mayDelete=${mayDelete} mayPin=${mayPin} thread=${thread} />
    </div>
  </li>`;
}

/** @param {{ entry: import("../state/outbox.js").Entry }} props */
export function PendingItem({ entry }) {
  const { content, fileUrl, fileName = null, files = fileUrl ? [{ url: fileUrl, name: fileName }] : [] } = entry;
  const label = entry.failed ? t("failed", { why: entry.failed }) : t("pending");
  return html`<li class="message own pending fresh" data-id=${entry.id}>
    <div class="bubble">
      <${Files} files=${files} type=${entry.type} />
      <div class="said" dir="auto">${content && html`<${Text} content=${content} />`}
        <p class="meta"><time datetime=${entry.at}>${clock(entry.at)}</time>
          <span class="mark" role="img" aria-label=${label} title=${label}>${entry.failed ? html`<${icons.warning} />` : html`<${icons.waiting} />`}</span></p></div>
      ${entry.failed && html`<p class="wrong">${label}</p>
        <p class="actions"><button class="quiet" onClick=${() => discard(entry.id)}>${t("discard")}</button>
          <button class="quiet" onClick=${() => tryAgain(entry.id)}>${t("tryAgain")}</button></p>`}
    </div>
  </li>`;
}
